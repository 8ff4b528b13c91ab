#!/bin/bash
# Everything that only a machine with a GPU can show, by one command, from a folder made by `cmake --build --target gpu_bundle` (or from
# the project's own folder, whose build it then uses). Needs no compiler and no network; Python 3 for the report.
#
#   gpu.sh [--parts devices,tests,sanitizer,zoo,timings,peers] [--minutes 9] [--out DIR] [--device N] [--python PYTHON]
#          [--models 240] [--workers 4]
#
# PYTHON is one with torch and curvlinops for the part `peers`. Results: DIR/gpu.json and DIR/gpu.md. Exit
# code 0: everything that was asked for ran, and met its bars; 69: nothing starts here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# The bundle's libraries were built for the C library they come from, or a newer one.
if [ -d "$here/lib" ] && ! words=$("$here/bin/assay" --version 2>&1); then
    echo "gpu.sh: the programs of this bundle do not start here: $(head -n 1 <<< "$words")" >&2
    exit 69
fi
command -v python3 > /dev/null || { echo "gpu.sh: python3 was not found; the parts can be run by hand: see docs/gpu.md" >&2; exit 69; }
exec python3 "$here/gpu.py" "$@"

#!/usr/bin/env python3
"""sarif_test.py PROGRAM ZOO: `assay lint --sarif` of a zoo with faults and of one with none is valid by the schema of SARIF 2.1.0.
Exit code 77, which ctest counts as skipped: python3-jsonschema is absent."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError as error:
    print(f'SKIPPED: {error}; package python3-jsonschema')
    sys.exit(77)

program, zoo = sys.argv[1:]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sarif-2.1.0.schema.json')) as file:
    schema = json.load(file)
validator = jsonschema.Draft4Validator(schema)
validator.check_schema(schema)


def lint(*words):
    done = subprocess.run([program, 'lint', *words, '--sarif'], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(document, least):
    faults = [f'{"/".join(map(str, error.absolute_path))}: {error.message[:200]}' for error in validator.iter_errors(document)]
    assert not faults, '\n'.join(faults)
    results = document['runs'][0]['results']
    assert len(results) >= least, f'{len(results)} findings, at least {least} expected'
    return results


with tempfile.TemporaryDirectory() as folder:
    models = sorted(name for name in os.listdir(zoo) if name.endswith('.h5') and name != 'data.h5')
    awkward = 'a b%#"\u00fc.h5'   # what a URI must escape
    shutil.copy(os.path.join(zoo, models[0]), os.path.join(folder, 'a.h5'))
    shutil.copy(os.path.join(zoo, models[0]), os.path.join(folder, awkward))
    with open(os.path.join(folder, 'zoo.json'), 'w') as file:
        json.dump({'title': 'twice the same'}, file)
    check(lint(folder), 1)
    results = check(lint(os.path.join(folder, awkward), '--data', os.path.join(zoo, 'data.h5'), '--scale', '50'), 1)
    uris = {location['physicalLocation']['artifactLocation']['uri'] for result in results for location in result['locations']}
    assert uris and all(uri.endswith('/a%20b%25%23%22%C3%BC.h5') for uri in uris), uris
clean = lint(os.path.join(zoo, models[0]))
check(clean, 0)
check(lint(zoo), 1)

# The schema refuses what is wrong, or all of this would show nothing.
for path, value in ((('version',), '2.0.0'), (('runs', 0, 'tool', 'driver', 'name'), 3), (('runs', 0, 'columnKind'), 'bytes'), (('runs', 0, 'rules'), [])):
    broken = json.loads(json.dumps(clean))
    place = broken
    for step in path[:-1]: place = place[step]
    place[path[-1]] = value
    assert not validator.is_valid(broken), path

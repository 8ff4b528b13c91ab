#!/usr/bin/env python3
"""A folder of small checkpoints through `assay zoo run` with measures that cost nothing: files a second, start-up included, and the
processor time that all its processes took.

usage: bench/reading.py MODEL... [--files 500] [--assay PROGRAM]

The folder holds copies of the given files in turn; one run with one worker, one with two; each in a fresh store.
"""
import argparse, os, resource, shutil, subprocess, sys, tempfile, time


def processor_seconds():
    """Of the children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='+')
    parser.add_argument('--files', type=int, default=500)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument('--assay', default=os.path.join(here, 'build/bench/assay'))
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        zoo = os.path.join(folder, 'zoo')
        os.mkdir(zoo)
        size = 0
        for i in range(a.files):
            source = a.models[i % len(a.models)]
            size += os.path.getsize(source)
            shutil.copy(source, os.path.join(zoo, f'{i:05d}.h5'))
        for workers in (1, 2):
            start, before = time.perf_counter(), processor_seconds()
            done = subprocess.run([a.assay, 'zoo', 'run', zoo, '-o', os.path.join(folder, f'{workers}.assay'), '-j', str(workers), '-q',
                                   '--measures', 'parameter_count,param_norm'], capture_output=True, text=True)
            seconds, worked = time.perf_counter() - start, processor_seconds() - before
            if done.returncode:
                sys.exit(f'assay zoo run ended with {done.returncode}:\n{done.stdout}{done.stderr}')
            print(f'{a.files} files of {size / a.files / 1024:.0f} KiB, {workers} worker{"s" if workers > 1 else ""}: {seconds:.2f} s, '
                  f'{a.files / seconds:.0f} files a second; {worked:.2f} s of processor time in all processes, {a.files / worked:.0f} files a second of it')


if __name__ == '__main__':
    main()

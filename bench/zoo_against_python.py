#!/usr/bin/env python3
"""`assay zoo run` beside a script in Keras and NumPy: equal models, rows and measures, 2 threads each, start-up included.

usage: bench/zoo_against_python.py ZOO --peer PEER.py --python PYTHON [--data F] [--train N] [--limit N] [--runs 3] [--assay PROGRAM]

PEER.py is run as `PYTHON PEER.py ZOO --data F --limit N --train N`; it is any script that computes, per model, loss and accuracy on
the first N training rows and on the test part, margins, Frobenius, spectral and circular convolution norms, distance from
initialisation and path norm. The two programs run in turn; ratios are taken pair by pair and the median is printed, with each side's
peak resident memory and, for assay, the share of the fused multiply-add peak measured in the same run.
"""
import argparse, json, os, re, resource, statistics, subprocess, sys, tempfile, time

MEASURES = ('train_accuracy,train_loss,test_accuracy,test_loss,margin_quantile[quantile=0.1],param_norm,'
            'log_prod_of_spec,fro_over_spec,l2_dist,path_norm,parameter_count')


def run(command, environment):
    """Seconds and peak resident MiB of a command and its children."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f'{" ".join(command)}\nended with {process.returncode}:\n{out}{err}')
    return seconds, out


def timed(command, environment):
    """The same under GNU time, for the peak memory of the largest process."""
    with tempfile.NamedTemporaryFile('r') as usage:
        seconds, out = run(['/usr/bin/time', '-f', '%M', '-o', usage.name, *command], environment)
        return seconds, int(usage.read().split()[-1]) / 1024, out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('zoo')
    parser.add_argument('--peer', required=True)
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--data')
    parser.add_argument('--train', type=int, default=2000)
    parser.add_argument('--limit', type=int, default=48)
    parser.add_argument('--runs', type=int, default=3)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument('--assay', default=os.path.join(here, 'build/release/assay'))
    parser.add_argument('--peak', default=os.path.join(here, 'build/bench/bench/peak_bench'))
    a = parser.parse_args()

    threads = {**os.environ, 'OMP_NUM_THREADS': '2', 'MKL_NUM_THREADS': '2', 'OPENBLAS_NUM_THREADS': '2', 'KERAS_BACKEND': 'torch'}
    for name in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'):
        threads.pop(name, None)      # settings for old libraries would slow a current NumPy
    data = ['--data', a.data] if a.data else []
    ours, theirs, ratios, memory = [], [], [], [0, 0]
    for _ in range(a.runs):
        with tempfile.TemporaryDirectory() as folder:
            seconds, mib, _ = timed([a.assay, 'zoo', 'run', a.zoo, '-o', os.path.join(folder, 'z.assay'), *data, '--limit', str(a.limit),
                                     '--train-rows', str(a.train), '--measures', MEASURES, '-j', '2', '--threads', '1'], os.environ)
        ours.append(seconds); memory[0] = max(memory[0], mib)
        seconds, mib, out = timed([a.python, a.peer, a.zoo, *data, '--limit', str(a.limit), '--train', str(a.train)], threads)
        theirs.append(seconds); memory[1] = max(memory[1], mib)
        ratios.append(theirs[-1] / ours[-1])
        print(f'assay {ours[-1]:7.2f} s   python {theirs[-1]:7.2f} s   ratio {ratios[-1]:5.2f}   ({out.strip()})', flush=True)
    print(f'{a.zoo}, {a.limit} models: python / assay = {statistics.median(ratios):.2f} (median of {a.runs}); '
          f'{statistics.median(ours) / a.limit:.3f} and {statistics.median(theirs) / a.limit:.3f} s a model; '
          f'peak resident memory of the largest process {memory[0]:.0f} and {memory[1]:.0f} MiB')
    if os.path.exists(a.peak):
        out = json.loads(subprocess.run([a.peak, '--benchmark_filter=fma_peak|sgemm/512', '--benchmark_format=json'],
                                        capture_output=True, text=True, check=True).stdout)
        for row in out['benchmarks']:
            print(f"{row['name']}: {row['flops'] / 1e9:.0f} GFLOP/s on one thread")


if __name__ == '__main__':
    main()

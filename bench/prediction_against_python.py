#!/usr/bin/env python3
"""Test accuracy predicted from weights: `assay zoo run`, `fit` and `rank` beside a LightGBM script on equal halves of a zoo.

usage: bench/prediction_against_python.py ZOO --peer PEER.py --python PYTHON [--data F] [--method gaussian] [--runs 1] [--assay PROGRAM]

PEER.py is run as `PYTHON PEER.py ZOO` and prints a line a split, "split S: ... R2 X tau Y mae Z | ..."; the splits are those of
ZOO/splits.csv, permutations of metrics.csv whose first half trains. Times are whole: reading the zoo, features, tuning, fits,
predictions, start-up. Differences are paired by split, with Student's 95 % interval over the splits. With --data a second round
adds what the models answer to test inputs whose labels are not read. 2 threads each.
"""
import argparse, csv, io, math, os, re, resource, statistics, subprocess, sys, tempfile, time

WEIGHTS = 'weight_statistics,spectrum_statistics,filter_norms,layer_products,synthetic_responses'
T975 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def run(command, environment=None):
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}')
    return done.stdout


def cpu():
    """Processor seconds of all commands so far: what other programs on the machine disturb less than the time."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def tau_b(x, y):
    """Kendall's tau-b by counting all pairs."""
    sign = lambda a: (a > 0) - (a < 0)
    agree = tied_x = tied_y = 0
    n = len(x)
    for i in range(n):
        for j in range(i):
            a, b = sign(x[i] - x[j]), sign(y[i] - y[j])
            agree += a * b
            tied_x += a == 0
            tied_y += b == 0
    pairs = n * (n - 1) / 2
    return agree / math.sqrt((pairs - tied_x) * (pairs - tied_y))


def r2(predicted, true):
    mean = statistics.fmean(true)
    return 1 - sum((p - t) ** 2 for p, t in zip(predicted, true)) / sum((t - mean) ** 2 for t in true)


def ours(a, folder, splits, measures, data):
    """R2, tau, (covered, predictions) by split, and the seconds of all."""
    store = os.path.join(folder, f'{len(measures)}.assay')
    start = time.perf_counter()
    run([a.assay, 'zoo', 'run', a.zoo, '-o', store, '--measures', measures, '-q', '-j', '2', *data])
    features = time.perf_counter() - start
    rows = []
    for half, rest in splits:
        only, predictor = os.path.join(folder, 'half.txt'), os.path.join(folder, 'predictor.json')
        with open(only, 'w') as out:
            out.write('\n'.join(half) + '\n')
        run([a.assay, 'fit', store, '-o', predictor, '--only', only, '--method', a.method, '--group', 'model', '--measure', '*.positional*',
             '--level', str(a.level), '--replicates', '0'])
        rows.append(run([a.assay, 'rank', store, '--with', predictor, '--csv']))
    seconds = time.perf_counter() - start
    scores = []
    for (half, rest), text in zip(splits, rows):
        found = {row['model']: row for row in csv.DictReader(io.StringIO(text))}
        unseen = [found[name] for name in rest]
        if any(row['predictor_saw_it'] != 'false' for row in unseen) or any(found[name]['predictor_saw_it'] != 'true' for name in half):
            sys.exit('a predictor saw other models than its half')
        predicted, true = [float(row['value']) for row in unseen], [float(row['test_error']) for row in unseen]
        covered = sum(float(row['low']) <= t <= float(row['high']) for row, t in zip(unseen, true))
        scores.append((r2(predicted, true), tau_b(predicted, true), covered, len(unseen)))
    return scores, seconds, features


def paired(name, left, right):
    difference = [x - y for x, y in zip(left, right)]
    mean, n = statistics.fmean(difference), len(difference)
    half = T975[n - 1] * statistics.stdev(difference) / math.sqrt(n)
    print(f'paired difference of {name}: {mean:+.4f}, 95 % interval {mean - half:+.4f} .. {mean + half:+.4f}, smallest {min(difference):+.4f}')


def summary(name, scores):
    a, b = [s[0] for s in scores], [s[1] for s in scores]
    print(f'{name:28s} R2 {statistics.fmean(a):.4f} (sd {statistics.pstdev(a):.4f})  tau {statistics.fmean(b):.4f} (sd {statistics.pstdev(b):.4f})', flush=True)


def coverage(a, name, scores):
    covered, models = sum(s[2] for s in scores), sum(s[3] for s in scores)
    print(f'{name}: {100 * covered / models:.1f} % of {models} held-out test errors lie in their {100 * a.level:.0f} % intervals')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('zoo')
    parser.add_argument('--peer', required=True)
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--data')
    parser.add_argument('--method', default='gaussian')
    parser.add_argument('--level', type=float, default=0.9)
    parser.add_argument('--runs', type=int, default=1)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument('--assay', default=os.path.join(here, 'build/release/assay'))
    a = parser.parse_args()

    with open(os.path.join(a.zoo, 'metrics.csv'), newline='') as table:
        models = [row['model'] for row in csv.DictReader(table)]
    with open(os.path.join(a.zoo, 'splits.csv'), newline='') as table:
        columns = list(zip(*list(csv.reader(table))[1:]))
    splits = []
    for column in columns:
        names = [models[int(i)] for i in column]
        splits.append((names[:len(names) // 2], names[len(names) // 2:]))

    threads = {**os.environ, 'OMP_NUM_THREADS': '2', 'OPENBLAS_NUM_THREADS': '2'}
    ratios = []
    for _ in range(a.runs):
        cpu_before = cpu()
        with tempfile.TemporaryDirectory() as folder:
            scores, seconds, features = ours(a, folder, splits, WEIGHTS, [])
        cpu_between = cpu()
        start = time.perf_counter()
        out = run([a.python, a.peer, a.zoo], threads)
        peer_seconds = time.perf_counter() - start
        peer = [(float(x), float(y)) for x, y in re.findall(r'^split \d+: \S+ R2 (\S+) tau (\S+)', out, re.M)]
        if len(peer) != len(splits):
            sys.exit(f'the script printed {len(peer)} splits, not {len(splits)}:\n{out}')
        ratios.append(peer_seconds / seconds)
        print(f'assay {seconds:6.2f} s (features {features:.2f})   script {peer_seconds:6.2f} s   ratio {ratios[-1]:.2f}   '
              f'(processor seconds {cpu_between - cpu_before:.2f} and {cpu() - cpu_between:.2f})', flush=True)
    for s, (mine, theirs) in enumerate(zip(scores, peer)):
        print(f'split {s}: assay R2 {mine[0]:.4f} tau {mine[1]:.4f} | script R2 {theirs[0]:.4f} tau {theirs[1]:.4f}')
    summary('script', peer)
    summary(f'assay, weights, {a.method}', scores)
    paired('R2', [s[0] for s in scores], [s[0] for s in peer])
    paired('tau', [s[1] for s in scores], [s[1] for s in peer])
    coverage(a, 'assay, weights', scores)
    print(f'{a.zoo}: script / assay = {statistics.median(ratios):.2f} in time (median of {a.runs}), features, tuning and start-up included')
    if a.data:
        with tempfile.TemporaryDirectory() as folder:
            more, seconds, features = ours(a, folder, splits, WEIGHTS + ',data_responses', ['--data', a.data])
        print(f'with test inputs, no labels: {seconds:.2f} s (features {features:.2f})')
        summary('assay, and test inputs', more)
        paired('R2 to weights alone', [s[0] for s in more], [s[0] for s in scores])
        paired('tau to weights alone', [s[1] for s in more], [s[1] for s in scores])
        coverage(a, 'assay, and test inputs', more)


if __name__ == '__main__':
    main()

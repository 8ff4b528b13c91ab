#!/usr/bin/env python3
"""Which of two models has the larger generalisation gap? A predictor beside every single measure and baseline of a store, on equal pairs.

usage: PYTHON bench/leave_one_value_out.py STORE [--method ridge] [--measure PATTERN ...] [--replicates 500] [--assay PROGRAM]   (needs numpy)

Every value of every hyper-parameter is held out in turn; the predictor (`assay rank STORE --group config.X`) is fitted to the others and
predicts the held-out models' test error, from which the known train error is taken. Pairs are those within a held-out value, pooled. A
single measure orders the same pairs, in the direction that the models outside the held-out value show. Intervals: bootstrap over models, 95 %.
"""
import argparse, csv, fnmatch, io, json, os, subprocess, sys

import numpy as np


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}')
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('store')
    parser.add_argument('--method', default='ridge')
    parser.add_argument('--measure', action='append', default=[])
    parser.add_argument('--replicates', type=int, default=500)
    parser.add_argument('--limit', type=int, default=12)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument('--assay', default=os.path.join(here, 'build/release/assay'))
    a = parser.parse_args()

    csv.field_size_limit(1 << 30)
    rows = list(csv.DictReader(io.StringIO(run([a.assay, 'export', a.store]))))
    rows = [row for row in rows if row['status'] == 'ok']
    models = [row['model'] for row in rows]
    place = {name: i for i, name in enumerate(models)}
    n = len(models)

    def column(name):
        try:
            return np.array([float(row[name]) if row[name] else np.nan for row in rows])
        except ValueError:
            return np.full(n, np.nan)     # an array, or words

    test = 1 - column('metric.test_accuracy')
    train = 1 - column('metric.train_accuracy')
    gap = test - train
    with_labels = {m['name'] for m in json.loads(run([a.assay, 'measures', '--json']))['measures'] if 'test labels' in m['needs']}
    wanted = [name for name in rows[0] if name.startswith('measure.') and name[8:].split('[')[0].split('.')[0] not in with_labels]
    factors = {name: np.array([row[name] for row in rows]) for name in rows[0] if name.startswith('config.')}
    factors = {name: values for name, values in factors.items() if 2 <= len(set(values)) <= 10}

    sign = lambda x: np.sign(x[:, None] - x[None, :])
    order = sign(gap)
    below = np.tril(np.ones((n, n), bool), -1) & (order != 0)
    right, pairs = {}, np.zeros((n, n))       # by measure: the sum over held-out values of how right each pair is

    def add(name, mask, values):
        right.setdefault(name, np.zeros((n, n)))
        right[name] += np.where(mask, 0.5 + 0.5 * sign(values) * order, 0)

    singles = {name[8:]: column(name) for name in wanted}
    singles = {name: values for name, values in singles.items() if np.isfinite(values).all() and np.ptp(values) > 0}
    singles['train loss, logged'] = column('metric.train_loss')
    for factor, values in factors.items():
        options = [word for pattern in a.measure for word in ('--measure', pattern)]
        ranked = json.loads(run([a.assay, 'rank', a.store, '--group', factor, '--method', a.method, '--json', *options]))['models']
        predicted = np.full(n, np.nan)
        for one in ranked:
            predicted[place[one['model']]] = one['predicted']
        for value in sorted(set(values)):
            inside = values == value
            mask = below & inside[:, None] & inside[None, :]
            pairs += mask
            add('PREDICTOR', mask, predicted - train)
            seen = below & ~inside[:, None] & ~inside[None, :]
            for name, numbers in singles.items():
                direction = np.sign((sign(numbers) * order * seen).sum()) or 1
                add(name, mask, direction * numbers)

    rng = np.random.default_rng(0)
    draws = [np.bincount(rng.integers(0, n, n), minlength=n).astype(float) for _ in range(a.replicates)]
    counts = np.array([w @ pairs @ w for w in draws])
    share = {name: m.sum() / pairs.sum() for name, m in right.items()}
    drawn = {name: np.array([w @ m @ w for w in draws]) / counts for name, m in right.items()}
    ordered = sorted(share, key=lambda name: -share[name])
    interval = lambda x: '{:.3f} .. {:.3f}'.format(*np.quantile(x, [.025, .975]))
    print(f'{n} models, {int(pairs.sum())} pairs within held-out values of {", ".join(factors)}; {len(singles)} measures and baselines; method {a.method}')
    print(f'{"":44s} accuracy  95 % interval     predictor minus it')
    baselines = [name for name in ordered if name == 'train loss, logged' or name.split('.')[0] in ('parameter_count', 'depth')]
    shown = ['PREDICTOR'] + [name for name in ordered if name != 'PREDICTOR'][:a.limit]
    for name in shown + [name for name in baselines if name not in shown]:
        difference = drawn['PREDICTOR'] - drawn[name]
        more = '' if name == 'PREDICTOR' else f'{share["PREDICTOR"] - share[name]:+.3f}  {interval(difference)}'
        print(f'{name:44s} {share[name]:.3f}     {interval(drawn[name])}    {more}')
    best = next(name for name in ordered if name != 'PREDICTOR')
    low = np.quantile(drawn['PREDICTOR'] - drawn[best], .025)
    print(f'the predictor is {"above" if share["PREDICTOR"] > share[best] else "not above"} every single measure and baseline'
          + (', the interval of the difference to the best excludes 0' if low > 0 else f'; the interval of the difference to the best ({best}) does not exclude 0'))


if __name__ == '__main__':
    main()

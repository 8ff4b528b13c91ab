#!/usr/bin/env python3
"""Curvature beside PyTorch's tools: products, the ten largest eigenvalues and the exact trace, same networks and rows, same run.

usage: bench/curvature_against_python.py PEER.py [--python PYTHON] [--nets mlp,lenet,resnet20] [--what hvp,ggn,ef,top10,trace]
                                         [--program build/bench/bench/curvature_products] [--work DIR] [--threads 2] [--train-epochs 3 --data mnist.h5]

PEER.py exports each network with its rows (--export) and times one mode at a time, one process each; the modes below are its fastest
ones in their best settings and the tools as people run them. curvature_products times the same in this project, right after. Printed:
each side's time, the ratio, and against the gradient of the same rows.
"""
import argparse, json, os, subprocess, sys

# mode, variant, further words; "any" marks modes that count for "the fastest", "tool" those that people run.
KEPT, LINEARIZE, CACHED = ('torch-double-backward', 'kept'), ('torch-func', 'linearize'), ('torch-compile', 'cached')
MODES = {
    'hvp': [(*KEPT, 'any'), (*LINEARIZE, 'any'), (*CACHED, 'any'), ('curvlinops', 'eager', 'tool'), ('pyhessian', 'batch', 'tool'),
            ('pyhessian', 'dataloader', 'tool'), ('hessian-eigenthings', 'autograd', 'tool')],
    'ggn': [(*KEPT, 'any'), (*LINEARIZE, 'any'), (*CACHED, 'any'), ('curvlinops', 'eager', 'tool')],
    'ef': [(*KEPT, 'any'), (*LINEARIZE, 'any'), (*CACHED, 'any'), ('curvlinops', 'eager', 'tool')],
    'top10': [(*KEPT, 'any'), (*LINEARIZE, 'any'), ('curvlinops', 'eager', 'tool')],
    'trace': [('backpack', 'diagggn-exact', 'any'), ('torch-func', 'exact', 'any')],
}
BATCH = {'mlp': 512, 'lenet': 128, 'resnet20': 128}
SAMPLES = {'mlp': 4096, 'lenet': 4096, 'resnet20': 1024}
KIND = {'hvp': 'hessian', 'ggn': 'ggn', 'ef': 'ef', 'top10': 'top10', 'trace': 'trace'}


def settings(net, mode):
    """The best settings of a mode: memory layout, and BatchNormalization as x a + b where its second derivative is slow."""
    if net == 'lenet': return [['--layout', 'nchw' if mode in ('torch-func', 'backpack') else 'nhwc']]
    if net == 'resnet20':
        layout = ['--layout', 'nchw'] if mode == 'torch-func' else ['--layout', 'nhwc']
        small = ['--batch', '32'] if mode == 'backpack' else []
        return [layout + small + ['--bn', bn] for bn in ('module', 'affine')] if mode != 'backpack' else [layout + small]
    return [['--batch', '128'] if mode == 'backpack' else []]


def lines(text):
    for line in text.splitlines():
        if line.startswith('{'): yield json.loads(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument('peer')
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--nets', default='mlp,lenet,resnet20')
    parser.add_argument('--what', default='hvp,ggn,ef,top10,trace')
    parser.add_argument('--program', default=os.path.join(here, 'build/bench/bench/curvature_products'))
    parser.add_argument('--work', default=os.path.join(here, 'build/bench/curvature'))
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--train-epochs', type=int, default=0, help='train the networks first, for a realistic spectrum')
    parser.add_argument('--data', help='HDF5 to train on: train/x (uint8 N x 28 x 28 x 1), train/y')
    parser.add_argument('--without', default='', help='modes to leave out, e.g. torch-compile')
    a = parser.parse_args()
    a.peer, a.program = os.path.abspath(a.peer), os.path.abspath(a.program)   # they run in the work folder
    os.makedirs(a.work, exist_ok=True)
    trained = f'-{a.train_epochs}-epochs' if a.train_epochs else ''
    training = ['--train-epochs', str(a.train_epochs), '--data', os.path.abspath(a.data)] if a.train_epochs else []
    # The peers' best environment: freed memory stays with the process, one thread pool.
    environment = {**os.environ, 'MALLOC_MMAP_THRESHOLD_': '4000000000', 'MALLOC_TRIM_THRESHOLD_': '20000000000'}
    def peer(*words):
        done = subprocess.run([a.python, a.peer, *words, *training, '--threads', str(a.threads), '--json'], cwd=a.work, env=environment, capture_output=True, text=True)
        found = list(lines(done.stdout)) if done.returncode == 0 else []
        if not found: print(f'SKIPPED: {" ".join(words)}: {(done.stderr.strip().splitlines() or ["no result"])[-1]}', flush=True)
        return found
    def ours(net, rows, kind):
        done = subprocess.run([a.program, f'{net}{trained}.h5', f'{net}{trained}.data.h5', str(rows), str(a.threads), '2', kind], cwd=a.work, capture_output=True, text=True)
        if done.returncode: sys.exit(done.stderr)
        return next(lines(done.stdout))

    print(f'{"net":9} {"what":6} {"peer":36} {"peer s":>9} {"ours s":>9} {"ratio":>6} {"ours / gradient":>16}')
    for net in a.nets.split(','):
        if not os.path.exists(os.path.join(a.work, f'{net}{trained}.data.h5')):
            subprocess.run([a.python, a.peer, '--net', net, *training, '--export', f'{net}{trained}.h5'], cwd=a.work, env=environment, check=True, capture_output=True)
        for what in a.what.split(','):
            rows = BATCH[net] if what in ('hvp', 'ggn', 'ef') else SAMPLES[net]
            gradient = ours(net, rows, 'gradient')['gradient']
            mine = ours(net, rows, KIND[what])
            seconds, best = mine[KIND[what]], {}
            for mode, variant, group in MODES[what]:
                if mode in a.without.split(','): continue
                for words in settings(net, mode):
                    # A data set in mini-batches of its own for what runs over all rows.
                    for row in peer('--net', net, '--what', what, '--mode', mode, '--variant', variant, *words):
                        theirs = row['median_ms'] / 1e3 if 'median_ms' in row else row.get('seconds')
                        if theirs is None: continue
                        best[group] = min(best.get(group, theirs), theirs)
                        name = f'{mode} {variant}' + (' affine' if 'affine' in words else '')
                        print(f'{net:9} {what:6} {name:36} {theirs:9.4f} {seconds:9.4f} {theirs / seconds:6.2f} {seconds / gradient:16.2f}', flush=True)
            for group, words in (('any', 'fastest of the modes'), ('tool', 'fastest of the tools')):
                if group in best: print(f'{net:9} {what:6} {"= " + words:36} {best[group]:9.4f} {seconds:9.4f} {best[group] / seconds:6.2f}', flush=True)
            if what == 'top10':
                print(f'{net:9} {what:6} products {mine["top10_products"]}, solver outside products {100 * mine["top10_overhead"]:.1f} %, '
                      f'verified residuals {mine["converged"]}')


if __name__ == '__main__':
    main()

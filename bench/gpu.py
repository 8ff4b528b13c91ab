#!/usr/bin/env python3
"""Runs the checks and timings that need a GPU, part by part, each within its share of the time, holds them against the bars of docs/gpu.md,
and writes one JSON file and one Markdown table. Called by gpu.sh; Python's own library is all it needs.

Exit code: 0 when everything that was asked for ran and every bar of it was met, 1 otherwise: what could not be judged is no success."""
import argparse, csv, json, os, shutil, subprocess, sys, time

import gpu_report

HERE = os.path.dirname(os.path.abspath(__file__))
BUNDLED = os.path.isdir(os.path.join(HERE, 'bin'))
# rows of a timing, and what PyTorch takes at a time
NETWORKS = {'mlp': (4096, 4096), 'resnet20': (1024, 1024), 'resnet18': (512, 256), 'resnet50': (64, 32)}
WORK = ('gradient', 'hessian', 'ggn', 'trace', 'top10')
# Timed once more without cuDNN, where there is one: what convolutions cost.
WITHOUT_CUDNN = (('resnet18', 'gradient'), ('resnet18', 'hessian'), ('resnet50', 'gradient'), ('resnet50', 'hessian'))
# Shares of the time. What a part leaves is the next ones'.
PARTS = {'devices': 1, 'tests': 8, 'sanitizer': 4, 'zoo': 6, 'timings': 7, 'peers': 7}
# One value a model each, that a device computes; the first part of docs/measures.md says of which.
COMPARED = 'test_loss,test_accuracy,train_loss,path_norm,spectral_norm,gradient_norm,hessian_trace,hessian_lambda_max,ggn_trace'
TIMED = 'test_loss,train_loss,path_norm,hessian_trace,hessian_lambda_max,ggn_trace'


def program(name):
    if BUNDLED: return os.path.join(HERE, 'bin', name)
    for folder in ('build/gpu', 'build/gpu/tools', 'build/gpu/bench', 'build/gpu/tests/gpu'):
        path = os.path.join(HERE, '..', folder, name)
        if os.path.isfile(path): return path
    sys.exit(f'gpu.py: {name} was not found; build it by: cmake --preset gpu && cmake --build --preset gpu')


class Clock:
    def __init__(self, seconds): self.end = time.monotonic() + seconds
    def left(self): return self.end - time.monotonic()
    def share(self, mine, others):
        """A clock for one of several parts that are still to come."""
        return Clock(max(self.left(), 0) * mine / (mine + others))


def call(clock, words, most=None, environment=None):
    """Output, exit code (124: out of time) and seconds of a command that may take what is left of the time."""
    limit = min(clock.left() - 1, most or 1e9)
    if limit < 1: return {'code': 124, 'out': '', 'err': 'no time left', 'seconds': 0}
    start = time.monotonic()
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit, env={**os.environ, **(environment or {})})
        return {'code': done.returncode, 'out': done.stdout, 'err': done.stderr, 'seconds': time.monotonic() - start}
    except subprocess.TimeoutExpired as late:
        text = lambda stream: stream.decode(errors='replace') if isinstance(stream, bytes) else stream or ''
        return {'code': 124, 'out': text(late.stdout), 'err': text(late.stderr) or f'stopped after {limit:.0f} s', 'seconds': limit}


def last_json(done):
    """The last line of a command's output as JSON; why there is none."""
    if done['code'] != 0: return {'error': words_of(done)}
    found = [line for line in done['out'].splitlines() if line.startswith('{')]
    try: return json.loads(found[-1])
    except (IndexError, ValueError): return {'error': 'it printed no JSON'}


def words_of(done): return (done['err'].strip().splitlines() or done['out'].strip().splitlines() or [f'exit {done["code"]}, no words'])[-1][:300]


def devices(a, clock):
    done = call(clock, [program('assay'), 'devices', '--json'], 60)
    try: return json.loads(done['out']) if done['code'] == 0 else {'error': words_of(done)}
    except ValueError: return {'error': '`assay devices` printed no JSON'}


def gtest(clock, a, report, prefix=(), only=None, most=None):
    if os.path.exists(report): os.remove(report)   # an earlier run's says nothing of this one
    words = [*prefix, program('cuda_device_test'), f'--gtest_output=json:{report}'] + ([f'--gtest_filter={only}'] if only else [])
    done = call(clock, words, most, {'ASSAY_CUDA_DEVICE': str(a.device)})
    if not os.path.exists(report): return {'code': done['code'] or 1, 'error': words_of(done), 'seconds': done['seconds']}
    with open(report) as file: return gpu_report.suite_of(json.load(file), done['code'], done['seconds'])


def tests(a, clock): return gtest(clock, a, os.path.join(a.out, 'tests.json'))


def sanitizer(a, clock):
    tool = shutil.which('compute-sanitizer') or '/usr/local/cuda/bin/compute-sanitizer'
    if not os.path.exists(tool): return {'skipped': 'compute-sanitizer was not found'}
    kinds, found = ['memcheck', 'racecheck', 'synccheck'], {}
    while kinds:
        kind = kinds.pop(0)
        found[kind] = gtest(clock.share(1, len(kinds)), a, os.path.join(a.out, f'{kind}.json'), (tool, '--tool', kind, '--error-exitcode', '9'), '*EveryPrimitive*')
    return found


def run_zoo(a, clock, name, folder, measures, words):
    """Seconds of one run into a store of its own, how many models it has, and why it failed if it did."""
    store = os.path.join(a.out, f'zoo-{name}.assay')
    for left in (store, store + '-wal', store + '-shm'):
        if os.path.exists(left): os.remove(left)
    done = call(clock, [program('assay'), 'zoo', 'run', folder, '--store', store, '--threads', '1', '--samples', '2000', '--measures', measures, '--json', *words])
    found = {'code': done['code'], 'seconds': done['seconds'], 'store': store}
    return found if done['code'] == 0 else found | {'error': words_of(done)}


def rows_of(clock, store):
    done = call(clock, [program('assay'), 'export', store, '--format', 'csv'], 30)
    return list(csv.DictReader(done['out'].splitlines())) if done['code'] == 0 else []


def copies(source, folder, count):
    """A zoo of `count` networks: the bundled ones again and again, each with a few bytes behind its end, so that all differ."""
    os.makedirs(folder, exist_ok=True)
    for name in ('data.h5', 'zoo.json'): shutil.copy(os.path.join(source, name), folder)
    models = sorted(name for name in os.listdir(source) if name.startswith('grid_') and not name.endswith('.init.weights.h5'))
    for i in range(count):
        path = os.path.join(folder, f'{models[i % len(models)][:-3]}_{i // len(models):04d}.h5')
        shutil.copy(os.path.join(source, models[i % len(models)]), path)
        with open(path, 'ab') as file: file.write(b'copy' + i.to_bytes(8, 'little'))


def zoo(a, clock):
    """The bundled zoo's values on one core and on the device; then models a second of many small networks, each from two runs of different
    length, so that what a run needs before its first model is no part of it."""
    source = os.path.join(HERE, 'data', 'mnist-grid') if BUNDLED else os.path.join(HERE, '..', 'examples', 'mnist-grid')
    cpu, cuda = ['--device', 'cpu', '--jobs', '1'], ['--device', f'cuda:{a.device}', '--workers-per-gpu', str(a.workers)]
    found, tables = {'workers': a.workers}, {}
    for name, words, rest in (('cpu', cpu, 6), ('cuda', cuda, 5)):
        values = clock.share(1, rest)
        found[name] = run_zoo(a, values, f'values-{name}', source, COMPARED, [*words, '--limit', '8'])
        tables[name] = rows_of(values, found[name]['store'])
    found['values'] = gpu_report.compare(tables['cpu'], tables['cuda'])
    folder = os.path.join(a.out, 'zoo')
    shutil.rmtree(folder, ignore_errors=True)
    copies(source, folder, a.models)
    for name, words, few, many, rest in (('cpu_rate', cpu, 1, 7, 2), ('cuda_rate', cuda, a.workers, a.models, 0)):
        part = clock.share(2, rest)
        runs = [run_zoo(a, part, f'{name}-{count}', folder, TIMED, [*words, '--limit', str(count)]) | {'models': count} for count in (few, many)]
        found[name] = gpu_report.rate_of(*runs)
    shutil.rmtree(folder, ignore_errors=True)
    return found


def timings(a, clock):
    def timed(net, what, rows, environment=None):
        return last_json(call(clock, [program('curvature_products'), net, 'random', str(rows), '1', '0.5', what, f'cuda:{a.device}'], 60, environment))
    found = {'peak': last_json(call(clock, [program('curvature_products'), '-', 'peak', '0', '1', '1', '-', f'cuda:{a.device}'], 60))}
    # The bars' own first.
    order = sorted(((net, what) for net in NETWORKS for what in WORK), key=lambda at: (at[0] not in gpu_report.BAR_NETWORKS, at[1] not in ('gradient', 'hessian')))
    for net, what in order: found[f'{net} {what}'] = timed(net, what, NETWORKS[net][0])
    for net, what in WITHOUT_CUDNN: found[f'{net} {what} unrolled'] = timed(net, what, NETWORKS[net][0], {'ASSAY_CUDNN': 'off'})
    return found


def peers(a, clock):
    have = call(clock, [a.python, '-c', 'import torch, curvlinops, scipy; print(torch.cuda.is_available())'], 60)
    if have['code'] != 0 or 'True' not in have['out']: return {'skipped': f'no torch with curvlinops and a GPU in {a.python}: {words_of(have)}'}
    found = {}
    for net, (rows, batch) in NETWORKS.items():
        for what in WORK:
            if (net, what) == ('resnet50', 'trace'): continue   # a thousand classes, each a gradient of every row: minutes
            for mode in gpu_report.PEER_MODES[what]:
                done = call(clock, [a.python, os.path.join(HERE, 'gpu_peers.py'), '--net', net, '--what', what, '--mode', mode, '--rows', str(rows),
                                    '--batch', str(batch), '--seconds', '0.5', '--device', f'cuda:{a.device}'], 60)
                found[f'{net} {what} {mode}'] = last_json(done)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--parts', default=','.join(PARTS))
    parser.add_argument('--minutes', type=float, default=9)
    parser.add_argument('--out', default=os.path.join(os.getcwd(), 'gpu-results'))
    parser.add_argument('--device', type=int, default=0)
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--models', type=int, default=240, help='networks of the timed zoo')
    parser.add_argument('--workers', type=int, default=4, help='worker processes on the device')
    a = parser.parse_args()
    parts = a.parts.split(',')
    unknown = [part for part in parts if part not in PARTS]
    if unknown: sys.exit(f'gpu.py: --parts: expected some of {", ".join(PARTS)}, found {unknown[0]}')
    if not 1 <= a.workers < a.models: sys.exit('gpu.py: --workers: expected from 1 to fewer than --models')
    a.out = os.path.abspath(a.out)
    os.makedirs(a.out, exist_ok=True)
    clock, start, path = Clock(60 * a.minutes - 5), time.monotonic(), os.path.join(a.out, 'gpu.json')
    result = {}
    if os.path.exists(path):   # parts of earlier calls stay
        with open(path) as file: result = json.load(file)
    for part in parts: result.pop(part, None)
    to_come = [part for part in PARTS if part in parts]
    while to_come:
        part = to_come.pop(0)
        print(f'{part} ...', file=sys.stderr, flush=True)
        result[part] = globals()[part](a, clock.share(PARTS[part], sum(PARTS[other] for other in to_come)))
        result.update(date=time.strftime('%Y-%m-%d'), seconds=time.monotonic() - start, bars=gpu_report.bars(result))
        with open(path, 'w') as file: json.dump(result, file, indent=1)
        if part == 'devices' and not result[part].get('cuda', {}).get('usable'): break   # the rest would say the same in forty places
    page = gpu_report.table(result)
    with open(os.path.join(a.out, 'gpu.md'), 'w') as file: file.write(page)
    print(page)
    print(f'{path}\n{os.path.join(a.out, "gpu.md")}')
    sys.exit(1 if gpu_report.failed(result, parts) else 0)


if __name__ == '__main__': main()

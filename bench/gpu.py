#!/usr/bin/env python3
"""Runs the checks and timings that need a GPU, part by part, each within what is left of the time, and writes one JSON file and one
Markdown table. Called by gpu.sh; Python's own library is all it needs."""
import argparse, csv, json, os, shutil, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
BUNDLED = os.path.isdir(os.path.join(HERE, 'bin'))
# rows of a timing, and what PyTorch takes at a time
NETWORKS = {'mlp': (4096, 4096), 'resnet20': (1024, 1024), 'resnet18': (512, 256), 'resnet50': (64, 32)}
WORK = ('gradient', 'hessian', 'ggn', 'trace', 'top10')
PEER_MODES = {'gradient': ('kept',), 'hessian': ('kept', 'curvlinops', 'compiled'), 'ggn': ('kept', 'curvlinops'), 'trace': ('kept',), 'top10': ('kept', 'curvlinops')}
PARTS = ('devices', 'tests', 'sanitizer', 'zoo', 'timings', 'peers')


def program(name):
    if BUNDLED: return os.path.join(HERE, 'bin', name)
    for folder in ('build/gpu/tools', 'build/gpu/bench', 'build/gpu/tests/gpu', 'build/gpu'):
        path = os.path.join(HERE, '..', folder, name)
        if os.path.isfile(path): return path
    sys.exit(f'gpu.py: {name} was not found; build it by: cmake --preset gpu && cmake --build --preset gpu')


class Clock:
    def __init__(self, minutes): self.end = time.monotonic() + 60 * minutes
    def left(self): return self.end - time.monotonic()


def call(clock, words, most=None, environment=None):
    """Output, exit code (124: out of time) and seconds of a command that may take what is left of the time."""
    limit = min(clock.left() - 5, most or 1e9)
    if limit < 5: return {'code': 124, 'out': '', 'err': 'no time left', 'seconds': 0}
    start = time.monotonic()
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit, env={**os.environ, **(environment or {})})
        return {'code': done.returncode, 'out': done.stdout, 'err': done.stderr, 'seconds': time.monotonic() - start}
    except subprocess.TimeoutExpired as late:
        text = lambda stream: stream.decode(errors='replace') if isinstance(stream, bytes) else stream or ''
        return {'code': 124, 'out': text(late.stdout), 'err': text(late.stderr) or f'stopped after {limit:.0f} s', 'seconds': limit}


def last_json(text):
    found = [line for line in text.splitlines() if line.startswith('{')]
    return json.loads(found[-1]) if found else None


def words_of(done): return (done['err'].strip().splitlines() or done['out'].strip().splitlines() or ['no words'])[-1][:300]


def devices(a, clock):
    done = call(clock, [program('assay'), 'devices', '--json'], 60)
    return json.loads(done['out']) if done['code'] == 0 else {'error': words_of(done)}


def gtest(clock, a, report, prefix=(), only=None, most=None):
    words = [*prefix, program('cuda_device_test'), f'--gtest_output=json:{report}'] + ([f'--gtest_filter={only}'] if only else [])
    done = call(clock, words, most, {'ASSAY_CUDA_DEVICE': str(a.device)})
    if not os.path.exists(report): return {'code': done['code'], 'error': words_of(done), 'seconds': done['seconds']}
    with open(report) as file: found = json.load(file)
    failed = [f'{suite["name"]}.{test["name"]}' for suite in found['testsuites'] for test in suite['testsuite'] if test.get('failures')]
    skipped = sum(test.get('result') == 'SKIPPED' for suite in found['testsuites'] for test in suite['testsuite'])
    return {'code': done['code'], 'tests': found['tests'], 'failed': failed, 'skipped': skipped, 'seconds': done['seconds']}


def tests(a, clock): return gtest(clock, a, os.path.join(a.out, 'tests.json'))


def sanitizer(a, clock):
    tool = shutil.which('compute-sanitizer') or '/usr/local/cuda/bin/compute-sanitizer'
    if not os.path.exists(tool): return {'skipped': 'compute-sanitizer was not found'}
    return {kind: gtest(clock, a, os.path.join(a.out, f'{kind}.json'), (tool, '--tool', kind, '--error-exitcode', '9'), '*EveryPrimitive*', 120)
            for kind in ('memcheck', 'racecheck', 'synccheck')}


def zoo(a, clock):
    """The bundled zoo on one CPU core and on the GPU: seconds, and how far the values lie apart."""
    source = os.path.join(HERE, 'data', 'mnist-grid') if BUNDLED else os.path.join(HERE, '..', 'examples', 'mnist-grid')
    result, tables = {}, {}
    for name, words in (('cpu', ['--device', 'cpu']), ('cuda', ['--device', f'cuda:{a.device}'])):
        store = os.path.join(a.out, f'zoo-{name}.sqlite')
        if os.path.exists(store): os.remove(store)
        done = call(clock, [program('assay'), 'zoo', 'run', source, '--store', store, '--jobs', '1', '--threads', '1', *words], 150)
        result[name] = {'code': done['code'], 'seconds': done['seconds']} | ({} if done['code'] == 0 else {'error': words_of(done)})
        table = call(clock, [program('assay'), 'export', store, '--format', 'csv'], 30)
        tables[name] = list(csv.DictReader(table['out'].splitlines()))
    if any(result[name]['code'] for name in tables): return result
    return result | compare(tables['cpu'], tables['cuda'])


def compare(cpu, cuda):
    keys = [k for k in (cpu[0] if cpu else {}) if k not in ('seconds',)]
    worst, where, count = 0.0, '', 0
    for left, right in zip(cpu, cuda):
        for key in keys:
            try: x, y = float(left[key]), float(right[key])
            except (TypeError, ValueError): continue
            count += 1
            apart = 0 if x == y or (x != x and y != y) else abs(x - y) / max(abs(x), abs(y), 1e-30)
            if not apart <= worst: worst, where = apart, f'{next(iter(left.values()))}: {key}'
    return {'values': count, 'worst_relative_difference': worst, 'worst_at': where, 'rows': [len(cpu), len(cuda)]}


def timings(a, clock):
    found = {'peak': last_json(call(clock, [program('curvature_products'), '-', 'peak', '0', '1', '1', '-', f'cuda:{a.device}'], 60)['out'])}
    for net, (rows, _) in NETWORKS.items():
        for what in WORK:
            done = call(clock, [program('curvature_products'), net, 'random', str(rows), '1', '1', what, f'cuda:{a.device}'], 60)
            found[f'{net} {what}'] = last_json(done['out']) if done['code'] == 0 else {'error': words_of(done)}
    return found


def peers(a, clock):
    have = call(clock, [a.python, '-c', 'import torch, curvlinops, scipy; print(torch.cuda.is_available())'], 60)
    if have['code'] != 0 or 'True' not in have['out']: return {'skipped': f'no torch with curvlinops and a GPU in {a.python}: {words_of(have)}'}
    found = {}
    for net, (rows, batch) in NETWORKS.items():
        for what in WORK:
            for mode in PEER_MODES[what]:
                done = call(clock, [a.python, os.path.join(HERE, 'gpu_peers.py'), '--net', net, '--what', what, '--mode', mode, '--rows', str(rows),
                                    '--batch', str(batch), '--seconds', '1', '--device', f'cuda:{a.device}'], 60)
                found[f'{net} {what} {mode}'] = last_json(done['out']) if done['code'] == 0 else {'error': words_of(done)}
    return found


def seconds_of(entry, what):
    return entry.get(what) if entry and isinstance(entry.get(what), (int, float)) else None


def in_flight(entry, gradient):
    """What a product holds beside its cache, in peaks of the gradient's own run."""
    most = (gradient or {}).get('device_peak_gradient')
    return f'{(entry["device_peak"] - entry["cache"]["bytes"]) / most:.2f}' if most and entry.get('device_peak') else ''


def number(value): return f'{value:.0f}' if isinstance(value, (int, float)) else 'unknown'


def table(result):
    lines = ['# GPU checks', '', f'Date: {result["date"]}. Seconds in all: {result["seconds"]:.0f}.', '']
    cuda = (result.get('devices') or {}).get('cuda') or {}
    for device in cuda.get('devices', []): lines.append(f'- cuda:{device["index"]}: {device["name"]} ({device["compute_capability"]}), driver {cuda.get("driver")}, runtime {cuda.get("runtime")}, cuBLAS {cuda.get("cublas")}, cuDNN {cuda.get("cudnn")}')
    if cuda.get('reason'): lines.append(f'- CUDA cannot be used: {cuda["reason"]}')
    suite = result.get('tests')
    if suite: lines += ['', '## Device tests', '', f'{suite.get("tests", 0)} run, {len(suite.get("failed", []))} failed, {suite.get("skipped", 0)} skipped, exit {suite["code"]}' + (f': {suite["error"]}' if 'error' in suite else ''), *[f'- failed: {name}' for name in suite.get('failed', [])]]
    for kind, suite in (result.get('sanitizer') or {}).items():
        lines.append(f'- {kind}: {suite}' if isinstance(suite, str) else f'- {kind}: exit {suite["code"]}, {suite.get("tests", 0)} run, {len(suite.get("failed", []))} failed')
    runs = result.get('zoo')
    if runs:
        lines += ['', '## Zoo', '']
        for name, words in (('cpu', 'CPU, one core'), ('cuda', 'CUDA')):
            lines.append(f'- {words}: {runs[name]["seconds"]:.1f} s' if runs[name]['code'] == 0 else f'- {words}: failed with {runs[name]["code"]}: {runs[name]["error"]}')
        if 'values' in runs: lines.append(f'- {runs["values"]} values, worst relative difference {runs["worst_relative_difference"]:.2g} ({runs["worst_at"]})')
    if result.get('timings'):
        peak, others = result['timings'].get('peak') or {}, result.get('peers') or {}
        lines += ['', '## Timings', '', f'Measured limits: {number(peak.get("gflops"))} GFLOP/s (float32 product), {number(peak.get("gbytes"))} GB/s (axpy).', '',
                  '| network | work | s | in gradients | share of the product limit | peak MiB on the device | in flight, in gradients | fastest peer, s | ratio |', '|---|---|---:|---:|---:|---:|---:|---|---:|']
        for key, entry in result['timings'].items():
            if key == 'peak': continue
            net, what = key.split()
            mine = seconds_of(entry, what)
            if mine is None:
                lines.append(f'| {net} | {what} | {(entry or {}).get("error", "none")} | | | | | | |')
                continue
            gradient = seconds_of(result['timings'].get(f'{net} gradient'), 'gradient')
            rivals = {mode + (f', {e["products"]} products' if 'products' in e else ''): e['seconds']
                      for mode in PEER_MODES[what] if (e := others.get(f'{net} {what} {mode}')) and 'seconds' in e}
            best = min(rivals, key=rivals.get) if rivals else None
            share = entry.get('flops', 0) / mine / (peak['gflops'] * 1e9) if peak.get('gflops') and entry.get('flops') else None
            lines.append(f'| {net} | {what} | {mine:.5f} | {mine / gradient if gradient else float("nan"):.2f} | {f"{100 * share:.0f} %" if share else ""} | {entry.get("device_peak", 0) >> 20} | {in_flight(entry, result["timings"].get(f"{net} gradient"))} | '
                         + (f'{rivals[best]:.5f} {best} | {rivals[best] / mine:.2f} |' if best else 'none | |'))
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--parts', default=','.join(PARTS))
    parser.add_argument('--minutes', type=float, default=9)
    parser.add_argument('--out', default=os.path.join(os.getcwd(), 'gpu-results'))
    parser.add_argument('--device', type=int, default=0)
    parser.add_argument('--python', default=sys.executable)
    a = parser.parse_args()
    unknown = [part for part in a.parts.split(',') if part not in PARTS]
    if unknown: sys.exit(f'gpu.py: --parts: expected some of {", ".join(PARTS)}, found {unknown[0]}')
    a.out = os.path.abspath(a.out)
    os.makedirs(a.out, exist_ok=True)
    clock, start, path = Clock(a.minutes), time.monotonic(), os.path.join(a.out, 'gpu.json')
    result = {}
    if os.path.exists(path):   # parts of earlier calls stay
        with open(path) as file: result = json.load(file)
    for part in PARTS:
        if part not in a.parts.split(','): continue
        print(f'{part} ...', file=sys.stderr, flush=True)
        result[part] = globals()[part](a, clock)
        result.update(date=time.strftime('%Y-%m-%d'), seconds=time.monotonic() - start)
        with open(path, 'w') as file: json.dump(result, file, indent=1)
    with open(os.path.join(a.out, 'gpu.md'), 'w') as file: file.write(table(result))
    print(table(result))
    print(f'{path}\n{os.path.join(a.out, "gpu.md")}')
    sys.exit(1 if failed(result) else 0)


def failed(result):
    """Whether anything that was asked for failed, or could not run: neither is a success. Peers may be absent, and so may the sanitizer."""
    suites = [result.get('tests')] + [suite for suite in (result.get('sanitizer') or {}).values() if isinstance(suite, dict)]
    return (any(suite['code'] != 0 or suite.get('failed') for suite in suites if suite)
            or any(run['code'] != 0 for run in (result.get('zoo') or {}).values() if isinstance(run, dict))
            or any(entry is None or 'error' in entry for entry in (result.get('timings') or {}).values()))


if __name__ == '__main__': main()

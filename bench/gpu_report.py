"""What the parts of gpu.py found, judged and in words: the suites of tests, values beside values, bars, the Markdown page. No program is
run here and nothing is read, so that all of it is tested without a GPU (tests/gpu/report_test.py)."""

BAR_NETWORKS = ('resnet18', 'resnet50')
PEER_MODES = {'gradient': ('kept',), 'hessian': ('kept', 'curvlinops', 'compiled'), 'ggn': ('kept', 'curvlinops'), 'trace': ('gauss_newton',),
              'top10': ('kept', 'curvlinops')}
MOST_APART = 1e-3          # of a value in float32 on two devices: most agree to 1e-4, curvature of a sharp minimum to this
MOST_GRADIENTS = 2.0       # a Hessian product on a cached primal
MOST_IN_FLIGHT = 2.0       # memory of a product beside its cache, in peaks of the gradient
LEAST_SPEEDUP = 20         # a zoo of small networks over one core


def is_number(x): return isinstance(x, (int, float)) and not isinstance(x, bool)


def suite_of(report, code, seconds):
    """A googletest report in short. A test that neither passed nor was skipped failed, whatever it says of failures."""
    tests = [(f'{suite["name"]}.{test["name"]}', test) for suite in report.get('testsuites', []) for test in suite.get('testsuite', [])]
    ran = [(name, test) for name, test in tests if test.get('status') == 'RUN' and test.get('result') not in ('SUPPRESSED',)]
    skipped = [name for name, test in ran if test.get('result') == 'SKIPPED']
    failed = [name for name, test in ran if test.get('failures') or test.get('result') not in ('COMPLETED', 'SKIPPED')]
    return {'code': code, 'tests': len(ran), 'failed': failed, 'skipped': len(skipped), 'seconds': seconds}


def compare(cpu, cuda):
    """Two tables with a row a model, joined by model and column: how many numbers both have, how far they lie apart, what one has alone."""
    def numbers(table):
        found = {}
        for row in table:
            for key, text in row.items():
                if not key or not key.startswith('measure.') or text in (None, ''): continue
                try: found[row['model'], key] = float(text)
                except ValueError: continue
        return found
    left, right = numbers(cpu), numbers(cuda)
    both = sorted(left.keys() & right.keys())
    worst, where = 0.0, ''
    for at in both:
        x, y = left[at], right[at]
        apart = 0.0 if x == y or (x != x and y != y) else abs(x - y) / max(abs(x), abs(y))
        if not apart <= worst: worst, where = apart, ': '.join(at)   # NaN stays
        if worst != worst: break
    alone = sorted(': '.join(at) for at in left.keys() ^ right.keys())
    return {'values': len(both), 'worst_relative_difference': worst if both else None, 'worst_at': where, 'on_one_side': alone}


def rate_of(few, many):
    """Models a second from two runs of different length: what comes before the first model is in both."""
    for run in (few, many):
        if run['code'] != 0: return {'error': run.get('error', f'exit {run["code"]}')}
    models, seconds = many['models'] - few['models'], many['seconds'] - few['seconds']
    if models <= 0 or seconds <= 0: return {'error': f'{many["models"]} models took no longer than {few["models"]}'}
    return {'models': models, 'seconds': seconds, 'rate': models / seconds, 'start': few['seconds']}


def bar(name, value, limit, met, why=''):
    """`value` None: it cannot be judged, and `why` says why not. NaN meets nothing."""
    verdict = 'unknown' if value is None else 'pass' if met(value) else 'fail'
    return {'bar': name, 'value': value, 'limit': limit, 'verdict': verdict, 'why': why if verdict == 'unknown' else ''}


def entry_of(result, key):
    """A timing, or None and why."""
    entry = (result.get('timings') or {}).get(key)
    if entry is None: return None, f'{key} was not timed'
    return (None, f'{key}: {entry["error"]}') if 'error' in entry else (entry, '')


def product_bar(result, net):
    name = f'Hessian product on {net}, cached, in gradients'
    (gradient, no_gradient), (hessian, no_hessian) = entry_of(result, f'{net} gradient'), entry_of(result, f'{net} hessian')
    why = no_gradient or no_hessian
    value = None
    if not why:
        cache = hessian.get('cache') or {}
        if not cache.get('batches') or cache.get('cached') != cache['batches']: why = f'{cache.get("cached", 0)} of {cache.get("batches", 0)} micro-batches were cached'
        elif not is_number(gradient.get('gradient')) or not is_number(hessian.get('hessian')) or not gradient['gradient'] > 0: why = 'no seconds'
        else: value = hessian['hessian'] / gradient['gradient']
    return bar(name, value, f'<= {MOST_GRADIENTS}', lambda x: x <= MOST_GRADIENTS, why)


def in_flight(result, net, what):
    """What a product holds beside its cache, in peaks of the gradient's own run; None and why."""
    (gradient, no_gradient), (product, no_product) = entry_of(result, f'{net} gradient'), entry_of(result, f'{net} {what}')
    if no_gradient or no_product: return None, no_gradient or no_product
    most, peak, cache = gradient.get('device_peak_gradient'), product.get('device_peak'), (product.get('cache') or {}).get('bytes')
    return ((peak - cache) / most, '') if most and peak and is_number(cache) else (None, 'no peaks of a device')


def bars(result):
    """Every bar of docs/gpu.md whose part was run."""
    found = []
    suite = result.get('tests')
    if suite is not None:
        bad = None if 'error' in suite or not suite.get('tests') else len(suite['failed']) + (suite['code'] != 0 and not suite['failed']) + (suite['skipped'] == suite['tests'])
        found.append(bar('device tests that failed', bad, '0', lambda x: x == 0, suite.get('error') or 'no test ran'))
    if result.get('sanitizer') is not None:
        kinds = result['sanitizer']
        if 'skipped' in kinds: found.append(bar('compute-sanitizer', None, 'clean', bool, kinds['skipped']))
        else:
            for kind, suite in kinds.items():
                bad = None if 'error' in suite or not suite.get('tests') else len(suite['failed']) + (suite['code'] != 0)
                found.append(bar(f'{kind}: complaints', bad, '0', lambda x: x == 0, suite.get('error') or 'no test ran'))
    runs = result.get('zoo')
    if runs is not None:
        values = runs.get('values') or {}
        why = next((f'{name}: {runs.get(name, {}).get("error", "not run")}' for name in ('cpu', 'cuda') if runs.get(name, {}).get('code') != 0), '')
        if not why and values.get('on_one_side'): why = f'{len(values["on_one_side"])} values are on one side alone, such as {values["on_one_side"][0]}'
        if not why and not values.get('values'): why = 'no values to compare'
        found.append(bar('values of the zoo, worst relative difference from the CPU', None if why else values['worst_relative_difference'], f'<= {MOST_APART}',
                         lambda x: x <= MOST_APART, why))
        cpu, cuda = runs.get('cpu_rate') or {'error': 'not run'}, runs.get('cuda_rate') or {'error': 'not run'}
        why = next((f'{name}: {rate["error"]}' for name, rate in (('cpu', cpu), ('cuda', cuda)) if 'error' in rate), '')
        found.append(bar('a zoo of small networks, in one CPU core', None if why else cuda['rate'] / cpu['rate'], f'>= {LEAST_SPEEDUP}', lambda x: x >= LEAST_SPEEDUP, why))
    if result.get('timings') is not None:
        for net in BAR_NETWORKS:
            found.append(product_bar(result, net))
            value, why = in_flight(result, net, 'hessian')
            found.append(bar(f'memory in flight of a Hessian product on {net}, in gradients', value, f'<= {MOST_IN_FLIGHT}', lambda x: x <= MOST_IN_FLIGHT, why))
    return found


def errors(result, parts):
    """What could not run, in words. Peers and the sanitizer may be absent."""
    found = [f'{part}: was not run' for part in parts if result.get(part) is None]
    for part in parts:
        entry = result.get(part) or {}
        if 'error' in entry: found.append(f'{part}: {entry["error"]}')
        if part == 'devices' and (entry.get('cuda') or {}).get('usable') is False: found.append(f'devices: {entry["cuda"].get("reason")}')
        if part in ('timings', 'peers'): found += [f'{part}: {key}: {one["error"]}' for key, one in entry.items() if isinstance(one, dict) and 'error' in one]
    return found


def failed(result, parts):
    """Whether anything that was asked for failed or could not be judged. Absent peers and an absent sanitizer are neither."""
    def asked(one):
        if one['bar'].startswith('compute-sanitizer'): return False
        part = ('tests' if one['bar'].startswith('device tests') else 'sanitizer' if one['bar'].endswith(': complaints')
                else 'zoo' if 'zoo' in one['bar'] else 'timings')
        return part in parts
    hard = [words for words in errors(result, parts) if not words.startswith('peers: ')]
    return bool(hard) or any(one['verdict'] != 'pass' for one in bars(result) if asked(one))


def number(value, digits=0): return f'{value:.{digits}f}' if is_number(value) else 'unknown'


def peers_of(others, net, what):
    """Seconds by mode, and the modes that failed with their words."""
    good, bad = {}, {}
    for mode in PEER_MODES[what]:
        entry = others.get(f'{net} {what} {mode}')
        if not isinstance(entry, dict): continue
        if is_number(entry.get('seconds')): good[mode] = entry
        else: bad[mode] = entry.get('error', 'no seconds')
    return good, bad


def timing_row(result, key):
    net, what, *unrolled = key.split()
    entry, why = entry_of(result, key)
    name = ', '.join([what, *(['without cuDNN'] if unrolled else [])])
    if entry is None or not is_number(entry.get(what)): return f'| {net} | {name} | {why or "no seconds"} | | | | | | | |'
    peak, mine = (result['timings'].get('peak') or {}), entry[what]
    gradient = ((result['timings'].get(f'{net} gradient' + (' unrolled' if unrolled else '')) or {}).get('gradient'))
    rate = entry.get('flops', 0) / mine
    share = ''
    if rate and is_number(peak.get('gflops')): share = f'{rate / peak["gflops"] / 1e7:.0f} % of products'
    elif entry.get('bytes') and is_number(peak.get('gbytes')): share = f'{entry["bytes"] / mine / peak["gbytes"] / 1e7:.0f} % of the bandwidth'
    flight, _ = in_flight(result, net, what) if not unrolled and what != 'gradient' else (None, '')
    good, bad = peers_of(result.get('peers') or {}, net, what) if not unrolled else ({}, {})
    best = min(good, key=lambda mode: good[mode]['seconds']) if good else None
    cells = [net, name, f'{mine:.5f}', f'{mine / gradient:.2f}' if gradient else '', share, number((entry.get('device_peak') or entry.get('device_peak_gradient') or 0) / 2**20),
             f'{flight:.2f}' if flight is not None else '']
    cells += [f'{good[best]["seconds"]:.5f} {best}', f'{good[best]["seconds"] / mine:.2f}', number((good[best].get('peak_bytes') or 0) / 2**20)] if best else ['none', '', '']
    return '| ' + ' | '.join(cells) + ' |'


def table(result):
    lines = ['# GPU checks', '', f'Date: {result.get("date", "unknown")}. Seconds in all: {number(result.get("seconds"))}.', '']
    known = result.get('devices') or {}
    cuda = known.get('cuda') or {}
    if 'error' in known: lines.append(f'- devices: {known["error"]}')
    for device in cuda.get('devices', []):
        lines.append(f'- cuda:{device["index"]}: {device["name"]} ({device["compute_capability"]}), driver {cuda.get("driver")}, runtime {cuda.get("runtime")}, '
                     f'cuBLAS {cuda.get("cublas")}, cuDNN {cuda.get("cudnn")}')
    if cuda.get('reason'): lines.append(f'- CUDA cannot be used: {cuda["reason"]}')
    lines += ['', '## Bars', '', '| bar | found | limit | verdict |', '|---|---:|---:|---|']
    for one in bars(result):
        value = one['why'] if one['value'] is None else f'{one["value"]:.3g}'
        lines.append(f'| {one["bar"]} | {value} | {one["limit"]} | {one["verdict"]} |')
    suites = {'tests': result.get('tests'), **{kind: suite for kind, suite in (result.get('sanitizer') or {}).items() if isinstance(suite, dict)}}
    if any(suites.values()): lines += ['', '## Device tests', '']
    for kind, suite in suites.items():
        if not suite: continue
        lines.append(f'- {kind}: ' + (suite['error'] if 'error' in suite else f'{suite["tests"]} run, {len(suite["failed"])} failed, {suite["skipped"]} skipped, '
                     f'exit {suite["code"]}, {number(suite.get("seconds"))} s'))
        lines += [f'  - failed: {name}' for name in suite.get('failed', [])]
    runs = result.get('zoo')
    if runs:
        lines += ['', '## Zoo', '']
        for name, words in (('cpu_rate', 'one CPU core'), ('cuda_rate', f'CUDA, {runs.get("workers")} workers')):
            rate = runs.get(name) or {'error': 'not run'}
            lines.append(f'- {words}: ' + (rate['error'] if 'error' in rate else f'{rate["rate"]:.2f} models a second ({rate["models"]} in {rate["seconds"]:.1f} s, start apart)'))
        values = runs.get('values') or {}
        if values.get('values'): lines.append(f'- {values["values"]} values, worst relative difference {values["worst_relative_difference"]:.2g} ({values["worst_at"]})')
    if result.get('timings'):
        peak = result['timings'].get('peak') or {}
        lines += ['', '## Timings', '', f'Measured limits: {number(peak.get("gflops"))} GFLOP/s (float32 product), {number(peak.get("gbytes"))} GB/s (axpy).', '',
                  '| network | work | s | in gradients | share of the limit | peak MiB | in flight, in gradients | fastest peer, s | ratio | its peak MiB |',
                  '|---|---|---:|---:|---|---:|---:|---|---:|---:|']
        lines += [timing_row(result, key) for key in result['timings'] if key != 'peak']
    others = result.get('peers') or {}
    if 'skipped' in others: lines += ['', f'Peers: {others["skipped"]}']
    elif others:
        modes = sorted(key for key, entry in others.items() if isinstance(entry, dict) and not is_number(entry.get('seconds')))
        lines += ['', 'Peers that failed: ' + ('none' if not modes else '')] + [f'- {key}: {others[key].get("error", "no seconds")}' for key in modes]
    return '\n'.join(lines) + '\n'

"""bench/gpu_report.py and what of bench/gpu.py needs no GPU, on results made by hand: what is judged a pass, a failure, and neither."""
import copy, json, os, sys, tempfile, time, types, unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'bench'))
import gpu, gpu_report as report

NAN = float('nan')


def timings(net, gradient=1.0, hessian=1.8, peak_gradient=100, peak=350, cache=200, cached=3):
    return {f'{net} gradient': {'gradient': gradient, 'device_peak_gradient': peak_gradient, 'flops': 6e9},
            f'{net} hessian': {'hessian': hessian, 'device_peak': peak, 'flops': 12e9, 'cache': {'batches': 3, 'cached': cached, 'bytes': cache}}}


def good():
    """A result of all parts that meets every bar."""
    suite = {'code': 0, 'tests': 5, 'failed': [], 'skipped': 1, 'seconds': 2.0}
    run = {'code': 0, 'seconds': 3.0, 'store': 's'}
    return {'date': '2026-01-02', 'seconds': 100.0,
            'devices': {'cuda': {'usable': True, 'driver': '13.0', 'runtime': '13.0', 'cublas': '13.0.0', 'cudnn': '9.19.0',
                                 'devices': [{'index': 0, 'name': 'A', 'compute_capability': '9.0'}]}},
            'tests': suite, 'sanitizer': {kind: dict(suite) for kind in ('memcheck', 'racecheck', 'synccheck')},
            'zoo': {'workers': 4, 'cpu': dict(run), 'cuda': dict(run), 'values': {'values': 40, 'worst_relative_difference': 2e-5, 'worst_at': 'm: x', 'on_one_side': []},
                    'cpu_rate': {'models': 6, 'seconds': 6.0, 'rate': 1.0, 'start': 1.0}, 'cuda_rate': {'models': 236, 'seconds': 10.0, 'rate': 23.6, 'start': 3.0}},
            'timings': {'peak': {'gflops': 50000.0, 'gbytes': 4000.0}, **timings('resnet18'), **timings('resnet50'),
                        'mlp trace': {'trace': 0.5, 'flops': 0, 'bytes': 1e12, 'device_peak': 1 << 20, 'cache': {'bytes': 1}}},
            'peers': {'resnet18 hessian kept': {'seconds': 3.6, 'peak_bytes': 300 << 20}, 'resnet18 hessian compiled': {'error': 'no compiler'}}}


ALL = list(gpu.PARTS)


def verdicts(result): return {one['bar']: one['verdict'] for one in report.bars(result)}


class Compare(unittest.TestCase):
    def row(self, model, **values): return {'model': model, 'status': 'ok', 'config.seed': '3', **{f'measure.{key}': text for key, text in values.items()}}

    def test_rows_are_joined_by_model_and_measure(self):
        cpu = [self.row('a', loss='1.0', norm='2'), self.row('b', loss='4.0', norm='2')]
        cuda = [self.row('b', norm='2', loss='4.0004'), self.row('a', norm='2', loss='1.0')]
        found = report.compare(cpu, cuda)
        self.assertEqual(found['values'], 4)
        self.assertAlmostEqual(found['worst_relative_difference'], 1e-4, places=6)
        self.assertEqual(found['worst_at'], 'b: measure.loss')
        self.assertEqual(found['on_one_side'], [])

    def test_what_one_side_lacks_is_named(self):
        found = report.compare([self.row('a', loss='1'), self.row('b', loss='1')], [self.row('a', loss='1', norm='3'), self.row('b', loss='')])
        self.assertEqual(found['on_one_side'], ['a: measure.norm', 'b: measure.loss'])

    def test_no_values_are_no_agreement(self):
        self.assertIsNone(report.compare([], [])['worst_relative_difference'])
        self.assertIsNone(report.compare([self.row('a', loss='1')], [])['worst_relative_difference'])

    def test_nan_beside_a_number_differs_and_stays(self):
        found = report.compare([self.row('a', x='nan', y='1'), self.row('b', x='1', y='1')], [self.row('a', x='1', y='1'), self.row('b', x='1', y='1')])
        self.assertNotEqual(found['worst_relative_difference'], found['worst_relative_difference'])
        self.assertEqual(report.compare([self.row('a', x='nan')], [self.row('a', x='nan')])['worst_relative_difference'], 0)
        self.assertEqual(report.compare([self.row('a', x='0')], [self.row('a', x='0')])['worst_relative_difference'], 0)
        self.assertEqual(report.compare([self.row('a', x='0')], [self.row('a', x='1e-9')])['worst_relative_difference'], 1)


class Rate(unittest.TestCase):
    def test_the_start_is_no_part_of_it(self):
        found = report.rate_of({'code': 0, 'models': 4, 'seconds': 9.0}, {'code': 0, 'models': 24, 'seconds': 11.0})
        self.assertEqual(found['rate'], 10)
        self.assertEqual(found['models'], 20)

    def test_failures_and_nonsense_are_errors(self):
        self.assertIn('disk', report.rate_of({'code': 73, 'models': 4, 'seconds': 9.0, 'error': 'disk'}, {'code': 0, 'models': 24, 'seconds': 11.0})['error'])
        self.assertIn('error', report.rate_of({'code': 0, 'models': 4, 'seconds': 9.0}, {'code': 124, 'models': 24, 'seconds': 11.0}))
        self.assertIn('no longer', report.rate_of({'code': 0, 'models': 4, 'seconds': 9.0}, {'code': 0, 'models': 24, 'seconds': 8.0})['error'])


class Suite(unittest.TestCase):
    def test_counts_what_ran(self):
        found = report.suite_of({'testsuites': [{'name': 'S', 'testsuite': [
            {'name': 'a', 'status': 'RUN', 'result': 'COMPLETED'}, {'name': 'b', 'status': 'RUN', 'result': 'SKIPPED'},
            {'name': 'c', 'status': 'RUN', 'result': 'COMPLETED', 'failures': [{}]}, {'name': 'd', 'status': 'RUN', 'result': 'CRASHED'},
            {'name': 'e', 'status': 'NOTRUN', 'result': 'SUPPRESSED'}]}]}, 1, 2.5)
        self.assertEqual(found, {'code': 1, 'tests': 4, 'failed': ['S.c', 'S.d'], 'skipped': 1, 'seconds': 2.5})


class Bars(unittest.TestCase):
    def test_good_results_pass_all(self):
        found = verdicts(good())
        self.assertEqual(len(found), 10)
        self.assertEqual(set(found.values()), {'pass'})
        self.assertFalse(report.failed(good(), ALL))

    def test_every_bar_can_fail_and_can_be_unknown(self):
        def put(path, value):
            result = good()
            at = result
            for key in path[:-1]: at = at[key]
            at[path[-1]] = value
            return result
        product, flight = 'Hessian product on resnet18, cached, in gradients', 'memory in flight of a Hessian product on resnet50, in gradients'
        speed, values = 'a zoo of small networks, in one CPU core', 'values of the zoo, worst relative difference from the CPU'
        cases = [
            (('tests', 'failed'), ['S.a'], 'device tests that failed', 'fail'), (('tests', 'code'), 139, 'device tests that failed', 'fail'),
            (('tests', 'skipped'), 5, 'device tests that failed', 'fail'), (('tests', 'tests'), 0, 'device tests that failed', 'unknown'),
            (('tests',), {'code': 77, 'error': 'no device'}, 'device tests that failed', 'unknown'),
            (('sanitizer', 'racecheck', 'code'), 9, 'racecheck: complaints', 'fail'), (('sanitizer', 'memcheck', 'tests'), 0, 'memcheck: complaints', 'unknown'),
            (('zoo', 'values', 'worst_relative_difference'), 2e-3, values, 'fail'), (('zoo', 'values', 'worst_relative_difference'), NAN, values, 'fail'),
            (('zoo', 'values', 'values'), 0, values, 'unknown'), (('zoo', 'values', 'on_one_side'), ['m: y'], values, 'unknown'), (('zoo', 'cuda', 'code'), 69, values, 'unknown'),
            (('zoo', 'cuda_rate', 'rate'), 19.9, speed, 'fail'), (('zoo', 'cuda_rate', 'rate'), NAN, speed, 'fail'), (('zoo', 'cpu_rate'), {'error': 'x'}, speed, 'unknown'),
            (('timings', 'resnet18 hessian', 'hessian'), 2.01, product, 'fail'), (('timings', 'resnet18 hessian', 'hessian'), NAN, product, 'fail'),
            (('timings', 'resnet18 hessian', 'cache', 'cached'), 2, product, 'unknown'), (('timings', 'resnet18 gradient'), {'error': 'x'}, product, 'unknown'),
            (('timings', 'resnet50 hessian', 'device_peak'), 401, flight, 'fail'), (('timings', 'resnet50 hessian', 'device_peak'), None, flight, 'unknown'),
        ]
        for path, value, name, verdict in cases:
            with self.subTest(path=path, value=value):
                result = put(path, value)
                self.assertEqual(verdicts(result)[name], verdict)
                self.assertTrue(report.failed(result, ALL))
                line = next(line for line in report.table(result).splitlines() if line.startswith(f'| {name} |'))
                self.assertTrue(line.endswith(f'| {verdict} |'), line)

    def test_at_the_limit_is_met(self):
        result = good()
        result['timings'].update(timings('resnet18', hessian=2.0, peak=400))
        result['zoo']['cuda_rate']['rate'] = 20.0
        self.assertEqual(set(verdicts(result).values()), {'pass'})

    def test_parts_that_were_not_asked_for_do_not_count(self):
        result = good()
        result['timings'] = {'peak': {}}
        self.assertFalse(report.failed(result, ['devices', 'tests', 'zoo']))
        self.assertTrue(report.failed(result, ['timings']))
        self.assertTrue(report.failed({}, ['tests']), 'asked for and not there')


class Failed(unittest.TestCase):
    def test_devices_that_cannot_be_used(self):
        result = good()
        result['devices'] = {'error': 'no driver'}
        self.assertTrue(report.failed(result, ALL))
        result['devices'] = {'cuda': {'usable': False, 'reason': 'no driver'}}
        self.assertTrue(report.failed(result, ALL))

    def test_a_timing_that_failed(self):
        result = good()
        result['timings']['mlp top10'] = {'error': 'out of memory'}
        self.assertTrue(report.failed(result, ALL))
        self.assertIn('mlp top10: out of memory', report.table(result))

    def test_peers_and_the_sanitizer_may_be_absent(self):
        result = good()
        result['peers'] = {'skipped': 'no torch'}
        result['sanitizer'] = {'skipped': 'compute-sanitizer was not found'}
        self.assertFalse(report.failed(result, ALL))
        self.assertEqual(verdicts(result)['compute-sanitizer'], 'unknown')
        self.assertIn('Peers: no torch', report.table(result))


class Table(unittest.TestCase):
    def test_has_every_number_beside_the_peers(self):
        page = report.table(good())
        row = next(line for line in page.splitlines() if line.startswith('| resnet18 | hessian |'))
        self.assertEqual([cell.strip() for cell in row.strip('|').split('|')],
                         ['resnet18', 'hessian', '1.80000', '1.80', '0 % of products', '0', '1.50', '3.60000 kept', '2.00', '300'])
        self.assertIn('- resnet18 hessian compiled: no compiler', page)
        self.assertIn('23.60 models a second (236 in 10.0 s, start apart)', page)

    def test_work_without_products_has_a_share_of_the_bandwidth(self):
        row = next(line for line in report.table(good()).splitlines() if line.startswith('| mlp | trace |'))
        self.assertIn('| 50 % of the bandwidth |', row)   # 1e12 bytes in 0.5 s of 4e12 a second

    def test_nothing_is_a_page_too(self):
        self.assertIn('# GPU checks', report.table({}))
        for part in ALL:
            for missing in (None, {}):
                result = good()
                result[part] = missing
                self.assertIn('## Bars', report.table(result), part)


class Runner(unittest.TestCase):
    def test_an_old_report_is_not_a_new_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'tests.json')
            with open(path, 'w') as file: json.dump({'testsuites': []}, file)
            with mock.patch.object(gpu, 'program', lambda name: '/bin/false'):
                found = gpu.gtest(gpu.Clock(20), types.SimpleNamespace(device=0), path)
            self.assertIn('error', found)
            self.assertNotEqual(found['code'], 0)

    def test_a_program_that_ends_well_without_a_report_has_not_tested(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(gpu, 'program', lambda name: '/bin/true'):
            found = gpu.gtest(gpu.Clock(20), types.SimpleNamespace(device=0), os.path.join(folder, 'tests.json'))
        self.assertNotEqual(found['code'], 0)

    def test_each_part_has_its_share_and_what_others_left(self):
        clock = gpu.Clock(100)
        self.assertAlmostEqual(clock.share(1, 3).left(), 25, delta=0.5)
        self.assertAlmostEqual(clock.share(2, 0).left(), 100, delta=0.5)
        self.assertLess(gpu.Clock(-5).share(1, 1).left(), 0.1)

    def test_a_command_ends_with_its_time(self):
        start = time.monotonic()
        found = gpu.call(gpu.Clock(2.5), ['sleep', '60'])
        self.assertEqual(found['code'], 124)
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(gpu.call(gpu.Clock(0), ['true'])['code'], 124)

    def test_what_is_no_json_is_an_error(self):
        self.assertEqual(gpu.last_json({'code': 0, 'out': 'words\n{"a": 1}\n', 'err': ''}), {'a': 1})
        self.assertIn('error', gpu.last_json({'code': 0, 'out': 'words\n', 'err': ''}))
        self.assertEqual(gpu.last_json({'code': 1, 'out': '{"a": 1}\n', 'err': 'bad\n'}), {'error': 'bad'})

    def test_copies_differ(self):
        with tempfile.TemporaryDirectory() as folder:
            source, zoo = os.path.join(folder, 'source'), os.path.join(folder, 'zoo')
            os.makedirs(source)
            for name in ('data.h5', 'zoo.json', 'grid_0001.h5', 'grid_0001.init.weights.h5', 'grid_0002.h5'):
                with open(os.path.join(source, name), 'w') as file: file.write(name)
            gpu.copies(source, zoo, 5)
            models = sorted(name for name in os.listdir(zoo) if name.startswith('grid_'))
            self.assertEqual(models, ['grid_0001_0000.h5', 'grid_0001_0001.h5', 'grid_0001_0002.h5', 'grid_0002_0000.h5', 'grid_0002_0001.h5'])
            contents = set()
            for name in models:
                with open(os.path.join(zoo, name), 'rb') as file: contents.add(file.read())
            self.assertEqual(len(contents), 5)


if __name__ == '__main__': unittest.main()

#!/usr/bin/env python3
"""What PyTorch and curvlinops take for the same curvature work on the same GPU: one network and quantity a call, one line of JSON.

usage: gpu_peers.py --net mlp|resnet20|resnet18|resnet50 --what gradient|hessian|ggn|top10|trace --rows N --batch B [--mode MODE] [--seconds 2]

Networks and rows have the shapes of bench/networks.cpp, with random weights, BatchNorm in inference mode, float32 without TF32.
Modes: kept (double backward on a kept graph), curvlinops, compiled (curvlinops' products are eager; compiled is torch.compile of
forward over reverse by torch.func); for the trace gauss_newton, the exact trace of the Gauss-Newton matrix, as Assay's is. --device cpu tries the script itself where there is no GPU.
"""
import argparse, json, time

import torch
from torch import nn
from torch.func import functional_call, grad, jvp, vjp


def conv(i, o, size, stride): return nn.Conv2d(i, o, size, stride, padding=size // 2, bias=False)


class Block(nn.Module):
    def __init__(self, i, width, stride, bottleneck):
        super().__init__()
        o = 4 * width if bottleneck else width
        parts = ([conv(i, width, 1, 1), nn.BatchNorm2d(width), nn.ReLU(), conv(width, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU(),
                  conv(width, o, 1, 1), nn.BatchNorm2d(o)] if bottleneck else
                 [conv(i, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU(), conv(width, o, 3, 1), nn.BatchNorm2d(o)])
        self.main = nn.Sequential(*parts)
        self.short = nn.Identity() if i == o and stride == 1 else nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o))

    def forward(self, x): return torch.relu(self.main(x) + self.short(x))


def resnet(stem, widths, blocks, bottleneck, classes):
    layers, i = list(stem), widths[0]
    for width, count in zip(widths, blocks):
        for block in range(count):
            layers.append(Block(i, width, 2 if block == 0 and width != widths[0] else 1, bottleneck))
            i = 4 * width if bottleneck else width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, classes))


def network(name):
    """The network, the shape of a row, its classes."""
    if name == 'mlp': return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)), (784,), 10
    def stem(width): return [conv(3, width, 3, 1), nn.BatchNorm2d(width), nn.ReLU()]
    if name == 'resnet20': return resnet(stem(16), (16, 32, 64), (3, 3, 3), False, 10), (3, 32, 32), 10
    if name == 'resnet18': return resnet(stem(64), (64, 128, 256, 512), (2, 2, 2, 2), False, 10), (3, 32, 32), 10
    first = [conv(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return resnet(first, (64, 128, 256, 512), (3, 4, 6, 3), True, 1000), (3, 224, 224), 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--net', required=True, choices=['mlp', 'resnet20', 'resnet18', 'resnet50'])
    parser.add_argument('--what', required=True, choices=['gradient', 'hessian', 'ggn', 'top10', 'trace'])
    parser.add_argument('--mode', default='kept', choices=['kept', 'curvlinops', 'compiled', 'gauss_newton'])
    parser.add_argument('--rows', type=int, required=True)
    parser.add_argument('--batch', type=int, required=True)
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--device', default='cuda')
    a = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(0)
    net, shape, classes = network(a.net)
    net = net.to(a.device).eval()
    if len(shape) == 3: net = net.to(memory_format=torch.channels_last)
    batches = []
    for at in range(0, a.rows, a.batch):
        count = min(a.batch, a.rows - at)
        x, y = torch.randn(count, *shape, device=a.device), torch.arange(at, at + count, device=a.device) % classes
        batches.append((x.contiguous(memory_format=torch.channels_last) if len(shape) == 3 else x, y))
    loss = nn.CrossEntropyLoss()
    parameters = {name: p for name, p in net.named_parameters()}
    values = list(parameters.values())
    size = sum(p.numel() for p in values)
    cuda = a.device.startswith('cuda')

    def wait():
        if cuda: torch.cuda.synchronize()

    def split(v):
        pieces, at = [], 0
        for p in values:
            pieces.append(v[at:at + p.numel()].view_as(p))
            at += p.numel()
        return pieces

    def flat(pieces): return torch.cat([p.reshape(-1) for p in pieces])

    def gradient():
        total = torch.zeros(size, device=a.device)
        for x, y in batches: total += flat(torch.autograd.grad(loss(net(x), y), values)) * (len(y) / a.rows)
        return total

    kept = []   # gradients with their graphs, one a batch
    def kept_graph(v):
        if not kept:
            for x, y in batches: kept.append((torch.autograd.grad(loss(net(x), y), values, create_graph=True), len(y) / a.rows))
        total = torch.zeros(size, device=a.device)
        for slopes, share in kept: total += flat(torch.autograd.grad(slopes, values, grad_outputs=split(v), retain_graph=True)) * share
        return total

    def of_batch(tangents, x, y):
        return jvp(grad(lambda p: loss(functional_call(net, p, (x,)), y)), (parameters,), (tangents,))[1]
    compiled_batch = []
    def compiled(v):
        if not compiled_batch: compiled_batch.append(torch.compile(of_batch))
        tangents, total = dict(zip(parameters, split(v))), torch.zeros(size, device=a.device)
        for x, y in batches: total += flat(compiled_batch[0](tangents, x, y).values()) * (len(y) / a.rows)
        return total

    def gauss_newton(v):
        tangents, total = dict(zip(parameters, split(v))), torch.zeros(size, device=a.device)
        for x, y in batches:
            outputs, moved = jvp(lambda p: functional_call(net, p, (x,)), (parameters,), (tangents,))
            p = torch.softmax(outputs, 1)
            seed = p * (moved - (p * moved).sum(1, keepdim=True)) / a.rows
            total += flat(vjp(lambda p: functional_call(net, p, (x,)), parameters)[1](seed)[0].values())
        return total

    def operator(kind):
        import curvlinops
        made = {'hessian': curvlinops.HessianLinearOperator, 'ggn': curvlinops.GGNLinearOperator}[kind](net, loss, values, batches, check_deterministic=False)
        return lambda v: made @ v

    hessian = {'kept': lambda: kept_graph, 'compiled': lambda: compiled, 'curvlinops': lambda: operator('hessian')}
    if a.what == 'gradient': work = lambda _: gradient()
    elif a.what == 'hessian': work = hessian[a.mode]()
    elif a.what == 'ggn': work = operator('ggn') if a.mode == 'curvlinops' else gauss_newton
    elif a.what == 'trace': work = None
    else: work = hessian[a.mode]()
    answer = {}

    def top10():
        from scipy.sparse.linalg import LinearOperator, eigsh
        count = [0]
        def matvec(v):
            count[0] += 1
            return work(torch.from_numpy(v).float().to(a.device).reshape(-1)).detach().cpu().numpy()
        found = eigsh(LinearOperator((size, size), matvec, dtype='float32'), k=10, which='LA', tol=1e-3, return_eigenvectors=False)
        answer.update(products=count[0], largest=float(found.max()))

    def trace():
        """Exact: with p the probabilities of a row, the Hessian of its cross-entropy in the outputs is S S^T with columns
        s_k = sqrt(p_k) (e_k - p), so that the trace is the mean over rows of sum_k |J^T s_k|^2."""
        def pushed(p, x, s): return (functional_call(net, p, (x[None],))[0] * s).sum()
        slopes = torch.func.vmap(grad(pushed), in_dims=(None, 0, 0), chunk_size=256)
        total = torch.zeros((), dtype=torch.float64, device=a.device)
        frozen = {name: p.detach() for name, p in parameters.items()}
        for x, _ in batches:
            p = torch.softmax(net(x).detach(), 1)
            for k in range(classes):
                s = -p * p[:, k:k + 1].sqrt()
                s[:, k] += p[:, k].sqrt()
                for piece in slopes(frozen, x, s).values(): total += piece.double().square().sum()
        answer.update(trace=float(total) / a.rows)

    v = torch.randn(size, device=a.device)
    if cuda: torch.cuda.reset_peak_memory_stats()
    if a.what in ('top10', 'trace'):
        wait()
        start = time.perf_counter()
        {'top10': top10, 'trace': trace}[a.what]()
        wait()
        seconds = time.perf_counter() - start
    else:
        for _ in range(3): work(v)
        wait()
        times, begin = [], time.perf_counter()
        while len(times) < 5 or time.perf_counter() - begin < a.seconds:
            start = time.perf_counter()
            work(v)
            wait()
            times.append(time.perf_counter() - start)
        seconds = sorted(times)[len(times) // 2]
    answer.update(net=a.net, what=a.what, mode=a.mode, rows=a.rows, batch=a.batch, seconds=seconds, parameters=size, torch=torch.__version__,
                  peak_bytes=torch.cuda.max_memory_allocated() if cuda else None, device=torch.cuda.get_device_name() if cuda else 'cpu')
    print(json.dumps(answer))


if __name__ == '__main__': main()

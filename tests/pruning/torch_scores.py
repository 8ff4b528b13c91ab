#!/usr/bin/env python3
"""Scores of SNIP, GraSP and SynFlow by PyTorch's own derivatives, in float64: an independent reference for libanalysis/pruning.

    torch_scores.py --tiny torch_scores.hpp            the numbers that scores_test.cpp compares with
    torch_scores.py --compare MODEL.h5 DATA.h5 ROWS SCORES.h5
                                                       SCORES.h5 has <method>/<parameter>, of the first ROWS rows of train with inputs / 255

A network is a list of layers with arrays in Keras' layout: images row x column x channel, kernels height x width x input x output.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

TEMPERATURE = 200
ROUNDS = 100


def same(extent, kernel, stride):
    """Keras' padding "same": how much before and after."""
    total = max((math.ceil(extent / stride) - 1) * stride + kernel - extent, 0)
    return total // 2, total - total // 2


def forward(layers, x, kernels, linear=False):
    """x: rows x height x width x channels. `linear`: no biases, offsets or activations, normalisation as its scale."""
    k = 0
    for layer in layers:
        kind = layer["kind"]
        if kind == "conv":
            stride, kernel = layer["stride"], kernels[k].permute(3, 2, 0, 1)
            k += 1
            x = x.permute(0, 3, 1, 2)
            if layer["same"]:
                top, bottom = same(x.shape[2], kernel.shape[2], stride)
                left, right = same(x.shape[3], kernel.shape[3], stride)
                x = F.pad(x, (left, right, top, bottom))
            x = F.conv2d(x, kernel, None if linear else layer["bias"], stride).permute(0, 2, 3, 1)
        elif kind == "dense":
            x = x @ kernels[k]
            k += 1
            if not linear:
                x = x + layer["bias"]
        elif kind == "normalisation":
            scale = 1 / torch.sqrt(layer["variance"] + layer["epsilon"])
            x = x * (scale * layer["gamma"].abs()) if linear else (x - layer["mean"]) * scale * layer["gamma"] + layer["beta"]
        elif kind == "relu":
            x = x if linear else torch.relu(x)
        elif kind == "tanh":
            x = x if linear else torch.tanh(x)
        elif kind == "pool":
            x = F.max_pool2d(x.permute(0, 3, 1, 2), layer["size"], layer["size"]).permute(0, 2, 3, 1)
        elif kind == "flatten":
            x = x.reshape(x.shape[0], -1)
        else:
            raise ValueError(kind)
    return x


def kernels_of(layers):
    return [layer["kernel"] for layer in layers if "kernel" in layer]


def snip(layers, x, y):
    kernels = [k.clone().requires_grad_() for k in kernels_of(layers)]
    gradients = torch.autograd.grad(F.cross_entropy(forward(layers, x, kernels), y), kernels)
    return [(g * k).abs().detach() for g, k in zip(gradients, kernels)]


def grasp(layers, x, y):
    kernels = [k.clone().requires_grad_() for k in kernels_of(layers)]
    gradients = torch.autograd.grad(F.cross_entropy(forward(layers, x, kernels) / TEMPERATURE, y), kernels, create_graph=True)
    flow = sum((g.detach() * g).sum() for g in gradients)
    products = torch.autograd.grad(flow, kernels)
    return [(k * hg).detach() for k, hg in zip(kernels, products)]


def synflow(layers, shape, masks=None):
    kernels = [k.abs() for k in kernels_of(layers)]
    if masks is not None:
        kernels = [k * m for k, m in zip(kernels, masks)]
    kernels = [k.clone().requires_grad_() for k in kernels]
    total = forward(layers, torch.ones((1, *shape), dtype=torch.float64), kernels, linear=True).sum()
    return [(g * k).detach() for g, k in zip(torch.autograd.grad(total, kernels), kernels)]


def synflow_masks(layers, shape, sparsity):
    masks = [torch.ones_like(k) for k in kernels_of(layers)]
    for round_ in range(1, ROUNDS + 1):
        scores = [torch.where(m > 0, s, torch.tensor(-1.0, dtype=torch.float64)) for s, m in zip(synflow(layers, shape, masks), masks)]
        everything = torch.cat([s.reshape(-1) for s in scores])
        pruned = int((1 - (1 - sparsity) ** (round_ / ROUNDS)) * everything.numel() * (1 + 1e-12))
        keep = torch.ones_like(everything)
        keep[torch.sort(everything, stable=True).indices[:pruned]] = 0
        masks = [part.reshape(k.shape) for part, k in zip(torch.split(keep, [k.numel() for k in masks]), masks)]
    return masks


def tiny():
    """The network of scores_test.cpp: every array is a formula of its number and its index."""
    def array(number, shape, scale=0.6, offset=0.0):
        index = torch.arange(int(np.prod(shape)), dtype=torch.float64)
        return (offset + scale * torch.sin(2.1 * index + 0.7 * number + 0.2)).reshape(shape)

    layers = [
        {"kind": "conv", "stride": 1, "same": True, "kernel": array(0, (3, 3, 2, 3)), "bias": array(1, (3,), 0.1)},
        {"kind": "normalisation", "epsilon": 1e-3, "gamma": array(2, (3,), 0.3, 0.8), "beta": array(3, (3,), 0.1, 0.2), "mean": array(4, (3,), 0.1),
         "variance": array(5, (3,), 0.3, 0.8)},
        {"kind": "relu"},
        {"kind": "pool", "size": 2},
        {"kind": "flatten"},
        {"kind": "dense", "kernel": array(6, (27, 4)), "bias": array(7, (4,), 0.1)},
        {"kind": "tanh"},
        {"kind": "dense", "kernel": array(8, (4, 3)), "bias": array(9, (3,), 0.1)},
    ]
    shape = (6, 6, 2)
    x = torch.cos(0.37 * torch.arange(5 * 72, dtype=torch.float64)).reshape(5, *shape)
    return layers, shape, x, torch.tensor([0, 1, 2, 1, 0])


def write_tiny(path):
    layers, shape, x, y = tiny()
    text = ["#pragma once",
            "// Written by torch_scores.py with PyTorch " + torch.__version__.split("+")[0] + " in float64: scores of its tiny network, kernel by kernel.",
            "", "#include <cstdint>", "#include <vector>", "", "namespace assay::test::torch {", ""]
    for name, scores in (("snip", snip(layers, x, y)), ("grasp", grasp(layers, x, y)), ("synflow", synflow(layers, shape))):
        text.append(f"inline const std::vector<std::vector<double>> {name}{{")
        for array in scores:
            numbers = [f"{value:.15g}" for value in array.reshape(-1).tolist()]
            text.append("    {" + ",\n     ".join(", ".join(numbers[i:i + 6]) for i in range(0, len(numbers), 6)) + "},")
        text.append("};\n")
    text.append("// After all rounds, at sparsity 0.8.")
    text.append("inline const std::vector<std::vector<std::uint8_t>> synflow_masks{")
    for mask in synflow_masks(layers, shape, 0.8):
        bits = [str(int(value)) for value in mask.reshape(-1).tolist()]
        text.append("    {" + ",\n     ".join(", ".join(bits[i:i + 40]) for i in range(0, len(bits), 40)) + "},")
    text.append("};\n")
    text.append("}  // namespace assay::test::torch\n")
    with open(path, "w") as file:
        file.write("\n".join(text))


def load(path):
    """A Sequential Keras 3 model of convolutions, ReLU, pooling and dense layers, as examples/mnist-grid has them."""
    import h5py
    layers, names = [], []
    with h5py.File(path) as file:
        weights = file["model_weights"]

        def arrays(name):
            return [torch.tensor(weights[name][w][()], dtype=torch.float64) for w in weights[name].attrs["weight_names"]]

        def activate(name):
            if name == "relu":
                layers.append({"kind": "relu"})
            elif name not in ("linear", "softmax"):
                raise ValueError(name)

        for layer in json.loads(file.attrs["model_config"])["config"]["layers"]:
            kind, config = layer["class_name"], layer["config"]
            if kind == "Conv2D":
                kernel, bias = arrays(config["name"])
                layers.append({"kind": "conv", "stride": config["strides"][0], "same": config["padding"] == "same", "kernel": kernel, "bias": bias})
                activate(config["activation"])
            elif kind == "Dense":
                kernel, bias = arrays(config["name"])
                layers.append({"kind": "dense", "kernel": kernel, "bias": bias})
                activate(config["activation"])
            elif kind == "MaxPooling2D":
                layers.append({"kind": "pool", "size": config["pool_size"][0]})
            elif kind == "Activation":
                activate(config["activation"])
            elif kind == "Flatten":
                layers.append({"kind": "flatten"})
            elif kind not in ("InputLayer", "Dropout"):
                raise ValueError(kind)
            if kind in ("Conv2D", "Dense"):
                names.append(config["name"] + "/kernel")
    return layers, names


def compare(model, data, rows, scores):
    import h5py
    layers, names = load(model)
    with h5py.File(data) as file:
        x = torch.tensor(file["train/x"][:rows], dtype=torch.float64) / 255
        y = torch.tensor(file["train/y"][:rows].reshape(-1).astype(np.int64))
    worst = 0.0
    with h5py.File(scores) as file:
        for method, expected in (("snip", snip(layers, x, y)), ("grasp", grasp(layers, x, y)), ("synflow", synflow(layers, x.shape[1:]))):
            largest = max(array.abs().max().item() for array in expected)
            for name, array in zip(names, expected):
                apart = np.abs(file[method][name][()] - array.numpy()).max() / largest
                print(f"{method} {name}: {apart:.2e} of the largest score")
                worst = max(worst, apart if apart == apart else math.inf)
    print(f"worst: {worst:.2e}")
    return 0 if worst <= 1e-5 else 1


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--tiny":
        write_tiny(sys.argv[2])
    elif len(sys.argv) == 6 and sys.argv[1] == "--compare":
        sys.exit(compare(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]))
    else:
        sys.exit(__doc__)

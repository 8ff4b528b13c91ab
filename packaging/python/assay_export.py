"""Writes a PyTorch model as a file that Assay reads: graph, weights, preprocessing, training facts.

    import assay_export
    assay_export.export(model, example_input, "model.h5", initial=state_dict_before_training,
                        data=(x_train, y_train, x_test, y_test), preprocessing={"scale": 1 / 255},
                        training={"loss": torch.nn.CrossEntropyLoss(), "optimizer": optimizer, "epochs": 90})

or, from a shell, `assay-export --help`. The layout is specified in Assay's formats/README.md. The model is traced by torch.export in
evaluation mode. An operator that Assay does not have is named with its place, and nothing is written.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import importlib.util
import io
import json
import logging
import math
import operator
import os
import pickle
import re
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import torch

__version__ = "0.1.0"
FORMAT, FORMAT_VERSION = "assay-graph", 1
EXAMPLE_ROWS = 8   # of the example and torch's own outputs, kept in the file as a check


class CannotExport(Exception):
    """The model has something that the file cannot say. The message names it and its place; nothing was written."""


# ---- values: what stands in the place of a tensor while the graph is built ----
#
# An axis of a tensor is a tuple of atoms, an array in Assay is an order of atoms. Reshaping and permuting only regroup atoms; a node is
# added when somebody needs them in an order in which they do not lie. The batch is an atom like any other, but no array holds it:
# Assay's arrays are those of one row. Axes of extent 1 have no atoms.

class Atom:
    def __init__(self, size, batch=False):
        self.size, self.batch = size, batch

    def __repr__(self):
        return f"{'N' if self.batch else 'a'}{self.size}"


def size_of(atoms):
    return math.prod(atom.size for atom in atoms)


class Value:
    """An array: `node` holds the atoms of `layout`, a tuple of groups; `axes` are the tensor's axes, a tuple of groups with the batch."""

    def __init__(self, node, layout, axes):
        self.node, self.layout, self.axes = node, tuple(map(tuple, layout)), tuple(map(tuple, axes))

    @property
    def shape(self):
        return tuple(size_of(axis) for axis in self.axes)

    def replaced(self, atoms):
        """The same array with atoms split or renamed: {atom: tuple of atoms}."""
        def through(groups):
            return tuple(tuple(new for atom in group for new in atoms.get(atom, (atom,))) for group in groups)
        return Value(self.node, through(self.layout), through(self.axes))


class Parameter:
    """A parameter or buffer of the model, or a rearrangement of one: `steps` are the views that were taken of it."""

    def __init__(self, name, tensor, trainable, steps=(), buffer=False):
        self.name, self.tensor, self.trainable, self.steps, self.buffer = name, tensor, trainable, steps, buffer

    def view(self, word, function):
        return Parameter(self.name, function(self.tensor), self.trainable, self.steps + ((word, function),), self.buffer)

    @property
    def shape(self):
        return tuple(self.tensor.shape)


class Scores:
    """Products of queries and keys on their way into attention: factor q k^T, after `weighed` their softmax."""

    def __init__(self, q, k, factor=1.0, causal=False, weighed=False):
        self.q, self.k, self.factor, self.causal, self.weighed = q, k, factor, causal, weighed

    def but(self, **changes):
        return Scores(**{**vars(self), **changes})


# ---- the graph ----

class Graph:
    def __init__(self):
        self.nodes = []        # dicts; inputs are indices until the end
        self.parameters = []   # dicts, with "parameter" (where it comes from) and "steps" (how it is laid out)
        self.by_source = {}
        self.arranged = {}     # (node, layout) -> node
        self.shapes = {}       # node -> extents

    def add(self, kind, place, inputs, shape, attributes=None, parameters=()):
        self.nodes.append({"kind": kind, "place": place, "inputs": list(inputs), "attributes": attributes or {}, "parameters": list(parameters)})
        self.shapes[len(self.nodes) - 1] = tuple(shape)
        return len(self.nodes) - 1

    def reshape(self, place, node, shape):
        if self.shapes[node] == tuple(shape):
            return node
        if self.nodes[node]["kind"] in ("reshape", "flatten"):   # of a reshape: from its own input
            return self.reshape(place, self.nodes[node]["inputs"][0], shape)
        key = (node, tuple(shape))
        if key not in self.arranged:
            flat = len(shape) == 1
            self.arranged[key] = self.add("flatten" if flat else "reshape", place, [node], shape, {} if flat else {"target_shape": list(shape)})
        return self.arranged[key]

    def arrange(self, place, value, layout):
        """The node that holds the value's atoms in this layout; adds a permutation or a reshape where it must."""
        have = [atom for group in value.layout for atom in group]
        want = [atom for group in layout for atom in group]
        extents = [size_of(group) for group in layout]
        assert sorted(map(id, have)) == sorted(map(id, want)), (have, want)
        if have == want:
            return self.reshape(place, value.node, extents)
        runs, after = [], {a: b for a, b in zip(want, want[1:])}
        for atom in have:   # atoms that stay neighbours move together
            if runs and after.get(runs[-1][-1]) is atom:
                runs[-1].append(atom)
            else:
                runs.append([atom])
        order = sorted(range(len(runs)), key=lambda i: want.index(runs[i][0]))
        source = self.reshape(place, value.node, [size_of(run) for run in runs])
        key = (source, tuple(order))
        if key not in self.arranged:
            self.arranged[key] = self.add("permute", place, [source], [size_of(runs[i]) for i in order], {"order": [i + 1 for i in order]})
        return self.reshape(place, self.arranged[key], extents)

    def parameter(self, place, source, role, arrange=None):
        """The index of a parameter; `arrange` makes the canonical layout of what the model holds."""
        if arrange:
            source = source.view(*arrange)
        words = tuple(word for word, _ in source.steps)
        known = self.by_source.get(source.name)
        if known is not None:
            other = self.parameters[known]
            if other["role"] != role or (other["words"] != words and not (other["shape"] == source.shape and torch.equal(other["source"].tensor, source.tensor))):
                raise CannotExport(f"{place}: the parameter {source.name} is used in two ways ({other['role']} of layer {other['place'].layer}, and {role} here), "
                                   "which Assay cannot keep as one. Nothing was written.")
            return known
        module, _, leaf = source.name.rpartition(".")
        layer, name = (module, role if role != "other" else leaf) if module else (place.layer, role if role != "other" else leaf)
        full, n = f"{layer}/{name}", 1
        while any(p["name"] == full for p in self.parameters):
            n += 1
            full = f"{layer}/{leaf}" + (f"_{n}" if n > 2 else "")
        self.parameters.append({"name": full, "layer": layer, "class": place.class_name, "role": role, "shape": source.shape,
                                "trainable": source.trainable, "words": words, "source": source, "place": place})
        self.by_source[source.name] = len(self.parameters) - 1
        return len(self.parameters) - 1


class Place:
    """Where in the model an operator stands."""

    def __init__(self, layer, class_name, module, line, call):
        self.layer, self.class_name, self.module, self.line, self.call = layer, class_name, module, line, call

    def __str__(self):
        where = f"layer {self.layer} ({self.class_name})" if self.module is None else f"module {self.module}" if self.module else "the model itself"
        return where + (f", {self.line}" if self.line else "")


def place_of(node):
    stack = node.meta.get("nn_module_stack") or {}
    key, (path, class_name) = next(reversed(stack.items()), ("", ("", "")))
    class_name = class_name if isinstance(class_name, str) else f"{class_name.__module__}.{class_name.__qualname__}"
    line = ""
    torch_folder = os.path.dirname(torch.__file__)
    for file, number, code in re.findall(r'File "([^"]+)", line (\d+), in [^\n]*\n\s*([^\n]*)', node.meta.get("stack_trace") or ""):
        if not file.startswith(torch_folder) or not line:
            line = f"{file}:{number}: {code.strip()}"
    call = key.rpartition("@")[2] if "@" in key else "0"
    if path and class_name.startswith("torch.nn.modules.") and not class_name.startswith(("torch.nn.modules.container", "torch.nn.modules.transformer")):
        return Place(path, class_name.rpartition(".")[2], None, line, int(call) if call.isdigit() else 0)
    word = node.name
    return Place(f"{path}.{word}" if path else word, re.sub(r"_\d+$", "", word), path, line, 0)


# ---- translators: one function an operator of ATen ----

OPERATORS = {}


def operators(*names):
    def register(function):
        for name in names:
            OPERATORS[name] = function
        return function
    return register


class Tracer:
    """Walks the traced program and builds the graph."""

    def __init__(self, program, input_layouts):
        self.graph, self.program, self.values = Graph(), program, {}
        self.batch = None
        self.inputs, self.outputs, self.output_layouts = [], [], []
        self.input_layouts = input_layouts
        self.place = None

    def refuse(self, what):
        raise CannotExport(f"{self.place}: {what}. Nothing was written.")

    # -- arrays --
    def value(self, x, what="an operand"):
        if isinstance(x, Value):
            return x
        if isinstance(x, Scores):
            self.refuse("products of queries and keys that do not end in attention: softmax, then a product with values")
        self.refuse(f"{what} that does not depend on the model's input")

    def tensor(self, x, what):
        """A parameter, or a constant as one that does not train."""
        if isinstance(x, Parameter):
            return x
        if isinstance(x, torch.Tensor):
            return Parameter(f"{self.place.layer}.constant", x, False)
        self.refuse(f"{what} that is computed in the model (weight norm? remove its parametrization first)")

    def add(self, kind, inputs, shape, attributes=None, parameters=()):
        return self.graph.add(kind, self.place, inputs, shape, attributes, parameters)

    def arrange(self, value, layout):
        return self.graph.arrange(self.place, value, layout)

    def last(self, x, axes):
        """(node, layout): x with the atoms of these axes as its last extent, the others as they lie."""
        moved = tuple(atom for axis in axes for atom in x.axes[axis])
        if any(atom.batch for atom in moved):
            self.refuse("it works along the batch axis")
        rest = tuple(left for group in x.layout if (left := tuple(atom for atom in group if atom not in moved)))
        layout = rest + (moved,)
        return self.arrange(x, layout), layout

    def rows(self):
        """A node of numbers that tells how many rows there are."""
        indices = set()
        for i, node in enumerate(self.graph.nodes):
            if node["attributes"].get("dtype") == "int32" or (node["kind"] in ("reshape", "flatten", "permute") and set(node["inputs"]) & indices):
                indices.add(i)
        found = [i for i in range(len(self.graph.nodes)) if i not in indices]
        return found[-1] if found else self.refuse("a parameter before anything that is computed from the input")

    def around(self, x, dim):
        """(the groups of the other axes' atoms as they lie, the place among them where this axis' atoms are one extent)."""
        own, groups, at = set(x.axes[dim]), [], None
        for group in x.layout:
            for part in ([group] if not own & set(group) else [(atom,) for atom in group]):
                if not own & set(part):
                    groups.append(part)
                elif at is None:
                    at = len(groups)
        if at is None:
            behind = {atom for axis in x.axes[dim + 1:] for atom in axis}
            at = next((i for i, group in enumerate(groups) if behind & set(group)), len(groups))
        return groups, at

    def require_rows(self, x):
        if not x.axes or len(x.axes[0]) != 1 or not x.axes[0][0].batch:
            self.refuse("the first axis is not the batch")

    def image(self, x, rank=4):
        """(node, layout) of x [N, C, H, W] as [H, W, C], of [N, C, L] as [L, C]."""
        if len(x.axes) != rank:
            self.refuse(f"an input with {len(x.axes)} axes instead of {rank}")
        self.require_rows(x)
        layout = x.axes[2:] + x.axes[1:2]
        return self.arrange(x, layout), layout

    def run(self):
        signature = self.program.graph_signature
        parameters, buffers = dict(signature.inputs_to_parameters), dict(signature.inputs_to_buffers)
        constants = dict(signature.inputs_to_lifted_tensor_constants)
        state, users = self.program.state_dict, set(signature.user_inputs)
        for node in self.program.graph.nodes:
            self.place = place_of(node)
            if node.op == "placeholder":
                if node.name in parameters:
                    name = parameters[node.name]
                    self.values[node] = Parameter(name, state[name].detach(), state[name].requires_grad)
                elif node.name in buffers:
                    name = buffers[node.name]
                    self.values[node] = Parameter(name, (state[name] if name in state else self.program.constants[name]).detach(), False, buffer=True)
                elif node.name in constants:
                    self.values[node] = self.program.constants[constants[node.name]].detach()
                elif node.name in users:
                    self.values[node] = self.input(node)
                else:
                    self.refuse(f"an input of a kind of its own, {node.name}")
            elif node.op == "output":
                self.output(node)
            elif node.op == "call_function":
                self.values[node] = self.call(node)
            else:
                self.refuse(f"{node.op} {node.target}")

    def input(self, node):
        tensor = node.meta["val"]
        if not isinstance(tensor, torch.Tensor):
            self.refuse(f"an input {node.name} that is no tensor")
        if tensor.dim() < 2 or (self.batch and tensor.shape[0] != self.batch.size):
            self.refuse(f"an input {node.name} of shape {tuple(tensor.shape)}: inputs have rows along their first axis, all the same number")
        self.batch = self.batch or Atom(tensor.shape[0], True)
        atoms = [() if extent == 1 else (Atom(extent),) for extent in tensor.shape[1:]]
        layout = atoms[1:] + atoms[:1] if self.input_layouts[len(self.inputs)] else atoms
        shape = [size_of(group) for group in layout]
        vertex = self.graph.add("input", Place(node.name, "Input", None, "", 0), [], shape,
                                {"shape": shape, "dtype": "float32" if tensor.is_floating_point() else "int32"})
        self.inputs.append(vertex)
        return Value(vertex, layout, [(self.batch,)] + atoms)

    def output(self, node):
        signature = self.program.graph_signature
        changed = [*signature.buffers_to_mutate.values(), *signature.user_inputs_to_mutate.values()]
        if changed:
            self.refuse(f"the forward pass changes {', '.join(changed)}, so that its outputs depend on the calls before")
        for result in torch.utils._pytree.tree_leaves(node.args[0]):
            if result is None:
                continue
            if not isinstance(result, torch.fx.Node):
                self.refuse("an output that is no tensor")
            self.place = place_of(result)
            x = self.value(self.values[result], "an output")
            self.require_rows(x)
            last = x.axes[2:] + x.axes[1:2]
            flat = tuple(atom for group in x.layout for atom in group)
            channels_last = len(x.axes) > 2 and flat == tuple(atom for group in last for atom in group)
            vertex = self.arrange(x, last if channels_last else x.axes[1:] or ((),))
            layers = [self.graph.nodes[i]["place"].layer for i in self.outputs]
            if vertex in self.inputs or self.graph.nodes[vertex]["place"].layer in layers:   # an output is known by its layer
                self.place = Place(f"output_{len(self.outputs)}", "output", None, "", 0)
                vertex = self.add("identity", [vertex], self.graph.shapes[vertex])
            self.outputs.append(vertex)
            self.output_layouts.append(channels_last)

    def call(self, node):
        def look_up(argument):
            return self.values[argument] if isinstance(argument, torch.fx.Node) else argument
        args = torch.fx.node.map_aggregate(node.args, look_up)
        kwargs = torch.fx.node.map_aggregate(node.kwargs, look_up)
        if node.target is operator.getitem:
            return args[0][args[1]] if isinstance(args[0], (tuple, list)) else self.refuse("a part of something that is no tuple")
        name = str(getattr(node.target, "_schema", None) and node.target._schema.name or node.target).removeprefix("aten::")
        leaves = torch.utils._pytree.tree_leaves((args, kwargs))
        if not any(isinstance(leaf, (Value, Scores)) or (isinstance(leaf, Parameter) and not leaf.buffer) for leaf in leaves):
            if "rand" in name or "dropout" in name:
                self.refuse(f"operator {name}: random numbers")
            fixed = torch.utils._pytree.tree_map(lambda leaf: leaf.tensor if isinstance(leaf, Parameter) else leaf, (args, kwargs))
            return node.target(*fixed[0], **fixed[1])   # arange, masks: what the trace knows
        schema = getattr(node.target, "_schema", None)
        if name not in OPERATORS or schema is None:
            self.refuse(f"operator {name} ({node.target}), which Assay does not have")
        for argument, value in zip(schema.arguments, args):   # by name, whatever the call wrote
            kwargs = {**kwargs, argument.name: value}
        for argument in schema.arguments:
            if argument.name not in kwargs and argument.has_default_value():
                kwargs = {**kwargs, argument.name: argument.default_value}
        kwargs["result"] = node.meta.get("val")
        try:
            return OPERATORS[name](self, **{re.sub("^(self|input)$", "x", key): value for key, value in kwargs.items()})
        except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise CannotExport(f"{self.place}: operator {name} in a form that is not known here ({type(error).__name__}: {error}). Nothing was written.") from error

    # -- pieces that several operators share --
    def dense(self, x, kernel, bias):
        node, layout = self.last(x, [-1])
        units = kernel.shape[1]
        parameters = [self.graph.parameter(self.place, kernel, "kernel")]
        if bias is not None:
            parameters.append(self.graph.parameter(self.place, self.tensor(bias, "a bias"), "bias"))
        out = (Atom(units),) if units > 1 else ()
        node = self.add("dense", [node], self.graph.shapes[node][:-1] + (units,), {"units": units, "use_bias": bias is not None}, parameters)
        return Value(node, layout[:-1] + (out,), x.axes[:-1] + (out,))

    def pointwise(self, x, attributes):
        node = self.add("activation", [x.node], self.graph.shapes[x.node], attributes)
        return Value(node, x.layout, x.axes)

    def rescale(self, x, scale=1.0, offset=0.0):
        if scale == 1 and offset == 0:
            return x
        node = self.add("rescaling", [x.node], self.graph.shapes[x.node], {"scale": scale, "offset": offset})
        return Value(node, x.layout, x.axes)

    def regroup(self, x, shape):
        """x under another shape, row-major: its atoms in other groups, some of them split."""
        atoms, axes = [atom for axis in x.axes for atom in axis], []
        for extent in shape:
            axis = []
            while size_of(axis) < extent:
                need, atom = extent // size_of(axis), atoms.pop(0)
                if need % atom.size != 0:
                    if atom.size % need != 0 or extent % size_of(axis) != 0:
                        self.refuse(f"a reshape from {x.shape} to {tuple(shape)}, which mixes axes")
                    if atom.batch:
                        self.refuse(f"a reshape from {x.shape} to {tuple(shape)}, which divides the batch")
                    parts = (Atom(need), Atom(atom.size // need))
                    x = x.replaced({atom: parts})
                    axes = [tuple(p for a in group for p in (parts if a is atom else (a,))) for group in axes]
                    atom, atoms = parts[0], [parts[1]] + atoms
                axis.append(atom)
            axes.append(tuple(axis))
        return Value(x.node, x.layout, axes)

    def unified(self, x, y):
        """x and y with the same atoms where their axes are the same, and the axes of their sum."""
        rank = max(len(x.axes), len(y.axes))
        split_x, split_y = {}, {}
        for i in range(1, rank + 1):
            a = list(x.axes[-i]) if i <= len(x.axes) else []
            b = list(y.axes[-i]) if i <= len(y.axes) else []
            if not a or not b:
                continue
            parts_a, parts_b = {atom: [] for atom in a}, {atom: [] for atom in b}
            left_a, left_b = [(atom, atom.size) for atom in a], [(atom, atom.size) for atom in b]
            while left_a:
                (atom_a, size_a), (atom_b, size_b) = left_a.pop(0), left_b.pop(0)
                size = min(size_a, size_b)
                if atom_a.batch != atom_b.batch or size_a % size or size_b % size or (atom_a.batch and size_a != size_b):
                    self.refuse("operands whose axes are composed in different ways")
                whole = size == atom_a.size
                part = atom_a if whole else Atom(size)
                parts_a[atom_a].append(part)
                parts_b[atom_b].append(part)
                if size_a > size:
                    left_a.insert(0, (atom_a, size_a // size))
                if size_b > size:
                    left_b.insert(0, (atom_b, size_b // size))
            split_x.update({atom: tuple(parts) for atom, parts in parts_a.items()})
            split_y.update({atom: tuple(parts) for atom, parts in parts_b.items()})
        x, y = x.replaced(split_x), y.replaced(split_y)
        axes = []
        for i in range(rank, 0, -1):
            a = x.axes[-i] if i <= len(x.axes) else ()
            b = y.axes[-i] if i <= len(y.axes) else ()
            axes.append(a or b)
        return x, y, axes

    def merge(self, kind, x, y):
        """x + y or x y, with broadcasting."""
        x, y, axes = self.unified(x, y)
        count = [sum(map(len, value.layout)) for value in (x, y)]
        full, other = (x, y) if count[0] >= count[1] else (y, x)
        held, everything = ({atom for group in value.layout for atom in group} for value in (other, full))
        if held - everything:
            self.refuse("operands that both have axes which the other lacks")
        groups = []
        for group in full.layout:
            present = [atom in held for atom in group]
            groups += [group] if all(present) or not any(present) else [(atom,) for atom in group]
        nodes = {full: self.arrange(full, groups), other: self.arrange(other, [tuple(atom for atom in group if atom in held) for group in groups])}
        node = self.add(kind, [nodes[x], nodes[y]], self.graph.shapes[nodes[full]])
        return Value(node, groups, axes)


def pair(value, count=2):
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    return value * count if len(value) == 1 else value


def normal(axis, rank):
    return axis + rank if axis < 0 else axis


# -- shapes: no node --

@operators("view", "reshape", "_unsafe_view", "unflatten", "flatten", "squeeze", "unsqueeze", "view_copy", "_reshape_alias")
def reshaped(t, x, result, **_):
    shape = tuple(int(extent) for extent in result.shape)
    if isinstance(x, Parameter):
        return x.view(f"reshape {shape}", lambda tensor: tensor.reshape(shape))
    return t.regroup(t.value(x), shape)


def permuted(t, x, order):
    if isinstance(x, Scores):
        t.refuse("attention scores that are permuted")
    if isinstance(x, Parameter):
        return x.view(f"permute {order}", lambda tensor: tensor.permute(order))
    x = t.value(x)
    return Value(x.node, x.layout, [x.axes[i] for i in order])


@operators("permute")
def permute(t, x, dims, **_):
    return permuted(t, x, [normal(d, len(dims)) for d in dims])


@operators("transpose", "swapaxes")
def transpose(t, x, dim0, dim1, **_):
    order = list(range(len(x.shape)))
    a, b = normal(dim0, len(order)), normal(dim1, len(order))
    order[a], order[b] = order[b], order[a]
    return permuted(t, x, order)


@operators("t", "numpy_T", "mT")
def transposed(t, x, **_):
    return permuted(t, x, list(range(len(x.shape)))[::-1])


@operators("pixel_shuffle")
def pixel_shuffle(t, x, upscale_factor, result, **_):
    rows, channels, height, width = x.shape
    x = t.regroup(t.value(x), (rows, channels // upscale_factor ** 2, upscale_factor, upscale_factor, height, width))
    return t.regroup(permuted(t, x, [0, 1, 4, 2, 5, 3]), tuple(result.shape))


@operators("pixel_unshuffle")
def pixel_unshuffle(t, x, downscale_factor, result, **_):
    rows, channels, height, width = x.shape
    x = t.regroup(t.value(x), (rows, channels, height // downscale_factor, downscale_factor, width // downscale_factor, downscale_factor))
    return t.regroup(permuted(t, x, [0, 1, 3, 5, 2, 4]), tuple(result.shape))


@operators("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(t, x, groups, result, **_):
    rows, channels, *places = x.shape
    x = t.regroup(t.value(x), (rows, groups, channels // groups, *places))
    return t.regroup(permuted(t, x, [0, 2, 1] + list(range(3, 3 + len(places)))), tuple(result.shape))


@operators("contiguous", "clone", "alias", "detach", "detach_", "lift_fresh_copy", "_assert_tensor_metadata", "lift")
def same(t, x, **_):
    return x


@operators("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout")
def dropout(t, x, p=0.5, train=True, **_):
    if train and p:
        t.refuse("dropout that is active in evaluation mode (F.dropout without training=self.training)")
    return x


@operators("_to_copy", "to", "type_as")
def converted(t, x, result, **_):
    if not result.is_floating_point() and isinstance(x, Value):
        if t.graph.nodes[x.node]["kind"] == "input" and t.graph.nodes[x.node]["attributes"]["dtype"] == "int32":
            return x
        t.refuse("a conversion to whole numbers")
    return x


@operators("expand")
def expand(t, x, result, **_):
    shape = tuple(result.shape)
    if isinstance(x, (Parameter, torch.Tensor)):   # a class token, repeated for every row
        x = t.tensor(x, "a parameter")
        if shape[0] != t.batch.size or math.prod(shape[1:]) != math.prod(x.shape):
            t.refuse(f"a parameter of shape {x.shape} that is repeated to {shape}")
        learned = learned_array(t, x.view(f"reshape {shape[1:]}", lambda tensor: tensor.reshape(shape[1:])))
        return Value(learned.node, learned.layout, ((t.batch,),) + learned.axes)
    if shape != t.value(x).shape:
        t.refuse(f"an expansion from {x.shape} to {shape}")
    return x


# -- sums and products --

def learned_array(t, source):
    """A parameter as a value of its own, without a batch axis."""
    axes = [() if extent == 1 else (Atom(extent),) for extent in source.shape]
    shape = [extent for extent in source.shape if extent != 1] or [1]
    source = source.view(f"reshape {tuple(shape)}", lambda tensor: tensor.reshape(shape))
    node = t.add("learned_array", [t.rows()], shape, {"shape": shape}, [t.graph.parameter(t.place, source, "other")])
    return Value(node, [axis for axis in axes if axis] or [()], axes)


def number(x):
    """The one number that a constant holds, or None."""
    if isinstance(x, Parameter) and x.buffer:
        x = x.tensor
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return float(x)
    return float(x) if isinstance(x, torch.Tensor) and x.numel() == 1 else None


def operand(t, x):
    if isinstance(x, (Parameter, torch.Tensor)):
        return learned_array(t, t.tensor(x, "an operand"))
    return t.value(x)


@operators("add")
def add(t, x, other, alpha=1, **_):
    if isinstance(other, Value) and (constant := number(x)) is not None:
        return t.rescale(other, float(alpha), constant)
    if (constant := number(other)) is not None:
        return t.rescale(t.value(x), 1.0, alpha * constant)
    if isinstance(x, Scores) and isinstance(other, torch.Tensor) and alpha == 1:
        return masked_scores(t, x, other)
    return t.merge("add", operand(t, x), t.rescale(operand(t, other), float(alpha)))


@operators("sub")
def subtract(t, x, other, alpha=1, **_):
    if alpha == 1 and number(x) is None and number(other) is None:
        return t.merge("subtract", operand(t, x), operand(t, other))
    return add(t, x, other, -alpha)


@operators("rsub")
def subtract_from(t, x, other, alpha=1, **_):
    return add(t, other, x, -alpha)


@operators("mul")
def multiply(t, x, other, **_):
    if isinstance(other, (Value, Scores)) and not isinstance(x, (Value, Scores)):
        x, other = other, x
    constant = number(other)
    if isinstance(x, Scores) and constant is not None and not x.weighed:
        return x.but(factor=x.factor * constant)
    if constant is not None:
        return t.rescale(t.value(x), constant)
    return t.merge("multiply", operand(t, x), operand(t, other))


@operators("div")
def divide(t, x, other, rounding_mode=None, **_):
    if rounding_mode is not None or number(other) is None:
        t.refuse("a division by something that is no constant number")
    return multiply(t, x, 1 / number(other))


@operators("maximum")
def maximum(t, x, other, **_):
    return t.merge("maximum", operand(t, x), operand(t, other))


@operators("minimum")
def minimum(t, x, other, **_):
    return t.merge("minimum", operand(t, x), operand(t, other))


@operators("abs")
def absolute(t, x, **_):
    return t.merge("maximum", t.value(x), t.rescale(t.value(x), -1.0))


@operators("neg")
def negate(t, x, **_):
    return t.rescale(t.value(x), -1.0)


@operators("pow")
def power(t, x, exponent, **_):
    if exponent != 2:
        t.refuse(f"a power of {exponent}")
    return t.merge("multiply", t.value(x), t.value(x))


@operators("square")
def square(t, x, **_):
    return t.merge("multiply", t.value(x), t.value(x))


@operators("cat", "concatenate", "concat")
def concatenate(t, tensors, dim=0, **_):
    parts = [operand(t, x) for x in tensors if not (isinstance(x, torch.Tensor) and x.numel() == 0)]
    dim = normal(dim, len(parts[0].axes))
    if any(atom.batch for x in parts for atom in x.axes[dim]):
        t.refuse("a concatenation along the batch axis")
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    aligned = [first]
    for x in parts[1:]:   # everything but the axis has the same atoms
        def without(value):
            return Value(value.node, value.layout, value.axes[:dim] + ((),) + value.axes[dim + 1:])
        first_rest, x_rest, _ = t.unified(without(aligned[0]), without(x))
        if any(bool(a) != bool(b) for a, b in zip(first_rest.axes, x_rest.axes)):
            t.refuse("a concatenation of arrays that differ in another axis")
        whole = first_rest.axes[:dim] + (aligned[0].axes[dim],) + first_rest.axes[dim + 1:]
        aligned[0] = Value(first_rest.node, first_rest.layout, whole)
        aligned.append(Value(x_rest.node, x_rest.layout, x_rest.axes[:dim] + (x.axes[dim],) + x_rest.axes[dim + 1:]))
    first = aligned[0]
    groups, at = t.around(first, dim)
    nodes = [t.arrange(x, groups[:at] + [x.axes[dim]] + groups[at:]) for x in aligned]
    shape = list(t.graph.shapes[nodes[0]])
    shape[at] = sum(t.graph.shapes[node][at] for node in nodes)
    out = (Atom(shape[at]),)
    node = t.add("concatenate", nodes, shape, {"axis": at + 1})
    return Value(node, groups[:at] + [out] + groups[at:], first.axes[:dim] + (out,) + first.axes[dim + 1:])


def part_of(t, x, dim, begin, end, step=1):
    """x[..., begin:end, ...] along one axis."""
    if isinstance(x, Parameter):
        dim = normal(dim, len(x.shape))
        if (begin, end, step) == (0, x.shape[dim], 1):
            return x
        t.refuse("a part of a parameter")
    x = t.value(x)
    dim = normal(dim, len(x.axes))
    extent = size_of(x.axes[dim])
    if (begin, end, step) == (0, extent, 1):
        return x
    if step != 1 or any(atom.batch for atom in x.axes[dim]):
        t.refuse("every n-th entry of an axis" if step != 1 else "a part of the batch")
    groups, at = t.around(x, dim)
    source = t.arrange(x, groups[:at] + [x.axes[dim]] + groups[at:])
    out = (Atom(end - begin),) if end - begin > 1 else ()
    shape, rest = list(t.graph.shapes[source]), [[begin, extent - end]]
    before, behind = math.prod(shape[:at]), math.prod(shape[at + 1:])
    if before == 1:
        node = t.add("cropping_1d", [t.graph.reshape(t.place, source, [extent, behind])], (end - begin, behind), {"cropping": rest})
    else:
        node = t.add("cropping_2d", [t.graph.reshape(t.place, source, [before, extent, behind])], (before, end - begin, behind), {"cropping": [[0, 0]] + rest})
    shape[at] = end - begin
    node = t.graph.reshape(t.place, node, shape)
    return Value(node, groups[:at] + [out] + groups[at:], x.axes[:dim] + (out,) + x.axes[dim + 1:])


@operators("slice")
def slice_of(t, x, result, dim=0, start=None, end=None, step=1, **_):
    extent = x.shape[normal(dim, len(x.shape))]
    begin, stop, step = slice(start, end, step).indices(extent)
    return part_of(t, x, dim, begin, stop, step)


@operators("select")
def select(t, x, dim, index, **_):
    dim, index = normal(dim, len(x.shape)), normal(index, x.shape[normal(dim, len(x.shape))])
    x = part_of(t, x, dim, index, index + 1)
    return Value(x.node, x.layout, x.axes[:dim] + x.axes[dim + 1:])


@operators("split", "chunk", "split_with_sizes", "unbind", "tensor_split")
def split(t, x, result, dim=0, **_):
    dim, begin, parts = normal(dim, len(x.shape)), 0, []
    for piece in result:
        keeps = piece.dim() == len(x.shape)
        extent = piece.shape[dim] if keeps else 1
        part = part_of(t, x, dim, begin, begin + extent)
        parts.append(part if keeps else Value(part.node, part.layout, part.axes[:dim] + part.axes[dim + 1:]))
        begin += extent
    return parts


# -- layers with weights --

@operators("linear")
def linear(t, x, weight, bias=None, **_):
    return t.dense(t.value(x), t.tensor(weight, "a weight").view("transposed", lambda tensor: tensor.t()), bias)


@operators("addmm")
def addmm(t, x, mat1, mat2, beta=1, alpha=1, **_):
    if beta != 1 or alpha != 1:
        t.refuse("addmm with factors")
    return t.dense(t.value(mat1), t.tensor(mat2, "a weight"), x)


@operators("matmul", "mm", "bmm")
def matrix_product(t, x, other=None, mat2=None, **_):
    other = mat2 if other is None else other
    if isinstance(other, (Parameter, torch.Tensor)) and len(other.shape) == 2:
        return t.dense(t.value(x), t.tensor(other, "a weight"), None)
    if isinstance(x, Scores) and x.weighed:
        return attention(t, x.q, x.k, t.value(other), x.factor, x.causal)
    x, other = t.value(x), t.value(other)
    if len(other.axes) < 3:
        t.refuse("a product of two arrays that is no attention")
    order = list(range(len(other.axes) - 2)) + [len(other.axes) - 1, len(other.axes) - 2]
    return Scores(x, permuted(t, other, order))


@operators("embedding")
def embedding(t, weight, indices, **_):
    table = t.tensor(weight, "a table")
    if isinstance(indices, torch.Tensor):   # positions: which rows of the table is known
        if not torch.equal(indices.flatten(), torch.arange(table.shape[0])):
            t.refuse(f"an embedding of constant indices that are not 0 .. {table.shape[0] - 1}, one by one")
        shape = tuple(indices.shape) + (table.shape[1],)
        return table.view(f"reshape {shape}", lambda tensor: tensor.reshape(shape))
    x = t.value(indices)
    width = (Atom(table.shape[1]),) if table.shape[1] > 1 else ()
    node = t.add("embedding", [x.node], t.graph.shapes[x.node] + (table.shape[1],), {"input_dim": table.shape[0], "output_dim": table.shape[1]},
                 [t.graph.parameter(t.place, table, "embeddings")])
    return Value(node, x.layout + (width,), x.axes + (width,))


def outward(t, kernel, rank):
    """The canonical layout of a convolution's kernel: [out, in / groups, kh, kw] becomes [kh, kw, in / groups, out]; a transposed one's,
    [in, out / groups, kh, kw], likewise."""
    kernel = t.tensor(kernel, "a kernel")
    order = [2, 3, 1, 0] if rank == 4 else [2, 1, 0]
    return kernel.view(f"permute {order}", lambda tensor: tensor.permute(order))


@operators("conv2d", "conv1d", "convolution")
def convolution(t, x, weight, result, bias=None, stride=1, padding=0, dilation=1, groups=1, transposed=False,
                output_padding=0, **_):
    rank = len(weight.shape)
    x = t.value(x)
    if rank not in (3, 4) or len(x.axes) != rank:
        t.refuse(f"a convolution over {rank - 2} axes of an input with {len(x.axes)} axes; Assay has one and two, of batches")
    axes = rank - 2
    stride, dilation, kernel = pair(stride, axes), pair(dilation, axes), list(weight.shape[2:])
    if padding == "same":   # torch puts the odd cell at the end, as Assay does
        pads = [((d * (k - 1)) // 2, d * (k - 1) - (d * (k - 1)) // 2) for d, k in zip(dilation, kernel)]
    else:
        pads = [(p, p) for p in pair(0 if padding == "valid" else padding, axes)]
    node, _ = t.image(x, rank)
    parameters = [t.graph.parameter(t.place, outward(t, weight, rank), "kernel")]
    if bias is not None:
        parameters.append(t.graph.parameter(t.place, t.tensor(bias, "a bias"), "bias"))
    out = tuple(int(extent) for extent in result.shape[2:])
    channels = int(result.shape[1])
    settings = {"filters": channels, "kernel_size": kernel, "strides": stride, "dilation_rate": dilation, "groups": groups, "use_bias": bias is not None}
    if transposed:
        settings["output_padding"] = pair(output_padding, axes)
    node = t.add(f"conv{axes}d" + ("_transpose" if transposed else ""), [node], out + (channels,), {**settings, **padded(pads)}, parameters)
    groups_out = [(Atom(extent),) if extent > 1 else () for extent in out + (channels,)]
    return Value(node, groups_out, [x.axes[0], groups_out[-1]] + groups_out[:-1])


@operators("conv_transpose2d", "conv_transpose1d")
def transposed_convolution(t, **arguments):
    return convolution(t, transposed=True, **arguments)


def padded(pads):
    """The `padding` of a window: explicit cells before and after on every axis, or valid."""
    return {"padding": [list(p) for p in pads] if any(a or b for a, b in pads) else "valid"}


# -- normalisation --

@operators("_native_batch_norm_legit", "native_batch_norm", "_batch_norm_with_update")
def batch_norm_of_the_batch(t, **_):
    t.refuse("batch normalization by the statistics of the batch: Assay reads networks in evaluation mode, with running statistics")


@operators("_native_batch_norm_legit_no_training", "_batch_norm_no_update")
def batch_norm_and_statistics(t, **arguments):
    return (batch_norm(t, **arguments),)


@operators("batch_norm")
def batch_norm(t, x, weight, bias, running_mean, running_var, eps, training=False, **_):
    if training or running_mean is None:
        batch_norm_of_the_batch(t)
    return normalization(t, "batch_normalization", t.value(x), [1], weight, bias, eps, [(running_mean, "moving_mean"), (running_var, "moving_variance")])


def normalization(t, kind, x, axes, weight, bias, eps, constants=(), **attributes):
    node, layout = t.last(x, axes)
    size = t.graph.shapes[node][-1]
    parameters = []
    for tensor, role in [(weight, "gamma"), (bias, "beta"), *constants]:
        if tensor is not None:
            flat = t.tensor(tensor, f"a {role}").view("flat", lambda values: values.reshape(size))
            parameters.append(t.graph.parameter(t.place, flat, role))
    node = t.add(kind, [node], t.graph.shapes[node],
                 {"epsilon": eps, "scale": weight is not None, "center": bias is not None, **attributes}, parameters)
    return Value(node, layout, x.axes)


@operators("layer_norm", "native_layer_norm")
def layer_norm(t, x, normalized_shape, weight=None, bias=None, eps=1e-5, **_):
    return normalization(t, "layer_normalization", t.value(x), list(range(-len(normalized_shape), 0)), weight, bias, eps)


@operators("rms_norm", "_fused_rms_norm")
def rms_norm(t, x, normalized_shape, weight=None, eps=None, **_):
    eps = torch.finfo(torch.float32).eps if eps is None else eps
    return normalization(t, "layer_normalization", t.value(x), list(range(-len(normalized_shape), 0)), weight, None, eps, statistics="mean_square")


@operators("group_norm")
def group_norm(t, x, num_groups, weight=None, bias=None, eps=1e-5, **_):
    return normalization(t, "group_normalization", t.value(x), [1], weight, bias, eps, groups=num_groups)


@operators("instance_norm")
def instance_norm(t, x, weight, bias, running_mean, running_var, use_input_stats, eps, **_):
    if not use_input_stats:
        return batch_norm(t, x, weight, bias, running_mean, running_var, eps)
    return normalization(t, "group_normalization", t.value(x), [1], weight, bias, eps, groups=x.shape[1])


# -- activations --

def function(name, **attributes):
    return lambda t, x, **_: t.pointwise(t.value(x), {"function": name, **attributes})


for word in ("relu", "tanh", "sigmoid", "selu", "silu", "mish"):
    OPERATORS[word] = function(word)
OPERATORS["hardswish"] = function("hard_silu", slope=1 / 6)
OPERATORS["hardsigmoid"] = function("hard_sigmoid", slope=1 / 6)
OPERATORS["log_sigmoid"] = function("log_sigmoid")
OPERATORS["exp"] = function("exponential")
OPERATORS["relu6"] = function("general_relu", max_value=6.0)


@operators("hardtanh", "clamp", "clip")
def clamp(t, x, min_val=-1.0, max_val=1.0, min=None, max=None, **_):
    low, high = (min_val, max_val) if min is None and max is None else (min, max)
    if low == 0:
        return t.pointwise(t.value(x), {"function": "relu"} if high is None else {"function": "general_relu", "max_value": float(high)})
    if (low, high) == (-1, 1):
        return t.pointwise(t.value(x), {"function": "hard_tanh"})
    t.refuse(f"a clamp to {low} .. {high}")


@operators("clamp_min")
def clamp_min(t, x, min, **_):
    return clamp(t, x, min=min)


@operators("leaky_relu")
def leaky_relu(t, x, negative_slope=0.01, **_):
    return t.pointwise(t.value(x), {"function": "leaky_relu", "negative_slope": float(negative_slope)})


@operators("rrelu")
def randomized_leaky_relu(t, x, lower=1 / 8, upper=1 / 3, training=False, **_):
    if training:
        t.refuse("random slopes")
    return leaky_relu(t, x, (lower + upper) / 2)


@operators("threshold")
def threshold(t, x, threshold, value, **_):
    return t.pointwise(t.value(x), {"function": "threshold", "threshold": float(threshold), "value": float(value)})


@operators("prelu", "_prelu_kernel")
def prelu(t, x, weight, **_):
    node, layout = t.last(t.value(x), [1])
    shape = [1] * (len(layout) - 1) + [weight.shape[0] if len(weight.shape) == 1 else math.prod(weight.shape)]
    slopes = t.tensor(weight, "slopes").view(f"reshape {shape}", lambda tensor: tensor.reshape(shape))
    node = t.add("prelu", [node], t.graph.shapes[node], {}, [t.graph.parameter(t.place, slopes, "other")])
    return Value(node, layout, x.axes)


@operators("celu")
def celu(t, x, alpha=1.0, **_):
    return t.pointwise(t.value(x), {"function": "celu", "alpha": float(alpha)})


@operators("elu")
def elu(t, x, alpha=1.0, scale=1.0, input_scale=1.0, **_):
    if scale != 1 or input_scale != 1:
        t.refuse("an elu with scales")
    return t.pointwise(t.value(x), {"function": "elu", "alpha": float(alpha)})


@operators("gelu")
def gelu(t, x, approximate="none", **_):
    return t.pointwise(t.value(x), {"function": "gelu" if approximate == "none" else "gelu_tanh"})


@operators("softplus")
def softplus(t, x, beta=1, threshold=20, **_):
    return t.rescale(t.pointwise(t.rescale(t.value(x), float(beta)), {"function": "softplus"}), 1 / beta)


@operators("softmax", "_softmax", "log_softmax", "_log_softmax")
def softmax(t, x, dim, log=False, **_):
    if isinstance(x, Scores):
        if log or normal(dim, len(x.q.axes)) != len(x.q.axes) - 1 or x.weighed:
            t.refuse("attention scores with a softmax over another axis than the last")
        return x.but(weighed=True)
    x = t.value(x)
    node, layout = t.last(x, [dim])
    return t.pointwise(Value(node, layout, x.axes), {"function": "log_softmax" if log else "softmax"})


for word in ("log_softmax", "_log_softmax"):
    OPERATORS[word] = functools.partial(softmax, log=True)


@operators("glu")
def glu(t, x, dim=-1, **_):
    extent = x.shape[dim]
    a, b = part_of(t, x, dim, 0, extent // 2), part_of(t, x, dim, extent // 2, extent)
    return t.merge("multiply", a, t.pointwise(b, {"function": "sigmoid"}))


# -- pooling and means --

def pool(t, kind, x, kernel, stride, pads, result, **attributes):
    """A window over [N, C, H, W] or [N, C, L]."""
    x = t.value(x)
    rank = len(x.axes)
    if rank not in (3, 4):
        t.refuse(f"a pooling of an array with {rank} axes")
    node, _ = t.image(x, rank)
    out = tuple(int(extent) for extent in result.shape[2:])
    node = t.add(f"{kind}_{rank - 2}d", [node], out + (x.shape[1],), {"pool_size": list(kernel), "strides": list(stride), **padded(pads), **attributes})
    groups = [(Atom(extent),) if extent > 1 else () for extent in out]
    return Value(node, groups + [x.axes[1]], [x.axes[0], x.axes[1]] + groups)


def window(t, x, kernel_size, stride, padding, dilation, result):
    axes = len(x.shape) - 2
    kernel = pair(kernel_size, axes)
    stride = pair(stride, axes) if stride not in (None, []) else kernel
    if any(d != 1 for d in pair(dilation, axes)):
        t.refuse("a pooling with dilation")
    # ceil_mode may add windows that reach over the end: their cells there are padding
    pads = []
    for n, k, s, p, out in zip(x.shape[2:], kernel, stride, pair(padding, axes), result.shape[2:]):
        pads.append((p, max(p, (out - 1) * s + k - n - p) if (n + 2 * p - k) // s + 1 < out else p))
    return kernel, stride, pads


@operators("max_pool2d", "max_pool1d", "max_pool2d_with_indices", "max_pool1d_with_indices")
def max_pool(t, x, kernel_size, result, stride=None, padding=0, dilation=1, **_):
    several = isinstance(result, (tuple, list))
    kernel, stride, pads = window(t, x, kernel_size, stride, padding, dilation, result[0] if several else result)
    value = pool(t, "max_pooling", x, kernel, stride, pads, result[0] if several else result)
    return (value, None) if several else value


@operators("avg_pool2d", "avg_pool1d")
def average_pool(t, x, kernel_size, result, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None, **_):
    kernel, stride, pads = window(t, x, kernel_size, stride, padding, 1, result)
    if divisor_override is not None or any(a != b for a, b in pads):
        t.refuse("an average pooling with a divisor of its own, or with windows over the end (ceil_mode)")
    attributes = {"count_padding": True} if count_include_pad and any(a for a, _ in pads) else {}
    return pool(t, "average_pooling", x, kernel, stride, pads, result, **attributes)


@operators("adaptive_avg_pool2d", "adaptive_avg_pool1d", "_adaptive_avg_pool2d", "adaptive_max_pool2d", "adaptive_max_pool1d")
def adaptive_pool(t, x, result, maximum=False, **_):
    several = isinstance(result, (tuple, list))
    shape = (result[0] if several else result).shape
    into, out = tuple(x.shape[2:]), tuple(int(extent) for extent in shape[2:])
    if into == out:
        return (x, None) if several else x
    if not maximum and all(extent == 1 for extent in out):
        value = mean(t, x, list(range(2, len(x.shape))), keepdim=True)
    elif all(n % m == 0 for n, m in zip(into, out)):
        window_size = [n // m for n, m in zip(into, out)]
        value = pool(t, "max_pooling" if maximum else "average_pooling", x, window_size, window_size, [(0, 0)] * len(out), result[0] if several else result)
    elif maximum or len(out) == 1:
        t.refuse(f"an adaptive pooling from {into} to {out}, whose windows differ in size")
    else:
        node, _ = t.image(t.value(x))
        node = t.add("adaptive_average_pooling_2d", [node], out + (x.shape[1],), {"output_size": list(out)})
        groups = [(Atom(extent),) if extent > 1 else () for extent in out]
        value = Value(node, groups + [x.axes[1]], [x.axes[0], x.axes[1]] + groups)
    return (value, None) if several else value


for word in ("adaptive_max_pool2d", "adaptive_max_pool1d"):
    OPERATORS[word] = functools.partial(adaptive_pool, maximum=True)


@operators("mean")
def mean(t, x, dim=None, keepdim=False, total=False, **_):
    x = t.value(x)
    if not dim and dim != 0:
        t.refuse("a mean over everything, the batch too")
    rank = len(x.axes)
    dims = sorted(normal(d, rank) for d in (dim if isinstance(dim, (list, tuple)) else [dim]))
    gone = {atom for d in dims for atom in x.axes[d]}
    if any(atom.batch for atom in gone):
        t.refuse("a mean over the batch")
    axes = [() if d in dims else axis for d, axis in enumerate(x.axes) if keepdim or d not in dims]
    if not gone:
        return Value(x.node, x.layout, axes)
    kept = tuple(left for group in x.layout if (left := tuple(atom for atom in group if atom not in gone)))
    lost = tuple(left for group in x.layout if (left := tuple(atom for atom in group if atom in gone)))
    channels = tuple(atom for group in kept for atom in group)
    lost = lost if len(lost) == 2 else (tuple(atom for group in lost for atom in group),)
    node = t.arrange(x, (*lost, channels))
    node = t.add(f"global_average_pooling_{len(lost)}d", [node], (size_of(channels),), {"keepdims": False})
    return t.rescale(Value(node, [channels], axes), float(size_of(gone)) if total else 1.0)


@operators("sum")
def total(t, x, dim=None, keepdim=False, **_):
    return mean(t, x, dim, keepdim, total=True)


@operators("upsample_nearest2d", "upsample_nearest1d")
def upsample(t, x, result, align_corners=None, bilinear=False, **_):
    x = t.value(x)
    rank = len(x.axes)
    out = tuple(int(extent) for extent in result.shape[2:])
    if align_corners or any(m % n for n, m in zip(x.shape[2:], out)):
        t.refuse(f"an interpolation from {x.shape[2:]} to {out}: Assay has whole multiples, without align_corners")
    node, _ = t.image(x, rank)
    settings = {"size": [m // n for n, m in zip(x.shape[2:], out)]}
    node = t.add(f"up_sampling_{rank - 2}d", [node], out + (x.shape[1],), {**settings, **({"interpolation": "bilinear"} if bilinear else {})})
    groups = [(Atom(extent),) if extent > 1 else () for extent in out]
    return Value(node, groups + [x.axes[1]], [x.axes[0], x.axes[1]] + groups)


OPERATORS["upsample_bilinear2d"] = functools.partial(upsample, bilinear=True)


@operators("constant_pad_nd", "pad")
def pad(t, x, pad, mode="constant", value=0.0, **_):
    x = t.value(x)
    if mode != "constant" or value not in (None, 0, 0.0) or any(p < 0 for p in pad) or any(pad[4:]):
        t.refuse("a padding other than zeros around an image")
    if len(x.axes) != 4:
        t.refuse(f"a padding of an array with {len(x.axes)} axes")
    pad = list(pad) + [0] * (4 - len(pad))
    rows, columns = pad[2:4], pad[0:2]
    node, _ = t.image(x)
    shape = (x.shape[2] + sum(rows), x.shape[3] + sum(columns), x.shape[1])
    node = t.add("zero_padding_2d", [node], shape, {"padding": [rows, columns]})
    groups = [(Atom(extent),) if extent > 1 else () for extent in shape[:2]]
    return Value(node, groups + [x.axes[1]], [x.axes[0], x.axes[1]] + groups)


# -- attention --

def is_causal_mask(mask, queries, steps):
    allowed = mask if mask.dtype == torch.bool else mask == 0
    if mask.dtype != torch.bool and not torch.all((mask == 0) | (mask < -1e4)):
        return False
    allowed = allowed.reshape(-1, *allowed.shape[-2:])
    return queries == steps and allowed.shape[-2:] == (queries, steps) and bool((allowed == torch.ones(queries, steps).tril().bool()).all())


def masked_scores(t, scores, mask):
    queries, steps = scores.q.shape[-2], scores.k.shape[-2]
    if scores.weighed or not is_causal_mask(mask, queries, steps):
        if not scores.weighed and not mask.any() and mask.dtype != torch.bool:
            return scores
        t.refuse("an attention mask that is not the causal one")
    return scores.but(causal=True)


@operators("masked_fill")
def masked_fill(t, x, mask, value, **_):
    if not isinstance(x, Scores) or not isinstance(mask, torch.Tensor) or not (number(value) or 0) < -1e4:
        t.refuse("masked_fill outside attention, or by a mask that is computed")
    return masked_scores(t, x, ~mask.bool())


@operators("scaled_dot_product_attention")
def scaled_dot_product_attention(t, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False, **_):
    if dropout_p or enable_gqa:
        t.refuse("attention with dropout or with grouped queries")
    scores = Scores(t.value(query), t.value(key), float(scale) if scale is not None else 1 / math.sqrt(query.shape[-1]), bool(is_causal))
    if attn_mask is not None:
        if not isinstance(attn_mask, torch.Tensor):
            t.refuse("an attention mask that is computed from the input")
        if attn_mask.dtype != torch.bool or not attn_mask.all():
            scores = masked_scores(t, scores, attn_mask)
    return attention(t, scores.q, scores.k, t.value(value), scores.factor, scores.causal)


def attention(t, q, k, v, factor, causal):
    """softmax(factor q k^T) v for arrays [..., heads, steps, width], where the batch may be in any of the leading axes."""
    def heads_of(x):
        return [atom for axis in x.axes[:-2] for atom in axis if not atom.batch]

    def columns(x):   # [steps, heads x width]
        return t.arrange(x, [x.axes[-2], tuple(heads_of(x)) + x.axes[-1]])

    if any(atom.batch for x in (q, k, v) for axis in x.axes[-2:] for atom in axis):
        t.refuse("attention along the batch")
    leading = [[(atom.batch, atom.size) for axis in x.axes[:-2] for atom in axis] for x in (q, k, v)]
    if leading[0] != leading[1] or leading[0] != leading[2]:
        t.refuse("attention whose heads or rows lie differently in queries, keys and values")
    counts = [size_of(heads_of(x)) for x in (q, k, v)]
    nodes = [columns(q), columns(v)]
    key = columns(k)
    if key != nodes[1]:
        nodes.append(key)
    queries, width = q.shape[-2], v.shape[-1]
    node = t.add("attention", nodes, (queries, counts[0] * width), {"heads": counts[0], "factor": factor, "causal": causal, "masked": "weights"})
    out = v.axes[-1]
    return Value(node, [q.axes[-2], tuple(heads_of(q)) + out], q.axes[:-1] + (out,))


# ---- tracing ----

@contextlib.contextmanager
def ready_for_tracing(model):
    """Evaluation mode, attention without its weights and without fused kernels; everything is put back."""
    training = {module: module.training for module in model.modules()}
    attentions = [module for module in model.modules() if isinstance(module, torch.nn.MultiheadAttention) and "forward" not in vars(module)]
    fast = torch.backends.mha.get_fastpath_enabled()
    silenced = logging.root.manager.disable
    try:
        model.eval()
        torch.backends.mha.set_fastpath_enabled(False)
        logging.disable(logging.CRITICAL)   # what torch says of its tracing, dumps of programs among it
        for module in attentions:
            def forward(*args, original=module.forward, **kwargs):
                return original(*args[:4], **{**kwargs, "need_weights": False})
            module.forward = forward
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(silenced)
        torch.backends.mha.set_fastpath_enabled(fast)
        for module in attentions:
            del module.forward
        for module, mode in training.items():
            module.training = mode


def trace(model, example):
    try:
        with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):   # torch prints programs that fail
            return torch.export.export(model, example, strict=False).run_decompositions({})
    except Exception as error:   # whatever Python code does in a forward pass
        text = str(error)
        lines = [line for line in text.splitlines() if line.strip()]
        where = re.findall(r'File "([^"]+)", line (\d+), in [^\n]*\n\s*([^\n]*)', text)
        frames = []
        step = error.__traceback__
        while step:
            frames.append((step.tb_frame.f_code.co_filename, step.tb_lineno, ""))
            step = step.tb_next
        own = [frame for frame in where + frames[::-1] if not frame[0].startswith(os.path.dirname(torch.__file__)) and frame[0] != __file__ and "<" not in frame[0]]
        place = f" at {own[0][0]}:{own[0][1]}" + (f": {own[0][2].strip()}" if own[0][2] else "") if own else ""
        raise CannotExport(f"the forward pass cannot be traced{place}: {type(error).__name__}: {lines[0] if lines else ''}\n"
                           "Python code that looks at the values of tensors (if x.sum() > 0, numpy, .item()) has no graph. Nothing was written.") from error


def channels_go_last(node):
    """Whether an input is an image or a signal [N, C, ...], which Assay keeps with its channels last."""
    rank = node.meta["val"].dim()
    if not node.meta["val"].is_floating_point() and rank < 4:
        return False
    if rank == 4:
        to_first = [user for user in node.users if "permute" in str(user.target) and list(user.args[1]) in ([0, 3, 1, 2], [0, -1, 1, 2])]
        return len(to_first) != len(node.users)
    waiting, seen = list(node.users), set()
    while rank == 3 and waiting:
        user = waiting.pop()
        if user in seen or user.op != "call_function":
            continue
        seen.add(user)
        word = str(user.target)
        if any(kind in word for kind in ("conv", "pool", "batch_norm", "group_norm", "instance_norm")):
            return True
        result = user.meta.get("val")
        if isinstance(result, torch.Tensor) and result.shape == node.meta["val"].shape and "linear" not in word and "layer_norm" not in word:
            waiting += list(user.users)
    return False


# ---- what goes into the file ----

LOSSES = {"CrossEntropyLoss": ("cross_entropy", True), "NLLLoss": ("cross_entropy", True), "BCEWithLogitsLoss": ("binary_cross_entropy", True),
          "BCELoss": ("binary_cross_entropy", False), "MSELoss": ("mean_squared_error", None)}
DECOUPLED = ("AdamW", "NAdamW")   # weight decay that is no term of the loss


def training_facts(training, model, parameters):
    """JSON of the training: the words and objects that the caller gave, in the words of the format."""
    training = dict(training or {})
    facts = {}
    loss = training.pop("loss", None)
    if isinstance(loss, torch.nn.Module):
        word, from_logits = LOSSES.get(type(loss).__name__, (type(loss).__name__, None))
        if getattr(loss, "label_smoothing", 0) or getattr(loss, "weight", None) is not None or getattr(loss, "reduction", "mean") != "mean":
            word = f"{word}({', '.join(k for k in ('label_smoothing', 'weight') if getattr(loss, k, None) not in (None, 0.0))}, {loss.reduction})"
        facts["loss"] = word
        if from_logits is not None:
            facts["from_logits"] = from_logits
    elif loss is not None:
        facts["loss"] = str(loss)
    if "from_logits" in training:
        facts["from_logits"] = bool(training.pop("from_logits"))
    optimizer = training.pop("optimizer", None)
    config = {key: training.pop(key) for key in ("learning_rate", "momentum", "nesterov", "weight_decay") if key in training}
    decays = {}   # of the parameters, by their names in the model
    names = {id(tensor): name for name, tensor in model.named_parameters(remove_duplicate=False)}
    if isinstance(optimizer, torch.optim.Optimizer):
        group = optimizer.param_groups[0]
        initial = group.get("initial_lr", group["lr"])   # a scheduler keeps the first one here
        found = {"learning_rate": float(initial), **{key: group[key] for key in ("momentum", "nesterov", "weight_decay") if key in group}}
        config = {**found, **config}
        decays = {names[id(tensor)]: float(group.get("weight_decay", 0)) for group in optimizer.param_groups for tensor in group["params"]
                  if id(tensor) in names and not group.get("decoupled_weight_decay")}
        optimizer = type(optimizer).__name__
    elif "weight_decay" in config:
        decays = {name: float(config["weight_decay"]) for name, tensor in model.named_parameters() if tensor.requires_grad}
    if optimizer is not None or config:
        facts["optimizer"] = {"class_name": str(optimizer or ""), "config": config}
    if optimizer not in DECOUPLED:   # torch adds weight_decay x w to the gradient: half of it times the sum of squares
        terms = [{"parameter": p["name"], "l2": decays[p["source"].name] / 2} for p in parameters if decays.get(p["source"].name)]
        if terms:
            facts["regularisers"] = terms
    facts.update(training)
    return {**facts, "framework": "torch", "framework_version": torch.__version__}


def preprocessing_words(preprocessing):
    known = {"scale", "offset", "mean", "deviation", "std"}
    if preprocessing is None:
        return None
    unknown = set(preprocessing) - known
    if unknown:
        raise CannotExport(f"preprocessing has {sorted(unknown)}; known: scale, offset, mean, deviation (or std). Nothing was written.")
    words = {}
    for key, value in preprocessing.items():
        value = np.asarray(value, dtype=np.float64)
        if value.ndim > 1 or not np.isfinite(value).all():
            raise CannotExport(f"preprocessing {key}: expected a number, or a list with one a channel. Nothing was written.")
        key = {"std": "deviation"}.get(key, key)
        words[key] = np.atleast_1d(value).tolist() if key in ("mean", "deviation") else float(value)
    return words


def named_nodes(graph):
    """The nodes as JSON. The last node of a layer has the layer's name, the others <layer>/<kind>."""
    last = {(node["place"].layer, node["place"].call): i for i, node in enumerate(graph.nodes)}
    names = []
    for i, node in enumerate(graph.nodes):
        place = node["place"]
        use = f"#{place.call + 1}" if place.call else ""
        name, n = (place.layer if last[place.layer, place.call] == i else f"{place.layer}/{node['kind']}") + use, 2
        base = name
        while name in names:
            name, n = f"{base}_{n}", n + 1
        names.append(name)
    return [{"name": names[i], "kind": node["kind"], "layer": node["place"].layer, "class": node["place"].class_name,
             "inputs": [names[source] for source in node["inputs"]], "attributes": node["attributes"],
             "parameters": [graph.parameters[p]["name"] for p in node["parameters"]]} for i, node in enumerate(graph.nodes)]


def without_unread(graph, outputs, inputs):
    """Leaves out nodes that nobody reads and parameters that no node has."""
    needed, waiting = set(inputs), list(outputs)
    while waiting:
        node = waiting.pop()
        if node not in needed or node in inputs:
            needed.add(node)
            waiting += graph.nodes[node]["inputs"]
    kept = sorted(needed)
    place = {old: new for new, old in enumerate(kept)}
    used = sorted({p for i in kept for p in graph.nodes[i]["parameters"]})
    graph.nodes = [{**graph.nodes[i], "inputs": [place[s] for s in graph.nodes[i]["inputs"]], "parameters": [used.index(p) for p in graph.nodes[i]["parameters"]]} for i in kept]
    graph.parameters = [graph.parameters[p] for p in used]
    return [place[i] for i in outputs], [place[i] for i in inputs]


def state_of(initial):
    if isinstance(initial, torch.nn.Module):
        initial = initial.state_dict()
    for key in ("state_dict", "model_state_dict", "model"):
        if key in initial and hasattr(initial[key], "keys"):
            initial = initial[key]
    for prefix in ("module.", "_orig_mod."):
        if initial and all(name.startswith(prefix) for name in initial):
            initial = {name[len(prefix):]: tensor for name, tensor in initial.items()}
    return initial


def array_of(tensor):
    tensor = tensor.detach().cpu()
    return np.ascontiguousarray(tensor.numpy() if tensor.dtype == torch.float64 else tensor.to(torch.float32).numpy())


def initial_arrays(initial, parameters, state):
    initial = state_of(initial)
    arrays = []
    for parameter in parameters:
        source = parameter["source"]
        if source.name in initial:
            tensor = initial[source.name].detach()
            if tensor.shape != state[source.name].shape:
                raise CannotExport(f"initial weights: {source.name} has shape {tuple(tensor.shape)}, the model's {tuple(state[source.name].shape)}. Nothing was written.")
            for _, step in source.steps:
                tensor = step(tensor)
        elif source.name in state:
            raise CannotExport(f"initial weights: {source.name} is missing. Nothing was written.")
        else:
            tensor = source.tensor   # a constant of the program
        arrays.append(array_of(tensor))
    return arrays


def as_rows(x, expected, channels_last, what):
    """Rows as Assay keeps them. Images may come as the model takes them, with their channels last, or without the axis of one channel."""
    x = np.asarray(x.detach().cpu() if isinstance(x, torch.Tensor) else x)
    expected = tuple(expected)
    if channels_last and x.shape[1:] == expected:
        return np.ascontiguousarray(np.moveaxis(x, 1, -1))
    if channels_last and x.shape[1:] == expected[1:] + expected[:1]:
        return x
    if channels_last and expected[0] == 1 and x.shape[1:] == expected[1:]:
        return x[..., np.newaxis]
    if x.shape[1:] != expected:
        raise CannotExport(f"{what}: expected rows of shape {expected}, found {x.shape[1:]}. Nothing was written.")
    return x


@contextlib.contextmanager
def new_file(path):
    """An HDF5 file that appears when it is whole."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with h5py.File(partial, "w", libver=("v108", "v108")) as file:
            yield file
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_model(path, document, parameters, arrays, example):
    with new_file(path) as file:
        file.attrs["assay_format"] = FORMAT
        text = json.dumps(document, default=lambda value: value.tolist() if hasattr(value, "tolist") else str(value))
        file["graph"] = np.frombuffer(text.encode(), dtype=np.uint8)
        for parameter, array in zip(parameters, arrays):
            file[f"parameters/{parameter['name']}"] = array
        for name, array in example.items():
            file[f"example/{name}"] = array


def export(model, example_input, path, *, initial=None, data=None, preprocessing=None, training=None):
    """Writes the model to `path` and returns the paths written, {"model", "initial", "data"}.

    example_input: what the model's forward takes, a tensor or a tuple of tensors, with rows along the first axis.
    initial: weights before training, a state dict or a model; written as a model of its own, <path>.init.h5, for assay's --init.
    data: (x_train, y_train, x_test, y_test), arrays or tensors before preprocessing, None where there are none; a model with several inputs
        takes dicts by their names. Written to <path>.data.h5.
    preprocessing: {"scale", "offset", "mean", "deviation"}: the network is given (x scale + offset - mean) / deviation, mean and deviation by
        channel. Assay applies it to the data when the command line says nothing else.
    training: {"loss", "optimizer", "learning_rate", "weight_decay", "epochs", ...}: words and numbers, or the objects of torch themselves.

    Raises CannotExport, and writes nothing, for what the file cannot say.
    """
    for wrapper in ("_orig_mod", "module"):   # torch.compile, DataParallel
        model = getattr(model, wrapper, model) if type(model).__name__ in ("OptimizedModule", "DataParallel", "DistributedDataParallel") else model
    example = tuple(example_input) if isinstance(example_input, (tuple, list)) else (example_input,)
    first = next(iter(model.state_dict().values()), torch.zeros(0))
    example = tuple(x.to(first.device) for x in example)
    if not example or any(x.dim() < 2 or x.shape[0] != example[0].shape[0] or x.shape[0] == 0 for x in example):
        raise CannotExport("example_input: expected tensors whose first axis is the batch, all with as many rows. Nothing was written.")
    shown = tuple(x[:EXAMPLE_ROWS] for x in example)
    if example[0].shape[0] == 1:   # an extent of 1 does not tell which axis is the batch
        example = tuple(torch.cat([x, x]) for x in example)
    with ready_for_tracing(model):
        try:
            with torch.no_grad():
                answers = [y for y in torch.utils._pytree.tree_leaves(model(*(x.clone() for x in example))) if isinstance(y, torch.Tensor)]
        except (TypeError, ValueError, RuntimeError, IndexError, NotImplementedError) as error:
            raise CannotExport(f"the model does not take example_input of shape {', '.join(str(tuple(x.shape)) for x in shown)}: {error}. Nothing was written.") from error
        program = trace(model, example)
    users = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in set(program.graph_signature.user_inputs)]
    layouts = [channels_go_last(node) for node in users]
    tracer = Tracer(program, layouts)
    tracer.run()
    graph = tracer.graph
    names = [graph.nodes[i]["place"].layer for i in tracer.inputs]
    outputs, inputs = without_unread(graph, tracer.outputs, tracer.inputs)
    nodes = named_nodes(graph)
    facts = training_facts(training, model, graph.parameters)
    document = {"version": FORMAT_VERSION, "nodes": nodes, "inputs": [nodes[i]["name"] for i in inputs], "outputs": [nodes[i]["name"] for i in outputs],
                "parameters": [{"name": p["name"], "layer": p["layer"], "class": p["class"], "role": p["role"], "shape": list(p["source"].shape),
                                "trainable": p["trainable"], "source": p["source"].name} for p in graph.parameters],
                "preprocessing": preprocessing_words(preprocessing), "training": facts, "exporter": f"assay-export {__version__}"}
    check = {}
    for name, x, last in zip(names, shown, layouts):
        key = "x" if len(names) == 1 else f"x/{name}"
        check[key] = np.ascontiguousarray(np.moveaxis(x.detach().cpu().numpy(), 1, -1)) if last else x.detach().cpu().numpy()
    for i, y, last in zip(outputs, answers, tracer.output_layouts):
        y = array_of(y[:shown[0].shape[0]])
        check[f"y/{nodes[i]['layer']}"] = np.ascontiguousarray(np.moveaxis(y, 1, -1)) if last else y
    arrays = [array_of(p["source"].tensor) for p in graph.parameters]
    first_arrays = initial_arrays(initial, graph.parameters, {**model.state_dict()}) if initial is not None else None
    sets = data_sets(data, names, [tuple(x.shape[1:]) for x in example], layouts) if data is not None else None

    path = Path(path)
    written = {"model": path}
    write_model(path, document, graph.parameters, arrays, check)
    if first_arrays is not None:
        written["initial"] = path.with_suffix(".init.h5")
        write_model(written["initial"], {**document, "exporter": document["exporter"] + ", weights before training"}, graph.parameters, first_arrays, {})
    if sets is not None:
        written["data"] = path.with_suffix(".data.h5")
        with new_file(written["data"]) as file:
            for name, array in sets.items():
                file[name] = array
    return written


def data_sets(data, names, shapes, layouts):
    x_train, y_train, x_test, y_test = data
    sets = {}
    for split, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if x is None:
            continue
        if len(names) > 1 and not isinstance(x, dict):
            raise CannotExport(f"data: expected a dict of arrays, one for each of the inputs {names}. Nothing was written.")
        for name, shape, last in zip(names, shapes, layouts):
            rows = as_rows(x[name] if isinstance(x, dict) else x, shape, last, f"data, {split} input {name}")
            sets[f"{split}/x" if len(names) == 1 else f"{split}/x/{name}"] = rows
        if y is not None:
            y = np.asarray(y.detach().cpu() if isinstance(y, torch.Tensor) else y)
            if len(y) != len(rows):
                raise CannotExport(f"data: {len(rows)} rows of {split} inputs and {len(y)} answers. Nothing was written.")
            sets[f"{split}/y"] = y
    return sets


# ---- the program ----

def find_object(words):
    module, _, name = words.partition(":")
    if not name:
        raise CannotExport(f"{words}: expected <file.py or module>:<name of the model or of a function that makes it>")
    if module.endswith(".py"):
        if not os.path.exists(module):
            raise CannotExport(f"{module}: expected a Python file, found none")
        spec = importlib.util.spec_from_file_location(Path(module).stem, module)
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = loaded
        sys.path.insert(0, str(Path(module).resolve().parent))
        spec.loader.exec_module(loaded)
    else:
        sys.path.insert(0, os.getcwd())
        loaded = importlib.import_module(module)
    try:
        return functools.reduce(getattr, name.split("."), loaded)
    except AttributeError as error:
        raise CannotExport(f"{words}: {error}") from error


def load_state(path):
    """What torch.save wrote, tensors alone; what cannot be read is named."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise CannotExport(f"{path}: expected a state dict written by torch.save, found {str(error).splitlines()[0]}") from error


def quotient(text):
    above, _, below = text.partition("/")
    return float(above) / float(below) if below else float(above)


def numbers(text):
    return [quotient(part) for part in text.split(",")]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="assay-export", description="Writes a PyTorch model as a file that Assay reads.")
    parser.add_argument("model", help="<file.py or module>:<name>: a torch.nn.Module, or a class or function that makes one")
    parser.add_argument("-o", "--output", required=True, help="the file to write, model.h5")
    parser.add_argument("--input", required=True, action="append", metavar="SHAPE",
                        help="shape of one row as the model takes it: 3,32,32; several inputs: once each; indices: int:16")
    parser.add_argument("--weights", help="a state dict written by torch.save; without it the model has the weights that it was made with")
    parser.add_argument("--initial", help="a state dict from before the training")
    parser.add_argument("--data", help="an .npz file with x_train, y_train, x_test, y_test, before preprocessing")
    parser.add_argument("--scale", type=quotient, help="the network is given x times this: 1/255")
    parser.add_argument("--mean", type=numbers, help="subtracted after scaling, one a channel")
    parser.add_argument("--std", type=numbers, help="divides after that, one a channel")
    parser.add_argument("--training", default=[], action="append", metavar="KEY=VALUE", help="loss=cross_entropy, optimizer=SGD, learning_rate=0.1, weight_decay=5e-4, epochs=90")
    words = parser.parse_args(arguments)
    read = [words.model.partition(":")[0], words.weights, words.initial, words.data]
    try:
        if any(path and os.path.exists(path) and os.path.exists(words.output) and os.path.samefile(path, words.output) for path in read):
            raise CannotExport(f"{words.output}: expected another file than those that are read")
        model = find_object(words.model)
        model = model if isinstance(model, torch.nn.Module) else model()
        if words.weights:
            try:
                model.load_state_dict(state_of(load_state(words.weights)))
            except RuntimeError as error:
                raise CannotExport(f"{words.weights}: expected the weights of {words.model}, found others: {' '.join(str(error).split())[:300]}") from error
        rows = []
        for shape in words.input:
            integer = shape.startswith("int:")
            extents = [2] + [int(n) for n in shape.removeprefix("int:").split(",")]
            rows.append(torch.zeros(extents, dtype=torch.long) if integer else torch.randn(extents, generator=torch.Generator().manual_seed(0)))
        data = None
        if words.data:
            try:
                stored = np.load(words.data)
            except (OSError, ValueError) as error:
                raise CannotExport(f"{words.data}: expected an .npz file, found {error}") from error
            data = [stored[key] if key in stored else None for key in ("x_train", "y_train", "x_test", "y_test")]
        training = {}
        for word in words.training:
            key, _, value = word.partition("=")
            try:
                training[key] = json.loads(value)
            except json.JSONDecodeError:
                training[key] = value
        preprocessing = {key: value for key, value in (("scale", words.scale), ("mean", words.mean), ("deviation", words.std)) if value is not None}
        written = export(model, tuple(rows), words.output, data=data, preprocessing=preprocessing or None, training=training,
                         initial=load_state(words.initial) if words.initial else None)
    except CannotExport as error:
        print(f"assay-export: {error}", file=sys.stderr)
        return 1
    for what, path in written.items():
        print(f"{what:8} {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

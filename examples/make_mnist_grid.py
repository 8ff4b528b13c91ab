#!/usr/bin/env python3
"""Cuts examples/mnist-grid out of the full grid of 144 models: make_mnist_grid.py FULL_FOLDER TARGET_FOLDER

Needs h5py (Debian: python3-h5py). The choice is a balanced sixth of the grid. With the levels of every hyper-parameter
numbered from 0 in ascending order, a model is kept when

    depth + batch_size + weight_decay + dropout + learning_rate  is odd, and
    width = (depth + weight_decay + dropout + 1) mod 3.

So every level of a hyper-parameter is kept equally often, and so is every pair of levels of two different ones, but for pairs
with the width, which 24 models cannot all fill evenly. Several choices of this form are as balanced; this one holds none of the
runs that never left chance level (about a tenth of the grid), so statistics on it say nothing about such runs. The checkpoints are copied byte by byte. The data are the same numbers in
the same order, compressed anew: all 2,000 training and 10,000 test images, so that the logged metrics stay reproducible.
"""
import csv
import pathlib
import shutil
import sys

import h5py

AXES = ["depth", "width", "batch_size", "weight_decay", "dropout", "learning_rate"]


def chosen(rows):
    levels = {axis: sorted({float(row["config." + axis]) for row in rows}) for axis in AXES}
    for row in rows:
        depth, width, batch, decay, dropout, rate = (levels[axis].index(float(row["config." + axis])) for axis in AXES)
        if (depth + batch + decay + dropout + rate) % 2 == 1 and width == (depth + decay + dropout + 1) % 3:
            yield row


def copy_data(source, target):
    with h5py.File(source) as old, h5py.File(target, "w", libver=("earliest", "v110")) as new:
        for split in ("train", "test"):
            group = new.create_group(split)
            for name in ("x", "y"):
                values = old[split][name][()]
                group.create_dataset(name, data=values, chunks=(min(1000, len(values)),) + values.shape[1:],
                                     compression="gzip", compression_opts=9, track_times=False)
        for name, value in old.attrs.items():
            new.attrs[name] = value


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)
    with open(source / "metrics.csv", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(chosen(list(reader)))
    with open(target / "metrics.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        for name in (row["model"], row["init"]):
            shutil.copyfile(source / name, target / name)
    title = "24 CNNs on 2,000 MNIST images: depth, width, batch size, weight decay, dropout, learning rate"
    (target / "zoo.json").write_text(
        '{\n  "title": "%s",\n  "data": "data.h5",\n  "input_scale": "1/255",\n  "loss": "cross_entropy"\n}\n' % title)
    copy_data(source / "data.h5", target / "data.h5")
    size = sum(file.stat().st_size for file in target.iterdir())
    print(f"{len(rows)} models, {size / 1e6:.2f} MB in {target}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))

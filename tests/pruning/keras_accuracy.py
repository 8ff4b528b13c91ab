#!/usr/bin/env python3
"""Loads a checkpoint with Keras itself and prints its accuracy on all of train, inputs / 255, as JSON; with the number of weights
of its kernels that are not zero, and whether the optimizer has a state.

    keras_accuracy.py MODEL.h5 DATA.h5
"""
import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")
import h5py
import keras
import numpy as np

model = keras.models.load_model(sys.argv[1])
with h5py.File(sys.argv[2]) as file:
    x, y = file["train/x"][()].astype("float32") / 255, file["train/y"][()].reshape(-1)
outputs = np.asarray(model.predict(x, verbose=0))
kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
print(json.dumps({"accuracy": float((outputs.argmax(axis=1) == y).mean()),
                  "nonzero": int(sum(np.count_nonzero(keras.ops.convert_to_numpy(k)) for k in kernels)),
                  "weights": int(sum(np.prod(k.shape) for k in kernels))}))

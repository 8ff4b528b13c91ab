"""cases.py <case> <assay> <folder>: exports a network of PyTorch, runs the program on the file, and compares with what PyTorch itself gives. One
line of output and exit status 0 where all is well."""

import json
import subprocess
import sys
from pathlib import Path

source = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(source / "packaging" / "python"), str(Path(__file__).parent)]

import h5py  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

import assay_export  # noqa: E402
import networks  # noqa: E402

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def images(*shape, seed=3):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def words(vocabulary, *shape):
    return torch.randint(0, vocabulary, shape, generator=torch.Generator().manual_seed(3))


def run(assay, *arguments):
    done = subprocess.run([assay, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"assay {' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stderr}{done.stdout}")
    return done.stdout


def agrees(model, x, assay, folder, precision="float32", **settings):
    """The largest difference between torch's outputs and assay's, over the largest output."""
    path = assay_export.export(networks.lively(model), x, folder / "model.h5", **settings)["model"]
    with torch.no_grad():
        expected = model(x).numpy()
    with h5py.File(path) as file:   # the file's own check says the same
        (name,) = file["example/y"]
        kept, stored = file["example/y"][name][()], file["example/x"][()]
    if not np.allclose(kept, expected[:len(kept)], rtol=1e-5, atol=1e-6):
        raise AssertionError("the example in the file differs from torch's outputs")
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"] = stored
    run(assay, "forward", path, "--data", folder / "x.h5", "-o", folder / "y.h5", "--precision", precision)
    with h5py.File(folder / "y.h5") as file:
        found = file[name][()]
    if found.shape != kept.shape:
        raise AssertionError(f"assay gives shape {found.shape}, torch {kept.shape}")
    if not (kept.std(axis=0) > 1e-3 * np.abs(kept).max()).any():
        raise AssertionError("all rows have the same outputs: the case shows nothing")
    error = float(np.abs(found - kept).max() / np.abs(kept).max())
    print(f"largest difference {error:.2g} of the largest output")
    if not error <= 1e-4:
        raise AssertionError(f"outputs differ by {error}")


def refused(model, x, folder, *expected):
    try:
        assay_export.export(model.eval(), x, folder / "model.h5")
    except assay_export.CannotExport as error:
        print(error)
        missing = [part for part in expected if part not in str(error)]
        if missing or any(folder.iterdir()):
            raise AssertionError(f"expected {missing} in the message, and an empty folder; found {error} and {list(folder.iterdir())}") from error
        return
    raise AssertionError("it was exported")


@case
def resnet18(assay, folder):
    agrees(networks.ResNet18(), images(4, 3, 64, 64), assay, folder)


@case
def vgg11_bn(assay, folder):
    agrees(networks.VGG11BN(), images(4, 3, 64, 64), assay, folder)


@case
def mobilenet_v2(assay, folder):
    agrees(networks.MobileNetV2(), images(4, 3, 64, 64), assay, folder)


@case
def transformer_encoder(assay, folder):
    agrees(networks.TransformerClassifier(), words(11, 5, 7), assay, folder)


@case
def transformer_with_time_first(assay, folder):
    agrees(networks.TransformerClassifier(batch_first=False), words(11, 5, 7), assay, folder)


@case
def attention_written_out(assay, folder):
    agrees(networks.WrittenOutGPT(), words(13, 5, 6), assay, folder)


@case
def vision_transformer(assay, folder):
    agrees(networks.VisionTransformer(), images(4, 3, 16, 16), assay, folder)


@case
def signals(assay, folder):
    agrees(networks.Signals(), images(5, 3, 24), assay, folder)


@case
def channels(assay, folder):
    agrees(networks.Channels(), images(5, 4, 12, 12), assay, folder)


@case
def squeezed(assay, folder):
    agrees(networks.Squeezed(), images(5, 3, 8, 8), assay, folder)


@case
def arithmetic(assay, folder):
    agrees(networks.Arithmetic(), images(6, 3, 4, 4), assay, folder)


@case
def branches(assay, folder):
    model, signal, index = networks.lively(networks.Branches()), images(5, 4), words(6, 5, 3)
    path = assay_export.export(model, (signal, index), folder / "model.h5")["model"]
    with h5py.File(folder / "x.h5", "w") as file:
        file["signal"], file["index"] = signal.numpy(), index.numpy()
    run(assay, "forward", path, "--data", folder / "x.h5", "-o", folder / "y.h5")
    with h5py.File(folder / "y.h5") as file, h5py.File(path) as written, torch.no_grad():
        expected = list(model(signal, index).values())
        nodes = json.loads(bytes(written["graph"][()]).decode())["nodes"]
        found = {name: file[name][()] for name in file}
        if len(found) != 2 or sum(node["parameters"][:1] == ["shared/kernel"] for node in nodes) != 2:
            raise AssertionError(f"{list(found)}, {nodes}")
        for y in expected:
            (same,) = [value for value in found.values() if value.shape == tuple(y.shape)]
            np.testing.assert_allclose(same, y.numpy(), rtol=1e-5, atol=1e-6)


@case
def one_row(assay, folder):
    """A batch of one does not tell which axis is the batch, nor may an image of one channel, a sequence of one step."""
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(36, 3))
    networks.lively(model)
    written = assay_export.export(model, images(1, 1, 8, 8), folder / "model.h5")
    x = images(3, 1, 8, 8)
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"] = x.permute(0, 2, 3, 1).numpy()
    run(assay, "forward", written["model"], "--data", folder / "x.h5", "-o", folder / "y.h5")
    with h5py.File(folder / "y.h5") as file:
        found = file["3"][()]
    np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-5, atol=1e-6)


@case
def facts(assay, folder):
    """Initial weights, data, preprocessing and training facts arrive; the curvature of the objective is torch's own."""
    model = networks.lively(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3)))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25, momentum=0.5, weight_decay=0.02)
    generator = np.random.default_rng(5)
    x, y = generator.integers(0, 256, (40, 2, 2, 3), dtype=np.uint8), generator.integers(0, 3, 40)   # channels last, as torchvision keeps them
    mean, deviation = np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.3, 0.4])
    inputs = torch.tensor(((x / 255 - mean) / deviation).transpose(0, 3, 1, 2), dtype=torch.float32)
    loss = torch.nn.CrossEntropyLoss()
    for _ in range(3):
        optimizer.zero_grad()
        loss(model(inputs), torch.tensor(y)).backward()
        optimizer.step()
    written = assay_export.export(model, inputs, folder / "model.h5", initial=before, data=(x[:30], y[:30], x[30:], y[30:]),
                                  preprocessing={"scale": 1 / 255, "mean": mean, "std": deviation},
                                  training={"loss": loss, "optimizer": optimizer, "epochs": 3, "batch_size": 40})
    if sorted(path.name for path in folder.iterdir()) != ["model.data.h5", "model.h5", "model.init.h5"]:
        raise AssertionError(list(folder.iterdir()))
    inspected = json.loads(run(assay, "inspect", written["model"], "--json"))
    expected = {"format": "assay-graph", "loss": "cross_entropy", "from_logits": True, "optimizer": "SGD", "learning_rate": 0.25, "backend": "torch"}
    found = {key: inspected["facts"].get(key) for key in expected}
    if found != expected:
        raise AssertionError(found)
    measured = json.loads(run(assay, "measure", written["model"], "--init", written["initial"], "--data", written["data"], "--json",
                              "--measures", "train_accuracy,test_accuracy,train_loss,l2_dist"))
    values = {row["measure"]: row["value"] for row in measured["values"] if row["layer"] == "" and row["status"] == "ok"}
    with torch.no_grad():
        outputs = model(inputs)
        right = (outputs.argmax(1).numpy() == y)
        expected = {"train_accuracy": right[:30].mean(), "test_accuracy": right[30:].mean(), "train_loss": float(loss(outputs[:30], torch.tensor(y[:30]))),
                    "l2_dist": sum(float(((tensor - before[name]) ** 2).sum()) for name, tensor in model.state_dict().items())}
    for name, value in expected.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-4, err_msg=name)
    # the trace of the Hessian of loss + weight_decay / 2 |w|^2
    hessian = json.loads(run(assay, "hessian", written["model"], "--data", written["data"], "--trace", "--json", "--precision", "float64"))
    flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach().double()
    shapes = [(name, tensor.shape) for name, tensor in model.named_parameters()]
    model = model.double()
    rows = torch.tensor(((x[:30] / 255 - mean) / deviation).transpose(0, 3, 1, 2))

    def objective(vector):
        parts = torch.split(vector, [shape.numel() for _, shape in shapes])
        weights = {name: part.view(shape) for (name, shape), part in zip(shapes, parts)}
        return loss(torch.func.functional_call(model, weights, (rows,)), torch.tensor(y[:30])) + 0.01 * (vector ** 2).sum()

    trace = float(torch.autograd.functional.hessian(objective, flat).trace())
    np.testing.assert_allclose(hessian["trace"]["value"], trace, rtol=1e-6)   # exact: the network is piecewise linear
    np.testing.assert_allclose(hessian["loss"], float(objective(flat)), rtol=1e-6)
    print(f"trace {trace:.6g}")


@case
def command(assay, folder):
    """The program assay-export, with a state dict, indices as inputs, and data."""
    (folder / "net.py").write_text("import torch\n\ndef make():\n    return torch.nn.Sequential(torch.nn.Embedding(7, 4), torch.nn.Flatten(), torch.nn.Linear(12, 2))\n")
    model = networks.lively(torch.nn.Sequential(torch.nn.Embedding(7, 4), torch.nn.Flatten(), torch.nn.Linear(12, 2)))
    torch.save({"state_dict": model.state_dict(), "epoch": 3}, folder / "net.pt")
    x = words(7, 6, 3)
    np.savez(folder / "data.npz", x_train=x.numpy(), y_train=np.arange(6) % 2)
    program = [sys.executable, source / "packaging" / "python" / "assay_export.py"]
    done = subprocess.run([*map(str, program), f"{folder}/net.py:make", "--weights", folder / "net.pt", "--initial", folder / "net.pt", "--input", "int:3", "--data", folder / "data.npz",
                           "--training", "loss=cross_entropy", "--training", "learning_rate=0.1", "-o", folder / "model.h5"], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"] = x.numpy()
    run(assay, "forward", folder / "model.h5", "--data", folder / "x.h5", "-o", folder / "y.h5")
    with h5py.File(folder / "y.h5") as file:
        np.testing.assert_allclose(file["2"][()], model(x).detach().numpy(), rtol=1e-5, atol=1e-6)
    run(assay, "measure", folder / "model.h5", "--init", folder / "model.init.h5", "--data", folder / "model.data.h5", "--measures", "train_accuracy,l2_dist")
    done = subprocess.run([*map(str, program), f"{folder}/net.py:make", "--input", "3", "-o", folder / "other.h5"], capture_output=True, text=True)
    if done.returncode != 1 or "Traceback" in done.stderr or (folder / "other.h5").exists():
        raise AssertionError(f"exit status {done.returncode}: {done.stderr}")


@case
def names_an_unknown_operator(assay, folder):
    refused(networks.LongTerm(), images(2, 5, 3), folder, "layer rnn (LSTM)", "networks.py:", "self.rnn(x)", "lstm", "Nothing was written")


@case
def names_python_code(assay, folder):
    refused(networks.LooksAtValues(), images(2, 3), folder, "networks.py:", "x.sum() > 0", "Nothing was written")
    refused(networks.LeavesTorch(), images(2, 3), folder, "cannot be traced", "networks.py:", "Nothing was written")


@case
def refuses_what_would_be_wrong(assay, folder):
    refused(networks.OfTheBatch(), images(4, 3), folder, "layer norm (BatchNorm1d)", "statistics of the batch")
    refused(networks.DropsAlways(), images(4, 3), folder, "networks.py:", "Nothing was written")
    refused(networks.Counts(), images(4, 3), folder, "changes calls")
    refused(networks.Tied(), words(5, 2, 3), folder, "head.weight", "embeddings of layer words", "used in two ways")
    refused(torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), images(2, 3, 6, 6), folder, "Nothing was written")
    refused(torch.nn.Linear(3, 4), images(3), folder, "example_input")
    refused(torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 4)), images(2, 3), folder, "Nothing was written")
    model, wrong = torch.nn.Linear(3, 4), torch.nn.Linear(3, 5)
    for settings, words_of_it in (({"initial": wrong}, "initial weights: weight has shape"), ({"data": (np.zeros((2, 5)), None, None, None)}, "expected rows of shape (3,)"),
                                  ({"data": (np.zeros((2, 3)), np.zeros(3), None, None)}, "2 rows"), ({"preprocessing": {"gamma": 2}}, "preprocessing has")):
        try:
            assay_export.export(model, images(2, 3), folder / "model.h5", **settings)
        except assay_export.CannotExport as error:
            if words_of_it not in str(error) or any(folder.iterdir()):
                raise AssertionError(f"{error}, {list(folder.iterdir())}") from error
        else:
            raise AssertionError(f"exported with {settings}")


@case
def leaves_the_model_as_it_was(assay, folder):
    model = networks.TransformerClassifier().train()
    model.encoder.layers[0].dropout.eval()
    modes = {name: module.training for name, module in model.named_modules()}
    assay_export.export(model, words(11, 2, 7), folder / "model.h5")
    if modes != {name: module.training for name, module in model.named_modules()} or any("forward" in vars(module) for module in model.modules()):
        raise AssertionError("modes or methods changed")
    model.encoder.layers[0].self_attn(*[torch.zeros(1, 3, 16)] * 3)[1].shape   # weights are there again


if __name__ == "__main__":
    CASES[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))

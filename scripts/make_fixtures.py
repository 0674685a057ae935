"""Writes the models in `fixtures/` and the table in `fixtures/README.md`.

    python scripts/make_fixtures.py               # every fixture, then the table
    python scripts/make_fixtures.py causal_1d     # only those whose name starts so, then the table
    python scripts/make_fixtures.py --readme      # only the table, from the files that are there

Needs the extras torch, tensorflow and onnxruntime, and the dependency group `fixtures` (tf2onnx).
Every ONNX file is run in onnxruntime against the network it came from before it is written.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

FOLDER = Path(__file__).resolve().parent.parent / "fixtures"
WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "Pad")
KERAS_WINDOWED = ("Conv2D", "MaxPooling2D")
MARKS = ("<!-- table: begin -->", "<!-- table: end -->")
ZIP_DATE = (2020, 1, 1, 0, 0, 0)
TOLERANCE = (
    1e-4  # of the largest output, between a network and its export: a check of this script only
)


@dataclass(frozen=True, slots=True)
class Fixture:
    """One file: where it comes from, what it shows, and the function that writes it."""

    name: str
    source: str
    shows: str
    write: Callable[[Path], None]


# --- torch ---------------------------------------------------------------------------------------


def torch_bytes(net: Any, shape: Sequence[int], *, dynamo: bool, dynamic: bool) -> bytes:
    """Exports `net` with input `x` and output `y`; `dynamic` frees height and width."""
    import torch

    options: dict[str, Any] = {"input_names": ["x"], "output_names": ["y"], "dynamo": dynamo}
    if dynamic and dynamo:
        free = {2: torch.export.Dim("height"), 3: torch.export.Dim("width")}
        options["dynamic_shapes"] = (free,)
    elif dynamic:
        options["dynamic_axes"] = {"x": {2: "height", 3: "width"}}
    example = (torch.zeros(*shape),)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            program = torch.onnx.export(net, example, verbose=False, **options)
            return program.model_proto.SerializeToString()
        buffer = io.BytesIO()
        torch.onnx.export(net, example, buffer, **options)
        return buffer.getvalue()


def calibrate(net: Any, shape: Sequence[int]) -> None:
    """Sets every batch norm from one random batch, so that no signal dies on its way down."""
    import torch

    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the plain average over the batches seen
    with torch.no_grad():
        net.train()(torch.randn(4, *shape[1:]))
    net.eval()


def write_torch(
    path: Path,
    net: Any,
    shape: Sequence[int],
    *,
    dynamo: bool = True,
    dynamic: bool = False,
) -> None:
    """Exports, checks against torch (at a second size too when dynamic) and writes one network."""
    import torch

    model = onnx.load_from_string(torch_bytes(net.eval(), shape, dynamo=dynamo, dynamic=dynamic))
    for grown in (0, 1) if dynamic else (0,):
        x = torch.randn(*shape[:2], *(size + grown for size in shape[2:]))
        with torch.no_grad():
            verify(model, x.numpy(), net(x).numpy())
    save(model, path)


def thin_net(kind: str, *, same: bool, dynamo: bool, dynamic: bool) -> Callable[[Path], None]:
    """Writes a thin ResNet or MobileNetV2; all variants of one kind have the same weights."""

    def write(path: Path) -> None:
        import fixture_nets
        import torch

        shape = (1, 3, 224, 224)
        torch.manual_seed(0)
        trained = getattr(fixture_nets, kind)(same=False, static=True)
        calibrate(trained, shape)
        net = getattr(fixture_nets, kind)(same=same, static=not dynamic)
        net.load_state_dict(trained.state_dict())
        write_torch(path, net, shape, dynamo=dynamo, dynamic=dynamic)

    return write


def small_net(kind: str, *shape: int) -> Callable[[Path], None]:
    """Writes one of the other torch networks: dynamo exporter, static shape."""

    def write(path: Path) -> None:
        import fixture_nets
        import torch

        torch.manual_seed(0)
        write_torch(path, getattr(fixture_nets, kind)(), shape)

    return write


# --- Keras ---------------------------------------------------------------------------------------


def cifar10_cnn() -> Any:
    """The usual CIFAR-10 CNN: three SAME convolutions, two 2x2 max pools, two dense layers.

    The first dense layer has 32 units: 64 would take the file past 1 MB.
    """
    import keras

    keras.utils.set_random_seed(0)
    layers, bias = keras.layers, {"bias_initializer": "random_normal"}
    return keras.Sequential(
        [
            keras.Input((32, 32, 3), batch_size=1, name="x"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv_1", **bias),
            layers.MaxPooling2D(2, name="pool_1"),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv_2", **bias),
            layers.MaxPooling2D(2, name="pool_2"),
            layers.Conv2D(64, 3, padding="same", activation="relu", name="conv_3", **bias),
            layers.Flatten(name="flatten"),
            layers.Dense(32, activation="relu", name="dense_1", **bias),
            layers.Dense(10, name="dense_2", **bias),
        ],
        name="cifar10_cnn",
    )


def write_cifar10_onnx(path: Path) -> None:
    """`model.export(format="onnx")`, which is tf2onnx underneath."""
    import keras

    net = cifar10_cnn()
    x = np.random.default_rng(0).standard_normal((1, 32, 32, 3), dtype=np.float32)
    expected = np.asarray(net(x))  # Keras 3.15.1 exports no model that was never called
    signature = [keras.InputSpec(shape=(1, 32, 32, 3), dtype="float32", name="x")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.export(path, format="onnx", verbose=False, input_signature=signature)
    model = onnx.load(path)
    verify(model, x, expected)
    save(model, path)


def write_cifar10_keras(path: Path) -> None:
    """`model.save`, then the archive again without dates and memory addresses."""
    cifar10_cnn().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    metadata["date_saved"] = "2020-01-01@00:00:00"
    members["metadata.json"] = json.dumps(metadata).encode()
    members["config.json"] = renumber(members["config.json"].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), members[name])


def renumber(config: str) -> str:
    """A Keras config whose `shared_object_id`s, addresses as Keras writes them, count from 0."""
    ids = dict.fromkeys(re.findall(r'"shared_object_id": (\d+)', config))
    for index, address in enumerate(ids):
        config = config.replace(f'"shared_object_id": {address}', f'"shared_object_id": {index}')
    return config


# --- both ----------------------------------------------------------------------------------------


def verify(model: onnx.ModelProto, x: np.ndarray, expected: np.ndarray) -> None:
    """Raises unless onnxruntime, with its optimizations off, gives what the network gave."""
    observed = run(model.SerializeToString(), x)
    scale = float(np.abs(expected).max())
    if not scale > 1e-3:
        raise ValueError(f"the network's signal died: largest output {scale}")
    error = float(np.abs(observed - expected).max())
    if not error <= TOLERANCE * scale:
        raise ValueError(f"the export differs from its network: {error} of {scale}")


def run(model: bytes, x: np.ndarray) -> np.ndarray:
    """The first output of a model in onnxruntime, with its optimizations off."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def save(model: onnx.ModelProto, path: Path) -> None:
    """Writes the model without the exporter's notes (stack traces, file names, dates)."""
    for owner in notes(model):
        del owner.metadata_props[:]
        owner.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def notes(model: onnx.ModelProto) -> Iterator[Any]:
    """Everything in a model that carries `metadata_props` and a `doc_string`."""
    graph = model.graph
    yield from (model, graph)
    for part in (graph.node, graph.initializer, graph.value_info, graph.input, graph.output):
        for item in part:
            if hasattr(item, "metadata_props"):
                yield item


# --- the list ------------------------------------------------------------------------------------


def thin_fixtures(stem: str, kind: str, what: str) -> Iterator[Fixture]:
    """The eight variants of one thin network."""
    for same in (False, True):
        for dynamic in (False, True):
            for dynamo in (True, False):
                name = stem + "_tf_pads" * same + "_dynamic" * dynamic + "_legacy" * (not dynamo)
                exporter = "dynamo exporter" if dynamo else "legacy exporter"
                sizes = "dynamic height and width" if dynamic else "static"
                yield Fixture(
                    f"{name}.onnx",
                    f"torch, {exporter}, {sizes}",
                    f"{what}, {thin_words(same, dynamic, dynamo)}",
                    thin_net(kind, same=same, dynamo=dynamo, dynamic=dynamic),
                )


def thin_words(same: bool, dynamic: bool, dynamo: bool) -> str:
    """What one variant of a thin network shows."""
    if not same:
        return "symmetric pads" + (": equal to SAME at some sizes only" if dynamic else "")
    if dynamic:
        return "`F.pad` by TensorFlow's amounts, worked out from `Shape` at run time"
    if dynamo:
        return (
            "`F.pad` by TensorFlow's amounts, folded by the exporter into the convolutions' `pads`"
        )
    return "`F.pad` by TensorFlow's amounts, each from a subgraph of constants"


def fixtures() -> list[Fixture]:
    """Every file of `fixtures/`, in the table's order."""
    keras, static = "Keras, `model.export` (tf2onnx)", "torch, dynamo exporter, static"
    cnn = "SAME with stride 1, 2x2 max pools: every framework pads alike"
    return [
        *thin_fixtures("resnet_thin", "ResNet", "ResNet-18, 4 channels wide"),
        *thin_fixtures("mobilenetv2_thin", "MobileNetV2", "MobileNetV2, thin, depthwise, ReLU6"),
        Fixture("cifar10_cnn.onnx", keras, cnn, write_cifar10_onnx),
        Fixture("cifar10_cnn.keras", "Keras, `model.save`", "the same model", write_cifar10_keras),
        Fixture(
            "inception_block.onnx",
            static,
            "kernels of 1, 3 and 5, average pool that leaves pads out, max pools, grid reductions",
            small_net("InceptionBlock", 1, 3, 28, 28),
        ),
        Fixture(
            "causal_1d.onnx",
            static,
            "WaveNet-like: `F.pad` on the left, dilations 1 to 8",
            small_net("Causal1d", 1, 1, 64),
        ),
        Fixture(
            "conv_3d.onnx",
            static,
            "three spatial axes, kernels (1, 3, 3), 3 and (3, 1, 1), max pool",
            small_net("Conv3d", 1, 1, 8, 32, 32),
        ),
        Fixture(
            "decoder_transposed.onnx",
            static,
            "transposed: k3 s2 p1 with output_padding 1, k4 s2 p1, k2 s2",
            small_net("Decoder", 1, 16, 7, 7),
        ),
    ]


# --- the table -----------------------------------------------------------------------------------


def describe(path: Path) -> tuple[str, str]:
    """The input shape and the count of each windowed op, read from the file."""
    if path.suffix == ".keras":
        return describe_keras(path)
    graph = onnx.load(path).graph
    dims = graph.input[0].type.tensor_type.shape.dim
    shape = " x ".join(dim.dim_param or str(dim.dim_value) for dim in dims)
    return shape, counted(node.op_type for node in graph.node if node.op_type in WINDOWED)


def describe_keras(path: Path) -> tuple[str, str]:
    """The same for a Keras archive."""
    with zipfile.ZipFile(path) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    shape = " x ".join(str(size) for size in layers[0]["config"]["batch_shape"])
    names = (layer["class_name"] for layer in layers)
    return shape, counted(name for name in names if name in KERAS_WINDOWED)


def counted(names: Iterator[str]) -> str:
    """`20 Conv, 1 MaxPool`: most frequent first."""
    counts = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {name}" for name, count in counts)


def table(folder: Path) -> str:
    """The table of `fixtures/README.md`, from the list above and the files themselves."""
    head = (
        "| file | from | input | windowed ops and pads | what it shows |\n|---|---|---|---|---|\n"
    )
    rows = []
    for fixture in fixtures():
        shape, ops = describe(folder / fixture.name)
        rows.append(
            f"| `{fixture.name}` | {fixture.source} | {shape} | {ops} | {fixture.shows} |\n"
        )
    return head + "".join(rows)


def readme(text: str, folder: Path) -> str:
    """`text` with whatever stands between the two marks replaced by the table."""
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return f"{before}{MARKS[0]}\n{table(folder)}{MARKS[1]}{after}"


def main() -> None:
    """Writes the fixtures that were asked for, then the table."""
    parser = argparse.ArgumentParser(description="Write the models in fixtures/ and their table.")
    parser.add_argument("names", nargs="*", help="only the fixtures whose name starts so")
    parser.add_argument("--readme", action="store_true", help="only the table")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for fixture in [] if arguments.readme else fixtures():
        if not arguments.names or fixture.name.startswith(tuple(arguments.names)):
            path = FOLDER / fixture.name
            fixture.write(path)
            print(f"{fixture.name}: {path.stat().st_size:,} bytes")
    page = FOLDER / "README.md"
    page.write_text(readme(page.read_text("utf-8"), FOLDER), "utf-8")


if __name__ == "__main__":
    main()

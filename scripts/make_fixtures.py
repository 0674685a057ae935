"""Writes the models in `fixtures/` and the table in `fixtures/README.md`.

    python scripts/make_fixtures.py               # every fixture, then the table
    python scripts/make_fixtures.py causal_1d     # only those whose name starts so, then the table
    python scripts/make_fixtures.py --readme      # only the table, from the files that are there

Needs the extras torch, tensorflow, onnxruntime and litert, and the dependency group `fixtures`
(tf2onnx).
Every ONNX file is run in onnxruntime against the network it came from before it is written.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from fixture_table import describe

FOLDER = Path(__file__).resolve().parent.parent / "fixtures"
MARKS = ("<!-- table: begin -->", "<!-- table: end -->")
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
    """`model.save`."""
    from fixture_savers import save_keras

    save_keras(cifar10_cnn(), path)


# --- converted files ----------------------------------------------------------------------------


def converted(kind: str, *, same: bool, normalized: bool) -> Callable[[Path], None]:
    """Writes the Keras model of the fixture `kind`.onnx in the format that the name tells."""

    def write(path: Path) -> None:
        import fixture_savers
        from fixture_converters import Faults, convert

        source = FOLDER / f"{kind}.onnx"
        faults = Faults(same=None if same else ())
        model = convert(source, faults, name=kind, normalized=normalized)
        quantized = path.stem.endswith("_int8")
        if path.suffix == ".keras":
            fixture_savers.save_keras(model, path)
        elif path.suffix == ".tflite":
            samples = noise(8).transpose(0, 2, 3, 1) if quantized else None
            fixture_savers.save_tflite(model, path, samples=samples)
        else:
            fixture_savers.save_saved_model(model, path)
        error = relative_error(source, path)
        print(f"{path.name}: relative L2 error {error:.2e}")
        if not (error > 0.1 if same else error < (0.15 if quantized else 1e-5)):
            raise ValueError(f"{path.name}: differs from {source.name} by {error}")

    return write


def noise(count: int, seed: int = 0) -> np.ndarray:
    """`count` images (N, C, H, W) of N(0, 1)."""
    return np.random.default_rng(seed).standard_normal((count, 3, 224, 224), dtype=np.float32)


def relative_error(source: Path, path: Path) -> float:
    """||observed - reference|| / ||reference|| of a written file against its ONNX source."""
    from fixture_savers import run_file

    x = noise(1)
    value = onnx.load(source).graph.input[0].type.tensor_type.shape.dim
    x = x[:, :, : value[2].dim_value, : value[3].dim_value]
    reference = run(source.read_bytes(), x)
    return float(np.linalg.norm(run_file(path, x) - reference) / np.linalg.norm(reference))


def write_three_faults(path: Path) -> None:
    """`three_faults.onnx` converted with one SAME, one lost bias and a max pool padded with 0."""
    from fixture_converters import Faults, convert
    from fixture_savers import save_keras

    source = FOLDER / "three_faults.onnx"
    faults = Faults(same=("conv_02",), bias_lost=("conv_03",))
    save_keras(convert(source, faults, name="three_faults"), path)
    print(f"{path.name}: relative L2 error {relative_error(source, path):.2e}")


# --- ONNX ----------------------------------------------------------------------------------------


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


def converted_fixtures(kind: str, what: str, *, normalized: bool) -> Iterator[Fixture]:
    """Both conversions of one thin network, in every format."""
    forms = [("Keras, `model.save`", ".keras"), ("TensorFlow, SavedModel", "_saved_model")]
    forms.append(("TensorFlow's converter, float32", ".tflite"))
    if not normalized:
        forms.append(("TensorFlow's converter, int8", "_int8.tflite"))
    for source, ending in forms:
        for same in (False, True):
            name = f"{kind}_{'same' if same else 'right'}{ending}"
            how = '`padding="same"` in every op that pads' if same else "ZeroPadding2D, then VALID"
            write = converted(kind, same=same, normalized=normalized)
            yield Fixture(name, source, f"`{kind}.onnx` converted: {what}{how}", write)


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
        *converted_fixtures("resnet_thin", "BatchNormalization unfolded, ", normalized=True),
        *converted_fixtures("mobilenetv2_thin", "", normalized=False),
        Fixture(
            "three_faults.onnx",
            static,
            "a max pool between signed values, a strided convolution, biases",
            small_net("ThreeFaults", 1, 3, 32, 32),
        ),
        Fixture(
            "three_faults.keras",
            "Keras, `model.save`",
            '`three_faults.onnx` converted: `padding="same"` in `conv_02`, no bias in `conv_03`, '
            "`max_pool_01` padded with 0",
            write_three_faults,
        ),
    ]


# --- the table -----------------------------------------------------------------------------------


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


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


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
            print(f"{fixture.name}: {size_of(path):,} bytes")
    page = FOLDER / "README.md"
    page.write_text(readme(page.read_text("utf-8"), FOLDER), "utf-8")


if __name__ == "__main__":
    main()

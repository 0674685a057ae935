"""onnx2keras as it is: its model, its layers by their nodes, and nothing left behind."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from padcheck.errors import FrameworkError, MissingFramework, ModelError, UsageError
from padcheck.frameworks import status
from padcheck.frameworks.onnx2keras.conversion import convert
from padcheck.frameworks.onnx2keras.names import scope_names
from tests.frameworks.onnx2keras.nodes import conv, integers, pool, run_keras, run_onnx
from tests.support import FIXTURES, ROOT

IMAGE = np.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=np.float32)


@pytest.mark.parametrize("change_ordering", [False, True], ids=["first", "last"])
@pytest.mark.parametrize("name", ["resnet_thin", "mobilenetv2_thin", "resnet_thin_legacy"])
def test_converts_a_network(name: str, change_ordering: bool) -> None:
    path = FIXTURES / f"{name}.onnx"
    made = convert(path, change_ordering=change_ordering)
    expected = run_onnx(onnx.load(path), IMAGE)
    observed = run_keras(made.model, IMAGE, channels_last=change_ordering)
    assert np.linalg.norm(observed - expected) < 1e-5 * np.linalg.norm(expected)
    assert made.version == "0.0.25"


@pytest.mark.parametrize("name", ["resnet_thin", "resnet_thin_legacy"])
def test_every_conv_and_pool_layer_has_its_node(name: str) -> None:
    path = FIXTURES / f"{name}.onnx"
    made = convert(path)
    windowed = {
        node.name: node.op_type
        for node in onnx.load(path).graph.node
        if node.op_type in ("Conv", "MaxPool")
    }
    found = {"Conv": "Conv2D", "MaxPool": "MaxPooling2D"}
    layers = {layer.name: type(layer).__name__ for layer in made.model.layers}
    told = {
        node: layers[layer] for layer, node in made.names.items() if layers[layer] in found.values()
    }
    assert told == {node: found[kind] for node, kind in windowed.items()}


def test_what_it_adds_around_a_layer_has_the_same_node() -> None:
    made = convert(FIXTURES / "resnet_thin.onnx")
    assert made.names["getitem_pad"] == made.names["getitem"] == "node_Conv_291"
    assert made.names["getitem_3_pad"] == "node_Conv_293"
    assert "x" not in made.names


def test_a_node_without_a_name_goes_by_its_output() -> None:
    model = conv(3, 3)
    model.graph.node[0].name = ""
    shapes = {"x": (1, 2, 8, 9)}
    assert convert(model, input_shapes=shapes).names == {"y": "y"}


def test_layers_are_scopes_in_tensorflow() -> None:
    made = convert(FIXTURES / "cifar10_cnn.onnx")  # tf2onnx calls its tensors `conv:0`
    assert made.names["cifar10_cnn_1_conv_1_1_BiasAdd_0"] == "cifar10_cnn_1/conv_1_1/BiasAdd"
    assert set(made.names) <= {layer.name for layer in made.model.layers}
    names = scope_names(["a:0", "a_0", "a b", "_", "\u00e9", "/x"])
    assert list(names.values()) == ["a_0_1", "a_0", "a_b", "layer", "layer_1", "x"]


def test_the_model_given_stays_as_it_is() -> None:
    model = onnx.load(FIXTURES / "mobilenetv2_thin.onnx")
    before = model.SerializeToString(deterministic=True)
    made = convert(model)
    assert model.SerializeToString(deterministic=True) == before
    assert made.notes[0] == (
        "onnx2keras misreads the names of initializers, so they were written anew: "
        "min_val_cast and 1 more"
    )


def test_what_it_says_is_noted_and_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    made = convert(pool("MaxPool", 3, 3, strides=(2, 2), ceil_mode=1))
    assert any("onnx2keras: ceil_mode is not supported" in note for note in made.notes)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "ceil_mode" not in shown.err


def test_leaves_keras_and_logging_as_they_were() -> None:
    logger = logging.getLogger("onnx2keras")
    before = (keras.config.image_data_format(), logger.level, logger.propagate, logger.handlers[:])
    convert(conv(3, 3))
    with pytest.raises(FrameworkError):
        convert(pool("MaxPool", 2, 2))
    after = (keras.config.image_data_format(), logger.level, logger.propagate, logger.handlers[:])
    assert after == before


def test_open_sizes_stay_open_unless_they_are_given() -> None:
    assert convert(conv(3, 3)).model.input_shape == (None, 2, None, None)
    shapes = {"x": (1, 2, 8, 9)}
    assert convert(conv(3, 3), input_shapes=shapes).model.input_shape == (None, 2, 8, 9)
    last = convert(conv(3, 3), input_shapes=shapes, change_ordering=True).model
    assert last.input_shape == (None, 8, 9, 2)


def test_a_dynamic_model_runs_at_any_size() -> None:
    model = conv(3, 3, pads=(1, 1, 1, 1), strides=(2, 2))
    made = convert(model, change_ordering=True).model
    for x in (integers(1, 2, 8, 9), integers(1, 2, 11, 6)):
        np.testing.assert_array_equal(run_keras(made, x, channels_last=True), run_onnx(model, x))


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        ({"z": (1, 2, 8, 9)}, "expected an input of x but got 'z'"),
        ({"x": (2, 8, 9)}, "expected 4 sizes but got x=2,8,9"),
    ],
)
def test_shapes_of_no_input_are_refused(shapes: dict[str, tuple[int, ...]], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        convert(conv(3, 3), input_shapes=shapes)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"a\.onnx: cannot be read \(DecodeError"):
        convert(path)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx2keras", None)
    line = r"^onnx2keras: not installed \(pip install 'padcheck\[onnx2keras\]'\)$"
    with pytest.raises(MissingFramework, match=line):
        convert(conv(3, 3))


def test_is_listed() -> None:
    (entry,) = (entry for entry in status() if entry.name == "onnx2keras")
    assert dict(entry.packages)["onnx2keras"] == "0.0.25"
    assert entry.hint == "pip install 'padcheck[onnx2keras]'"


def test_loads_nothing_before_it_converts() -> None:
    code = (
        "import sys, padcheck.frameworks.onnx2keras.conversion\n"
        "print([name for name in ('keras', 'numpy', 'onnx', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "[]\n"

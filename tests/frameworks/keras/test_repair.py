"""Repaired Keras models compute the op that was meant, and are files like any other."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.keras.repair import Repair, repair
from tests.support import FIXTURES

INFINITY = float("-inf")


def integers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def filled(model: keras.Model) -> keras.Model:
    """The model with small integers as weights."""
    model.set_weights(
        [integers(*array.shape, seed=index) for index, array in enumerate(model.get_weights())]
    )
    return model


def one(layer: Any, *shape: int) -> keras.Model:
    """A model of one layer on an input of `shape`, without the batch."""
    x = keras.Input(shape, name="x")
    return filled(keras.Model(x, layer(x), name="one"))


def run(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(model(x))


def saved(model: keras.Model, folder: Path) -> keras.Model:
    """The model from its file, in safe mode."""
    path = folder / "repaired.keras"
    with warnings.catch_warnings():  # Keras 3.15.1's own, about numpy 2's `copy`
        warnings.simplefilter("ignore", DeprecationWarning)
        model.save(path)
    return keras.saving.load_model(path, safe_mode=True)


def names(model: keras.Model) -> list[str]:
    return [operation.name for operation in model.operations]


def onnx_output(name: str, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        FIXTURES / f"{name}.onnx", providers=["CPUExecutionProvider"]
    )
    y = session.run(None, {"x": x})[0]
    return y.transpose(0, 2, 3, 1) if y.ndim == 4 else y


def windowed(name: str) -> list[Any]:
    """The pads of an ONNX fixture's convolutions and pools, in order."""
    nodes = onnx.load(FIXTURES / f"{name}.onnx").graph.node
    found = []
    for node in nodes:
        if node.op_type in ("Conv", "MaxPool"):
            (pads,) = (list(item.ints) for item in node.attribute if item.name == "pads")
            found.append(((pads[0], pads[2]), (pads[1], pads[3])))
    return found


WINDOWED = (layers.Conv2D, layers.DepthwiseConv2D, layers.MaxPooling2D)


@pytest.mark.parametrize("name", ["resnet_thin", "mobilenetv2_thin"])
def test_a_network_converted_with_same(name: str, tmp_path: Path) -> None:
    wrong = keras.saving.load_model(FIXTURES / f"{name}_same.keras")
    guilty = [layer for layer in wrong.layers if isinstance(layer, WINDOWED)]
    fixes = {
        layer.name: Repair(pads=pads, fill=INFINITY if "pool" in layer.name else 0)
        for layer, pads in zip(guilty, windowed(name), strict=True)
        if layer.padding == "same"
    }
    repaired = repair(wrong, fixes)
    x = np.random.default_rng(1).standard_normal((1, 3, 224, 224), dtype=np.float32)
    image, expected = x.transpose(0, 2, 3, 1), onnx_output(name, x)
    assert np.linalg.norm(run(wrong, image) - expected) > 0.1 * np.linalg.norm(expected)
    observed = run(repaired, image)
    assert np.linalg.norm(observed - expected) < 1e-5 * np.linalg.norm(expected)
    np.testing.assert_array_equal(run(saved(repaired, tmp_path), image), observed)
    assert set(names(repaired)) == {*names(wrong), *(f"{path}_pad" for path in fixes)}


def test_three_faults_at_once(tmp_path: Path) -> None:
    wrong = keras.saving.load_model(FIXTURES / "three_faults.keras")
    stored = {
        item.name: item for item in onnx.load(FIXTURES / "three_faults.onnx").graph.initializer
    }
    repaired = repair(
        wrong,
        {
            "conv_02": Repair(pads=((1, 1), (1, 1))),
            "conv_03": Repair(bias=onnx.numpy_helper.to_array(stored["net.5.bias"])),
            "max_pool_01": Repair(pads=((1, 1), (1, 1)), fill=INFINITY),
        },
    )
    x = np.random.default_rng(1).standard_normal((1, 3, 32, 32), dtype=np.float32)
    observed, expected = run(repaired, x.transpose(0, 2, 3, 1)), onnx_output("three_faults", x)
    assert np.linalg.norm(observed - expected) < 1e-5 * np.linalg.norm(expected)
    np.testing.assert_array_equal(run(saved(repaired, tmp_path), x.transpose(0, 2, 3, 1)), observed)
    assert "max_pool_01_pad" in names(repaired)
    assert "pad_02" not in names(repaired)  # the ZeroPadding of the max pool


CONVS = {
    "conv1d": (layers.Conv1D, {"kernel_size": 3, "strides": 2}, (9, 2), ((2, 0),)),
    "conv2d": (layers.Conv2D, {"kernel_size": (3, 5), "strides": 2}, (8, 9, 2), ((1, 0), (2, 3))),
    "conv3d": (
        layers.Conv3D,
        {"kernel_size": 3, "strides": (1, 2, 2)},
        (4, 6, 5, 2),
        ((2, 0), (1, 1), (0, 1)),
    ),
    "grouped": (
        layers.Conv2D,
        {"kernel_size": 3, "strides": 2, "groups": 2},
        (8, 8, 4),
        ((1, 1), (1, 1)),
    ),
    "separable": (
        layers.SeparableConv2D,
        {"kernel_size": 3, "strides": 2},
        (8, 8, 2),
        ((1, 1),) * 2,
    ),
    "separable1d": (layers.SeparableConv1D, {"kernel_size": 3, "strides": 2}, (8, 2), ((1, 1),)),
}


@pytest.mark.parametrize("case", CONVS)
@pytest.mark.parametrize("use_bias", [False, True])
def test_a_conv_reads_the_pads_it_is_given(case: str, use_bias: bool, tmp_path: Path) -> None:
    kind, words, shape, pads = CONVS[case]
    wrong = one(kind(4, padding="same", use_bias=use_bias, name="op", **words), *shape)
    repaired = repair(wrong, {"op": Repair(pads=pads)})
    x = integers(2, *shape, seed=9)
    plain = kind(4, padding="valid", use_bias=use_bias, **words)
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    plain.build(padded.shape)
    plain.set_weights(wrong.get_weights())
    np.testing.assert_array_equal(run(repaired, x), np.asarray(plain(padded)))
    np.testing.assert_array_equal(run(saved(repaired, tmp_path), x), np.asarray(plain(padded)))
    assert names(repaired) == ["x", "op_pad", "op"]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_max_pool_reads_minus_infinity(rank: int, tmp_path: Path) -> None:
    shape = (*(8, 7, 6)[:rank], 2)
    pads = ((1, 1), (1, 0), (0, 1))[:rank]
    kind = getattr(layers, f"MaxPooling{rank}D")
    wrong = one(kind(3, 2, padding="same", name="op"), *shape)
    repaired = repair(wrong, {"op": Repair(pads=pads, fill=INFINITY)})
    x = -np.abs(integers(2, *shape)) - 1
    padded = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=INFINITY)
    expected = np.asarray(kind(3, 2)(padded))
    np.testing.assert_array_equal(run(repaired, x), expected)
    np.testing.assert_array_equal(run(saved(repaired, tmp_path), x), expected)
    assert names(repaired) == ["x", "op_pad", "op"]


def test_channels_first() -> None:
    first = {"data_format": "channels_first"}
    wrong = one(layers.Conv2D(3, 3, 2, padding="same", name="op", **first), 2, 8, 9)
    repaired = repair(wrong, {"op": Repair(pads=((1, 1), (2, 0)))})
    last = one(layers.Conv2D(3, 3, 2, name="op", data_format="channels_last"), 10, 11, 2)
    last.set_weights(wrong.get_weights())
    x = integers(1, 2, 8, 9)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 0))).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(run(repaired, x), run(last, padded).transpose(0, 3, 1, 2))
    pool = one(layers.MaxPooling2D(3, 2, padding="same", name="op", **first), 2, 8, 9)
    repaired = repair(pool, {"op": Repair(pads=((1, 1), (1, 1)), fill=INFINITY)})
    assert run(repaired, x).shape == (1, 2, 4, 5)


def test_a_zero_padding_makes_room_for_this_layer_only() -> None:
    x = keras.Input((8, 8, 2), name="x")
    shared = layers.ZeroPadding2D(1, name="op_pad")(x)
    outputs = [layers.Conv2D(3, 3, name="op")(shared), layers.Conv2D(3, 3, name="other")(shared)]
    wrong = filled(keras.Model(x, outputs))
    repaired = repair(wrong, {"op": Repair(pads=((2, 0), (0, 2)))})
    assert sorted(names(repaired)) == ["op", "op_pad", "op_pad_2", "other", "x"]
    given = integers(1, 8, 8, 2)
    moved, kept = repaired(given)
    np.testing.assert_array_equal(kept, wrong(given)[1])
    padded = np.pad(given, ((0, 0), (2, 0), (0, 2), (0, 0)))
    conv = one(layers.Conv2D(3, 3), 10, 10, 2)
    conv.set_weights(wrong.get_layer("op").get_weights())
    np.testing.assert_array_equal(moved, run(conv, padded))


def test_a_repair_can_be_repaired() -> None:
    wrong = one(layers.MaxPooling2D(3, 2, name="op"), 8, 8, 2)
    once = repair(wrong, {"op": Repair(pads=((1, 1), (1, 1)), fill=5.0)})
    twice = repair(once, {"op": Repair(pads=((0, 1), (0, 1)), fill=INFINITY)})
    assert names(twice) == ["x", "op_pad", "op"]
    x = -np.abs(integers(1, 8, 8, 2))
    same = one(layers.MaxPooling2D(3, 2, padding="same"), 8, 8, 2)
    np.testing.assert_array_equal(run(twice, x), run(same, x))


def test_no_pads_at_all() -> None:
    x = keras.Input((8, 8, 2), name="x")
    wrong = filled(keras.Model(x, layers.Conv2D(3, 3, name="op")(layers.ZeroPadding2D(1)(x))))
    repaired = repair(wrong, {"op": Repair(pads=((0, 0), (0, 0)))})
    assert names(repaired) == ["x", "op"]
    assert repaired.output_shape == (None, 6, 6, 3)


def test_layers_of_nested_models_by_their_path(tmp_path: Path) -> None:
    block = keras.Sequential(
        [keras.Input((8, 8, 2)), layers.Conv2D(2, 3, 2, padding="same", name="conv")], name="block"
    )
    x = keras.Input((16, 16, 2), name="x")
    y = layers.Conv2D(2, 3, 2, padding="same", name="conv")(x)
    wrong = filled(keras.Model(x, block(y)))
    right = ((1, 1), (1, 1))
    repaired = repair(wrong, {"block/conv": Repair(pads=right), "conv": Repair(pads=right)})
    given = integers(1, 16, 16, 2)
    first, second = (wrong.get_layer("conv"), block.get_layer("conv"))
    expected = given
    for layer in (first, second):
        plain = one(layers.Conv2D(2, 3, 2), *np.pad(expected, ((0, 0), *right, (0, 0))).shape[1:])
        plain.set_weights(layer.get_weights())
        expected = run(plain, np.pad(expected, ((0, 0), *right, (0, 0))))
    np.testing.assert_array_equal(run(repaired, given), expected)
    np.testing.assert_array_equal(run(saved(repaired, tmp_path), given), expected)
    assert "conv_pad" in names(repaired)
    assert "conv_pad" in names(repaired.get_layer("block"))


def test_a_layer_that_is_used_twice_is_repaired_twice() -> None:
    x = keras.Input((8, 8, 2), name="x")
    conv = layers.Conv2D(2, 3, padding="same", name="op")
    repaired = repair(filled(keras.Model(x, conv(conv(x)))), {"op": Repair(pads=((2, 0), (2, 0)))})
    assert names(repaired).count("op") == 1
    padded = [layer for layer in repaired.layers if layer.name == "op_pad"]
    assert len(padded) == 1
    assert repaired.count_params() == conv.count_params()
    assert repaired.output_shape == (None, 8, 8, 2)


def test_a_sequential_and_its_own_weights_stay_as_they_are() -> None:
    wrong = filled(
        keras.Sequential(
            [keras.Input((8, 8, 2)), layers.Conv2D(3, 3, 2, padding="same", name="op")], name="net"
        )
    )
    before = wrong.get_weights()
    repaired = repair(wrong, {"op": Repair(pads=((1, 1), (1, 1)), bias=np.ones(3, np.float32))})
    assert repaired.name == "net"
    assert wrong.get_layer("op").padding == "same"
    repaired.set_weights([array + 1 for array in repaired.get_weights()])
    for old, new in zip(before, wrong.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("use_bias", [False, True])
def test_a_bias_takes_the_place_of_the_layers_own(use_bias: bool) -> None:
    wrong = one(layers.Conv2D(3, 3, use_bias=use_bias, name="op"), 8, 8, 2)
    bias = np.array([1, -2, 3], np.float32)
    observed = run(repair(wrong, {"op": Repair(bias=bias)}), integers(1, 8, 8, 2))
    own = wrong.get_weights()[1] if use_bias else 0
    np.testing.assert_array_equal(observed, run(wrong, integers(1, 8, 8, 2)) - own + bias)


def test_an_average_that_counts_its_pads() -> None:
    wrong = one(layers.AveragePooling2D(2, 2, padding="same", name="op"), 8, 8, 2)
    repaired = repair(wrong, {"op": Repair(pads=((1, 1), (1, 1)))})
    x = integers(1, 8, 8, 2)
    expected = layers.AveragePooling2D(2, 2)(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))
    np.testing.assert_array_equal(run(repaired, x), expected)


def test_an_average_that_leaves_its_pads_out_is_same_or_nothing() -> None:
    x = keras.Input((8, 8, 2), name="x")
    padded = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    wrong = keras.Model(x, layers.AveragePooling2D(3, 2, name="op")(padded))
    repaired = repair(wrong, {"op": Repair(pads=((0, 1), (0, 1)), counted=False)})
    same = one(layers.AveragePooling2D(3, 2, padding="same"), 8, 8, 2)
    given = integers(1, 8, 8, 2)
    np.testing.assert_array_equal(run(repaired, given), run(same, given))
    assert names(repaired) == ["x", "op"]
    text = r"layer op: an average that leaves out pads of \(\(1, 1\), \(1, 1\)\) is none of Keras's"
    with pytest.raises(FrameworkError, match=text):
        repair(wrong, {"op": Repair(pads=((1, 1), (1, 1)), counted=False)})


@pytest.mark.parametrize(
    ("layer", "fix", "text"),
    [
        (
            layers.Conv2DTranspose(3, 3, padding="same", name="op"),
            Repair(pads=((1, 1), (1, 1))),
            "layer op: a Conv2DTranspose takes no pads",
        ),
        (
            layers.MaxPooling2D(3, name="op"),
            Repair(bias=np.ones(2)),
            "layer op: a MaxPooling2D takes no bias",
        ),
        (
            layers.Conv2D(3, 3, name="op"),
            Repair(pads=((1, 1),)),
            r"layer op: expected 2 pairs of pads but got \(\(1, 1\),\)",
        ),
        (
            layers.Conv2D(3, 3, name="op"),
            Repair(pads=((-1, 0), (0, 0))),
            r"layer op: negative pads \(\(-1, 0\), \(0, 0\)\) are a crop",
        ),
        (
            layers.Conv2D(3, 3, name="op"),
            Repair(bias=np.ones(2, np.float32)),
            "ValueError: .*weight shape",
        ),
    ],
)
def test_what_keras_cannot_express_is_refused(layer: Any, fix: Repair, text: str) -> None:
    with pytest.raises(FrameworkError, match=rf"^keras [\d.]+: {text}"):
        repair(one(layer, 8, 8, 2), {"op": fix})


def test_a_name_that_no_layer_has() -> None:
    model = one(layers.Conv2D(3, 3, name="op"), 8, 8, 2)
    with pytest.raises(UsageError, match="expected a layer of the model but got 'conv'"):
        repair(model, {"conv": Repair()})


class Own(keras.Model):
    """A model by subclassing."""

    def __init__(self) -> None:
        super().__init__(name="own")
        self.conv = layers.Conv2D(2, 3, padding="same", name="op")

    def call(self, x: Any) -> Any:
        return self.conv(x)


def test_a_subclassed_model_is_refused() -> None:
    model = Own()
    model(integers(1, 8, 8, 2))
    text = "model own: neither functional nor a built Sequential"
    with pytest.raises(FrameworkError, match=text):
        repair(model, {"op": Repair(pads=((1, 1), (1, 1)))})


def test_other_operations_and_lambdas_are_kept() -> None:
    x = keras.Input((8, 8, 2), name="x")
    y = layers.Lambda(lambda value: value * 2, name="twice")(keras.ops.exp(x))
    y = layers.BatchNormalization(name="norm")(layers.Conv2D(2, 3, 2, padding="same", name="op")(y))
    wrong = filled(keras.Model(x, layers.Add(name="sum")([y, y])))
    wrong.get_layer("norm").set_weights([np.full(2, value) for value in (1.0, 2.0, 3.0, 4.0)])
    repaired = repair(wrong, {"op": Repair(pads=((0, 1), (0, 1)))})  # what SAME adds
    given = integers(1, 8, 8, 2) / 4
    np.testing.assert_allclose(run(repaired, given), run(wrong, given), rtol=1e-6)

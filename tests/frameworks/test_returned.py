"""What converters return is run as a function on arrays, whatever it is and however laid out."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from padcheck.errors import FrameworkError
from padcheck.frameworks.returned import (
    FIRST,
    LAST,
    Layout,
    as_function,
    code_for,
    layout_by,
    opened,
)

RNG = np.random.default_rng(0)
#: A 1x1 conv of 2 channels to 3, on sizes that tell the axes apart.
WEIGHT = RNG.integers(-3, 4, (3, 2, 1, 1)).astype(np.float32)
X = RNG.integers(-3, 4, (3, 2, 4, 5)).astype(np.float32)
Y = np.einsum("nchw,oc->nohw", X, WEIGHT[:, :, 0, 0])


def kernel() -> np.ndarray:
    return np.ascontiguousarray(WEIGHT.transpose(2, 3, 1, 0))


def keras_model(shape: tuple[Any, ...] = (4, 5, 2), *, form: str = "bare", **more: Any) -> Any:
    """Channels last inside; "in" and "out" are channels first at one end alone."""
    x = keras.Input(shape, **more)
    layer = keras.layers.Conv2D(3, 1, use_bias=False)
    y = layer(keras.layers.Permute((2, 3, 1))(x) if form == "in" else x)
    y = keras.layers.Permute((3, 1, 2))(y) if form == "out" else y
    layer.set_weights([kernel()])
    if form == "list":
        return keras.Model([x], [y])
    if form == "dict":
        return keras.Model({x.name: x}, {"y": y})
    return keras.Model(x, y)


def conv(x: Any) -> Any:
    return tf.nn.conv2d(x, kernel(), 1, "VALID")


def tflite(batch: int | None) -> bytes:
    spec = tf.TensorSpec((batch, 4, 5, 2), tf.float32)
    function = tf.function(conv, input_signature=[spec]).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    return bytes(converter.convert())


def torch_module() -> torch.nn.Module:
    layer = torch.nn.Conv2d(2, 3, 1, bias=False)
    layer.weight.data = torch.from_numpy(WEIGHT)
    return torch.nn.Sequential(layer, torch.nn.Dropout())


def ran_by_code(model: Any, layout: Layout) -> np.ndarray:
    imports, lines = code_for(opened(model), layout)
    names: dict[str, Any] = {"np": np, "x": X, "converted": model}
    exec("\n".join((*imports, *lines)), names)
    return np.asarray(names["y"])


def check(model: Any, layout: Layout | str | None) -> None:
    """Both ways: the function, and the code of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(as_function(model, 2, 2, layout)(X), Y)
        both = layout if isinstance(layout, Layout) else Layout(layout or LAST, layout or LAST)
        np.testing.assert_array_equal(ran_by_code(model, both), Y)


@pytest.mark.parametrize("form", ["bare", "list", "dict"])
def test_a_keras_model_is_called_in_its_own_structure_and_layout(form: str) -> None:
    check(keras_model(form=form), None)


@pytest.mark.parametrize(
    ("form", "shape", "layout"),
    [("in", (2, 4, 5), Layout(FIRST, LAST)), ("out", (4, 5, 2), Layout(LAST, FIRST))],
)
def test_only_one_end_is_channels_last(form: str, shape: tuple[int, ...], layout: Layout) -> None:
    check(keras_model(shape, form=form), layout)


def test_a_sequential_and_a_subclass_are_run() -> None:
    layer = keras.layers.Conv2D(3, 1, use_bias=False)
    sequential = keras.Sequential([keras.Input((4, 5, 2)), layer])
    layer.set_weights([kernel()])
    check(sequential, None)

    class Own(keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return conv(x)

    check(Own(), LAST)


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_batch_that_is_fixed_is_kept_to(batch: int) -> None:
    model = keras_model(batch_size=batch)
    np.testing.assert_array_equal(as_function(model, 2, 2, None)(X), Y)
    if batch != 2:  # a script's x has no more than the model's batch
        np.testing.assert_array_equal(ran_by_code(model, Layout(LAST, LAST)), Y)


@pytest.mark.parametrize("batch", [None, 1, 2])
def test_a_tflite_is_run_whether_its_batch_is_open_or_not(batch: int | None) -> None:
    data = tflite(batch)
    np.testing.assert_array_equal(as_function(data, 2, 2, None)(X), Y)
    if batch != 2:
        np.testing.assert_array_equal(ran_by_code(data, Layout(LAST, LAST)), Y)


def test_torch_modules_are_run_in_eval_mode() -> None:
    check(torch_module(), FIRST)
    exported = torch.export.export(torch_module().eval(), (torch.from_numpy(X),))
    check(exported, FIRST)


def test_functions_of_tensorflow_and_a_saved_model_are_run(tmp_path: Path) -> None:
    spec = tf.TensorSpec((None, 4, 5, 2), tf.float32, name="x")
    function = tf.function(conv, input_signature=[spec])
    check(function, None)
    check(function.get_concrete_function(), None)
    check(tf.function(conv), LAST)
    module = tf.Module()
    module.run = function
    tf.saved_model.save(module, str(tmp_path), signatures=function)
    check(tf.saved_model.load(str(tmp_path)), None)


def test_a_function_on_arrays_is_run_as_it_is() -> None:
    def function(x: np.ndarray) -> list[np.ndarray]:
        return [np.einsum("nchw,oc->nohw", x, WEIGHT[:, :, 0, 0])]

    np.testing.assert_array_equal(as_function(function, 2, 2, FIRST)(X), Y)


def test_an_output_of_another_rank_stays_as_it_is() -> None:
    found = as_function(lambda x: x[0], 2, 2, LAST)(X)
    np.testing.assert_array_equal(found, np.moveaxis(X, 1, -1)[0])


def test_what_a_model_raises_is_the_cause() -> None:
    def broken(x: np.ndarray) -> np.ndarray:
        raise KeyError("axis")

    with pytest.raises(FrameworkError, match=r"^KeyError: 'axis'$") as caught:
        as_function(broken, 2, 2, FIRST)(X)
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(FrameworkError) as caught:
        as_function(keras_model(), 2, 2, FIRST)(X)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("returned", [None, 3, dict, "model.onnx"])
def test_what_cannot_be_run_is_named(returned: Any) -> None:
    with pytest.raises(FrameworkError, match=f"the converter returned {type(returned).__name__}"):
        opened(returned)


def test_bytes_that_are_no_tflite_are_told_in_the_interpreters_words() -> None:
    with pytest.raises(FrameworkError, match="ValueError") as caught:
        opened(b"not a model at all")
    assert isinstance(caught.value.__cause__, ValueError)


def test_several_inputs_are_refused() -> None:
    ends = [keras.Input((4, 5, 2)), keras.Input((4, 5, 2))]
    with pytest.raises(FrameworkError, match="one input but it has 2"):
        opened(keras.Model(ends, keras.layers.add(ends)))


def test_an_ambiguous_shape_is_not_guessed() -> None:
    with pytest.raises(FrameworkError, match=r"\(None, 2, 5, 2\); say layout="):
        as_function(keras_model((2, 5, 2)), 2, 2, None)
    with pytest.raises(FrameworkError, match="declared as None"):
        as_function(lambda x: x, 2, 2, None)


@pytest.mark.parametrize(
    ("shape", "channels", "sizes", "layout"),
    [
        ((None, 2, 8, 9), 2, (8, 9), FIRST),
        ((None, 8, 9, 2), 2, (8, 9), LAST),
        ((1, 2, 9, 2), 2, (2, 9), LAST),
        ((1, 2, 2, 2), 2, (2, 2), None),  # both
        ((None, 8, 9, 3), 2, (8, 9), None),  # neither
        ((None, 2, None, None), 2, (None, None), FIRST),
        ((None, None, None, 2), 2, (None, None), LAST),
        ((None, 2, None, None), 2, (2, 2), FIRST),
        ((None, None, None, None), 2, (8, 9), None),
        ((None, 2, 9), 2, (8, 9), None),
        (None, 2, (8, 9), None),
        ((None, 2, 7), 2, (7,), FIRST),
        ((None, 4, 5, 6, 2), 2, (4, 5, 6), LAST),
    ],
)
def test_a_layout_is_told_by_a_shape(
    shape: Any, channels: int, sizes: tuple[Any, ...], layout: str | None
) -> None:
    assert layout_by(shape, channels, sizes) == layout

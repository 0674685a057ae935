"""Models made by TensorFlow's converter, and what is asked of every network of theirs."""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from padcheck.frameworks.litert.network import LiteRTNetwork, open_network
from padcheck.oracle import evaluate
from padcheck.records import OpKind, Place, Site

Array = np.ndarray


def _bytes(converter: Any) -> bytes:
    """What it makes; it warns that some statistics are missing, and prints what it saved."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return bytes(converter.convert())


def converted(model: Any, **settings: Any) -> bytes:
    """A Keras model as the converter leaves it; settings of the converter by name."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    for name, value in settings.items():
        setattr(converter, name, value)
    return _bytes(converter)


def in_integers(model: Any, *, ends: str = "float32", wide: bool = False) -> bytes:
    """Full integer quantization; `wide`: activations of 16 bits."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shapes = [[1, *one.shape[1:]] for one in model.inputs]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [rng.normal(size=shape).astype(np.float32) for shape in shapes] for _ in range(4)
    )
    words = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        words.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        if wide
        else words.TFLITE_BUILTINS_INT8
    ]
    converter.inference_input_type = converter.inference_output_type = getattr(tf, ends)
    return _bytes(converter)


def traced(function: Callable[..., Any], *shapes: tuple[int | None, ...]) -> bytes:
    """A function on tensors of these shapes, converted."""
    import tensorflow as tf

    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    concrete = tf.function(function, input_signature=signature).get_concrete_function()
    return _bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]))


@functools.cache
def images() -> Any:
    """Every kind of 2-D op, a batch normalization, activations fused and apart."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    x = data = keras.Input((17, 15, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = layers.BatchNormalization(
        name="bn", beta_initializer="random_normal", moving_mean_initializer="random_normal"
    )(x)
    x = layers.ReLU(6.0, name="relu6")(x)
    x = layers.ZeroPadding2D(((1, 0), (0, 1)), name="zp")(x)
    x = layers.DepthwiseConv2D(
        3, depth_multiplier=2, dilation_rate=2, name="dw", activation="relu"
    )(x)
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same", name="dil")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="mp")(x)
    x = layers.Conv2D(4, 3, groups=2, padding="same", name="grp")(x)
    x = layers.AveragePooling2D(2, 1, padding="same", name="ap")(x)
    x = layers.Conv2DTranspose(5, 3, strides=2, padding="same", name="tr", activation="relu")(x)
    x = layers.Conv2D(3, (1, 3), name="last", bias_initializer="random_normal")(x)
    return keras.Model(data, x)


def signals() -> Any:
    """1-D ops, which the converter writes as 2-D ones."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    x = data = keras.Input((20, 4), name="signal")
    x = layers.Conv1D(8, 3, strides=2, padding="same", name="c1", activation="relu")(x)
    x = layers.Conv1D(8, 3, padding="causal", dilation_rate=2, name="c2")(x)
    x = layers.MaxPooling1D(3, 2, padding="same", name="mp1")(x)
    x = layers.SeparableConv1D(6, 3, padding="same", name="s1")(x)
    x = layers.AveragePooling1D(2, 1, padding="same", name="ap1")(x)
    x = layers.Conv1DTranspose(3, 3, strides=2, padding="same", name="t1")(x)
    x = layers.Conv1D(4, 3, name="c3")(x)
    return keras.Model(data, x)


def volumes() -> Any:
    """3-D ops."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    x = data = keras.Input((6, 7, 8, 3), name="volume")
    x = layers.Conv3D(4, 3, strides=(1, 2, 2), padding="same", name="c3d", activation="relu")(x)
    x = layers.Conv3DTranspose(2, 3, strides=2, padding="same", name="t3d")(x)
    return keras.Model(data, x)


def padded() -> bytes:
    """Pads of every kind before convolutions and pools; constants and clips after."""
    import tensorflow as tf

    rng = np.random.default_rng(1)

    def weight(*shape: int) -> Any:
        return tf.constant(rng.normal(size=shape).astype(np.float32))

    first, second, deep = weight(3, 3, 2, 4), weight(3, 3, 4, 4), weight(3, 3, 4, 1)
    scale, offset, turned, last = weight(4), weight(4), weight(3, 3, 5, 4), weight(5)

    least = float(np.finfo(np.float32).min)

    def net(x: Any) -> Any:
        x = tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], constant_values=5.0)
        x = tf.nn.conv2d(x, first, [2, 1], "VALID")
        x = tf.minimum(tf.nn.relu(x * scale + offset), 4.0)
        x = tf.pad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], "REFLECT")
        x = tf.nn.depthwise_conv2d(x, deep, [1, 1, 1, 1], "VALID")
        x = tf.pad(x, [[0, 0], [1, 1], [2, 1], [0, 0]], "SYMMETRIC")
        x = tf.nn.conv2d(x, second, 1, "VALID") - offset
        x = tf.pad(x, [[0, 0], [1, 1], [1, 0], [0, 0]], constant_values=least)
        x = tf.nn.max_pool2d(x, 3, 2, "VALID")
        x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        x = tf.nn.avg_pool2d(x, 2, 1, "VALID")
        x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        x = tf.nn.max_pool2d(x, 2, 1, "VALID")
        size = [1, 2 * x.shape[1] - 1, 2 * x.shape[2] - 1, 5]
        x = tf.nn.conv2d_transpose(x, turned, size, 2, "SAME")
        return tf.clip_by_value(x + last, -0.5, 0.5)

    return traced(net, (1, 12, 11, 2))


def half(model: Any) -> bytes:
    """Weights stored in float16."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _bytes(converter)


def hybrid() -> bytes:
    """Weights stored in int8, all else in float32; the converter leaves small weights alone."""
    import keras
    import tensorflow as tf
    from keras import layers

    keras.utils.set_random_seed(6)
    x = data = keras.Input((16, 16, 16), name="image")
    x = layers.Conv2D(32, 3, 2, padding="same", activation="relu", name="a")(x)
    x = layers.DepthwiseConv2D(5, padding="same", depth_multiplier=2, name="b")(x)
    x = layers.Conv2DTranspose(16, 3, 2, padding="same", name="c")(x)
    return converted(keras.Model(data, x), optimizations=[tf.lite.Optimize.DEFAULT])


MAKERS: dict[str, Callable[[], bytes]] = {
    "images": lambda: converted(images()),
    "signals": lambda: converted(signals()),
    "volumes": lambda: converted(volumes()),
    "padded": padded,
    "half": lambda: half(images()),
    "hybrid": hybrid,
    "int8": lambda: in_integers(images()),
    "int8_io": lambda: in_integers(images(), ends="int8"),
    "uint8_io": lambda: in_integers(images(), ends="uint8"),
    "int16": lambda: in_integers(wide_images(), wide=True),
    "signals_int8": lambda: in_integers(signals()),
}


def wide_images() -> Any:
    """Ops that LiteRT has for activations of 16 bits."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(4)
    x = data = keras.Input((17, 15, 3), name="image")
    x = layers.Conv2D(8, 3, 2, padding="same", activation="relu", name="a")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="b")(x)
    x = layers.MaxPooling2D(2, name="c")(x)
    x = layers.Conv2DTranspose(4, 2, 2, name="d")(x)
    return keras.Model(data, x)


@functools.cache
def model(name: str) -> bytes:
    """The bytes of one of MAKERS."""
    return MAKERS[name]()


@functools.cache
def network(name: str) -> LiteRTNetwork:
    """The network of one of MAKERS."""
    return open_network(model(name))


def feeds(opened: LiteRTNetwork, seed: int = 0) -> dict[str, Array]:
    """Normal numbers for every input; 1 for an open size."""
    rng = np.random.default_rng(seed)
    return {
        one.name: rng.normal(size=[size or 1 for size in one.shape or ()]).astype(np.float32)
        for one in opened.inputs
    }


def integers(site: Site, more: int = 0) -> tuple[Array, Array | None]:
    """x and weight of small integers for a site, at its size or `more` larger."""
    assert site.spec is not None
    rng = np.random.default_rng(5)
    spec = site.spec
    shape = (2, spec.channels[0], *(size + more for size in spec.input_size))
    x = rng.integers(-4, 5, shape)
    return x, rng.integers(-4, 5, spec.weight_shape) if spec.weight_shape else None


def tail_of(site: Site, place: Place, data: Array) -> Array:
    """What the numbers of a place make of its data, channels first, in float64."""
    assert site.spec is not None
    x = np.moveaxis(data, -1, 1).astype(np.float64)
    spec = site.spec
    if spec.kind in (OpKind.CONV, OpKind.CONV_TRANSPOSE):
        assert place.values is not None
        values = place.values()
        assert values.weight.shape == spec.weight_shape
        assert values.weight.dtype == np.float32
        y = evaluate(spec, x, values.weight.astype(np.float64)).values
        column = (1, -1) + (1,) * spec.rank
        y = y if values.scale is None else y * values.scale.reshape(column)
        y = y if values.offset is None else y + values.offset.reshape(column)
    else:
        y = evaluate(spec, x).values
    return y if place.epilogue.clip is None else np.clip(y, *place.epilogue.clip)

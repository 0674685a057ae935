"""Innocents of 1 and 2 axes: frameworks' calls that have no other rank, and larger inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import torch
from torch.nn import functional

from tests.corpus import tensorflow_boxes, torch_boxes
from tests.corpus.cases import Box, Case, windowed
from tests.corpus.tensorflow_boxes import first, kernel_last, last

Array = np.ndarray


def cases() -> list[Case]:
    return [*_torch_only(), *_tensorflow_only(), *_keras(), *_large()]


def _case(kind: str, title: str, given: dict[str, Any], box: Box) -> Case:
    return Case((), kind, title, given, box)


def _torch_only() -> Iterator[Case]:
    given = windowed("conv", 2, 8, 3, 2, 1, 1)

    def unfolded(x: Array, w: Array) -> Array:
        columns = functional.unfold(torch.from_numpy(x), 3, padding=1, stride=2)
        size = [(n - 1) // 2 + 1 for n in x.shape[2:]]
        made = torch.from_numpy(w).reshape(w.shape[0], -1) @ columns
        return made.reshape(x.shape[0], w.shape[0], *size).numpy()

    yield _case("conv", "unfolded and multiplied", given, unfolded)

    def strided(x: Array, w: Array) -> Array:
        tx = torch.from_numpy(x).to(memory_format=torch.channels_last)
        tw = torch.from_numpy(w).to(memory_format=torch.channels_last)
        return functional.conv2d(tx, tw, padding=1, stride=2).numpy()

    yield _case("conv", "channels last in memory", given, strided)

    def tensor(x: Array, w: Array) -> Any:
        return functional.conv2d(torch.from_numpy(x), torch.from_numpy(w), padding=1, stride=2)

    yield _case("conv", "a torch tensor", given, tensor)

    def graph(x, w):
        return tensor(x, w).requires_grad_()

    yield _case("conv", "a torch tensor with a graph", given, graph)

    def double(x, w):
        return functional.conv2d(
            torch.from_numpy(x).double(), torch.from_numpy(w).double(), padding=1, stride=2
        )

    yield _case("conv", "torch in float64", given, double)
    flat = windowed("conv", 1, 8, 3, 1, 1, 1)

    def as_plane(x: Array, w: Array) -> Array:
        made = torch_boxes.conv(pads=[(0, 0), (1, 1)])(x[:, :, None], w[:, :, None])
        return made[:, :, 0]

    yield _case("conv", "an axis as a plane of height 1", flat, as_plane)


def _tensorflow_only() -> Iterator[Case]:
    given = {**windowed("conv", 2, 8, 3, 2, 1, "same_upper"), "channels": (2, 4), "group": 2}

    def depthwise(x: Array, w: Array) -> Array:
        kernel = w.reshape(2, 2, 3, 3).transpose(2, 3, 0, 1)
        made = tf.nn.depthwise_conv2d(last(x), kernel, [1, 2, 2, 1], "SAME")
        return first(made)

    yield _case("conv", "tf.nn.depthwise_conv2d", given, depthwise)
    given = windowed("conv", 2, 8, 3, 2, 1, "same_upper")

    def named(x, w):
        return first(tf.nn.conv2d(last(x), kernel_last(w), strides=2, padding="SAME"))

    yield _case("conv", "tf.nn.conv2d", given, named)
    given = {**windowed("conv", 2, 8, 3, 1, 1, 1), "pad_mode": "reflect"}

    def mirrored(x: Array, w: Array) -> Array:
        wide = tf.pad(last(x), [(0, 0), (1, 1), (1, 1), (0, 0)], mode="REFLECT")
        return first(tf.nn.conv2d(wide, kernel_last(w), strides=1, padding="VALID"))

    yield _case("conv", "tf.pad REFLECT", given, mirrored)
    given = {**windowed("conv", 2, 8, 5, 1, 1, 2), "pad_mode": "symmetric"}

    def symmetric(x: Array, w: Array) -> Array:
        wide = tf.pad(last(x), [(0, 0), (2, 2), (2, 2), (0, 0)], mode="SYMMETRIC")
        return first(tf.nn.conv2d(wide, kernel_last(w), strides=1, padding="VALID"))

    yield _case("conv", "tf.pad SYMMETRIC", given, symmetric)
    given = {**windowed("conv", 2, 8, 3, 1, 1, "same_upper"), "activation": "relu6"}
    clipped = tensorflow_boxes.conv(after=tf.nn.relu6)
    yield _case("conv", "tf.nn.relu6", given, clipped)

    def tensor(x, w):
        return tf.transpose(
            tf.nn.conv2d(last(x), kernel_last(w), strides=2, padding="SAME"), [0, 3, 1, 2]
        )

    given = windowed("conv", 2, 8, 3, 2, 1, "same_upper")
    yield _case("conv", "a TensorFlow tensor", given, tensor)
    compiled = tf.function(
        lambda x, w: tf.nn.conv2d(x, w, strides=2, padding="SAME"),
        input_signature=[
            tf.TensorSpec([None] * 4, tf.float32),
            tf.TensorSpec([None] * 4, tf.float32),
        ],
    )

    def graph(x, w):
        return first(compiled(last(x), kernel_last(w)))

    yield _case("conv", "a tf.function", given, graph)


def _keras() -> Iterator[Case]:
    import keras

    def layer(make: Any, **more: Any) -> Box:
        def box(x: Array, w: Array, *b: Array) -> Array:
            built = make(w.shape[0], w.shape[2:], use_bias=bool(b), **more)
            built.build((None, *x.shape[2:], x.shape[1]))
            built.set_weights([kernel_last(w).numpy(), *b])
            return first(built(last(x)))

        return box

    layers = keras.layers
    given = {**windowed("conv", 1, 8, 3, 1, 2, "causal"), "bias": True}
    causal = layer(layers.Conv1D, padding="causal", dilation_rate=2)
    yield _case("conv", "Keras causal", given, causal)
    given = {**windowed("conv", 2, 8, 3, 2, 1, "same_upper"), "bias": True}
    yield _case("conv", "Keras same", given, layer(layers.Conv2D, padding="same", strides=2))

    def pool(made: Any) -> Box:
        return lambda x: first(made(last(x)))

    given = windowed("max_pool", 2, 8, 3, 2, 1, "same_upper")
    yield _case("max_pool", "Keras same", given, pool(layers.MaxPooling2D(3, 2, padding="same")))
    given = windowed("average_pool", 2, 8, 3, 2, 1, "same_upper")
    average = pool(layers.AveragePooling2D(3, 2, padding="same"))
    yield _case("average_pool", "Keras same", given, average)


def _large() -> Iterator[Case]:
    """The taxonomy's odd sizes, at which SAME and PyTorch agree."""
    for n in (225, 257, 513):
        given = windowed("conv", 1, n, 3, 2, 1, 1)
        yield _case("conv", f"TF SAME at {n}", given, tensorflow_boxes.conv(stride=2))
    given = {"input_size": (225, 225), "kernel_size": 3, "stride": 2, "pads": 1}
    yield _case("conv", "TF SAME at 225 by 225", given, tensorflow_boxes.conv(stride=2))
    given = {"input_size": (225, 225), "kernel_size": 7, "stride": 2, "pads": 3}
    yield _case("conv", "k7 TF SAME at 225 by 225", given, tensorflow_boxes.conv(stride=2))
    given = {"input_size": (113, 113), "kernel_size": 3, "stride": 2, "pads": 1}
    pool = tensorflow_boxes.max_pool(kernel=3, stride=2)
    yield _case("max_pool", "TF SAME at 113 by 113", given, pool)

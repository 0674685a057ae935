"""Boxes that are TensorFlow's own calls on channels-last arrays, turned back at the end.

Pads are "SAME", "VALID", or pairs through tf.pad before "VALID".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

Box = Callable[..., np.ndarray]


def last(x: np.ndarray) -> Any:
    return tf.constant(np.moveaxis(x, 1, -1))


def first(y: Any) -> np.ndarray:
    return np.moveaxis(y.numpy(), -1, 1)


def kernel_last(w: np.ndarray) -> Any:
    """(O, I, *k) as (*k, I, O); a transposed (I, O, *k) as (*k, O, I)."""
    return tf.constant(np.moveaxis(w, (0, 1), (-1, -2)))


def _fit(x: Any, pads: Any, fill: float) -> tuple[Any, str]:
    if isinstance(pads, str):
        return x, pads
    rank = len(x.shape) - 2
    pairs = [(pads, pads)] * rank if isinstance(pads, int) else pads
    pairs = [pairs] * rank if isinstance(pairs[0], int) else pairs
    return tf.pad(x, [(0, 0), *pairs, (0, 0)], constant_values=fill), "VALID"


def _each(value: Any, rank: int) -> list[int]:
    return [value] * rank if isinstance(value, int) else list(value)


def conv(
    *,
    pads: Any = "SAME",
    stride: Any = 1,
    dilation: Any = 1,
    after: Callable[[Any], Any] | None = None,
) -> Box:
    def box(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        rank = x.ndim - 2
        tx, padding = _fit(last(x), pads, 0.0)
        y = tf.nn.convolution(
            tx,
            kernel_last(w),
            strides=_each(stride, rank),
            padding=padding,
            dilations=_each(dilation, rank),
        )
        y = y if b is None else tf.nn.bias_add(y, b)
        return first(y if after is None else after(y))

    return box


def _pool(kind: str, fill: float, kernel: Any, stride: Any, pads: Any) -> Box:
    def box(x: np.ndarray) -> np.ndarray:
        rank = x.ndim - 2
        tx, padding = _fit(last(x), pads, fill)
        made = tf.nn.pool(
            tx, _each(kernel, rank), kind, strides=_each(stride, rank), padding=padding
        )
        return first(made)

    return box


def max_pool(
    *, kernel: Any, stride: Any = 1, pads: Any = "SAME", fill: float = float("-inf")
) -> Box:
    return _pool("MAX", fill, kernel, stride, pads)


def average_pool(*, kernel: Any, stride: Any = 1, pads: Any = "SAME") -> Box:
    """With tf.pad, pads are counted."""
    return _pool("AVG", 0.0, kernel, stride, pads)


def conv_transpose(*, pads: str = "SAME", stride: int = 1, shape: Any = None) -> Box:
    """`shape`: from n to the output size of an axis; n * stride unless told."""
    grown = shape or (lambda n: n * stride)

    def box(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        rank = x.ndim - 2
        sizes = [grown(n) for n in x.shape[2:]]
        y = tf.nn.conv_transpose(
            last(x),
            kernel_last(w),
            [x.shape[0], *sizes, w.shape[1]],
            strides=[stride] * rank,
            padding=pads,
        )
        return first(y if b is None else tf.nn.bias_add(y, b))

    return box

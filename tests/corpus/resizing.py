"""Resizing by interpolation along one axis at a time, and frameworks' own calls for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tests.corpus.cases import Box

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def positions(n: int, size: int, coordinates: str) -> np.ndarray:
    """Where every output lies among n inputs."""
    outputs = np.arange(size)
    if coordinates == "align_corners":
        return np.linspace(0, n - 1, size)
    if coordinates == "asymmetric":
        return outputs * n / size
    centred = (outputs + 0.5) * n / size - 0.5
    return 0 * centred if coordinates == "pytorch_half_pixel" and size == 1 else centred


def resized(x: np.ndarray, sizes: Sequence[int], mode: str, coordinates: str) -> np.ndarray:
    y = x.astype(np.float64)
    for axis, size in enumerate(sizes, start=2):
        at = positions(y.shape[axis], size, coordinates)
        y = np.apply_along_axis(_LINE[mode], axis, y, at)
    return y.astype(np.float32)


def _linear(line: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.interp(at, np.arange(len(line)), line)


def _pick(line: np.ndarray, at: np.ndarray) -> np.ndarray:
    return line[np.clip(at, 0, len(line) - 1).astype(int)]


_LINE = {
    "linear": _linear,
    "nearest": lambda line, at: _pick(line, np.ceil(np.round(at, 9) - 0.5)),
    "nearest_up": lambda line, at: _pick(line, np.floor(np.round(at, 9) + 0.5)),
    "nearest_floor": lambda line, at: _pick(line, np.floor(np.round(at, 9))),
}


def own(sizes: Sequence[int], mode: str, coordinates: str) -> Box:
    return lambda x: resized(x, sizes, mode, coordinates)


def by_torch(sizes: Sequence[int], mode: str, **more: Any) -> Box:
    def box(x: np.ndarray) -> np.ndarray:
        word = _LINEAR[x.ndim - 2] if mode == "linear" else mode
        return functional.interpolate(torch.from_numpy(x), tuple(sizes), mode=word, **more).numpy()

    return box


def by_tensorflow(sizes: Sequence[int], method: str) -> Box:
    """`tf.image.resize`, of 2 axes."""

    def box(x: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        made = tf.image.resize(np.moveaxis(x, 1, -1), sizes, method=method)
        return np.moveaxis(made.numpy(), -1, 1)

    return box


def by_old_tensorflow(sizes: Sequence[int], **more: Any) -> Box:
    """TensorFlow 1's bilinear resizing, of 2 axes."""

    def box(x: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        resize = tf.compat.v1.image.resize_bilinear
        return np.moveaxis(resize(np.moveaxis(x, 1, -1), sizes, **more).numpy(), -1, 1)

    return box

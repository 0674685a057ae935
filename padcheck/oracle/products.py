"""Convolutions as matrix products: the taps of many outputs gathered into one matrix.

Rules:
1. Integers are multiplied in the smallest of float32, float64 and int64 that provably holds
   every partial sum exactly; floats in float64.
2. Outputs are taken in chunks along the longest axis, as many at once as a buffer holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.oracle.taps import tap_table
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["convolved"]

#: Bytes that the taps of a chunk may take; more would not stay in the processor's caches.
_BUFFER = 1 << 20
#: Integers of a smaller magnitude are exact.
_EXACT = ((np.float32, 1 << 24), (np.float64, 1 << 53))


def convolved(spec: OpSpec, x: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    """The convolution or transposed convolution of `x` (N, C, *spatial), without a bias.

    float64, or int64 where float64 does not hold every sum.
    """
    fill = 0.0 if spec.kind is OpKind.CONV_TRANSPOSE else spec.pad_value
    kind = _product_type(spec, x, weight, fill)
    lead = int(np.argmax(spec.output_size))
    kernel = _matrices(spec, weight.astype(kind, copy=False), lead)
    widths = [(0, 0), (0, 0)] + [(0, 1)] * spec.rank
    padded = np.pad(x.astype(kind, copy=False), widths, constant_values=kind(fill))
    padded = np.moveaxis(padded, lead + 2, 2)
    order = [lead, *(axis for axis in range(spec.rank) if axis != lead)]
    first, *others = (tap_table(spec, axis) for axis in order)
    sizes = [spec.output_size[axis] for axis in order]
    total = np.empty(
        (len(x), *kernel.shape[:2], math.prod(sizes)),
        dtype=np.int64 if kind is np.int64 else np.float64,
    )
    across = math.prod(sizes[1:])
    row = math.prod(spec.kernel_size) * spec.channels[0] * across * padded.itemsize
    chunk = max(1, _BUFFER // max(1, row))
    for start in range(0, sizes[0], chunk):  # rule 2
        rows = first[start : start + chunk]
        place = slice(start * across, (start + len(rows)) * across)
        for image, found in zip(padded, total, strict=True):
            taps = _taps(image, rows, others)
            found[..., place] = kernel @ taps.reshape(len(kernel), kernel.shape[2], -1)
    return np.moveaxis(total.reshape(len(x), spec.channels[1], *sizes), 2, lead + 2)


def _taps(image: NDArray[Any], rows: Ints, others: Sequence[Ints]) -> NDArray[Any]:
    """(C, taps of the other axes, taps of the first one, outputs) of an image (C, *spatial).

    `rows` and `others` are (outputs, taps) -> position, per axis. The last axis is gathered
    first, so that most of what is copied lies together.
    """
    if len(rows) * 2 < image.shape[1]:
        used, inverse = np.unique(rows, return_inverse=True)
        image, rows = image.take(used, axis=1), inverse.reshape(rows.shape)
    values = image[:, None, ..., None]
    for table in reversed(others):  # (C, taps, rows, *axes, outputs)
        values = np.moveaxis(values.take(table.T, axis=-2), -3, 1)
        channels, k, taps, *axes, size, outputs = values.shape
        values = values.reshape(channels, k * taps, *axes, size * outputs)
    return values.take(rows.T, axis=2)


def _matrices(spec: OpSpec, weight: NDArray[Any], lead: int) -> NDArray[Any]:
    """The weight as (group, O/group, I/group * taps), the taps of axis `lead` last."""
    c_in, c_out = (channels // spec.group for channels in spec.channels)
    weight = np.moveaxis(weight, lead + 2, -1)
    if spec.kind is OpKind.CONV_TRANSPOSE:  # (I, O/group, *kernel)
        weight = weight.reshape(spec.group, c_in, c_out, -1).swapaxes(1, 2)
    return weight.reshape(spec.group, c_out, c_in * math.prod(spec.kernel_size))


def _product_type(spec: OpSpec, x: NDArray[Any], weight: NDArray[Any], fill: float) -> Any:
    """Rule 1."""
    if x.dtype == np.float64 or not float(fill).is_integer() or not weight.size:
        return np.float64
    terms = math.prod(spec.kernel_size) * spec.channels[0] // spec.group
    largest = max(_largest(x), abs(int(fill))) * _largest(weight) * terms
    return next((kind for kind, most in _EXACT if largest < most), np.int64)


def _largest(array: NDArray[Any]) -> int:
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0

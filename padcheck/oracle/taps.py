"""Which input each tap of each output reads along one axis, and how many taps count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.geometry import interior
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["counted_taps", "interior_masks", "tap_rows", "tap_table"]


def tap_table(spec: OpSpec, axis: int) -> Ints:
    """(outputs, taps) -> the input position read along `axis`; n stands for a pad tap."""
    return tap_rows(spec, axis, np.arange(spec.output_size[axis], dtype=np.int64))


def tap_rows(spec: OpSpec, axis: int, outputs: Ints) -> Ints:
    """(len(outputs), taps) -> the input position read along `axis`; n stands for a pad tap.

    1. Convolution and pools: `o * stride - pad_before + j * dilation`.
    2. Transposed: input i writes to `i * stride - crop_before + j * dilation`, so output o reads
       `(o + crop_before - j * dilation) / stride` where that is whole.
    3. A border mode replaces positions outside the input by the one it mirrors or repeats.
    """
    n, window = spec.input_size[axis], spec.windows[axis]
    before, _ = spec.resolved_pads[axis]
    reach = np.arange(window.kernel_size, dtype=np.int64)[None, :] * window.dilation
    if spec.kind is OpKind.CONV_TRANSPOSE:
        landed = outputs[:, None] + before - reach  # rule 2
        positions = np.where(landed % window.stride == 0, landed // window.stride, n)
    else:
        positions = outputs[:, None] * window.stride - before + reach  # rule 1
        positions = _border(positions, n, spec.pad_mode)  # rule 3
    return np.where((positions >= 0) & (positions < n), positions, n)


def _border(positions: Ints, n: int, mode: str) -> Any:
    if mode == "constant":
        return positions
    if mode == "edge":
        return np.clip(positions, 0, n - 1)
    if mode == "wrap":
        return positions % n
    if mode == "symmetric":
        folded = positions % (2 * n)
        return np.where(folded < n, folded, 2 * n - 1 - folded)
    if mode == "reflect":
        period = max(1, 2 * (n - 1))
        folded = positions % period
        return np.where(folded < n, folded, period - folded)
    raise UsageError(
        f"expected one of constant, edge, reflect, symmetric, wrap but got pad_mode={mode!r}"
    )


def counted_taps(spec: OpSpec, axis: int, outputs: Ints) -> Ints:
    """(len(outputs),): the taps along `axis` that an average counts."""
    n, window = spec.input_size[axis], spec.windows[axis]
    before, after = spec.resolved_pads[axis]
    if spec.pad_mode != "constant":
        return np.full_like(outputs, window.kernel_size)
    low, high = (-before, n + after) if spec.count_include_pad else (0, n)
    starts = outputs * window.stride - before
    first = np.maximum(-((starts - low) // window.dilation), 0)
    last = np.minimum((high - 1 - starts) // window.dilation, window.kernel_size - 1)
    counts: Ints = np.maximum(last - first + 1, 0)
    return counts


def interior_masks(spec: OpSpec) -> list[NDArray[np.bool_]]:
    """Per axis, which outputs have a window that touches no pad (and, transposed, no end)."""
    return [_interior(spec, axis) for axis in range(spec.rank)]


def _interior(spec: OpSpec, axis: int) -> NDArray[np.bool_]:
    n, window = spec.input_size[axis], spec.windows[axis]
    before, _ = spec.resolved_pads[axis]
    outputs = np.arange(spec.output_size[axis], dtype=np.int64)
    extent = window.effective_kernel - 1
    if spec.kind is OpKind.RESIZE:
        everywhere: NDArray[np.bool_] = np.ones(len(outputs), dtype=bool)
        return everywhere
    if spec.kind is OpKind.CONV_TRANSPOSE:
        inside: NDArray[np.bool_] = (outputs + before >= extent) & (
            outputs + before <= (n - 1) * window.stride
        )
        return inside
    first, end = interior(n, window, before, len(outputs))
    real: NDArray[np.bool_] = (outputs >= first) & (outputs < end)
    return real

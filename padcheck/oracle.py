"""padcheck's own evaluation of an op, tap by tap: the reference that every framework is held to.

Each axis becomes a table `(outputs, taps) -> input position`, with one extra position for "a
pad". The op is then a sum (or a maximum) over taps of gathered inputs, in int64 or float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.geometry import interior
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MAX_ELEMENTS",
    "MAX_WORK",
    "Expected",
    "check_size",
    "evaluate",
    "fits",
    "interior_masks",
    "tap_table",
    "work",
]

#: The most multiplications one evaluation may take; about ten seconds.
MAX_WORK = 4_000_000_000
#: The most elements an input or output may have; 128 MiB as int64.
MAX_ELEMENTS = 1 << 24


@dataclass(frozen=True, slots=True)
class Expected:
    """An exact output (N, C, *spatial): `numerator / divisor`, elementwise.

    `divisor` broadcasts over (*spatial) and is 1 but for average pools; 0 marks an average
    over nothing, which no rule defines.
    """

    numerator: NDArray[Any]
    divisor: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """The output's shape."""
        return tuple(self.numerator.shape)

    def numerators_of(self, observed: NDArray[Any]) -> NDArray[Any]:
        """`observed` times the divisor, rounded: the integers to compare with `numerator`."""
        scaled = np.asarray(observed, dtype=np.float64) * self.divisor
        return np.rint(scaled)


def work(spec: OpSpec, batch: int = 1) -> int:
    """The multiplications `evaluate` would take."""
    taps = math.prod(spec.kernel_size)
    c_in, c_out = spec.channels
    per_tap = c_in // spec.group * c_out if spec.kind.has_weight else c_in
    return batch * taps * per_tap * max(1, math.prod(spec.output_size), math.prod(spec.input_size))


def fits(spec: OpSpec, batch: int = 1) -> bool:
    """Whether `evaluate` takes no more than MAX_WORK and MAX_ELEMENTS."""
    planes = batch * max(spec.channels)
    elements = planes * max(math.prod(spec.input_size), math.prod(spec.output_size))
    weights = math.prod(spec.weight_shape)
    table = max(size * k for size, k in zip(spec.output_size, spec.kernel_size, strict=True))
    return work(spec, batch) <= MAX_WORK and max(elements, weights, 4 * table) <= MAX_ELEMENTS


def check_size(spec: OpSpec, batch: int = 1) -> None:
    """Raises UsageError unless the op `fits`."""
    if not fits(spec, batch):
        raise UsageError(f"too large to evaluate by taps: {spec}")


def evaluate(
    spec: OpSpec,
    x: NDArray[Any],
    weight: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
) -> Expected:
    """The op on `x` (N, C, *spatial), by enumeration of taps.

    Integer arrays are summed in int64, float arrays in float64. `weight` is shaped as
    `OpSpec.weight_shape`, `bias` (C_out,). Lp pools give the p-th power of the norm.
    Raises UsageError when the shapes do not fit or the work exceeds MAX_WORK.
    """
    if x.shape[2:] != spec.input_size:
        raise UsageError(f"expected x with spatial shape {spec.input_size} but got {x.shape}")
    check_size(spec, x.shape[0])
    kind = np.int64 if np.issubdtype(x.dtype, np.integer) else np.float64
    x = x.astype(kind, copy=False)
    one = np.ones((1,) * spec.rank, dtype=np.int64)
    if spec.kind.has_weight:
        if weight is None or weight.shape != spec.weight_shape:
            raise UsageError(f"expected weight of shape {spec.weight_shape}")
        total = _convolve(spec, x, weight.astype(kind, copy=False))
        if bias is not None:
            total = total + bias.astype(kind, copy=False).reshape(1, -1, *one.shape)
        return Expected(total, one)
    if spec.kind is OpKind.MAX_POOL:
        return Expected(_maximum(spec, x), one)
    if spec.kind is OpKind.LP_POOL:
        return Expected(_sum(spec, np.abs(x) ** spec.p, spec.pad_value), one)
    fill = spec.pad_value if math.isfinite(spec.pad_value) else 0.0
    return Expected(_sum(spec, x, fill), _divisors(spec))


def tap_table(spec: OpSpec, axis: int) -> NDArray[np.int64]:
    """(outputs, taps) -> the input position read along `axis`; n stands for a pad tap.

    1. Convolution and pools: `o * stride - pad_before + j * dilation`.
    2. Transposed: input i writes to `i * stride - crop_before + j * dilation`, so output o reads
       `(o + crop_before - j * dilation) / stride` where that is whole.
    3. A border mode replaces positions outside the input by the one it mirrors or repeats.
    """
    n, window = spec.input_size[axis], spec.windows[axis]
    before, _ = spec.resolved_pads[axis]
    outputs = np.arange(spec.output_size[axis], dtype=np.int64)[:, None]
    reach = np.arange(window.kernel_size, dtype=np.int64)[None, :] * window.dilation
    if spec.kind is OpKind.CONV_TRANSPOSE:
        landed = outputs + before - reach  # rule 2
        positions = np.where(landed % window.stride == 0, landed // window.stride, n)
    else:
        positions = outputs * window.stride - before + reach  # rule 1
        positions = _border(positions, n, spec.pad_mode)  # rule 3
    return np.where((positions >= 0) & (positions < n), positions, n)


def _border(positions: NDArray[np.int64], n: int, mode: str) -> NDArray[np.int64]:
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


def _gather(spec: OpSpec, x: NDArray[Any], fill: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yields (tap, (N, C, *outputs)): what that tap of every output reads."""
    padded = np.pad(x, [(0, 0), (0, 0)] + [(0, 1)] * spec.rank, constant_values=fill)
    tables = [tap_table(spec, axis) for axis in range(spec.rank)]

    def descend(values: Any, axis: int, tap: tuple[int, ...]) -> Iterator[tuple[Any, Any]]:
        if axis == spec.rank:
            yield tap, values
            return
        for j in range(spec.kernel_size[axis]):
            taken = values.take(tables[axis][:, j], axis=axis + 2)
            yield from descend(taken, axis + 1, (*tap, j))

    return descend(padded, 0, ())


def _convolve(spec: OpSpec, x: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    batch, groups = x.shape[0], spec.group
    c_in, c_out = spec.channels[0] // groups, spec.channels[1] // groups
    total = np.zeros((batch, groups, c_out, math.prod(spec.output_size)), dtype=x.dtype)
    transposed = spec.kind is OpKind.CONV_TRANSPOSE
    fill = x.dtype.type(0 if transposed else spec.pad_value)
    for tap, values in _gather(spec, x, fill):
        place: tuple[Any, ...] = (..., *tap)
        kernel = weight[place]
        if transposed:  # (I, O/group) -> (group, O/group, I/group)
            kernel = kernel.reshape(groups, c_in, c_out).swapaxes(1, 2)
        else:
            kernel = kernel.reshape(groups, c_out, c_in)
        total += kernel @ values.reshape(batch, groups, c_in, -1)
    return total.reshape(batch, groups * c_out, *spec.output_size)


def _maximum(spec: OpSpec, x: NDArray[Any]) -> NDArray[Any]:
    shape = (*x.shape[:2], *spec.output_size)
    best = np.full(shape, -np.inf)
    for _, values in _gather(spec, x.astype(np.float64), spec.pad_value):
        np.maximum(best, values, out=best)
    return best


def _sum(spec: OpSpec, x: NDArray[Any], fill: float) -> NDArray[Any]:
    total = np.zeros((*x.shape[:2], *spec.output_size), dtype=x.dtype)
    for _, values in _gather(spec, x, x.dtype.type(fill)):
        total += values
    return total


def _divisors(spec: OpSpec) -> NDArray[np.int64]:
    """The outer product of every axis's counted taps, shaped (*spatial)."""
    table = np.ones((1,) * spec.rank, dtype=np.int64)
    for axis, (before, after) in enumerate(spec.resolved_pads):
        n, window = spec.input_size[axis], spec.windows[axis]
        low, high = (-before, n + after) if spec.count_include_pad else (0, n)
        outputs = np.arange(spec.output_size[axis], dtype=np.int64)
        starts = outputs * window.stride - before
        first = np.maximum(-((starts - low) // window.dilation), 0)
        last = np.minimum((high - 1 - starts) // window.dilation, window.kernel_size - 1)
        counts = np.maximum(last - first + 1, 0)
        if spec.pad_mode != "constant":
            counts = np.full_like(counts, window.kernel_size)
        shape = [1] * spec.rank
        shape[axis] = -1
        table = table * counts.reshape(shape)
    return table


def interior_masks(spec: OpSpec) -> list[NDArray[np.bool_]]:
    """Per axis, which outputs have a window that touches no pad (and, transposed, no end)."""
    return [_interior(spec, axis) for axis in range(spec.rank)]


def _interior(spec: OpSpec, axis: int) -> NDArray[np.bool_]:
    n, window = spec.input_size[axis], spec.windows[axis]
    before, _ = spec.resolved_pads[axis]
    outputs = np.arange(spec.output_size[axis], dtype=np.int64)
    extent = window.effective_kernel - 1
    if spec.kind is OpKind.CONV_TRANSPOSE:
        inside: NDArray[np.bool_] = (outputs + before >= extent) & (
            outputs + before <= (n - 1) * window.stride
        )
        return inside
    first, end = interior(n, window, before, len(outputs))
    real: NDArray[np.bool_] = (outputs >= first) & (outputs < end)
    return real

"""The whole output of an op, by enumeration of taps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.geometry import full_size
from padcheck.oracle.deviations import (
    changed_bias,
    changed_output,
    power,
    rearranged_input,
    rearranged_output,
    rearranged_weight,
)
from padcheck.oracle.expected import Expected, slack
from padcheck.oracle.products import convolved
from padcheck.oracle.resizing import resized
from padcheck.oracle.taps import counted_taps, tap_table
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_ELEMENTS", "MAX_WORK", "check_size", "evaluate", "fits", "work"]

#: The most multiplications one evaluation may take; about ten seconds.
MAX_WORK = 4_000_000_000
#: The most elements an input or output may have; 128 MiB as int64.
MAX_ELEMENTS = 1 << 24


def work(spec: OpSpec, batch: int = 1) -> int:
    """The multiplications `evaluate` would take."""
    taps = math.prod(spec.kernel_size)
    c_in, c_out = spec.channels
    per_tap = c_in // spec.group * c_out if spec.kind.has_weight else c_in
    return batch * taps * per_tap * max(1, math.prod(spec.output_size), math.prod(spec.input_size))


def fits(spec: OpSpec, batch: int = 1) -> bool:
    """Whether `evaluate` takes no more than MAX_WORK and MAX_ELEMENTS.

    So must a framework, which may hold the padded input, or the output before it is cropped.
    """
    planes = batch * max(spec.channels)
    sizes = (spec.input_size, spec.output_size, _held(spec))
    elements = planes * max(map(math.prod, sizes))
    weights = math.prod(spec.weight_shape)
    table = max(size * k for size, k in zip(spec.output_size, spec.kernel_size, strict=True))
    return work(spec, batch) <= MAX_WORK and max(elements, weights, 4 * table) <= MAX_ELEMENTS


def _held(spec: OpSpec) -> tuple[int, ...]:
    """The spatial size of what a framework pads the input to, or crops the output from."""
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return tuple(map(full_size, spec.input_size, spec.windows))
    return tuple(
        n + max(before, 0) + max(after, 0)
        for n, (before, after) in zip(spec.input_size, spec.resolved_pads, strict=True)
    )


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

    Integer arrays are summed exactly, float arrays in float64. `weight` is shaped as
    `OpSpec.weight_shape`, `bias` (C_out,). Lp pools give the p-th power of the norm.
    Raises UsageError when the shapes do not fit or the work exceeds MAX_WORK.
    """
    if x.shape[2:] != spec.input_size:
        raise UsageError(f"expected x with spatial shape {spec.input_size} but got {x.shape}")
    check_size(spec, x.shape[0])
    kind = np.int64 if np.issubdtype(x.dtype, np.integer) else np.float64
    x = rearranged_input(spec, x.astype(kind, copy=False))
    weight = _checked(spec, weight, kind)
    made = _op(spec, x, weight, bias)
    made = replace(made, slack=max(made.slack, slack(spec, x, weight)))
    if spec.deviation is None:
        return made
    return rearranged_output(spec, changed_output(spec.deviation, made, power(spec)))


def _checked(spec: OpSpec, weight: NDArray[Any] | None, kind: Any) -> NDArray[Any] | None:
    if not spec.kind.has_weight:
        return None
    if weight is None or weight.shape != spec.weight_shape:
        raise UsageError(f"expected weight of shape {spec.weight_shape}")
    return rearranged_weight(spec, weight.astype(kind, copy=False))


def _op(
    spec: OpSpec, x: NDArray[Any], weight: NDArray[Any] | None, bias: NDArray[Any] | None
) -> Expected:
    one = np.ones((1,) * spec.rank, dtype=np.int64)
    if weight is not None:
        total = convolved(spec, x, weight)
        if bias is not None:
            total = total + changed_bias(spec, bias.astype(x.dtype, copy=False))
        return Expected(total, one)
    if spec.kind is OpKind.RESIZE:
        return resized(spec, x)
    if spec.kind is OpKind.MAX_POOL:
        return Expected(_maximum(spec, x), one)
    if spec.kind is OpKind.LP_POOL:
        fill = abs(spec.pad_value) ** spec.p
        return Expected(_sum(spec, np.abs(x) ** spec.p, fill), one)
    fill = spec.pad_value if math.isfinite(spec.pad_value) else 0.0
    return Expected(_sum(spec, x, fill), _divisors(spec))


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


def _maximum(spec: OpSpec, x: NDArray[Any]) -> NDArray[Any]:
    shape = (*x.shape[:2], *spec.output_size)
    best = np.full(shape, -np.inf)
    for _, values in _gather(spec, x.astype(np.float64), spec.pad_value):
        np.maximum(best, values, out=best)
    return best


def _sum(spec: OpSpec, x: NDArray[Any], fill: float) -> NDArray[Any]:
    if not float(fill).is_integer():
        x = x.astype(np.float64)
    total = np.zeros((*x.shape[:2], *spec.output_size), dtype=x.dtype)
    for _, values in _gather(spec, x, x.dtype.type(fill)):
        total += values
    return total


def _divisors(spec: OpSpec) -> NDArray[np.int64]:
    """The outer product of every axis's counted taps, shaped (*spatial)."""
    table = np.ones((1,) * spec.rank, dtype=np.int64)
    for axis, size in enumerate(spec.output_size):
        shape = [1] * spec.rank
        shape[axis] = -1
        counts = counted_taps(spec, axis, np.arange(size, dtype=np.int64))
        table = table * counts.reshape(shape)
    return table

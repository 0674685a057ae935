"""An op by brute force, independent of padcheck's oracle: numpy.pad and taps, and scattering.

Everything is float64 on small integers, so every number but an average is exact; averages are
compared after multiplying by the taps they count.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from padcheck.records import OpKind, OpSpec


@dataclass(frozen=True)
class Example:
    """Integers to run an op on: strictly negative for pools, which hide a zero otherwise."""

    x: np.ndarray
    weight: np.ndarray | None
    bias: np.ndarray | None


def example(spec: OpSpec, batch: int = 2, seed: int = 0) -> Example:
    rng = np.random.default_rng(seed)
    shape = (batch, spec.channels[0], *spec.input_size)
    if not spec.kind.has_weight:
        return Example(rng.integers(-9, 0, shape).astype(np.float32), None, None)
    weight = rng.integers(-4, 5, spec.weight_shape).astype(np.float32)
    bias = rng.integers(-4, 5, spec.channels[1]).astype(np.float32) if spec.bias else None
    return Example(rng.integers(-4, 5, shape).astype(np.float32), weight, bias)


def assert_computes(spec: OpSpec, example: Example, observed: np.ndarray, call: str) -> None:
    """Observed equals brute force, integer for integer."""
    total, count = expected(spec, example)
    assert observed.shape == total.shape, (
        f"shape={observed.shape}, but should be {total.shape} [{call}]"
    )
    rounded = np.rint(observed.astype(np.float64) * count)
    wrong = int(np.count_nonzero(rounded != total))
    assert wrong == 0, f"wrong={wrong} of {total.size}, but should be 0 [{call}]"


def expected(spec: OpSpec, example: Example) -> tuple[np.ndarray, np.ndarray]:
    """(numerator, divisor) of the output; the divisor is 1 for all but averages."""
    x = example.x.astype(np.float64)
    one = np.ones((1,) * spec.rank)
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _scattered(spec, x, example), one
    if spec.kind is OpKind.CONV:
        return _convolved(spec, x, example), one
    taps = list(_taps(spec, x, spec.pad_value))
    if spec.kind is OpKind.MAX_POOL:
        return np.max(taps, axis=0), one
    if spec.kind is OpKind.LP_POOL:
        return np.sum(np.abs(taps) ** spec.p, axis=0), one
    return np.sum(taps, axis=0), _counts(spec)


def _positions(spec: OpSpec, axis: int) -> list[list[int]]:
    """[tap][output] -> the input position that is read."""
    before = spec.resolved_pads[axis][0]
    stride, dilation = spec.stride[axis], spec.dilation[axis]
    return [
        [output * stride - before + tap * dilation for output in range(spec.output_size[axis])]
        for tap in range(spec.kernel_size[axis])
    ]


def _taps(spec: OpSpec, x: np.ndarray, fill: float) -> Iterator[np.ndarray]:
    """For each tap, in order, what every output reads there, of an input padded by numpy."""
    tables = [_positions(spec, axis) for axis in range(spec.rank)]
    margins = [_margins(table, n) for table, n in zip(tables, spec.input_size, strict=True)]
    how = {"constant_values": fill} if spec.pad_mode == "constant" else {}
    padded = np.pad(x, [(0, 0), (0, 0), *margins], mode=spec.pad_mode, **how)
    for chosen in itertools.product(*tables):
        values = padded
        for axis, positions in enumerate(chosen):
            values = np.take(values, np.array(positions) + margins[axis][0], axis=axis + 2)
        yield values


def _margins(table: list[list[int]], n: int) -> tuple[int, int]:
    """How far the taps read before the input and after it."""
    positions = [position for row in table for position in row]
    return max(-min(positions), 0), max(max(positions) - n + 1, 0)


def _convolved(spec: OpSpec, x: np.ndarray, example: Example) -> np.ndarray:
    assert example.weight is not None
    weight = example.weight.astype(np.float64)
    c_in, c_out = spec.channels
    per_in, per_out = c_in // spec.group, c_out // spec.group
    tap_indices = itertools.product(*(range(k) for k in spec.kernel_size))
    total = np.zeros((x.shape[0], c_out, *spec.output_size))
    for tap, values in zip(tap_indices, _taps(spec, x, spec.pad_value), strict=True):
        for o in range(c_out):
            group = o // per_out
            for i in range(per_in):
                total[:, o] += weight[(o, i, *tap)] * values[:, group * per_in + i]
    return total if example.bias is None else total + _per_channel(example.bias, spec)


def _scattered(spec: OpSpec, x: np.ndarray, example: Example) -> np.ndarray:
    """Every input writes to its outputs, zeros lengthen what is short, crops are taken off."""
    assert example.weight is not None
    weight = example.weight.astype(np.float64)
    c_in, c_out = spec.channels
    per_in, per_out = c_in // spec.group, c_out // spec.group
    margin = [max(-b, 0) for b, _ in spec.resolved_pads]
    starts = [b + m for (b, _), m in zip(spec.resolved_pads, margin, strict=True)]
    full = [
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip(
            spec.input_size, spec.stride, spec.kernel_size, spec.dilation, strict=True
        )
    ]
    room = [
        m + f + max(-a, 0) for m, f, (_, a) in zip(margin, full, spec.resolved_pads, strict=True)
    ]
    total = np.zeros((x.shape[0], c_out, *room))
    for tap in itertools.product(*(range(k) for k in spec.kernel_size)):
        where = tuple(
            slice(m + j * d, m + j * d + (n - 1) * s + 1, s)
            for m, j, d, n, s in zip(
                margin, tap, spec.dilation, spec.input_size, spec.stride, strict=True
            )
        )
        for i in range(c_in):
            for o in range(per_out):
                out = i // per_in * per_out + o
                total[(slice(None), out, *where)] += weight[(i, o, *tap)] * x[:, i]
    ends = [start + size for start, size in zip(starts, spec.output_size, strict=True)]
    crop = tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))
    total = total[(slice(None), slice(None), *crop)]
    return total if example.bias is None else total + _per_channel(example.bias, spec)


def _per_channel(bias: np.ndarray, spec: OpSpec) -> np.ndarray:
    return bias.astype(np.float64).reshape(1, -1, *(1,) * spec.rank)


def _counts(spec: OpSpec) -> np.ndarray:
    """Taps within the input, or within the pads where those count; a border's all count."""
    table = np.ones((1,) * spec.rank)
    if spec.pad_mode != "constant":
        return table * np.prod(spec.kernel_size)
    for axis in range(spec.rank):
        before, after = spec.resolved_pads[axis] if spec.count_include_pad else (0, 0)
        n = spec.input_size[axis]
        rows = np.array(_positions(spec, axis))
        shape = [1] * spec.rank
        shape[axis] = -1
        table = table * np.sum((rows >= -before) & (rows < n + after), axis=0).reshape(shape)
    return table

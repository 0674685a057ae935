"""Deviations at work: arrays rearranged before an op, its output changed after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.oracle.expected import Expected
from padcheck.records import Deviation, OpKind, OpSpec, Rearrangement

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "OUTPUT_REARRANGEMENTS",
    "changed_bias",
    "changed_output",
    "power",
    "rearranged_input",
    "rearranged_output",
    "rearranged_weight",
    "restored_output",
    "short",
]


def rearranged_input(spec: OpSpec, x: NDArray[Any]) -> NDArray[Any]:
    """`x` (N, C, *spatial) as the deviating side takes it; the same shape."""
    how = spec.deviation.rearranged if spec.deviation else None
    if how is Rearrangement.INPUT_BUFFER:
        return np.moveaxis(x.reshape(x.shape[0], *x.shape[2:], x.shape[1]), -1, 1)
    if how is Rearrangement.INPUT_REVERSED:
        return _same_shape(x, x.transpose(0, 1, *range(x.ndim - 1, 1, -1)))
    channels = np.arange(x.shape[1])
    if how is Rearrangement.GROUPS_FIRST:
        return x[:, channels % (len(channels) // spec.group)]
    if how is Rearrangement.GROUPS_INTERLEAVED:
        return x[:, channels.reshape(-1, spec.group).T.ravel()]
    return x


def rearranged_weight(spec: OpSpec, weight: NDArray[Any]) -> NDArray[Any]:
    """`weight`, shaped as `OpSpec.weight_shape`, as the deviating side takes it."""
    if spec.deviation is None:
        return weight
    how = spec.deviation.rearranged
    if spec.deviation.flipped:
        weight = np.flip(weight, tuple(axis + 2 for axis in spec.deviation.flipped))
    if how is Rearrangement.WEIGHT_BUFFER:
        out, per_group, *kernel = weight.shape
        return np.moveaxis(weight.reshape(*kernel, per_group, out), (-1, -2), (0, 1))
    if how is Rearrangement.WEIGHT_CHANNELS:
        return _same_shape(weight, weight.swapaxes(0, 1))
    if how is Rearrangement.WEIGHT_REVERSED:
        return _same_shape(weight, weight.transpose(0, 1, *range(weight.ndim - 1, 1, -1)))
    if how is Rearrangement.WEIGHT_MULTIPLIER:
        split = weight.reshape(-1, spec.channels[0], *weight.shape[1:])
        return split.swapaxes(0, 1).reshape(weight.shape)
    return weight


def _same_shape(before: NDArray[Any], after: NDArray[Any]) -> NDArray[Any]:
    if before.shape != after.shape:
        raise UsageError(f"expected axes of one size but got shape {before.shape}")
    return after


def changed_bias(spec: OpSpec, bias: NDArray[Any]) -> NDArray[Any]:
    """What the deviating side adds for `bias` (C_out,); broadcasts to (N, C, *output_size)."""
    deviation = spec.deviation or Deviation()
    last = deviation.rearranged is Rearrangement.BIAS_LAST
    if last and spec.output_size[-1] == len(bias):
        shape = (1, 1, *(1,) * (spec.rank - 1), -1)
    else:
        shape = (1, -1, *(1,) * spec.rank)
    laid: NDArray[Any] = deviation.bias_factor * bias.reshape(shape)
    return laid


def changed_output(deviation: Deviation, made: Expected, p: int) -> Expected:
    """The output scaled, offset, clipped and rounded, but not yet rearranged.

    `made` may be a sample, (N, C, S). For Lp pools it is the p-th power of the norm, so that
    scales and clips act as their p-th powers (`p` is 1 for all else).
    """
    if deviation.epsilon is not None:
        made = _divided(made, np.sqrt(1.0 + deviation.epsilon) ** p)
    if deviation.scale:
        scale = np.array(deviation.scale, dtype=np.float64)
        made = _divided(made, _per_channel(scale**-p, made.numerator))
    if deviation.offset:
        offset = _per_channel(np.array(deviation.offset, dtype=np.float64), made.numerator)
        made = replace(made, offset=offset)
    if deviation.clip is not None:
        low, high = (np.sign(bound) * abs(bound) ** p for bound in deviation.clip)
        made = _clipped(made, low, high)
    if deviation.dtype:
        made = Expected(short(made.values, deviation.dtype), _defined(made), is_rounded=True)
    return made


def _divided(made: Expected, divisor: Any) -> Expected:
    return replace(made, divisor=made.divisor * divisor)


def _per_channel(numbers: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    return numbers.reshape(1, -1, *(1,) * (like.ndim - 2))


def _defined(made: Expected) -> NDArray[Any]:
    return np.broadcast_to(made.divisor > 0, made.shape).astype(np.float64)


def _clipped(made: Expected, low: float, high: float) -> Expected:
    if made.offset is not None:
        return Expected(np.clip(made.values, low, high), _defined(made))
    with np.errstate(invalid="ignore"):
        bounds = (np.where(made.divisor > 0, bound * made.divisor, bound) for bound in (low, high))
        clipped = np.clip(made.numerator, *bounds)
    return replace(made, numerator=clipped)


def short(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """`values` rounded once to "float16", "bfloat16" (to nearest even) or "integer" (to 0)."""
    numbers: NDArray[Any]
    if dtype == "float16":
        with np.errstate(over="ignore"):
            numbers = values.astype(np.float16)
    elif dtype == "integer":
        numbers = np.trunc(values)
    else:
        bits = values.astype(np.float32).view(np.uint32)
        even = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        numbers = even.view(np.float32)
    return numbers.astype(np.float64)


def rearranged_output(spec: OpSpec, made: Expected) -> Expected:
    """The output (N, C, *spatial) as the deviating side hands it over."""
    how = spec.deviation.rearranged if spec.deviation else None
    if how is Rearrangement.OUTPUT_LAST:
        return _mapped(made, lambda y: np.moveaxis(y, 1, -1))
    if how is Rearrangement.OUTPUT_BUFFER:
        return _mapped(made, lambda y: np.moveaxis(y, 1, -1).reshape(y.shape))
    if how is Rearrangement.OUTPUT_REVERSED:
        return _mapped(made, lambda y: y.transpose(0, 1, *range(y.ndim - 1, 1, -1)))
    return made


#: Those that concern the output alone.
OUTPUT_REARRANGEMENTS = (
    Rearrangement.OUTPUT_LAST,
    Rearrangement.OUTPUT_BUFFER,
    Rearrangement.OUTPUT_REVERSED,
)


def restored_output(how: Rearrangement | None, output: NDArray[Any]) -> NDArray[Any]:
    """The output (N, C, *spatial) that was rearranged into `output`."""
    if how is Rearrangement.OUTPUT_LAST:
        return np.moveaxis(output, -1, 1)
    if how is Rearrangement.OUTPUT_BUFFER:
        last = output.reshape(output.shape[0], *output.shape[2:], output.shape[1])
        return np.moveaxis(last, -1, 1)
    if how is Rearrangement.OUTPUT_REVERSED:
        return output.transpose(0, 1, *range(output.ndim - 1, 1, -1))
    return output


def _mapped(made: Expected, move: Any) -> Expected:
    divisor = move(np.broadcast_to(made.divisor, made.shape))
    offset = None if made.offset is None else move(np.broadcast_to(made.offset, made.shape))
    return replace(made, numerator=move(made.numerator), divisor=divisor, offset=offset)


def power(spec: OpSpec) -> int:
    """What an output of the oracle is raised to: p for Lp pools."""
    return spec.p if spec.kind is OpKind.LP_POOL else 1

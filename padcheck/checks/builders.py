"""Ops from what a user writes: sizes as ints or one per axis, pads in several spellings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from padcheck.errors import UsageError
from padcheck.geometry import (
    CAUSAL,
    COORDINATES,
    INTERPOLATIONS,
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    PadRule,
    Rounding,
    at_least,
    explicit,
)
from padcheck.records import Deviation, OpKind, OpSpec

__all__ = [
    "Pads",
    "Sizes",
    "average_pool",
    "conv",
    "conv_transpose",
    "lp_pool",
    "max_pool",
    "resize",
]

_POLICIES = {
    "valid": VALID,
    "same": SAME_UPPER,
    "same_upper": SAME_UPPER,
    "same_lower": SAME_LOWER,
    "causal": CAUSAL,
}
_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
_ACTIVATIONS = {None: None, "relu": (0.0, math.inf), "relu6": (0.0, 6.0)}

#: No framework has windowed ops of more axes.
MOST_AXES = 3
#: No framework counts further along one axis.
MOST_SIZE = (1 << 31) - 1
#: Larger numbers in the padding are not exact in float32.
MOST_FILL = 1 << 24
#: More padding or cropping than this at one end is taken for a mistake.
MOST_PAD = 1 << 20

Sizes = int | Sequence[int]
Pads = int | str | Sequence[int] | Sequence[Sequence[int]]


def conv(
    *,
    input_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes = 1,
    dilation: Sizes = 1,
    pads: Pads = 0,
    pad_mode: str = "constant",
    pad_value: float = 0.0,
    group: int = 1,
    channels: tuple[int, int] | None = None,
    bias: bool = False,
    activation: str | None = None,
    epsilon: float | None = None,
) -> OpSpec:
    """A convolution of 1, 2 or 3 spatial axes.

    Sizes are ints or one int per axis; the longest says how many axes there are. `pads` is an
    int, one int per axis, a (before, after) pair per axis, or "valid", "same_upper" (or "same"),
    "same_lower", "causal". `pad_mode` is "constant", "edge", "reflect", "symmetric" or "wrap".
    `channels` is (in, out), by default (2, 3), or `group` each. `activation` ("relu", "relu6")
    and `epsilon`, of a batch normalization in its initial state, are part of the op: first the
    normalization, then the activation.

    Raises UsageError for arguments that do not fit, or leave no output.
    """
    return _with_weight(
        OpKind.CONV,
        _sized(input_size, kernel_size, stride, dilation, pads),
        group,
        channels,
        pad_mode=_one_of("pad_mode", pad_mode, _MODES),
        pad_value=_fill(pad_value),
        bias=bool(bias),
        deviation=_after(activation, epsilon),
    )


def conv_transpose(
    *,
    input_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes = 1,
    dilation: Sizes = 1,
    pads: Pads = 0,
    output_padding: Sizes = 0,
    output_shape: Sizes | None = None,
    group: int = 1,
    channels: tuple[int, int] | None = None,
    bias: bool = False,
    activation: str | None = None,
    epsilon: float | None = None,
) -> OpSpec:
    """A transposed convolution; `pads` are what is cropped off the full output.

    `output_padding` lengthens the high end; `output_shape` gives the spatial output sizes, and
    the crops follow. All else as for `conv`, without "causal".
    """
    sized = _sized(input_size, kernel_size, stride, dilation, pads)
    rank = len(sized["input_size"])
    longer = _spread("output_padding", _tuple("output_padding", output_padding, low=0), rank)
    shape: tuple[int, ...] = ()
    if output_shape is not None:
        shape = _spread("output_shape", _tuple("output_shape", output_shape), rank)
    return _with_weight(
        OpKind.CONV_TRANSPOSE,
        sized,
        group,
        channels,
        output_padding=longer if any(longer) else (),
        output_shape=shape,
        bias=bool(bias),
        deviation=_after(activation, epsilon),
    )


def max_pool(
    *,
    input_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes = 1,
    dilation: Sizes = 1,
    pads: Pads = 0,
    pad_mode: str = "constant",
    pad_value: float = -math.inf,
    ceil_mode: bool = False,
    channels: int = 2,
) -> OpSpec:
    """A max pool; its pads hold -inf unless `pad_value` or `pad_mode` says otherwise.

    All else as for `conv`; `ceil_mode` rounds the output size up.
    """
    return _pool(
        OpKind.MAX_POOL,
        _sized(input_size, kernel_size, stride, dilation, pads),
        ceil_mode,
        channels,
        pad_mode=_one_of("pad_mode", pad_mode, _MODES),
        pad_value=_fill(pad_value, -math.inf),
    )


def average_pool(
    *,
    input_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes = 1,
    dilation: Sizes = 1,
    pads: Pads = 0,
    pad_mode: str = "constant",
    pad_value: float = 0.0,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    channels: int = 2,
) -> OpSpec:
    """An average pool; `count_include_pad` counts pads, but no overhang, in the divisor.

    All else as for `max_pool`.
    """
    return _pool(
        OpKind.AVERAGE_POOL,
        _sized(input_size, kernel_size, stride, dilation, pads),
        ceil_mode,
        channels,
        pad_mode=_one_of("pad_mode", pad_mode, _MODES),
        pad_value=_fill(pad_value),
        count_include_pad=bool(count_include_pad),
    )


def lp_pool(
    *,
    input_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes = 1,
    dilation: Sizes = 1,
    pads: Pads = 0,
    pad_mode: str = "constant",
    ceil_mode: bool = False,
    p: int = 2,
    channels: int = 2,
) -> OpSpec:
    """An Lp pool: the p-norm of every window, with zeros for pads. All else as for `max_pool`."""
    return _pool(
        OpKind.LP_POOL,
        _sized(input_size, kernel_size, stride, dilation, pads),
        ceil_mode,
        channels,
        pad_mode=_one_of("pad_mode", pad_mode, _MODES),
        p=at_least("p", p, 1),
    )


def resize(
    *,
    input_size: Sizes,
    output_size: Sizes,
    mode: str = "linear",
    coordinates: str = "half_pixel",
    channels: int = 2,
) -> OpSpec:
    """Resizing of 1, 2 or 3 spatial axes: no windowed op, but one whose faults look like shifts.

    `mode` is "linear", "nearest" (halves go down), "nearest_up" or "nearest_floor";
    `coordinates` is "half_pixel", "pytorch_half_pixel", "align_corners" or "asymmetric".
    """
    given = _tuple("input_size", input_size), _tuple("output_size", output_size)
    rank = max(map(len, given))
    if rank > MOST_AXES or not rank:
        raise UsageError(f"expected 1 to {MOST_AXES} spatial axes but got {rank}")
    ones = (1,) * rank
    count = at_least("channels", channels, 1)
    return OpSpec(
        kind=OpKind.RESIZE,
        input_size=_spread("input_size", given[0], rank),
        output_shape=_spread("output_size", given[1], rank),
        kernel_size=ones,
        stride=ones,
        dilation=ones,
        pads=(VALID,) * rank,
        interpolation=_one_of("mode", mode, INTERPOLATIONS),
        coordinates=_one_of("coordinates", coordinates, COORDINATES),
        channels=(count, count),
    )


def _with_weight(
    kind: OpKind, sized: dict[str, Any], group: int, channels: tuple[int, int] | None, **more: Any
) -> OpSpec:
    groups = at_least("group", group, 1)
    if channels is None:
        channels = (2, 3) if groups == 1 else (groups, groups)
    return _made(OpSpec(kind=kind, group=groups, channels=_pair(channels), **sized, **more))


def _pool(
    kind: OpKind, sized: dict[str, Any], ceil_mode: bool, channels: int, **more: Any
) -> OpSpec:
    count = at_least("channels", channels, 1)
    rounding = Rounding.CEIL if ceil_mode else Rounding.FLOOR
    return _made(OpSpec(kind=kind, channels=(count, count), rounding=rounding, **sized, **more))


def _made(spec: OpSpec) -> OpSpec:
    if min(spec.output_size) < 1:
        raise UsageError(f"no output: the window is larger than the padded input in {spec}")
    return spec


def _after(activation: str | None, epsilon: float | None) -> Deviation | None:
    if not isinstance(activation, (str, type(None))) or activation not in _ACTIVATIONS:
        raise UsageError(f"expected one of relu, relu6, None but got activation={activation!r}")
    number = isinstance(epsilon, (int, float)) and not isinstance(epsilon, bool)
    if epsilon is not None and not (number and 0 <= epsilon < 1):
        raise UsageError(f"expected a number from 0 to 1 but got epsilon={epsilon!r}")
    made = Deviation(clip=_ACTIVATIONS[activation], epsilon=epsilon)
    return None if made == Deviation() else made


def _fill(value: float, lowest: float = 0.0) -> float:
    """What padding holds; raises UsageError past float32's exact integers."""
    if isinstance(value, (int, float)) and (abs(value) <= MOST_FILL or value == lowest):
        return float(value)
    raise UsageError(f"expected a number up to {MOST_FILL} but got pad_value={value!r}")


def _one_of(name: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise UsageError(f"expected one of {', '.join(known)} but got {name}={value!r}")
    return value


def _sized(
    input_size: Sizes, kernel_size: Sizes, stride: Sizes, dilation: Sizes, pads: Pads
) -> dict[str, Any]:
    """The fields of every op, each spread over as many axes as the longest has."""
    given = {
        "input_size": _tuple("input_size", input_size),
        "kernel_size": _tuple("kernel_size", kernel_size),
        "stride": _tuple("stride", stride),
        "dilation": _tuple("dilation", dilation),
    }
    rank = max(len(value) for value in given.values())
    if rank > MOST_AXES or not rank:
        raise UsageError(f"expected 1 to {MOST_AXES} spatial axes but got {rank}")
    spread = {name: _spread(name, value, rank) for name, value in given.items()}
    return {**spread, "pads": _rules(pads, rank)}


def _tuple(name: str, value: Sizes, low: int = 1) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    numbers = tuple(at_least(name, item, low) for item in values)
    if max(numbers, default=1) > MOST_SIZE:
        raise UsageError(f"expected ints <= {MOST_SIZE} but got {name}={max(numbers)}")
    return numbers


def _spread(name: str, value: tuple[int, ...], rank: int) -> tuple[int, ...]:
    if len(value) not in (1, rank):
        counts = "1 number" if rank == 1 else f"1 or {rank} numbers"
        raise UsageError(f"expected {counts} but got {name}={value}")
    return value * rank if len(value) == 1 else value


def _pair(channels: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(channels, Sequence) or len(channels) != 2:
        raise UsageError(f"expected (in, out) but got channels={channels!r}")
    return at_least("channels", channels[0], 1), at_least("channels", channels[1], 1)


def _pad(number: object) -> int:
    value = at_least("pads", number, -MOST_PAD)
    if value > MOST_PAD:
        raise UsageError(f"expected ints of at most {MOST_PAD} but got pads={value}")
    return value


def _rules(pads: Pads, rank: int) -> tuple[PadRule, ...]:
    """One rule per axis; flat pairs are taken as well. Raises UsageError."""
    if isinstance(pads, str):
        pads = pads.lower()
        if pads not in _POLICIES:
            known = ", ".join(_POLICIES)
            raise UsageError(f"expected one of {known}, or numbers, but got pads={pads!r}")
        return (_POLICIES[pads],) * rank
    given = tuple(pads) if isinstance(pads, Sequence) and not isinstance(pads, bytes) else (pads,)
    nested = [tuple(item) if isinstance(item, Sequence) else (item,) for item in given]
    numbers = [tuple(_pad(number) for number in item) for item in nested]
    flat = [number for item in numbers for number in item]
    if len(flat) == 2 * rank and {len(item) for item in numbers} in ({1}, {2}):
        return tuple(explicit(*flat[2 * axis : 2 * axis + 2]) for axis in range(rank))
    if len(numbers) == len(flat) in (1, rank):
        return tuple(explicit(number, number) for number in flat * (rank // len(flat)))
    many = f"{rank} ints or {rank} (before, after) pairs" if rank > 1 else "a (before, after) pair"
    shown = " ".join(repr(pads).split())
    raise UsageError(f"expected 1 int, {many} but got pads={shown}")

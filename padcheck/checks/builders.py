"""Ops from what a user writes."""

from __future__ import annotations

import math
from typing import Any

from padcheck.checks.arguments import (
    MOST_AXES,
    Pads,
    Sizes,
    channel_pair,
    fill,
    ints,
    one_of,
    sized,
    spread,
)
from padcheck.errors import UsageError
from padcheck.geometry import COORDINATES, INTERPOLATIONS, VALID, Rounding, at_least
from padcheck.records import Deviation, OpKind, OpSpec

__all__ = [
    "average_pool",
    "conv",
    "conv_transpose",
    "lp_pool",
    "max_pool",
    "resize",
]

_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
_ACTIVATIONS = {None: None, "relu": (0.0, math.inf), "relu6": (0.0, 6.0)}


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
        sized(input_size, kernel_size, stride, dilation, pads),
        group,
        channels,
        pad_mode=one_of("pad_mode", pad_mode, _MODES),
        pad_value=fill(pad_value),
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
    fields = sized(input_size, kernel_size, stride, dilation, pads)
    rank = len(fields["input_size"])
    longer = spread("output_padding", ints("output_padding", output_padding, low=0), rank)
    shape: tuple[int, ...] = ()
    if output_shape is not None:
        shape = spread("output_shape", ints("output_shape", output_shape), rank)
    return _with_weight(
        OpKind.CONV_TRANSPOSE,
        fields,
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
        sized(input_size, kernel_size, stride, dilation, pads),
        ceil_mode,
        channels,
        pad_mode=one_of("pad_mode", pad_mode, _MODES),
        pad_value=fill(pad_value, -math.inf),
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
        sized(input_size, kernel_size, stride, dilation, pads),
        ceil_mode,
        channels,
        pad_mode=one_of("pad_mode", pad_mode, _MODES),
        pad_value=fill(pad_value),
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
        sized(input_size, kernel_size, stride, dilation, pads),
        ceil_mode,
        channels,
        pad_mode=one_of("pad_mode", pad_mode, _MODES),
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
    given = ints("input_size", input_size), ints("output_size", output_size)
    rank = max(map(len, given))
    if rank > MOST_AXES or not rank:
        raise UsageError(f"expected 1 to {MOST_AXES} spatial axes but got {rank}")
    ones = (1,) * rank
    count = at_least("channels", channels, 1)
    return OpSpec(
        kind=OpKind.RESIZE,
        input_size=spread("input_size", given[0], rank),
        output_shape=spread("output_size", given[1], rank),
        kernel_size=ones,
        stride=ones,
        dilation=ones,
        pads=(VALID,) * rank,
        interpolation=one_of("mode", mode, INTERPOLATIONS),
        coordinates=one_of("coordinates", coordinates, COORDINATES),
        channels=(count, count),
    )


def _with_weight(
    kind: OpKind, fields: dict[str, Any], group: int, channels: tuple[int, int] | None, **more: Any
) -> OpSpec:
    groups = at_least("group", group, 1)
    if channels is None:
        channels = (2, 3) if groups == 1 else (groups, groups)
    return _made(OpSpec(kind=kind, group=groups, channels=channel_pair(channels), **fields, **more))


def _pool(
    kind: OpKind, fields: dict[str, Any], ceil_mode: bool, channels: int, **more: Any
) -> OpSpec:
    count = at_least("channels", channels, 1)
    rounding = Rounding.CEIL if ceil_mode else Rounding.FLOOR
    return _made(OpSpec(kind=kind, channels=(count, count), rounding=rounding, **fields, **more))


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

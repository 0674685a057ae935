"""How a geometry is drawn, so that it shrinks to the plainest.

Hypothesis prefers few draws to many, then small ones to large ones, the first before all others;
and it moves one number down, or two neighbours in opposite ways. So:
1. What is odd about an op is drawn before its sizes: axes, bias, groups, rounding, policy; then
   dilation, stride, kernel, pads and the input size; each has its plainest value first.
2. These are drawn once for all axes. How much less each has on each axis comes last, and only if
   a draw says so: an axis or a difference can go without anything else changing its place.
3. For the same reason a draw is made even where the policy or the kind of pool has no use for it.
4. Kernels are bounded such that an input of at most `max_size` gives an output.
5. A pool's pads are less than its effective kernel, and its input no smaller than its dilation:
   then every window reads an input (an average over nothing is no number).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from padcheck.geometry import PadPolicy, PadRule, Rounding, Window, explicit
from padcheck.records import OpKind, OpSpec

__all__ = ["conv_transposes", "convs", "one_of", "pools"]

#: The largest kernel and stride, by the number of spatial axes, and the largest dilation.
_MOST_KERNEL = {1: 7, 2: 5, 3: 3}
_MOST_STRIDE = {1: 5, 2: 4, 3: 3}
_MOST_DILATION = 3

#: The builders' own first. For groups: input and output channels of each.
_CHANNELS = ((2, 3), (1, 1), (1, 2), (3, 1), (4, 4))
_PER_GROUP = ((1, 1), (1, 2), (2, 1), (2, 3))

#: Explicit pads in three ways, from the plainest on.
_NONE, _ONE, _EACH = "no pads", "one number", "a number for each end"
_EXPLICIT = (_NONE, _ONE, _EACH)

Policies = tuple[PadPolicy, ...]
Ranks = tuple[int, ...]

one_of = st.one_of


class _Axis(NamedTuple):
    window: Window
    rule: PadRule
    size: int


#: The least input size of an axis, and the most that is padded at one end.
Least = Callable[[Window, PadRule], int]
Most = Callable[[Window], int]


@st.composite
def convs(draw: st.DrawFn, ranks: Ranks, max_size: int, policies: Policies) -> OpSpec:
    """Convolutions; pads of an end up to the effective kernel."""
    rank = draw(st.sampled_from(ranks))
    more = _weighted(draw)
    axes = _axes(draw, rank, max_size, policies, _window_fits, lambda w: w.effective_kernel)
    return _op(OpKind.CONV, axes, **more)


@st.composite
def pools(
    draw: st.DrawFn, ranks: Ranks, max_size: int, policies: Policies, kinds: tuple[OpKind, ...]
) -> OpSpec:
    """Pools in which every window reads an input."""
    rank = draw(st.sampled_from(ranks))
    kind = draw(st.sampled_from(kinds))
    channels = draw(st.sampled_from((2, 1, 3)))
    p = draw(st.sampled_from((2, 1, 3)))  # rule 3
    counted = draw(st.booleans())
    rounding = draw(st.sampled_from((Rounding.FLOOR, Rounding.CEIL)))

    def least(window: Window, rule: PadRule) -> int:
        return max(_window_fits(window, rule), window.dilation)  # rule 5

    axes = _axes(draw, rank, max_size, policies, least, lambda w: w.effective_kernel - 1)
    return _op(
        kind,
        axes,
        channels=(channels, channels),
        rounding=rounding,
        p=p if kind is OpKind.LP_POOL else 2,
        count_include_pad=counted and kind is OpKind.AVERAGE_POOL,
        pad_value=-math.inf if kind is OpKind.MAX_POOL else 0.0,
    )


@st.composite
def conv_transposes(draw: st.DrawFn, ranks: Ranks, max_size: int, policies: Policies) -> OpSpec:
    """Transposed convolutions; crops of an end less than the effective kernel."""
    rank = draw(st.sampled_from(ranks))
    more = _weighted(draw)
    longer = draw(st.integers(0, _MOST_STRIDE[rank] - 1))

    def output_padding(window: Window, rule: PadRule) -> int:
        most = max(window.stride, window.dilation) - 1
        return 0 if rule.size_dependent else min(longer, most)

    def least(window: Window, rule: PadRule) -> int:
        """(n - 1) * stride + effective_kernel + output_padding - crops >= 1."""
        given = window.effective_kernel + output_padding(window, rule)
        lacking = max(0, rule.before + rule.after + 1 - given)
        return 1 - (-lacking // window.stride)

    axes = _axes(draw, rank, max_size, policies, least, lambda w: w.effective_kernel - 1)
    longest = tuple(output_padding(axis.window, axis.rule) for axis in axes)
    more["output_padding"] = longest if any(longest) else ()
    return _op(OpKind.CONV_TRANSPOSE, axes, **more)


def _weighted(draw: st.DrawFn) -> dict[str, Any]:
    """Bias, groups and channels."""
    bias = draw(st.booleans())
    group = draw(st.sampled_from((1, 1, 2, 3)))
    c_in, c_out = draw(st.sampled_from(_CHANNELS if group == 1 else _PER_GROUP))
    return {"bias": bias, "group": group, "channels": (group * c_in, group * c_out)}


def _window_fits(window: Window, rule: PadRule) -> int:
    """The least input that, padded, holds a window."""
    if rule.policy in (PadPolicy.EXPLICIT, PadPolicy.VALID):
        return max(1, window.effective_kernel - rule.before - rule.after)
    return 1


def _axes(
    draw: st.DrawFn, rank: int, max_size: int, policies: Policies, least: Least, most: Most
) -> list[_Axis]:
    """Window, pads and input size of every axis (rules 1 and 2)."""
    how = draw(st.sampled_from(_ways(policies)))
    dilation = draw(st.integers(1, min(_MOST_DILATION, max_size)))
    stride = draw(st.integers(1, _MOST_STRIDE[rank]))
    kernel = draw(st.integers(1, min(_MOST_KERNEL[rank], (max_size - 1) // dilation + 1)))  # rule 4
    window = Window(kernel, stride, dilation)
    pad = draw(st.integers(1, max(1, most(window))))  # rule 3
    before, after = (pad - draw(st.integers(0, pad)) for _ in range(2))
    if how != _EACH:
        before = after = pad
    rule = _rule(how, before, after, most(window))
    low = least(window, rule)
    size = draw(st.integers(low, max_size))
    if rank == 1 or not draw(st.booleans()):
        return [_Axis(window, rule, size)] * rank

    def up_to(number: int) -> int:
        return number - draw(st.integers(0, number - 1)) if number > 1 else number

    axes = []
    for _ in range(rank):
        own = Window(up_to(kernel), up_to(stride), up_to(dilation))
        ends = (before - draw(st.integers(0, before)), after - draw(st.integers(0, after)))
        rule = _rule(how, *(ends if how == _EACH else (pad, pad)), most(own))
        axes.append(_Axis(own, rule, max(least(own, rule), up_to(size))))
    return axes


def _ways(policies: Policies) -> list[PadPolicy | str]:
    ways: list[PadPolicy | str] = []
    for policy in policies:
        ways += _EXPLICIT if policy is PadPolicy.EXPLICIT else (policy,)
    return ways


def _rule(how: PadPolicy | str, before: int, after: int, most: int) -> PadRule:
    if isinstance(how, PadPolicy):
        return PadRule(how)
    return explicit(0, 0) if how == _NONE else explicit(min(before, most), min(after, most))


def _op(kind: OpKind, axes: list[_Axis], **more: Any) -> OpSpec:
    return OpSpec(
        kind=kind,
        input_size=tuple(axis.size for axis in axes),
        kernel_size=tuple(axis.window.kernel_size for axis in axes),
        stride=tuple(axis.window.stride for axis in axes),
        dilation=tuple(axis.window.dilation for axis in axes),
        pads=tuple(axis.rule for axis in axes),
        **more,
    )

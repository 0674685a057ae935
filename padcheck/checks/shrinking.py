"""The smallest geometry that still goes wrong, by greedy steps in a fixed order.

Rules:
1. Axes first, then what the op has besides its windows (bias, groups, modes), then pads,
   dilation, stride, kernel and input size, channels last; each tries its least value first.
2. A step is kept when the op still goes wrong in the same way; a step that makes no op, or one
   without output, is not tried.
3. All is gone over until nothing can be taken away, or `most` geometries have been tried.

A caller with an order, or steps, of its own passes its own reducers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from padcheck.errors import GeometryError
from padcheck.geometry import (
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    PadPolicy,
    PadRule,
    Rounding,
    explicit,
    real_taps,
)
from padcheck.records import OpKind, OpSpec

__all__ = [
    "MOST_TRIED",
    "REDUCERS",
    "Changes",
    "Reducer",
    "amounts",
    "at",
    "channels",
    "extras",
    "per_axis",
    "reads_nothing",
    "shrink",
]

#: Geometries that one search may try.
MOST_TRIED = 400

Changes = dict[str, Any]
Reducer = Callable[[OpSpec], Iterator[Changes]]

_PER_AXIS = ("input_size", "kernel_size", "stride", "dilation", "pads")


def shrink(
    spec: OpSpec,
    wrong: Callable[[OpSpec], bool],
    *,
    most: int = MOST_TRIED,
    reducers: Sequence[Reducer] | None = None,
) -> OpSpec:
    """The smallest geometry found for which `wrong` holds; assumes that it holds for `spec`."""
    tried: dict[OpSpec, bool] = {spec: True}

    def holds(candidate: OpSpec) -> bool:
        if candidate not in tried:
            if len(tried) >= most or 0 in candidate.output_size:
                return False
            tried[candidate] = wrong(candidate)
        return tried[candidate]

    while True:  # rule 3
        before = spec
        for reducer in REDUCERS if reducers is None else reducers:  # rule 1
            spec = _pushed(spec, reducer, holds)
        if spec == before:
            return spec


def reads_nothing(spec: OpSpec) -> bool:
    """Whether some window holds no input, only pads."""
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return False
    axes = zip(spec.input_size, spec.windows, spec.pad_before, spec.output_size, strict=True)
    return any(
        real_taps(output, n, window, before) == 0
        for n, window, before, size in axes
        for output in range(size)
    )


def _pushed(spec: OpSpec, reducer: Reducer, holds: Callable[[OpSpec], bool]) -> OpSpec:
    """`spec` after as many of the reducer's steps as hold (rule 2)."""
    while True:
        for changes in reducer(spec):
            try:
                candidate = dataclasses.replace(spec, **changes)
                kept = candidate != spec and holds(candidate)
            except GeometryError:
                continue
            if kept:
                spec = candidate
                break
        else:
            return spec


def _axes(spec: OpSpec) -> Iterator[Changes]:
    """One axis less."""
    if spec.rank == 1:
        return
    for gone in range(spec.rank):
        left = [axis for axis in range(spec.rank) if axis != gone]
        fields = [*_PER_AXIS, *(name for name in _OUTPUTS if getattr(spec, name))]
        yield {name: tuple(getattr(spec, name)[axis] for axis in left) for name in fields}


_OUTPUTS = ("output_padding", "output_shape")


def extras(spec: OpSpec) -> Iterator[Changes]:
    """What an op may have besides its windows, at its plainest."""
    fill = -math.inf if spec.kind is OpKind.MAX_POOL else 0.0
    yield from (
        {"bias": False},
        {"output_padding": ()},
        {"output_shape": ()},
        {"pad_mode": "constant"},
        {"pad_value": fill},
        {"count_include_pad": False},
        {"rounding": Rounding.FLOOR},
    )
    if spec.kind is OpKind.LP_POOL and spec.p > 1:
        yield from ({"p": 1}, {"p": spec.p - 1})
    if spec.group > 1:
        yield {"group": 1}


def _rules(spec: OpSpec) -> Iterator[Changes]:
    """No pads, on all axes or on one, then numbers instead of a policy, SAME_UPPER at last."""
    if not all(rule == VALID for rule in spec.pads):
        yield {"pads": (VALID,) * spec.rank}
    for axis, rule in enumerate(spec.pads):
        if rule != VALID:
            yield at(spec, "pads", axis, VALID)
    if any(rule.policy not in (PadPolicy.EXPLICIT, PadPolicy.VALID) for rule in spec.pads):
        yield {
            "pads": tuple(
                rule if rule == VALID else explicit(*pair)
                for rule, pair in zip(spec.pads, spec.resolved_pads, strict=True)
            ),
            "output_padding": (),
            "output_shape": (),
        }
    if SAME_LOWER in spec.pads:
        yield {"pads": tuple(SAME_UPPER if r == SAME_LOWER else r for r in spec.pads)}


def amounts(spec: OpSpec) -> Iterator[Changes]:
    """Explicit pads towards 0, one end at a time."""
    for axis, rule in enumerate(spec.pads):
        if rule.policy is PadPolicy.EXPLICIT:
            for smaller in _smaller_pads(rule):
                yield at(spec, "pads", axis, smaller)


def _smaller_pads(rule: PadRule) -> Iterator[PadRule]:
    before, after = rule.before, rule.after
    yield from (explicit(0, after), explicit(before, 0))
    yield explicit(_nearer(before), after)
    yield explicit(before, _nearer(after))


def _nearer(number: int) -> int:
    return number - (number > 0) + (number < 0)


def at(spec: OpSpec, field: str, axis: int, value: object) -> Changes:
    """A per-axis field with another value on one axis."""
    values = list(getattr(spec, field))
    values[axis] = value
    return {field: tuple(values)}


def per_axis(field: str) -> Reducer:
    """A per-axis field towards 1: on all axes at once, then on each."""

    def reducer(spec: OpSpec) -> Iterator[Changes]:
        values = getattr(spec, field)
        for smaller in _smaller(max(values)):
            yield {field: tuple(min(value, smaller) for value in values)}
        for axis, value in enumerate(values):
            for smaller in _smaller(value):
                yield at(spec, field, axis, smaller)

    return reducer


def _kernels(spec: OpSpec) -> Iterator[Changes]:
    """The kernel towards 1, alone or with the pads that it needed gone."""
    reducer = per_axis("kernel_size")
    yield from reducer(spec)
    if not all(rule == VALID for rule in spec.pads):
        for changes in reducer(spec):
            yield changes | {"pads": (VALID,) * spec.rank}


def _smaller(value: int) -> tuple[int, ...]:
    """The rungs of a ladder from 1 up, then between the last and the value, then one less."""
    rungs = [rung for rung in _LADDER if rung < value]
    gap = value - (rungs[-1] if rungs else 0)
    between = []
    while gap > 1:
        gap //= 2
        between.append(value - gap)
    return tuple(dict.fromkeys((*rungs, *between, *([value - 1] if value > 1 else []))))


#: Few numbers of the small ones, so that a size of hundreds is down in a dozen steps.
_LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 4096)


def channels(spec: OpSpec) -> Iterator[Changes]:
    """As few as the groups allow; pools have one number that counts."""
    c_in, c_out = spec.channels
    if not spec.kind.has_weight:
        if c_in > 1:
            yield {"channels": (1, c_out)}
        return
    if spec.group > 2:
        yield {"group": 2, "channels": (2 * (c_in // spec.group), 2 * (c_out // spec.group))}
    g = spec.group
    for pair in ((g, g), (g, 2 * g), (2 * g, g), (g, c_out), (c_in, g)):
        if pair[0] <= c_in and pair[1] <= c_out:
            yield {"channels": pair}


REDUCERS: tuple[Reducer, ...] = (
    _axes,
    extras,
    _rules,
    per_axis("dilation"),
    per_axis("stride"),
    _kernels,
    amounts,
    per_axis("input_size"),
    channels,
)

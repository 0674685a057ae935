"""Converters with one fault each: the code that a card must have, and no other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from padcheck.checks.suite.words import op
from padcheck.geometry import (
    SAME_LOWER,
    SAME_UPPER,
    PadPolicy,
    Rounding,
)
from padcheck.geometry.pads import PadFlaw
from padcheck.records import OpKind, OpSpec, same_function
from padcheck.records.case import Case
from tests.checks.grade.converter import Arrays, Change, Numbers

__all__ = ["MUTANTS", "Mutant"]

CONV, TRANSPOSED = OpKind.CONV, OpKind.CONV_TRANSPOSE
MAX, AVERAGE, LP = OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.LP_POOL
WINDOWED = (CONV, MAX, AVERAGE, LP)


@dataclass(frozen=True)
class Mutant:
    """A fault in the words of `converter.faulty`; `kinds`: the ops that it befalls.

    `more`: cases that show it, where the corpus has too few.
    """

    code: str
    title: str
    kinds: tuple[OpKind, ...]
    change: Change | None = None
    numbers: Numbers | None = None
    frozen: bool = False
    more: tuple[Case, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}-{self.title.replace(' ', '-')}"


def _where(kinds: tuple[OpKind, ...], change: Change) -> Change:
    return lambda spec: change(spec) if spec.kind in kinds else spec


def _mutant(code: str, title: str, change: Change, *kinds: OpKind, frozen: bool = False) -> Mutant:
    kinds = kinds or WINDOWED
    return Mutant(code, title, kinds, _where(kinds, change), frozen=frozen)


def _policy(spec: OpSpec) -> PadPolicy | None:
    policies = {rule.policy for rule in spec.pads}
    return policies.pop() if len(policies) == 1 else None


def dropped(spec: OpSpec) -> OpSpec:
    """No pads, where that is not what SAME comes to."""
    made = _repadded(spec, lambda before, after: (0, 0))
    return spec if any(same_function(made, same) for same in _sames(spec)) else made


def _repadded(spec: OpSpec, change: Callable[[int, int], tuple[int, int]]) -> OpSpec:
    """Explicit pads changed pair by pair; an op without output is left as it is."""
    if _policy(spec) is not PadPolicy.EXPLICIT:
        return spec
    made = spec.with_pads([change(*pair) for pair in spec.resolved_pads])
    return made if min(made.output_size) > 0 else spec


def mirrored(spec: OpSpec) -> OpSpec:
    """The end as the beginning, where that is not what SAME comes to."""
    made = _repadded(spec, lambda before, after: (before, before))
    lost = any(before == 0 for before, _ in spec.resolved_pads) or set(spec.dilation) != {1}
    pairs = made.resolved_pads
    like_same = any(
        flaw.resolved_pads[axis] == pairs[axis]
        for flaw in _sames(spec)
        for axis in range(spec.rank)
    )
    return spec if lost or like_same else made


def _sames(spec: OpSpec) -> tuple[OpSpec, ...]:
    undilated = spec.replace(dilation=(1,) * spec.rank).with_rule(SAME_UPPER)
    return spec.with_rule(SAME_UPPER), spec.with_pads(undilated.resolved_pads)


def headed(spec: OpSpec) -> OpSpec:
    """The end ignored, where that is not all of the padding, nor a window that ceil adds."""
    lost = any(before == 0 for before, _ in spec.resolved_pads)
    if lost or spec.rounding is not Rounding.FLOOR:
        return spec
    return _repadded(spec, lambda before, after: (before, 0))


def same_for_half(spec: OpSpec) -> OpSpec:
    """SAME in place of symmetric pads, where the shape allows it and only the side differs."""
    pairs = spec.resolved_pads
    same = spec.with_rule(SAME_UPPER)
    totals = [sum(pair) for pair in same.resolved_pads]
    symmetric = all(before == after > 0 for before, after in pairs)
    fits = same.output_size == spec.output_size and all(total % 2 for total in totals)
    return same if symmetric and fits and spec.rounding is Rounding.FLOOR else spec


def swapped(spec: OpSpec) -> OpSpec:
    """Where kernels are even and wider than 2: else LOWER is also half padding, or causal."""
    if set(spec.stride) != {1} or any(k % 2 or k < 4 for k in spec.kernel_size):
        return spec
    other = {PadPolicy.SAME_UPPER: SAME_LOWER, PadPolicy.SAME_LOWER: SAME_UPPER}
    rule = other.get(_policy(spec) or PadPolicy.VALID)
    if rule is None or spec.output_shape or spec.output_padding:
        return spec
    return spec.replace(pads=(rule,) * spec.rank)


def centred(spec: OpSpec) -> OpSpec:
    """Causal pads, all before the input of a sequence, shared by both ends."""

    def pair(before: int, after: int) -> tuple[int, int]:
        return (
            (before // 2, before // 2)
            if after == 0 and before and before % 2 == 0
            else (
                before,
                after,
            )
        )

    causal = [
        before == (k - 1) * d and after == 0
        for (before, after), k, d in zip(
            spec.resolved_pads, spec.kernel_size, spec.dilation, strict=True
        )
    ]
    plain = all(causal) and spec.rank == 1 and spec.stride == (1,)
    return _repadded(spec, pair) if plain else spec


def flawed(flaw: PadFlaw) -> Change:
    def change(spec: OpSpec) -> OpSpec:
        if _policy(spec) not in (PadPolicy.SAME_UPPER, PadPolicy.SAME_LOWER):
            return spec
        made = spec.replace(pads=tuple(dataclasses.replace(rule, flaw=flaw) for rule in spec.pads))
        return made if min(made.output_size) > 0 else spec

    return change


def at_this_size(spec: OpSpec) -> OpSpec:
    """SAME worked out once and for all; of wide kernels, so that no end is all there is of it."""
    same = all(rule.size_dependent for rule in spec.pads)
    if not same or min(spec.stride) == 1 or min(spec.kernel_size) < 5:
        return spec
    return spec.with_pads(spec.resolved_pads)


def axes_exchanged(spec: OpSpec) -> OpSpec:
    if _policy(spec) is not PadPolicy.EXPLICIT:
        return spec
    made = spec.with_pads(spec.resolved_pads[::-1])
    return made if min(made.output_size) > 0 else spec


def crops_exchanged(spec: OpSpec) -> OpSpec:
    if spec.output_shape or any(rule.size_dependent for rule in spec.pads):
        return spec
    return spec.with_pads([(after, before) for before, after in spec.resolved_pads])


def unlengthened(spec: OpSpec) -> OpSpec:
    if _policy(spec) is not PadPolicy.EXPLICIT or spec.output_shape:
        return spec
    return spec.replace(output_padding=())


def counted_otherwise(spec: OpSpec) -> OpSpec:
    plain = spec.pad_mode == "constant" and spec.pad_value == 0
    return spec.replace(count_include_pad=not spec.count_include_pad) if plain else spec


def filled_with(value: float) -> Change:
    return lambda spec: spec.replace(pad_value=value) if spec.pad_mode == "constant" else spec


def other_border(spec: OpSpec) -> OpSpec:
    return spec if spec.pad_mode != "reflect" else spec.replace(pad_mode="edge")


def kernel_reversed(spec: OpSpec, arrays: Arrays) -> Arrays:
    x, weight, bias = arrays
    if weight is not None and spec.kind is CONV:
        weight = np.flip(weight, axis=tuple(range(2, weight.ndim))).copy()
    return [x, weight, bias]


def first_for_all(name: str) -> Change:
    return lambda spec: _with_output(spec, **{name: getattr(spec, name)[:1] * spec.rank})


def ones(name: str) -> Change:
    return lambda spec: _with_output(spec, **{name: (1,) * spec.rank})


def _with_output(spec: OpSpec, **changes: object) -> OpSpec:
    made = spec.replace(**changes)
    return made if min(made.output_size) > 0 else spec


MUTANTS = (
    _mutant("PAD101", "SAME for half pads", same_for_half, CONV),
    _mutant("PAD101", "SAME for half pads in pools", same_for_half, MAX),
    _mutant("PAD102", "UPPER and LOWER exchanged", swapped, CONV, MAX, AVERAGE, LP),
    _mutant("PAD103", "causal centred", centred, CONV),
    _mutant("PAD104", "pads dropped", dropped, CONV),
    _mutant("PAD105", "end as the beginning", mirrored, CONV),
    _mutant("PAD105", "end ignored", headed, MAX),
    _mutant("PAD106", "SAME without dilation", flawed(PadFlaw.UNDILATED), CONV),
    _mutant("PAD107", "negative total not clamped", flawed(PadFlaw.UNCLAMPED), CONV),
    Mutant(
        "PAD108",
        "SAME frozen",
        (CONV,),
        at_this_size,
        frozen=True,
        more=tuple(
            Case(spec=op(CONV, n, k, 2, pads=rule), dynamic=True)
            for n, k in ((12, 5), ((12, 12), 5), ((11, 11), 7), ((8, 8, 8), 5))
            for rule in (SAME_UPPER, SAME_LOWER)
        ),
    ),
    _mutant("PAD109", "pads on the other axis", axes_exchanged, CONV),
    _mutant("PAD201", "max pool padded with 0", filled_with(0.0), MAX),
    _mutant("PAD202", "fill of the Pad lost", filled_with(0.0), CONV),
    _mutant(
        "PAD203",
        "pads counted",
        counted_otherwise,
        AVERAGE,
    ),
    _mutant("PAD204", "reflect as edge", other_border, CONV),
    _mutant("PAD301", "ceil_mode dropped", lambda s: s.replace(rounding=Rounding.FLOOR), MAX),
    _mutant("PAD401", "crops exchanged", crops_exchanged, TRANSPOSED),
    _mutant("PAD402", "output_padding lost", unlengthened, TRANSPOSED),
    Mutant("PAD902", "kernel reversed", (CONV,), numbers=kernel_reversed),
    _mutant("PAD903", "dilation lost", ones("dilation"), CONV),
    _mutant("PAD903", "stride of the first axis", first_for_all("stride"), CONV),
    _mutant("PAD904", "bias lost", lambda spec: spec.replace(bias=False), CONV, TRANSPOSED),
)

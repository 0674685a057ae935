"""Suspects: what a faulty side would compute, one cause at a time and two together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from padcheck.causes import (
    ARRAY,
    FILL,
    GRID,
    NO_CLUES,
    VALUE,
    Cause,
    Clues,
    all_causes,
    precedence,
)
from padcheck.records import Deviation, OpSpec

__all__ = ["Suspect", "composed", "only_changed", "predicted_suspects", "single_suspects"]

#: The families, in the order in which their faults act and are told.
_ORDER = (GRID, FILL, ARRAY, VALUE)
#: What is tried on top of what. What the padding holds can be worked out only once the values are
#: right, so a fill is tried on top of a value, too. Of one family, a later code on an earlier one.
_ON_TOP = {
    GRID: (FILL, ARRAY, VALUE),
    FILL: (ARRAY, VALUE),
    ARRAY: (ARRAY, VALUE),
    VALUE: (FILL, VALUE),
}

#: The clues for a spec.
CluesFor = Callable[[OpSpec], Clues]


@dataclass(frozen=True, slots=True)
class Suspect:
    """One counterfactual, with the cause (or the causes, if composed) that offers it.

    `alone`: for each of several causes, the op with that one alone; () for a single cause.
    `without`: for each of three or more, the op with all the others.
    `partial`: whether the fault befalls some axes and spares others. `guess`: see `Cause`.
    """

    causes: tuple[Cause, ...]
    spec: OpSpec
    alone: tuple[OpSpec, ...] = ()
    partial: bool = False
    guess: bool = False
    without: tuple[OpSpec, ...] = ()

    @property
    def rank(self) -> list[int]:
        """Its place among suspects that are the same function: the lowest gives its name."""
        return [precedence(cause.code, guess=self.guess) for cause in self.causes]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, in the order in which the faults compose."""
        return tuple(cause.code for cause in self.causes)


def single_suspects(
    reference: OpSpec, clues: Clues = NO_CLUES, *, padding_only: bool = False
) -> Iterator[Suspect]:
    """Every counterfactual of one cause, on every axis that it can befall."""
    for cause in all_causes(padding_only=padding_only):
        for spec in cause.offers(reference, clues):
            yield Suspect((cause,), spec)
        for spec in cause.guesses(reference, clues) if cause.guesses else ():
            yield Suspect((cause,), spec, guess=True)


def composed(
    reference: OpSpec,
    first: Suspect,
    clues: CluesFor,
    families: tuple[str, ...],
    *,
    padding_only: bool = False,
) -> Iterator[Suspect]:
    """`first`, and on top of it every fault of another family, or a later one of its own."""
    (cause,) = first.causes
    wanted = [family for family in _ON_TOP[cause.family] if family in families]
    for second in all_causes(padding_only=padding_only):
        later = second.family != cause.family or second.code > cause.code
        if second.family not in wanted or not later:
            continue
        for spec in second.offers(first.spec, clues(first.spec)):
            pairs = [(cause, first.spec), (second, only_changed(reference, first.spec, spec))]
            pairs.sort(key=lambda pair: _ORDER.index(pair[0].family))
            causes, alone = zip(*pairs, strict=True)
            yield Suspect(causes, spec, alone, first.partial, first.guess)


def only_changed(reference: OpSpec, first: OpSpec, both: OpSpec) -> OpSpec:
    """The reference with what the second of two faults changes, and nothing of the first.

    Of fills and deviations; where windows sit stays as it is.
    """
    changes = {
        name: getattr(both, name)
        for name in ("pad_value", "pad_mode", "count_include_pad")
        if getattr(both, name) != getattr(first, name)
    }
    alone = reference.replace(**changes) if changes else reference
    before, after = first.deviation or Deviation(), both.deviation or Deviation()
    values = {
        field.name: getattr(after, field.name)
        for field in dataclasses.fields(Deviation)
        if getattr(after, field.name) != getattr(before, field.name)
    }
    return alone.deviating(**values) if values else alone


def predicted_suspects(reference: OpSpec) -> Iterator[list[Suspect]]:
    """What a rule may do wrong: one fault of padding, then one of the grid and one of the fill."""
    singles = list(single_suspects(reference, padding_only=True))
    yield singles
    yield [
        pair
        for first in singles
        if first.causes[0].family == GRID
        for pair in composed(reference, first, _no_clues, (FILL,), padding_only=True)
    ]


def _no_clues(spec: OpSpec) -> Clues:
    return NO_CLUES

"""The source with the target's rounding: of its weights, and of its ops' outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from padcheck.checks.compare.carried import Numbers, carried
from padcheck.checks.compare.own import own_change
from padcheck.checks.compare.storage import SHORT, TO_INTEGERS, TO_SHORT
from padcheck.checks.compare.values import ValuesJudgement
from padcheck.matching import Pair
from padcheck.records import Change

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["Shares", "coarse_changes", "shares"]

#: (share of itself, share of its tensor's largest) by which rounding may change a number.
Shares = tuple[float, float]

#: Half a step of eight bits, of the largest number.
_HALF_STEP = 0.5 / 127
#: Weights rounded alone, and the numbers that they meet as they run: two uniform errors.
_WEIGHTS = 2**0.5 * _HALF_STEP / 3**0.5
#: Everything rounded, to grids that were chosen for the widest range seen.
_EVERYTHING = 4 * _HALF_STEP
#: What is noted of a weight that is the source's in fewer digits.
_ROUNDED = {TO_INTEGERS, *map(TO_SHORT.format, SHORT)}


def coarse_changes(
    source: Network, target: Network, rows: Iterable[tuple[Pair, ValuesJudgement]]
) -> dict[int, Change]:
    """What the source's sites compute when they round as the target's do; empty where none does.

    A site whose target stores integers, or the same weight in fewer digits, takes the target's
    weight and the grid of its output; its windows and its clip stay.
    """
    changes: dict[int, Change] = {}
    for pair, values in rows:
        theirs = [target.places[index] for index in pair.targets]
        grid = any(place is not None and place.quantization is not None for place in theirs)
        if not grid and not _ROUNDED.intersection(values.notes):
            continue
        numbers = _rounded(source, target, pair) if values.equal else None
        for position, index in enumerate(pair.sources):
            change = own_change(source, index)
            if change is None or change.quantization is not None:
                continue
            if numbers is not None:
                weight, offset = numbers[position].weight, numbers[position].offset
                change = dataclasses.replace(change, weight=weight, offset=offset)
            if grid and theirs[0] is not None:
                change = dataclasses.replace(change, quantization=theirs[0].quantization)
            changes[index] = change
    return changes


def _rounded(source: Network, target: Network, pair: Pair) -> tuple[Numbers, ...] | None:
    """The target's numbers in the source's terms; None for a pool."""
    theirs = [target.places[index] for index in pair.targets]
    places = [place for place in theirs if place is not None and place.values is not None]
    if not places or len(places) < len(theirs):
        return None
    sources = [source.sites[index] for index in pair.sources]
    return carried(sources, [target.sites[index] for index in pair.targets], places)


def shares(target: Network, rows: Sequence[tuple[Pair, ValuesJudgement]]) -> Shares | None:
    """How far the numbers of what is no site may be rounded in a target that rounds its sites'.

    That it rounds them alike is supposed: a converter is told once for the whole model.
    """
    notes = {note for _, values in rows for note in values.notes}
    of_itself = max((SHORT[name] for name in SHORT if TO_SHORT.format(name) in notes), default=0.0)
    gridded = any(
        place is not None and place.quantization is not None
        for pair, _ in rows
        for place in (target.places[index] for index in pair.targets)
    )
    of_largest = _EVERYTHING if gridded else _WEIGHTS if TO_INTEGERS in notes else 0.0
    return (of_itself, of_largest) if of_itself or of_largest else None

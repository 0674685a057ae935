"""The source with the target's rounding: of its weights, and of its ops' outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from padcheck.checks.compare.carried import Numbers, carried
from padcheck.checks.compare.own import own_change
from padcheck.checks.compare.values import ValuesJudgement
from padcheck.matching import Pair
from padcheck.records import Change

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["coarse_changes"]


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
        if not grid and not values.notes:
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

"""Who goes with whom among sites that are alike: told by their neighbours, then by order.

Rules; after every pair the rest is looked at anew, since it may stand beside that pair:
1. The only two of a class are a pair, and the only two of a group: what a class has between the
   same pairs, or after the same, or before the same, as the class says.
2. As many on both sides: in topological order; where the neighbours' neighbours, the neighbours
   or the geometry sort both sides into the same bins (branches in another order), bin by bin.
3. More on one side, where the class allows it: in topological order, leaving out those that make
   the others agree most in geometry and neighbours.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.matching.side import Side
from padcheck.matching.standing import Standing

__all__ = ["Class", "Key", "Tie", "between", "between_alike", "read_by", "reading", "settle"]

#: Pairs that are weighed against each other, at most.
WAYS = 1 << 18
#: What two sites must have in common to be in one group of their class.
Key = Callable[[Standing, int], Hashable]


def between(standing: Standing, index: int) -> Hashable:
    """The pairs on both sides of a site."""
    return standing.before[index], standing.after[index]


def reading(standing: Standing, index: int) -> Hashable:
    """The pairs that a site reads from."""
    return standing.before[index]


def read_by(standing: Standing, index: int) -> Hashable:
    """The pairs that read from a site."""
    return standing.after[index]


def between_alike(standing: Standing, index: int) -> Hashable:
    """The pairs on both sides, and the geometry."""
    return standing.before[index], standing.after[index], standing.side.geometry(index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """Sites that may go together; `how` is what they have in common, in words.

    `keys`: what makes a group, the first that decides anything. `anywhere`: whether they go
    together wherever they stand. `lopsided`: whether rule 3 holds.
    """

    sources: tuple[int, ...]
    targets: tuple[int, ...]
    how: str = ""
    keys: tuple[Key, ...] = (between, reading, read_by)
    anywhere: bool = True
    lopsided: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Two sites that go together, of which class, and what told them from their like.

    `told_by` is "" (there were none), "neighbours" or "order"; `standing` is the source's.
    """

    source: int
    target: int
    of: Class
    told_by: str
    standing: Standing


def settle(source: Side, target: Side, classes: Sequence[Class]) -> Iterator[Tie]:
    """Every pair that the rules make of some classes; the sides must know each before the next."""
    while classes:
        left = [_left(source, target, one) for one in classes]
        labels = tuple(
            {index: number for number, ends in enumerate(left) for index in ends[side]}
            for side in (0, 1)
        )
        standings = Standing(source, labels[0]), Standing(target, labels[1])
        told_by, found = _step(standings, classes, left)
        if not found:
            return
        for number, i, j in found:
            one = classes[number]
            alone = len(one.sources) == len(one.targets) == 1
            told = "" if alone else told_by
            yield Tie(source=i, target=j, of=one, told_by=told, standing=standings[0])


_Ends = tuple[list[int], list[int]]
_Found = list[tuple[int, int, int]]


def _left(source: Side, target: Side, one: Class) -> _Ends:
    return (
        [index for index in one.sources if source.pair[index] is None],
        [index for index in one.targets if target.pair[index] is None],
    )


def _step(
    standings: tuple[Standing, Standing], classes: Sequence[Class], left: list[_Ends]
) -> tuple[str, _Found]:
    """The next pairs, as (class, source, target): all that are alone, or one group's."""
    whole = [(number, *left[number]) for number, one in enumerate(classes) if one.anywhere]
    levels = [
        [
            (number, *ends)
            for number, one in enumerate(classes)
            if level < len(one.keys)
            for ends in _groups(standings, one.keys[level], left[number])
        ]
        for level in range(max(len(one.keys) for one in classes))
    ]
    for groups in (whole, *levels):  # rule 1
        alone = [(number, i[0], j[0]) for number, i, j in groups if len(i) == len(j) == 1]
        if alone:
            return "neighbours", alone
    for number, i, j in itertools.chain(*levels, whole):
        if len(i) == len(j) > 0:  # rule 2
            return "order", [(number, *both) for both in _in_bins(standings, i, j)]
    for number, i, j in itertools.chain(*levels, whole):
        if i and j and classes[number].lopsided:  # rule 3
            return "order", [(number, *both) for both in _aligned(standings, i, j)]
    return "", []


def _groups(standings: tuple[Standing, Standing], key: Key, ends: _Ends) -> Iterator[_Ends]:
    """The groups that have sites on both sides, in source order."""
    groups: dict[Hashable, _Ends] = defaultdict(lambda: ([], []))
    for side, standing in enumerate(standings):
        for index in ends[side]:
            groups[key(standing, index)][side].append(index)
    return (group for group in groups.values() if group[0] and group[1])


def _in_bins(
    standings: tuple[Standing, Standing], sources: list[int], targets: list[int]
) -> Iterator[tuple[int, int]]:
    """As many on both sides; bin by bin where a trait sorts both sides alike, then in order."""
    traits: tuple[Key, ...] = (
        Standing.vicinity,
        Standing.near,
        lambda standing, index: standing.side.geometry(index),
    )
    for trait in traits:
        bins = [
            [trait(standing, index) for index in indices]
            for standing, indices in zip(standings, (sources, targets), strict=True)
        ]
        if len(set(bins[0])) > 1 and Counter(bins[0]) == Counter(bins[1]):
            for one in dict.fromkeys(bins[0]):
                inside = [
                    [index for index, other in zip(indices, keys, strict=True) if other == one]
                    for indices, keys in zip((sources, targets), bins, strict=True)
                ]
                yield from _in_bins(standings, *inside)
            return
    yield from zip(sources, targets, strict=True)


def _aligned(
    standings: tuple[Standing, Standing], sources: list[int], targets: list[int]
) -> list[tuple[int, int]]:
    """As many pairs in order as there can be, and of these ways the one that agrees most.

    The first ones where there would be more than `WAYS` pairs to choose from.
    """
    if len(sources) * len(targets) > WAYS:
        return list(zip(sources, targets, strict=False))
    traits = [
        [_traits(standing, index) for index in indices]
        for standing, indices in zip(standings, (sources, targets), strict=True)
    ]
    pairs_first = 1 + 8 * min(len(sources), len(targets))
    best = [[0] * (len(targets) + 1) for _ in range(len(sources) + 1)]
    for i in reversed(range(len(sources))):
        for j in reversed(range(len(targets))):
            agreed = sum(a == b for a, b in zip(traits[0][i], traits[1][j], strict=True))
            taken = best[i + 1][j + 1] + pairs_first + agreed
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    made, i, j = [], 0, 0
    while i < len(sources) and j < len(targets):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            made.append((sources[i], targets[j]))
            i, j = i + 1, j + 1
    return made


def _traits(standing: Standing, index: int) -> tuple[Any, ...]:
    spec = standing.side.spec(index)
    geometry = standing.side.geometry(index)
    return (
        geometry,
        spec.input_size,
        spec.output_size,
        standing.near(index),
        standing.between(index),
    )

"""Combinations of factors' levels in which every pair of levels that can meet does meet.

Rules:
1. Pairs are covered one combination at a time, from the level with the most pairs left on.
2. A combination starts as the feasible one that holds the pair and is nearest to the plain one,
   all factors at their first levels. Where there is none, the pair cannot meet.
3. Then each of its other factors takes the feasible level that covers the most pairs that are
   left, and all are gone over until nothing changes.
4. Ties go to the level that was used least, then to the first: there is no chance in it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Combination", "Factors", "Pair", "pairs_of", "pairwise"]

#: name -> level
Combination = dict[str, Any]
#: name -> its levels, the plainest first
Factors = Mapping[str, Sequence[Hashable]]
#: Two (factor, level), in the factors' order.
Pair = tuple[tuple[str, Any], tuple[str, Any]]

#: Factor number -> level number.
_Places = dict[int, int]


def pairwise(
    factors: Factors, feasible: Callable[[Combination], bool], *, off_plain: int | None = None
) -> tuple[Combination, ...]:
    """Feasible combinations that hold every pair of levels which any feasible one holds.

    `feasible` is asked about whole combinations. `off_plain`: a pair that is feasible only where
    more of the other factors are off their first levels may be missed; none is unless told.
    """
    return tuple(_Covering(factors, feasible, off_plain).made())


def pairs_of(combination: Combination) -> Iterator[Pair]:
    """The pairs that a combination holds."""
    return itertools.combinations(combination.items(), 2)


class _Covering:
    """The pairs that are left, and those that cannot meet, as bits.

    Bit `_first[i] + a` stands for level a of factor i; `_left[i][a]` and `_out[i][a]` are the
    levels of other factors that it has yet to meet, and that it cannot meet.
    """

    def __init__(
        self, factors: Factors, feasible: Callable[[Combination], bool], off_plain: int | None
    ) -> None:
        self._names = tuple(factors)
        self._levels = tuple(tuple(factors[name]) for name in self._names)
        self._feasible = feasible
        self._off_plain = len(self._names) if off_plain is None else off_plain
        sizes = tuple(map(len, self._levels))
        self._first = tuple(itertools.accumulate((0, *sizes)))
        every = (1 << sum(sizes)) - 1
        self._left = [
            [every & ~(((1 << size) - 1) << first)] * size
            for size, first in zip(sizes, self._first, strict=False)
        ]
        self._out = [[0] * size for size in sizes]
        self._used = [[0] * size for size in sizes]

    def made(self) -> Iterator[Combination]:
        while (pair := self._next()) is not None:
            nearest = next(filter(self._holds, self._near(pair)), None)  # rule 2
            if nearest is None:
                self._rule_out(pair)
            else:
                places = self._climbed(nearest, pair)
                self._cover(places)
                yield self._named(places)

    def _next(self) -> _Places | None:
        """Rule 1."""
        spots = [(i, a) for i, left in enumerate(self._left) for a in range(len(left))]
        i, a = max(spots, key=lambda spot: self._left[spot[0]][spot[1]].bit_count())
        bit = self._left[i][a].bit_length() - 1
        if bit < 0:
            return None
        other = max(j for j, first in enumerate(self._first) if first <= bit)
        return {i: a, other: bit - self._first[other]}

    def _near(self, pair: _Places) -> Iterator[_Places]:
        """All combinations with the pair, those with the fewest factors off plain first."""
        others = [i for i in range(len(self._names)) if i not in pair]
        plain = dict.fromkeys(others, 0) | pair
        for off in range(min(self._off_plain, len(others)) + 1):
            for changed in itertools.combinations(others, off):
                ranges = (range(1, len(self._levels[i])) for i in changed)
                for levels in itertools.product(*ranges):
                    yield plain | dict(zip(changed, levels, strict=True))

    def _climbed(self, places: _Places, pair: _Places) -> _Places:
        """Rule 3."""
        changes = True
        while changes:
            changes = False
            for i in range(len(self._names)):
                if i not in pair and (better := self._better(places, i)) is not None:
                    places, changes = better, True
        return places

    def _better(self, places: _Places, i: int) -> _Places | None:
        """The combination with the best feasible level for factor i; None where it has that."""
        others = self._bits(places) ^ (1 << self._first[i] + places[i])
        worths = [  # rule 4
            (-(left & others).bit_count(), used, a)
            for a, (left, used) in enumerate(zip(self._left[i], self._used[i], strict=True))
        ]
        out, now = self._out[i], worths[places[i]]
        better = (a for *_, a in sorted(worth for worth in worths if worth < now))
        changed = (places | {i: a} for a in better if not out[a] & others)
        return next(filter(self._holds, changed), None)

    def _rule_out(self, pair: _Places) -> None:
        for i, a in pair.items():
            other = self._bits(pair) ^ (1 << self._first[i] + a)
            self._left[i][a] &= ~other
            self._out[i][a] |= other

    def _cover(self, places: _Places) -> None:
        chosen = self._bits(places)
        for i, a in places.items():
            self._left[i][a] &= ~chosen
            self._used[i][a] += 1

    def _bits(self, places: _Places) -> int:
        return sum(1 << self._first[i] + a for i, a in places.items())

    def _holds(self, places: _Places) -> bool:
        return self._feasible(self._named(places))

    def _named(self, places: _Places) -> Combination:
        return {name: self._levels[i][places[i]] for i, name in enumerate(self._names)}

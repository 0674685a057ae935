"""Where the sites of one side stand relative to what is paired already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from padcheck.matching.side import Side

__all__ = ["Standing"]

#: Set beside the numbers of pairs.
_INPUT, _OUTPUT, _UNKNOWN = -1, -2, -3


class Standing:
    """`before` and `after`: the nearest pairs that a site reads from and that read from it.

    Pairs have numbers, the same on both sides; sites in no pair are looked through. The model's
    input and output count as pairs. `labels` are what is known of sites in no pair.
    """

    def __init__(self, side: Side, labels: Mapping[int, Hashable]) -> None:
        self.side = side
        count = len(side.sites)
        empty: frozenset[int] = frozenset()
        self.before = [empty] * count
        self.after = [empty] * count
        for index in range(count):
            self.before[index] = self._reached(side.before[index], self.before, _INPUT)
            if side.places[index] is None:
                self.before[index] |= {_UNKNOWN}
        for index in reversed(range(count)):
            self.after[index] = self._reached(side.after[index], self.after, _OUTPUT)
        self._labels: list[Hashable] = [
            ("class", labels[index])
            if index in labels
            else ("pair", side.pair[index])
            if side.pair[index] is not None
            else side.label(index)
            for index in range(count)
        ]
        self._near: list[Hashable] | None = None

    def _reached(
        self, neighbours: tuple[int, ...] | list[int], known: list[frozenset[int]], end: int
    ) -> frozenset[int]:
        if not neighbours:
            return frozenset((end,))
        reached: set[int] = set()
        for neighbour in neighbours:
            number = self.side.pair[neighbour]
            reached |= known[neighbour] if number is None else {number}
        return frozenset(reached)

    def between(self, index: int) -> Hashable:
        """The pairs before and after a site."""
        return self.before[index], self.after[index]

    def near(self, index: int) -> Hashable:
        """A site with its neighbours."""
        if self._near is None:
            self._near = self._surrounded(self._labels)
        return self._near[index]

    def vicinity(self, index: int) -> Hashable:
        """A site with its neighbours and theirs."""
        if self._near is None:
            self._near = self._surrounded(self._labels)
        return self._around(index, self._near)

    def _surrounded(self, labels: list[Hashable]) -> list[Hashable]:
        return [self._around(index, labels) for index in range(len(labels))]

    def _around(self, index: int, labels: list[Hashable]) -> Hashable:
        around = (self.side.before[index], self.side.after[index])
        return labels[index], *(
            tuple(sorted(hash(labels[other]) for other in others)) for others in around
        )

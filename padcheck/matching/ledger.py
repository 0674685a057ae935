"""What has been paired so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from padcheck.matching.pairs import Pair
from padcheck.matching.ties import Class, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from padcheck.matching.side import Side
    from padcheck.matching.ties import Tie

__all__ = ["Ledger"]


class Ledger:
    """The two sides, and the pairs made; `weighed` is whether any was made by weights."""

    def __init__(self, source: Side, target: Side) -> None:
        self.source, self.target = source, target
        self.pairs: list[Pair] = []
        self.weighed = False

    def add(self, sources: tuple[int, ...], targets: tuple[int, ...], how: str) -> None:
        """Enters a pair."""
        number = len(self.pairs)
        for side, indices in ((self.source, sources), (self.target, targets)):
            for index in indices:
                side.pair[index] = number
        self.pairs.append(Pair(sources=sources, targets=targets, how=how))

    def settle(self, classes: Sequence[Class]) -> None:
        """Enters what the rules of ties make of some classes."""
        for tie in settle(self.source, self.target, classes):
            self.add((tie.source,), (tie.target,), self._words(tie))

    def _words(self, tie: Tie) -> str:
        how = tie.of.how
        if how:
            return f"{how}, then by {tie.told_by}" if tie.told_by else how
        before, after = (
            sorted(self.pairs[number].sources[0] for number in numbers if number >= 0)
            for numbers in (tie.standing.before[tie.source], tie.standing.after[tie.source])
        )
        sites = self.source.sites
        if before and after:
            return f"between {sites[before[-1]].name} and {sites[after[0]].name}"
        if before or after:
            return f"after {sites[before[-1]].name}" if before else f"before {sites[after[0]].name}"
        return "by order"

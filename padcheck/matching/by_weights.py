"""Pairs of ops with the same weights; see the rules of `match`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from padcheck.matching.rearranged import rearranged
from padcheck.matching.shelf import Shelf
from padcheck.matching.signature import Likeness
from padcheck.matching.split import parts_of
from padcheck.matching.ties import Class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from padcheck.matching.ledger import Ledger
    from padcheck.matching.side import Side
    from padcheck.matching.signature import Signature

__all__ = ["pair_groups", "pair_rearranged", "pair_weights"]

#: What weights must have in common, whether a coarse float is allowed for, and the words.
_WAYS = (
    (Likeness.EFFECTIVE, False, "by weights"),
    (Likeness.EITHER, False, "by weights"),
    (Likeness.FACTOR, False, "by weights up to a factor per channel"),
    (Likeness.EFFECTIVE, True, "by weights up to rounding"),
    (Likeness.EITHER, True, "by weights up to rounding"),
    (Likeness.FACTOR, True, "by weights up to rounding and a factor per channel"),
)

_Sets = tuple[tuple[int, ...], tuple[int, ...]]


def pair_weights(ledger: Ledger) -> None:
    """Rules 1 and 2."""
    while True:
        classes: list[Class] = []
        ours, theirs = (_free(side) for side in (ledger.source, ledger.target))
        shelf = Shelf(theirs)
        for likeness, coarse, how in _WAYS:
            edges = {
                index: [
                    other for other in shelf.like(one, likeness, coarse=coarse) if other in theirs
                ]
                for index, one in ours.items()
            }
            for sources, targets in list(_connected(edges)):
                for side, indices in ((ours, sources), (theirs, targets)):
                    for index in indices:
                        del side[index]
                classes.append(Class(sources=sources, targets=targets, how=how))
        if not classes:
            return
        ledger.weighed = True
        ledger.settle(classes)


def _free(side: Side) -> dict[int, Signature]:
    return {index: one for index, one in side.signatures.items() if side.pair[index] is None}


def _connected(edges: Mapping[int, Sequence[int]]) -> Iterator[_Sets]:
    """Sources and targets that edges connect, however far."""
    back: dict[int, list[int]] = defaultdict(list)
    for source, targets in edges.items():
        for target in targets:
            back[target].append(source)
    seen: set[int] = set()
    for first in edges:
        if first in seen or not edges[first]:
            continue
        ours, theirs, ahead = {first}, set[int](), [first]
        while ahead:
            for target in edges[ahead.pop()]:
                if target not in theirs:
                    theirs.add(target)
                    ahead += [source for source in back[target] if source not in ours]
                    ours.update(back[target])
        seen |= ours
        yield tuple(sorted(ours)), tuple(sorted(theirs))


def pair_groups(ledger: Ledger) -> None:
    """Rule 3."""
    for whole, other in ((ledger.source, ledger.target), (ledger.target, ledger.source)):
        for index in whole.free():
            parts = parts_of(index, whole, other)
            if parts is None:
                continue
            how = f"by weights, the groups in {len(parts)} ops"
            if whole is ledger.source:
                ledger.add((index,), parts, how)
            else:
                ledger.add(parts, (index,), how)
            ledger.weighed = True


def pair_rearranged(ledger: Ledger) -> None:
    """Rule 4."""
    classes = [
        Class(sources=sources, targets=targets, how="by rearranged weights")
        for sources, targets in _connected(rearranged(ledger.source, ledger.target))
    ]
    ledger.weighed = ledger.weighed or bool(classes)
    ledger.settle(classes)

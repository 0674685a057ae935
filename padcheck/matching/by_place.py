"""Pairs of ops that stand in the same place; see the rules of `match`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from padcheck.matching.signature import squeezed
from padcheck.matching.ties import Class, Key, between, between_alike, read_by, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from padcheck.matching.ledger import Ledger
    from padcheck.matching.side import Side
    from padcheck.records import OpSpec

__all__ = ["comparable", "pair_pools", "pair_weighted"]

# Traits: what ops must have in common; None for an op that is not meant.


def _weighted(spec: OpSpec) -> Hashable | None:
    return (spec.kind, squeezed(spec.kernel_size), spec.channels) if spec.kind.has_weight else None


def _strided_window(spec: OpSpec) -> Hashable | None:
    axes = zip(spec.kernel_size, spec.stride, strict=True)
    taps = tuple(axis for axis in axes if axis[0] > 1)
    return None if spec.kind.has_weight else (spec.kind, taps)


def _window(spec: OpSpec) -> Hashable | None:
    return None if spec.kind.has_weight else (spec.kind, squeezed(spec.kernel_size))


def _bare_window(spec: OpSpec) -> Hashable | None:
    return None if spec.kind.has_weight else squeezed(spec.kernel_size)


def _kind(spec: OpSpec) -> Hashable | None:
    return None if spec.kind.has_weight else spec.kind


def pair_weighted(ledger: Ledger) -> None:
    """Rule 5."""
    classes = _classes(ledger, _weighted, (between, between_alike), lopsided=False)
    ledger.settle(classes)


def pair_pools(ledger: Ledger) -> None:
    """Rule 6."""
    for trait in (_strided_window, _window):
        ledger.settle(_classes(ledger, trait, (between, reading, read_by), lopsided=True))
    for trait in (_bare_window, _kind):
        ledger.settle(_classes(ledger, trait, (between,), lopsided=False))


def comparable(ledger: Ledger) -> bool:
    """Whether a place tells anything; see rule 5."""
    ours, theirs = (
        [_weighted(side.spec(index)) for index in side.signatures]
        for side in (ledger.source, ledger.target)
    )
    return ledger.weighed or not (ours and theirs) or ours == theirs


def _classes(
    ledger: Ledger,
    trait: Callable[[OpSpec], Hashable | None],
    keys: tuple[Key, ...],
    *,
    lopsided: bool,
) -> list[Class]:
    """The free sites of both sides that a trait is the same for."""
    sources, targets = (_sorted(side, trait) for side in (ledger.source, ledger.target))
    return [
        Class(
            sources=tuple(ours),
            targets=tuple(targets[one]),
            keys=keys,
            anywhere=False,
            lopsided=lopsided,
        )
        for one, ours in sources.items()
        if one in targets
    ]


def _sorted(side: Side, trait: Callable[[OpSpec], Hashable | None]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for index in side.free():
        one = trait(side.spec(index))
        if one is not None:
            found[one].append(index)
    return dict(found)

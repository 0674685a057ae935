"""What a matching is made of, and what it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from padcheck.records import Place, Site

__all__ = ["Matching", "Pair", "Sided"]


class Sided(Protocol):
    """One side of a comparison: sites in topological order, a place for each that was read."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """The windowed ops."""
        ...

    @property
    def places(self) -> tuple[Place | None, ...]:
        """Where they stand."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One op of the source and what stands for it in the target, by site index.

    One index on both sides, or several on one side where that splits an op's groups into ops of
    their own: these are in the order of the groups. `how` is for a reader: "by weights",
    "by rearranged weights", "between conv1 and conv2".
    """

    sources: tuple[int, ...]
    targets: tuple[int, ...]
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Pairs in source order, and the sites that found no partner, each with the reason.

    `related` is False when both sides have weights that could be compared and no pair was made
    by them: two models that have nothing to do with each other.
    """

    pairs: tuple[Pair, ...]
    lone_sources: tuple[tuple[int, str], ...] = ()
    lone_targets: tuple[tuple[int, str], ...] = ()
    related: bool = True

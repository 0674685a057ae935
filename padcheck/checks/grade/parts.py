"""A part of a suite: some ops, on some numbers of axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from padcheck.checks.grade.known import Known
from padcheck.errors import UsageError
from padcheck.records import OpKind
from padcheck.records.case import OP_TYPES, Case

__all__ = ["KINDS", "RANKS", "Part", "part_of"]

KINDS = tuple(kind.value for kind in OP_TYPES)
RANKS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Part:
    """The kinds of op and the ranks that are asked, in order; all where there are none."""

    kinds: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()

    def named(self, level: str) -> str:
        """The level; and what of it is asked, if not all: `quick, conv and max_pool, 2-D`."""
        kinds = " and ".join(self.kinds)
        ranks = " and ".join(f"{rank}-D" for rank in self.ranks)
        return ", ".join(filter(None, (level, kinds, ranks)))

    def of(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """The cases that are in it."""
        return tuple(
            case
            for case in cases
            if case.spec.kind.value in (self.kinds or KINDS)
            and case.spec.rank in (self.ranks or RANKS)
        )

    def has(self, entry: Known) -> bool:
        """Whether all that an entry is about is in it."""
        op_types = [OP_TYPES[OpKind(kind)] for kind in self.kinds or KINDS]
        ranks = self.ranks or RANKS
        about = RANKS if entry.rank is None else (entry.rank,)
        return entry.op_type in op_types and set(about) <= set(ranks)


def part_of(kinds: str | Iterable[str], ranks: int | Iterable[int]) -> Part:
    """The part with these kinds and ranks; raises UsageError for one that there is not."""
    asked = {kinds} if isinstance(kinds, str) else set(kinds)
    axes = {ranks} if isinstance(ranks, int) else set(ranks)
    for kind in sorted(asked.difference(KINDS), key=str):
        raise UsageError(f"expected ops of {', '.join(KINDS)} but got {kind!r}")
    for rank in sorted(axes.difference(RANKS), key=str):
        raise UsageError(f"expected ranks of 1, 2, 3 but got {rank!r}")
    if asked == set(KINDS):
        asked = set()
    if axes == set(RANKS):
        axes = set()
    return Part(
        tuple(kind for kind in KINDS if kind in asked),
        tuple(rank for rank in RANKS if rank in axes),
    )

"""The cases that combine levels: pairs of them, and triples with one factor.

Each call for the same arguments gives the same cases in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.checks.corpus.factors import FINE, factors
from padcheck.checks.corpus.making import case_of
from padcheck.checks.corpus.pairwise import Combination, Factors, pairwise
from padcheck.checks.suite.words import KINDS
from padcheck.records import OpKind
from padcheck.records.case import Case

__all__ = ["combinations_of", "in_pairs", "in_triples"]

#: Factors of which every level meets every pair of levels in `in_triples`.
_LEADING = ("rank", "pads")


def in_pairs(grain: str) -> Iterator[Case]:
    """For every kind of op, cases that hold every pair of levels that can meet."""
    for kind in KINDS:
        yield from _cases(kind, factors(kind, grain))


def in_triples() -> Iterator[Case]:
    """For every kind of op, cases that hold the fine triples with a rank, or with pads.

    A few are missing, which only some choices of the other levels allow.
    """
    for kind in KINDS:
        listed = factors(kind, FINE)
        for name in _LEADING:
            for level in listed[name]:
                yield from _cases(kind, {**listed, name: (level,)})


def _cases(kind: OpKind, listed: Factors) -> Iterator[Case]:
    for combination in combinations_of(kind, listed):
        case = case_of(kind, combination)
        if case is not None:
            yield case


def combinations_of(kind: OpKind, listed: Factors) -> tuple[Combination, ...]:
    """Those of `_cases`.

    First levels go with nearly all others, so that one more factor off them finds every pair.
    """
    return pairwise(listed, lambda levels: case_of(kind, levels) is not None, off_plain=1)

"""The cases that a converter is graded on, level by level; the same on every run.

    quick      the geometries that every suite includes, and every pair of coarse levels
    standard   and the geometries that frameworks are held to, and every pair of fine levels
    deep       and fine triples with a rank, or with pads

Every level starts with the cases of the one before, so that a case has one place in all.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable

from padcheck.checks.corpus.arrays import in_pairs, in_triples
from padcheck.checks.corpus.essentials import essentials
from padcheck.checks.corpus.factors import COARSE, FINE
from padcheck.checks.corpus.questions import question
from padcheck.checks.suite import suite
from padcheck.errors import UsageError
from padcheck.records.case import Case

__all__ = ["LEVELS", "VERSION", "corpus"]

LEVELS = ("quick", "standard", "deep")

#: Counted up whenever a level's cases change.
VERSION = 1


def corpus(level: str) -> tuple[Case, ...]:
    """The cases of a level, each once, in order; raises UsageError for another level.

    >>> str(corpus("quick")[0])
    'conv(n=6x6, k=3x3, s=2x2, pads=(1,1)x(1,1)), opset 13'
    """
    if level not in LEVELS:
        raise UsageError(f"expected a level of {', '.join(LEVELS)} but got {level!r}")
    return _upto(LEVELS.index(level))


@functools.cache
def _upto(level: int) -> tuple[Case, ...]:
    before = _upto(level - 1) if level else ()
    return tuple(dict.fromkeys(itertools.chain(before, _PARTS[level]())))


def _quick() -> Iterable[Case]:
    return itertools.chain(essentials(), in_pairs(COARSE))


def _standard() -> Iterable[Case]:
    return itertools.chain(filter(None, map(question, suite())), in_pairs(FINE))


_PARTS: tuple[Callable[[], Iterable[Case]], ...] = (_quick, _standard, in_triples)

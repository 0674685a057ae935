"""Differences of an op that what stands around it makes up for, or that no output shows.

Where two models give the same outputs, the source is run with one op of the target in place of
its own:
1. Its outputs are others then: in the target, something else makes up for the op (a crop behind a
   wider pad, a factor that the next op takes back).
2. They are still the same: this input does not show what the op computes otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError
from padcheck.records import MISMATCH, Change

__all__ = ["balanced"]


def balanced(
    whole: Whole, wanted: Iterable[int], changes: Callable[[int], Mapping[int, Change]]
) -> set[int]:
    """Those of `wanted` that rule 1 holds for, where the outputs of `whole` do not differ.

    `changes(index)` gives the source's ops the target's semantics; what the source's format
    cannot express counts as not balanced, and sizes that the rest of the source cannot take as
    other outputs.
    """
    found = set()
    for index in wanted:
        try:
            altered = whole.altered(changes(index))
        except FrameworkError:
            continue
        try:
            after = whole.beside(altered)
        except FrameworkError:
            found.add(index)
            continue
        if any(each.verdict == MISMATCH for each in after):
            found.add(index)
    return found

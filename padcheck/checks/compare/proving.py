"""Which differences together give the source the target's outputs, and are all needed for it."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.explanation import Explanation
from padcheck.checks.compare.given import Hypotheses, target_changes
from padcheck.checks.compare.outputs import worst_relative
from padcheck.checks.compare.values import ValuesJudgement
from padcheck.checks.compare.whole import Whole
from padcheck.records import MISMATCH, OutputReport

__all__ = ["MOST_PRUNED", "only", "prove"]

#: Hypotheses are left out one by one only while they are so few.
MOST_PRUNED = 12


def prove(
    whole: Whole,
    rows: Sequence[Judged],
    hypotheses: Hypotheses,
    guilty: set[int],
    made: Explanation,
) -> None:
    """Rules 1 and 2; fills in `made`."""
    if guilty:
        made.after = whole.changed(target_changes(whole, rows, {}, guilty))
        if made.is_whole or not hypotheses:
            return

    def tried(wanted: set[int]) -> tuple[OutputReport, ...]:
        if not guilty and not wanted:
            return whole.outputs
        changes = target_changes(whole, rows, only(hypotheses, wanted), guilty | wanted)
        return whole.changed(changes)

    best, after = set[int](), made.after or whole.outputs
    for wanted in _likeliest(hypotheses):
        seen = tried(wanted)
        if _better(seen, after):
            best, after = wanted, seen
        if all(each.verdict != MISMATCH for each in after):
            break
    for index in sorted(best) if len(best) <= MOST_PRUNED else ():
        seen = tried(best - {index})
        if not _better(after, seen):
            best, after = best - {index}, seen
    if guilty or best:
        made.after, made.confirmed = after, best


def _likeliest(hypotheses: Hypotheses) -> list[set[int]]:
    """Which hypotheses to try together: those with a cause, those not only supposed, all."""
    sure = frozenset(index for index, each in hypotheses.items() if not each.supposed)
    named = frozenset(
        index for index in sure if all(one.code != "PAD999" for one in hypotheses[index].findings)
    )
    tried = dict.fromkeys((named, sure, frozenset(hypotheses)))
    return [set(wanted) for wanted in tried if wanted]


def only(hypotheses: Hypotheses, kept: set[int]) -> dict[int, ValuesJudgement]:
    return {index: each for index, each in hypotheses.items() if index in kept}


def _better(after: Sequence[OutputReport], before: Sequence[OutputReport]) -> bool:
    """Whether fewer outputs differ; of as many that do, whether they lie nearer."""
    ours, theirs = (sum(each.verdict == MISMATCH for each in side) for side in (after, before))
    if ours != theirs or not ours:
        return ours < theirs
    one, other = worst_relative(after), worst_relative(before)
    return one is not None and (other is None or one < other)

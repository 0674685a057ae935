"""The proof for the whole model: the source with the target's semantics gives the target's output.

Rules:
1. What the windows differ in was measured op by op, and always goes into the source.
2. What the numbers differ in is a hypothesis: a factor may have moved into the next op, an
   activation may be one that was not recognised. It goes in only if the windows alone do not
   explain the outputs; of what went in, what the proof does not need is told as a remark.
3. If outputs are equal within rounding, differing numbers make no difference, unless the source
   lies much nearer to the target with them, or they show on an input so loud that every clip is
   reached.
4. Whatever is left is unexplained, and told at the first op where the two still part.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.outputs import worst_relative
from padcheck.checks.compare.parting import Parting, part
from padcheck.checks.compare.values import ValuesJudgement
from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError
from padcheck.records import MISMATCH, Change, OutputReport

__all__ = ["Explanation", "explain", "target_changes"]

#: Hypotheses are left out one by one only while they are so few.
_MOST_PRUNED = 12
#: Numbers that leave no more than this share of a difference are part of it, however small it is.
_MUCH_NEARER = 0.25

Hypotheses = Mapping[int, ValuesJudgement]


@dataclass(slots=True)
class Explanation:
    """What explains the outputs: `codes`, what is left (`after`), and where it still parts.

    `confirmed`: the hypotheses, by the index of their pair, that are part of the proof.
    `unproven`: the source's format cannot express what was found, so nothing could be tried.
    """

    codes: tuple[str, ...] = ()
    after: tuple[OutputReport, ...] = ()
    confirmed: set[int] = field(default_factory=set)
    first: Parting | None = None
    remaining: Parting | None = None
    unproven: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def residual(self) -> float | None:
        """The largest relative difference left, None where nothing was explained."""
        return worst_relative(self.after) if self.after else None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return bool(self.after) and all(each.verdict != MISMATCH for each in self.after)


def explain(
    whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, *, louder: Whole | None = None
) -> Explanation:
    """What explains the difference of the outputs.

    `hypotheses` are by the index of their row. `louder` has the same models on a louder input,
    where there is one: rule 3.
    """
    made = Explanation()
    heard = whole
    if not whole.differs:
        if not hypotheses:
            return made
        if _tell(whole, rows, hypotheses, made):
            return made
        if louder is None or not louder.differs:
            return made
        heard = louder
    pairs = [row.pair for row in rows]
    noise = heard.noise
    guilty = {index for index, row in enumerate(rows) if row.windows.verdict == MISMATCH}
    try:
        _prove(heard, rows, hypotheses, guilty, made)
    except FrameworkError as error:
        made.notes.append(f"not proven on the whole model: {error}")
        made.unproven, made.after = bool(guilty), ()
        made.confirmed = {index for index, each in hypotheses.items() if each.findings}
    unlike = frozenset(rows[index].pair for index in set(hypotheses) - made.confirmed)
    made.first = part(
        heard.source, heard.target, pairs, heard.feeds, heard.target_feeds, noise, unlike=unlike
    )
    if made.unproven:
        return made
    if made.after and not made.is_whole:
        changes = target_changes(heard, rows, hypotheses, guilty | made.confirmed)
        altered = heard.altered(changes)
        made.remaining = part(
            altered, heard.target, pairs, heard.feeds, heard.target_feeds, noise, unlike=unlike
        )  # rule 4
    elif not made.after:
        made.remaining = made.first
    return made


def _tell(whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, made: Explanation) -> bool:
    """Rule 3: whether the numbers account for what little difference there is; fills in `made`."""
    before = worst_relative(whole.outputs)
    try:
        after = whole.changed(target_changes(whole, rows, hypotheses, set(hypotheses)))
    except FrameworkError:
        return False
    left = worst_relative(after)
    if before is None or left is None or left >= _MUCH_NEARER * before:
        return False
    made.after, made.confirmed = after, set(hypotheses)
    return True


def _prove(
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
        changes = target_changes(whole, rows, _only(hypotheses, wanted), guilty | wanted)
        return whole.changed(changes)

    best, after = set[int](), made.after or whole.outputs
    sure = {index for index, each in hypotheses.items() if not each.supposed}
    for wanted in (set(hypotheses), sure):
        seen = tried(wanted) if wanted and wanted != best else after
        if _better(seen, after):
            best, after = wanted, seen
    for index in sorted(best) if len(best) <= _MOST_PRUNED else ():
        seen = tried(best - {index})
        if not _better(after, seen):
            best, after = best - {index}, seen
    if guilty or best:
        made.after, made.confirmed = after, best


def _only(hypotheses: Hypotheses, kept: set[int]) -> dict[int, ValuesJudgement]:
    return {index: each for index, each in hypotheses.items() if index in kept}


def _better(after: Sequence[OutputReport], before: Sequence[OutputReport]) -> bool:
    """Whether fewer outputs differ; of as many that do, whether they lie nearer."""
    ours, theirs = (sum(each.verdict == MISMATCH for each in side) for side in (after, before))
    if ours != theirs or not ours:
        return ours < theirs
    one, other = worst_relative(after), worst_relative(before)
    return one is not None and (other is None or one < other)


def target_changes(
    whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, wanted: set[int]
) -> dict[int, Change]:
    """What the source's sites of the `wanted` rows are to compute: the target's windows where they
    differ, the target's numbers where a hypothesis says so.

    Raises FrameworkError for a row whose target is no known op.
    """
    changes: dict[int, Change] = {}
    for index in sorted(wanted):
        row = rows[index]
        for position, site_index in enumerate(row.pair.sources):
            site = whole.source.sites[site_index]
            change = whole.base(site_index)
            if change is None:
                raise FrameworkError(f"the numbers of {site.name} are not known")
            if row.windows.verdict == MISMATCH:
                if row.windows.explained_by is None:
                    raise FrameworkError(f"what the target computes for {site.name} is not known")
                change = dataclasses.replace(change, spec=row.windows.explained_by)
            if index in hypotheses:
                change = hypotheses[index].applied(change, position)
            changes[site_index] = change
    return changes

"""The proof for the whole model: the source with the target's semantics gives the target's output.

Rules:
1. What the windows differ in was measured op by op, and always goes into the source.
2. What the numbers differ in is a hypothesis: a factor may have moved into the next op, an
   activation may be one that was not recognised. It goes in only if the windows alone do not
   explain the outputs; of what went in, what the proof does not need is told as a remark.
3. If outputs are equal within rounding, differing numbers make no difference, unless the source
   lies much nearer to the target with them, or they show on an input so loud that every clip is
   reached, or on one that is louder or negated. Those that show on none, with nothing to make up
   for them, are not known to be harmless.
4. If outputs are equal within rounding, and would not be with the windows of one op of the target
   alone, then something else makes up for that op (`balanced`), and for its numbers likewise. The
   rounding of integers is too wide to tell that of windows.
5. Whatever is left is unexplained, and told at the first op where the two still part.
6. An op whose output has another size hands that size on. What follows it in the target, and pads
   by a rule that comes to other pads at that size, goes into the source with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.balanced import balanced
from padcheck.checks.compare.explanation import Explanation
from padcheck.checks.compare.given import Hypotheses, target_changes
from padcheck.checks.compare.hearing import LOUDER, listened, tell
from padcheck.checks.compare.parting import part
from padcheck.checks.compare.proving import only, prove
from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError
from padcheck.records import EQUIVALENT, MISMATCH

__all__ = ["explain"]

_ELSEWHERE = (
    "the outputs agree on this input; where the two part, and what is left after, is told of one "
    "that is louder or negated"
)


def explain(
    whole: Whole,
    rows: Sequence[Judged],
    hypotheses: Hypotheses,
    *,
    louder: Callable[[float], Whole],
) -> Explanation:
    """What explains the difference of the outputs.

    `hypotheses` are by the index of their row. `louder` runs the same models on the input
    times a number, where that is needed: rule 3.
    """
    made = Explanation()
    heard = whole
    guilty = {index for index, row in enumerate(rows) if row.windows.verdict == MISMATCH}
    if not whole.differs:
        if not whole.is_coarse and all(each.verdict == EQUIVALENT for each in whole.outputs):
            made.balanced = balanced(
                whole, guilty, lambda index: target_changes(whole, rows, {}, {index})
            )
            guilty -= made.balanced
        if not hypotheses or tell(whole, rows, hypotheses, made):
            return made
        found = listened(whole, rows, hypotheses, louder, made)
        if found is None:
            return made
        heard = found
        made.notes.append(_ELSEWHERE)
    pairs = [row.pair for row in rows]
    noise = heard.noise
    try:
        prove(heard, rows, hypotheses, guilty, made)
        if heard is whole and made.is_whole:
            _hear_more(whole, rows, hypotheses, guilty, louder, made)
    except FrameworkError as error:
        made.notes.append(f"not proven on the whole model: {error}")
        made.unproven, made.after = bool(guilty), ()
        made.confirmed = {index for index, each in hypotheses.items() if each.findings}
    unlike = frozenset(rows[index].pair for index in set(hypotheses) - made.confirmed)
    made.first = part(
        heard.source,
        heard.target,
        pairs,
        heard.feeds,
        heard.target_feeds,
        noise,
        unlike=unlike,
        likely=pairs[min(min(guilty) + 1, len(pairs) - 1)] if guilty else None,
    )
    if made.unproven:
        return made
    if made.after and not made.is_whole:
        changes = target_changes(heard, rows, hypotheses, guilty | made.confirmed)
        altered = heard.altered(changes)
        noise = heard.noise_under(changes)
        made.remaining = part(
            altered, heard.target, pairs, heard.feeds, heard.target_feeds, noise, unlike=unlike
        )  # rule 5
    elif not made.after:
        made.remaining = made.first
    return made


def _hear_more(
    whole: Whole,
    rows: Sequence[Judged],
    hypotheses: Hypotheses,
    guilty: set[int],
    louder: Callable[[float], Whole],
    made: Explanation,
) -> None:
    """Rule 3 beside ops that explain the outputs: adds the numbers that show on a loud input."""
    if all(each.supposed or index in made.confirmed for index, each in hypotheses.items()):
        return
    found = Explanation()
    try:
        heard = louder(LOUDER[0])
        if heard.differs:
            prove(heard, rows, hypotheses, guilty, found)
        wanted = made.confirmed | found.confirmed
        if not found.is_whole or wanted == made.confirmed:
            return
        changes = target_changes(whole, rows, only(hypotheses, wanted), guilty | wanted)
        made.after, made.confirmed = whole.changed(changes), wanted
    except FrameworkError:
        return  # what explains the outputs stays

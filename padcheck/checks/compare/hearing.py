"""Whether numbers that differ show where the outputs are equal within rounding.

The rules are those of `explaining`; these functions are for its rules 3 and 4.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.balanced import balanced
from padcheck.checks.compare.distance import distance
from padcheck.checks.compare.explanation import Explanation
from padcheck.checks.compare.given import Hypotheses, target_changes
from padcheck.checks.compare.outputs import worst_relative
from padcheck.checks.compare.proving import MOST_PRUNED
from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError

__all__ = ["LOUDER", "listened", "tell"]

#: How much louder an input is made to reach every clip, and to be heard beside an offset.
LOUDER = (1000.0, 30.0, -30.0)
#: Numbers that leave no more than this share of a difference are part of it, however small it is.
_MUCH_NEARER = 0.25
#: The same for numbers of one op, where it was seen that nothing makes up for them.
_NEARER = 0.5


def tell(whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, made: Explanation) -> bool:
    """Rule 3: whether the numbers account for what little difference there is; fills in `made`."""
    before = worst_relative(whole.outputs)
    if before is None or before <= whole.noise.least:
        return False
    wanted = set(hypotheses)
    for check in (True, False):
        try:
            after = whole.changed(target_changes(whole, rows, hypotheses, wanted))
        except FrameworkError:
            return False
        left = worst_relative(after)
        if left is None or left >= _MUCH_NEARER * before:
            return False
        made_up = _made_up(whole, rows, hypotheses, wanted) if check else set[int]()
        if not made_up:
            made.after, made.confirmed = after, wanted
            return True
        wanted -= made_up  # rule 4
        if not wanted:
            return False
    return False


def _made_up(
    whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, wanted: set[int]
) -> set[int]:
    """The hypotheses that something else makes up for: rule 4."""
    return balanced(whole, wanted, lambda index: target_changes(whole, rows, hypotheses, {index}))


def listened(
    whole: Whole,
    rows: Sequence[Judged],
    hypotheses: Hypotheses,
    louder: Callable[[float], Whole],
    made: Explanation,
) -> Whole | None:
    """Rule 3: the first louder input on which outputs differ; None where there is none, and what
    is `hidden` then. The first is always tried; the others where numbers may be hidden.
    """
    sure = {index for index, each in hypotheses.items() if not each.supposed}
    few = len(sure) <= MOST_PRUNED
    quiet = sure - _made_up(whole, rows, hypotheses, sure) if few else set[int]()
    quiet = {index for index in quiet if _moves(whole, rows, hypotheses, index)}
    telling = {index for index in quiet if _tells(whole, rows, hypotheses, {index})}
    if telling:
        made.after = whole.changed(target_changes(whole, rows, hypotheses, telling))
        made.confirmed, made.hidden = telling, quiet - telling
        return None
    for factor in LOUDER if quiet else LOUDER[:1]:
        heard = louder(factor)
        if heard.differs:
            return heard
        clips = {index for index in quiet if "clip" in hypotheses[index].differing}
        quiet -= _made_up(heard, rows, hypotheses, clips)  # a clip shows on loud inputs alone
    made.hidden = quiet
    return None


def _tells(whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, wanted: set[int]) -> bool:
    """Whether the source lies nearer to the target with numbers that nothing makes up for."""
    before = worst_relative(whole.outputs)
    left = worst_relative(whole.changed(target_changes(whole, rows, hypotheses, wanted)))
    if before is None or left is None or before <= whole.noise.least:
        return False
    return left < _NEARER * before


def _moves(whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, index: int) -> bool:
    """Whether the target's weight lies further off than rounding, or the op's own output before its
    clip, with the target's numbers; true where that cannot be told, and of a clip.
    """
    if "clip" in hypotheses[index].differing:
        return True
    site_index = rows[index].pair.sources[0]
    changes = target_changes(whole, rows, hypotheses, {index})
    own = {each: whole.base(each) for each in changes}
    for each, change in changes.items():
        base = own[each]
        weights = (None if base is None else base.weight, change.weight)
        if weights[0] is None or weights[1] is None or weights[0].shape != weights[1].shape:
            return True
        if distance(weights[0], weights[1]).relative > whole.noise.least:  # of inputs that are 0
            return True
    seen = []
    for side in (own, changes):
        free = {
            each: dataclasses.replace(change, clip=None)
            for each, change in side.items()
            if change is not None
        }
        try:
            altered = whole.altered(free)
            tail = altered.places[site_index]
            if tail is None:
                return True
            seen.append(altered.run(whole.feeds, [tail.tail])[tail.tail])
        except (FrameworkError, KeyError):
            return True
    one, other = seen
    if one.shape != other.shape:
        return True
    return distance(one, other).relative > whole.noise.least

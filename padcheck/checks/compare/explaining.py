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

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from padcheck.checks.compare.aligning import restored
from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.balanced import balanced
from padcheck.checks.compare.distance import distance
from padcheck.checks.compare.outputs import worst_relative
from padcheck.checks.compare.parting import Parting, part
from padcheck.checks.compare.values import ValuesJudgement
from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError
from padcheck.matching import Pair
from padcheck.records import EQUIVALENT, MISMATCH, Change, OutputReport

__all__ = ["Explanation", "explain", "target_changes"]

#: How much louder an input is made to reach every clip, and to be heard beside an offset.
LOUDER = (1000.0, 30.0, -30.0)
#: Hypotheses are left out one by one only while they are so few.
_MOST_PRUNED = 12
#: Numbers that leave no more than this share of a difference are part of it, however small it is.
_MUCH_NEARER = 0.25
#: The same for numbers of one op, where it was seen that nothing makes up for them.
_NEARER = 0.5

_ELSEWHERE = (
    "the outputs agree on this input; where the two part, and what is left after, is told of one "
    "that is louder or negated"
)

Hypotheses = Mapping[int, ValuesJudgement]


@dataclass(slots=True)
class Explanation:
    """What explains the outputs: `codes`, what is left (`after`), and where it still parts.

    `confirmed`: the hypotheses, by the index of their pair, that are part of the proof.
    `balanced`: the pairs whose windows rule 4 holds for. `hidden`: the hypotheses that no input
    showed anything of. `unproven`: the source's format cannot express what was found, so nothing
    could be tried.
    """

    codes: tuple[str, ...] = ()
    after: tuple[OutputReport, ...] = ()
    confirmed: set[int] = field(default_factory=set)
    first: Parting | None = None
    remaining: Parting | None = None
    balanced: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    unproven: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def residual(self) -> float | None:
        """The largest relative difference left, None where nothing was explained."""
        return worst_relative(self.after) if self.after else None

    def drop(self, index: int, pair: Pair) -> None:
        """The hypothesis of a row is none of the proof, and the two part at its pair."""
        self.confirmed.discard(index)
        if self.remaining is not None:
            ends = {"source": pair.sources[-1], "target": pair.targets[-1]}
            self.remaining = dataclasses.replace(self.remaining, at_input=False, **ends)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return bool(self.after) and all(each.verdict != MISMATCH for each in self.after)


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
        if not hypotheses or _tell(whole, rows, hypotheses, made):
            return made
        found = _listened(whole, rows, hypotheses, louder, made)
        if found is None:
            return made
        heard = found
        made.notes.append(_ELSEWHERE)
    pairs = [row.pair for row in rows]
    noise = heard.noise
    try:
        _prove(heard, rows, hypotheses, guilty, made)
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


def _tell(whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, made: Explanation) -> bool:
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


def _listened(
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
    few = len(sure) <= _MOST_PRUNED
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
    for wanted in _likeliest(hypotheses):
        seen = tried(wanted)
        if _better(seen, after):
            best, after = wanted, seen
        if all(each.verdict != MISMATCH for each in after):
            break
    for index in sorted(best) if len(best) <= _MOST_PRUNED else ():
        seen = tried(best - {index})
        if not _better(after, seen):
            best, after = best - {index}, seen
    if guilty or best:
        made.after, made.confirmed = after, best


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
            _prove(heard, rows, hypotheses, guilty, found)
        wanted = made.confirmed | found.confirmed
        if not found.is_whole or wanted == made.confirmed:
            return
        changes = target_changes(whole, rows, _only(hypotheses, wanted), guilty | wanted)
        made.after, made.confirmed = whole.changed(changes), wanted
    except FrameworkError:
        return  # what explains the outputs stays


def _likeliest(hypotheses: Hypotheses) -> list[set[int]]:
    """Which hypotheses to try together: those with a cause, those not only supposed, all."""
    sure = frozenset(index for index, each in hypotheses.items() if not each.supposed)
    named = frozenset(
        index for index in sure if all(one.code != "PAD999" for one in hypotheses[index].findings)
    )
    tried = dict.fromkeys((named, sure, frozenset(hypotheses)))
    return [set(wanted) for wanted in tried if wanted]


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
    return {**changes, **_followers(whole, rows, changes)}


def _followers(
    whole: Whole, rows: Sequence[Judged], changes: Mapping[int, Change]
) -> dict[int, Change]:
    """Rule 6."""
    resized = any(
        change.spec.output_size != spec.output_size
        for change, spec in ((each, whole.source.sites[i].spec) for i, each in changes.items())
        if spec is not None
    )
    found: dict[int, Change] = {}
    for row in rows if resized else ():
        mine, theirs = row.windows.source, row.windows.target
        one = whole.source.sites[row.pair.sources[0]].spec
        if mine is None or theirs is None or one is None or one.rank != mine.rank:
            continue
        if row.windows.verdict == MISMATCH or mine.input_size == theirs.input_size:
            continue
        there = one.resized(theirs.input_size)
        made = restored(theirs, there, ())
        if made.resolved_pads == there.resolved_pads and made.output_size == there.output_size:
            continue
        for index in row.pair.sources:
            base = changes.get(index) or whole.base(index)
            if base is not None:
                pads = base.spec.resized(theirs.input_size).with_pads(made.resolved_pads)
                found[index] = dataclasses.replace(base, spec=pads)
    return found

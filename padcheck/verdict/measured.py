"""Judging a black box by running it."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import FrameworkError, UsageError
from padcheck.oracle import Expected, check_size, evaluate, fits, noise
from padcheck.probes import (
    Probe,
    compare,
    decode,
    equals,
    expected_map,
    furthest,
    is_faint,
    make_probe,
    read_map_probe,
    read_map_spec,
    strictly,
)
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    Finding,
    Mismatch,
    OpKind,
    OpSpec,
    same_function,
)
from padcheck.verdict.judgement import Judgement, unverified
from padcheck.verdict.search import Search, fits_probe
from padcheck.verdict.separation import Refit, best, small_sizes
from padcheck.verdict.suspects import Suspect
from padcheck.verdict.words import diverging, fickle, named, residual_text, unexplained

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Box = Callable[[OpSpec, Probe], NDArray[Any]]
    Predict = Callable[[OpSpec], OpSpec]

__all__ = ["judge"]

#: An op of fewer outputs is probed with a larger batch, up to the second number.
_FEW_OUTPUTS, _MOST_BATCH = 64, 16
#: An output of which this share is its lowest or highest number looks clipped.
_CLIPPED = 0.3
#: Probes tried to tell the reference from the box's own rule.
_MOST_SEEDS = 8


def judge(
    reference: OpSpec,
    box: Box,
    *,
    predict: Predict | None = None,
    op: str = "",
    lowering: str | None = None,
) -> Judgement:
    """Whether `box` computes `reference`, and if not, why.

    `box(spec, probe)` returns (N, C, *spatial) for `spec`, which is `reference` or the same op
    at another input size; `predict(spec)` is what it should compute by its own rule. A
    FrameworkError from the box, or a spec too large to evaluate, gives an unverified judgement.
    """
    try:
        return _judge(reference, box, predict, op, lowering)
    except (FrameworkError, UsageError) as error:
        return unverified(str(error))


def _judge(
    reference: OpSpec, box: Box, predict: Predict | None, op: str, lowering: str | None
) -> Judgement:
    check_size(reference)
    rule = predict(reference) if predict else None
    probe = _telling_probe(reference, rule)
    case = _Case(reference, box, op, lowering, rule)
    seen = case.ask(probe)
    mismatch = seen.mismatch
    findings: list[Finding] = []
    explained = None
    if not mismatch.equal:
        seen = case.quieter(seen)
        explained, mismatch, findings = case.explain(seen)
    elif rule is None and is_faint(seen.observed, seen.wanted):
        return _listened(case, seen)
    if predict is not None and rule is not None:
        broken = compare(seen.observed, expected(rule, probe))
        if not broken.equal:
            smallest = _smallest_repro(reference, box, predict)  # rule 5
            findings.append(diverging(smallest, broken, op=op, lowering=lowering))
    verdict = EQUIVALENT if mismatch.equal else MISMATCH
    return Judgement(verdict, mismatch, tuple(findings), explained)


def _listened(case: _Case, seen: _Seen) -> Judgement:
    """A box whose outputs round to the right integers, but are none.

    1. A constant, a factor or a bound that makes the outputs exactly what was seen is a fault.
    2. Asked again, louder, a factor near 1 shows.
    3. What is left is rounding, unless it is more than float32 can account for, or the same in
       every output of a channel, as no rounding is.
    """
    close = case.explain(seen, closely=True)  # rule 1
    if close[0] is not None:
        return Judgement(MISMATCH, close[1], tuple(close[2]), close[0])
    loud = case.ask(make_probe(case.reference, loud=True, batch=_batch(case.reference)))
    if not loud.mismatch.equal:  # rule 2
        explained, mismatch, findings = case.explain(loud)
        if explained is not None:
            return Judgement(MISMATCH, mismatch, tuple(findings), explained)
    for one in (seen, loud):  # rule 3
        probe = one.probe
        bound = noise(case.reference, probe.x, probe.weight)
        if one.search.steady or furthest(one.observed, one.wanted) > bound:
            mismatch = strictly(one.observed, one.wanted, bound)
            notes = (f"seen: {one.search.answer.words}",)
            told = unexplained(mismatch, notes, op=case.op, lowering=case.lowering)
            return Judgement(MISMATCH, mismatch, (told,))
    return Judgement(EQUIVALENT, seen.mismatch)


def _telling_probe(reference: OpSpec, rule: OpSpec | None) -> Probe:
    """A probe that can tell something: the first of some seeds of which two things hold.

    1. Not all outputs are the same number, which some quite other op may give as well (where
       nothing is known of the box); unless the reference reads no input, and is that number.
    2. The reference and the box's own rule differ, if they are two functions.

    Raises UsageError when that is so for no seed.
    """
    apart = rule is not None and not same_function(reference, rule)
    batch = None if rule is not None else _batch(reference)
    for seed in range(_MOST_SEEDS):
        probe = make_probe(reference, seed=seed, batch=batch)
        wanted = expected(reference, probe)
        if rule is not None and apart and equals(expected(rule, probe).values, wanted):
            continue
        first = wanted.numerator.flat[:1]
        alike = wanted.numerator.size > 1 and not (wanted.numerator != first).any()
        if rule is not None or not alike or not reference.reads_input:
            return probe
    told = f"tells {rule} from {reference}" if apart else f"tells anything about {reference}"
    raise UsageError(f"none of {_MOST_SEEDS} probes {told}")


def _batch(spec: OpSpec) -> int:
    """Two at least, so that a box that looks at one only is found; more for few outputs."""
    outputs = spec.channels[1 if spec.kind.has_weight else 0] * math.prod(spec.output_size)
    wanted = -(-_FEW_OUTPUTS // max(outputs, 1))
    return min(max(wanted, 2), _MOST_BATCH)


def expected(spec: OpSpec, probe: Probe) -> Expected:
    """The oracle's output for a probe."""
    return evaluate(spec, probe.x, probe.weight, probe.bias)


class _Seen:
    """What a box gave for one probe at the reference's size, beside what it should have."""

    def __init__(self, reference: OpSpec, observed: NDArray[Any], probe: Probe) -> None:
        self.reference, self.observed, self.probe = reference, observed, probe
        self.wanted = expected(reference, probe)
        self.mismatch = compare(observed, self.wanted, (reference,))  # rule 1

    @functools.cached_property
    def search(self) -> Search:
        """The search for what explains it."""
        return Search(self.reference, self.observed, self.probe)


class _Case:
    """A box held to a reference."""

    def __init__(
        self,
        reference: OpSpec,
        box: Box,
        op: str,
        lowering: str | None,
        rule: OpSpec | None = None,
    ) -> None:
        self.reference, self.box, self.op, self.lowering = reference, box, op, lowering
        self.rule = rule

    def ask(self, probe: Probe) -> _Seen:
        """The box on a probe."""
        return _Seen(self.reference, self.box(self.reference, probe), probe)

    def explain(
        self, seen: _Seen, *, closely: bool = False
    ) -> tuple[OpSpec | None, Mismatch, list[Finding]]:
        """Rules 2 to 4: the counterfactual that fits, the comparison in its light, the findings.

        `closely`: it must give what was seen without any rounding.
        """
        levels, refit = seen.search.levels(closely), self._refit(seen.probe)
        suspect, proof = best(self.reference, levels, refit, self.rule)
        if suspect is None:
            return None, seen.mismatch, [self._unexplained(seen)]
        doubtful = proof.contradicted_at or len(suspect.causes) > 1
        if doubtful and self._is_fickle(seen):
            return None, seen.mismatch, [fickle(seen.mismatch, op=self.op, lowering=self.lowering)]
        bound = noise(self.reference, seen.probe.x, seen.probe.weight)
        mismatch = seen.mismatch
        if mismatch.equal:
            mismatch = strictly(seen.observed, seen.wanted, bound)
        else:
            mismatch = compare(seen.observed, seen.wanted, (self.reference, suspect.spec))
        words = (f"seen: {seen.search.answer.words}", *_residuals(suspect, seen))
        found = named(
            suspect,
            proof,
            self.reference,
            mismatch,
            op=self.op,
            lowering=self.lowering,
            seen=words,
        )
        return suspect.spec, mismatch, found

    def _refit(self, probe: Probe) -> Refit:
        """Asks again at another input size, with other weights."""

        def refit(live: list[Suspect], moved: OpSpec) -> list[Suspect] | None:
            again = make_probe(moved, loud=probe.loud, seed=1)
            try:
                seen = self.box(moved, again)
            except FrameworkError:
                return None
            size, p = moved.input_size, moved.p
            return [s for s in live if fits_probe(s.spec.resized(size), seen, again, p)]

        return refit

    def quieter(self, seen: _Seen) -> _Seen:
        """Asked again at a clip's own loudness, where the output looks clipped at both ends.

        A clip that the reference has not would hide any other fault of the values.
        """
        own, output = self.reference.deviation, seen.observed
        clipped = own is not None and own.clip is not None
        if not self.reference.kind.has_weight or clipped or seen.mismatch.kind == "shape":
            return seen
        low, high = float(output.min()), float(output.max())
        share = {bound: float((output == bound).mean()) for bound in (low, high)}
        if not low < high or sum(share.values()) < _CLIPPED:
            return seen
        few = 2 / output.size
        clip = (low if share[low] >= few else -math.inf, high if share[high] >= few else math.inf)
        return self.ask(make_probe(self.reference.deviating(clip=clip)))

    def _is_fickle(self, seen: _Seen) -> bool:
        """Whether the box gives other numbers when it is asked the same twice again.

        Once is not enough for a box that takes turns.
        """
        return not all(
            np.array_equal(self.box(self.reference, seen.probe), seen.observed, equal_nan=True)
            for _ in range(2)
        )

    def _unexplained(self, seen: _Seen) -> Finding:
        notes = [f"seen: {seen.search.answer.words}"]
        if seen.mismatch.kind == "values" and not seen.mismatch.non_finite:
            notes += _read_note(self.reference, self.box)
        return unexplained(seen.mismatch, tuple(notes), op=self.op, lowering=self.lowering)


def _residuals(suspect: Suspect, seen: _Seen) -> tuple[str, ...]:
    """For each of several causes, what it leaves unexplained by itself."""
    notes = []
    for cause, alone in zip(suspect.causes, suspect.alone, strict=False):
        left = compare(seen.observed, expected(alone, seen.probe))
        notes.append(f"{cause.code} alone leaves {residual_text(left)}")
    if not notes:
        return ()
    codes = " and ".join(suspect.codes)
    return (
        f"residual: {residual_text(seen.mismatch)} with no cause; {'; '.join(notes)}; "
        f"{codes} together leave 0",
    )


def _read_note(reference: OpSpec, box: Box) -> tuple[str, ...]:
    """Which input the first window that reads wrongly really read (convs only)."""
    if reference.kind is not OpKind.CONV or reference.deviation is not None:
        return ()
    spec = read_map_spec(reference)
    if not fits(spec):
        return ()
    try:
        seen = decode(box(spec, read_map_probe(spec)), spec)
    except (FrameworkError, UsageError):
        return ()
    wanted = expected_map(spec)
    if seen is None or seen.shape != wanted.shape:
        return ()
    wrong = [tuple(map(int, place)) for place in zip(*(seen != wanted).nonzero(), strict=True)]
    if not wrong:
        return ("every tap reads the right input: not a matter of padding",)
    tap, *output = wrong[0]
    read, right = (_position(int(table[wrong[0]]), spec) for table in (seen, wanted))
    return (f"tap {tap} of output {tuple(output)} reads {read}, expected {right}",)


def _position(flat: int, spec: OpSpec) -> str:
    if flat < 0:
        return "a pad"
    place = ", ".join(str(int(index)) for index in np.unravel_index(flat, spec.input_size))
    return f"input ({place})"


def _smallest_repro(reference: OpSpec, box: Box, predict: Predict) -> OpSpec:
    """The first of the small sizes at which the box breaks its own rule, or the one given."""
    for size in small_sizes(reference):
        moved = reference.resized(size)
        if not all(map(operator.lt, size, reference.input_size)):
            break
        try:
            probe = make_probe(moved)
            if not fits_probe(predict(moved), box(moved, probe), probe, moved.p):
                return moved
        except FrameworkError:
            continue
    return reference

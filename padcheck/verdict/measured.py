"""Judging a black box by running it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import FrameworkError, UsageError
from padcheck.oracle import Expected, check_size, evaluate, fits
from padcheck.probes import (
    Probe,
    compare,
    decode,
    equals,
    expected_map,
    is_faint,
    make_probe,
    read_map_probe,
    read_map_spec,
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
from padcheck.verdict.separation import best, small_sizes
from padcheck.verdict.suspects import Suspect
from padcheck.verdict.words import diverging, named, residual_text, unexplained

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Box = Callable[[OpSpec, Probe], NDArray[Any]]
    Predict = Callable[[OpSpec], OpSpec]

__all__ = ["judge"]

#: An op of fewer outputs is probed with a larger batch, up to the second number.
_FEW_OUTPUTS, _MOST_BATCH = 64, 16
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
    observed = box(reference, probe)
    wanted = expected(reference, probe)
    mismatch = compare(observed, wanted, (reference,))  # rule 1
    findings: list[Finding] = []
    explained = None
    if not mismatch.equal:
        explained, mismatch, findings = _explain(
            reference, observed, probe, mismatch, box, op, lowering
        )
    elif rule is None and is_faint(observed, wanted):
        return _listened(reference, box, mismatch, op, lowering)
    if predict is not None and rule is not None:
        broken = compare(observed, expected(rule, probe))
        if not broken.equal:
            smallest = _smallest_repro(reference, box, predict)  # rule 5
            findings.append(diverging(smallest, broken, op=op, lowering=lowering))
    verdict = EQUIVALENT if mismatch.equal else MISMATCH
    return Judgement(verdict, mismatch, tuple(findings), explained)


def _listened(
    reference: OpSpec, box: Box, equal: Mismatch, op: str, lowering: str | None
) -> Judgement:
    """A box whose outputs round to the right integers, but are none, asked again, louder.

    A factor near 1 then shows. What no cause explains even so is rounding, and no fault.
    """
    probe = make_probe(reference, loud=True)
    observed = box(reference, probe)
    mismatch = compare(observed, expected(reference, probe), (reference,))
    if mismatch.equal:
        return Judgement(EQUIVALENT, equal)
    explained, mismatch, findings = _explain(
        reference, observed, probe, mismatch, box, op, lowering
    )
    if explained is None:
        return Judgement(EQUIVALENT, equal)
    return Judgement(MISMATCH, mismatch, tuple(findings), explained)


def _telling_probe(reference: OpSpec, rule: OpSpec | None) -> Probe:
    """A probe that can tell something: the first of some seeds of which two things hold.

    1. Not all outputs are the same number, which some quite other op may give as well.
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
        if wanted.numerator.size < 2 or (wanted.numerator != first).any():
            return probe
    told = f"tells {rule} from {reference}" if apart else f"tells anything about {reference}"
    raise UsageError(f"none of {_MOST_SEEDS} probes {told}")


def _batch(spec: OpSpec) -> int | None:
    """A larger batch than the usual one for an op of few outputs."""
    outputs = spec.channels[1 if spec.kind.has_weight else 0] * math.prod(spec.output_size)
    wanted = -(-_FEW_OUTPUTS // max(outputs, 1))
    return min(wanted, _MOST_BATCH) if wanted > 2 else None


def expected(spec: OpSpec, probe: Probe) -> Expected:
    """The oracle's output for a probe."""
    return evaluate(spec, probe.x, probe.weight, probe.bias)


def _explain(
    reference: OpSpec,
    observed: NDArray[Any],
    probe: Probe,
    mismatch: Mismatch,
    box: Box,
    op: str,
    lowering: str | None,
) -> tuple[OpSpec | None, Mismatch, list[Finding]]:
    """Rules 2 to 4: the counterfactual that fits, the comparison in its light, the findings."""

    def refit(live: list[Suspect], moved: OpSpec) -> list[Suspect] | None:
        again = make_probe(moved, loud=probe.loud)
        try:
            seen = box(moved, again)
        except FrameworkError:
            return None
        size = moved.input_size
        return [s for s in live if fits_probe(s.spec.resized(size), seen, again, moved.p)]

    search = Search(reference, observed, probe)
    suspect, proof = best(reference, search.levels(), refit)
    if suspect is None:
        notes = (f"seen: {search.answer.words}", *_read_note(reference, box))
        return None, mismatch, [unexplained(mismatch, notes, op=op, lowering=lowering)]
    mismatch = compare(observed, expected(reference, probe), (reference, suspect.spec))
    seen = (f"seen: {search.answer.words}", *_residuals(reference, suspect, observed, probe))
    found = named(suspect, proof, reference, mismatch, op=op, lowering=lowering, seen=seen)
    return suspect.spec, mismatch, found


def _residuals(
    reference: OpSpec, suspect: Suspect, observed: NDArray[Any], probe: Probe
) -> tuple[str, ...]:
    """For each of several causes, what it leaves unexplained by itself."""
    notes = []
    for cause, alone in zip(suspect.causes, suspect.alone, strict=False):
        left = compare(observed, expected(alone, probe))
        notes.append(f"{cause.code} alone leaves {residual_text(left)}")
    if not notes:
        return ()
    without = compare(observed, expected(reference, probe))
    codes = " and ".join(suspect.codes)
    return (
        f"residual: {residual_text(without)} with no cause; {'; '.join(notes)}; "
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

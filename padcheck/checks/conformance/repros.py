"""PAD998 in words: what the framework does instead of its own rule, and the smallest repro."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes.framework_diverges import CODE, NAME
from padcheck.checks.conformance.known import KnownDivergence
from padcheck.checks.conformance.trials import (
    ANSWERS,
    CRASH,
    RAISES,
    SHAPE,
    VALUES,
    Bench,
    Outcome,
    expected,
    probe,
)
from padcheck.checks.suite import case_id
from padcheck.errors import PadcheckError
from padcheck.records import Finding, Lowered, Mismatch, OpSpec, Proof

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["diverging_finding"]

#: Arrays with more elements are not written out.
_TINY = 24
#: Case ids named in a note.
_MOST_NAMED = 5

_DOES = {
    VALUES: "returns other values than its own rule says",
    SHAPE: "returns another shape than its own rule says",
    RAISES: "raises for an op that its own rule allows",
    CRASH: "the process ends in an op that its own rule allows",
    ANSWERS: "returns numbers for an op that its dialect has no words for",
}


def diverging_finding(
    bench: Bench,
    lowering: str,
    smallest: OpSpec,
    outcome: Outcome,
    cases: tuple[str, ...],
    known: KnownDivergence | None,
) -> Finding:
    """PAD998 for one divergence, with its numbers where they are few."""
    return Finding(
        code=CODE,
        name=NAME,
        op=case_id(smallest),
        lowering=lowering,
        message=f"`{lowering}` {_DOES[outcome.how]}",
        notes=tuple(_notes(bench, lowering, smallest, outcome, cases, known)),
        help="use explicit pads, and report the repro to the framework",
        safety="maybe",
        proof=Proof(status="proven"),
    )


def _notes(
    bench: Bench,
    lowering: str,
    smallest: OpSpec,
    outcome: Outcome,
    cases: tuple[str, ...],
    known: KnownDivergence | None,
) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in bench.versions().items())
    yield f"smallest repro: {case_id(smallest)}, batch {outcome.batch} [{versions}]"
    lowered = bench.lowered(lowering, smallest)
    if isinstance(lowered, Lowered) and lowered.spec is not None:
        if lowered.code:
            yield f"as code: {'; '.join(lowered.code)}"
        if str(lowered.spec) != str(smallest):
            yield f"its rule: {lowered.spec}"
    if outcome.said is not None:
        yield f"said: {outcome.said}"
    if outcome.mismatch is not None and isinstance(lowered, Lowered):
        yield _extent(outcome.mismatch)
        if lowered.spec is not None:
            yield from _numbers(bench, lowering, smallest, lowered.spec, outcome.batch)
    named = ", ".join(cases[:_MOST_NAMED]) + (", ..." if len(cases) > _MOST_NAMED else "")
    yield f"hits {len(cases)} of the suite's cases: {named}"
    if known is not None:
        yield f"known as {known.id}, measured {known.measured}: {known.link or known.what}"


def _extent(mismatch: Mismatch) -> str:
    if mismatch.kind == "shape":
        return f"shape {mismatch.observed_shape}, but should be {mismatch.expected_shape}"
    return f"{mismatch.wrong} of {mismatch.total} outputs wrong"


def _numbers(
    bench: Bench, lowering: str, spec: OpSpec, computed: OpSpec, batch: int
) -> Iterator[str]:
    """x, weight, bias, observed and expected, each flat, where all are tiny."""
    signal, reference = probe(spec, batch), expected(spec, computed, batch)
    try:
        observed = np.asarray(bench.observed(lowering, spec, batch))
    except PadcheckError:
        return
    arrays = {"x": signal.x, "weight": signal.weight, "bias": signal.bias}
    known = {name: array for name, array in arrays.items() if array is not None}
    answers = {"observed": observed, "expected": reference.numerator / _divisor(reference.divisor)}
    if all(array.size <= _TINY for array in (known | answers).values()):
        yield ", ".join(f"{name} {_flat(array)}" for name, array in (known | answers).items())


def _divisor(divisor: NDArray[np.int64]) -> NDArray[np.float64]:
    """NaN for an average over nothing."""
    return np.where(divisor > 0, divisor.astype(np.float64), np.nan)


def _flat(array: NDArray[Any]) -> str:
    return f"[{', '.join(f'{number:.7g}' for number in array.ravel().tolist())}]"

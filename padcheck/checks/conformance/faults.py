"""Diverging cases put together: those that shrink to the same geometry are one fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from padcheck.checks.conformance.known import KnownDivergence
from padcheck.checks.conformance.report import Divergence
from padcheck.checks.conformance.repros import diverging_finding
from padcheck.checks.conformance.trials import RAISES, Bench, Outcome
from padcheck.checks.shrinking import reads_nothing, shrink
from padcheck.records import OpSpec

__all__ = ["divergences"]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What cases have in common: the key under which they are put together."""

    lowering: str
    smallest: OpSpec
    how: str
    batch: int
    known: KnownDivergence | None


def divergences(
    bench: Bench,
    seen: Mapping[tuple[str, str], Outcome],
    specs: Mapping[str, OpSpec],
    entries: tuple[KnownDivergence, ...],
    *,
    shrink_known: bool,
) -> tuple[Divergence, ...]:
    """One per lowering, entry and smallest geometry, in the order of the suite.

    `seen`: (lowering, case id) -> outcome; `specs`: case id -> geometry. Cases of known
    entries are shrunk only if `shrink_known`; else the first of them stands for all.
    """
    faults: dict[_Fault, list[str]] = {}
    stand_ins: dict[tuple[str, KnownDivergence, int], OpSpec] = {}
    for (lowering, case), outcome in seen.items():
        if not outcome.diverges:
            continue
        spec, how, batch = specs[case], outcome.how, outcome.batch
        known = next((entry for entry in entries if entry.covers(lowering, case, how)), None)
        if known is None or shrink_known:
            smallest = shrink(spec, _same_fault(bench, lowering, spec, outcome))
        else:
            smallest = stand_ins.setdefault((lowering, known, batch), spec)
        faults.setdefault(_Fault(lowering, smallest, how, batch, known), []).append(case)
    return tuple(_divergence(bench, fault, tuple(cases)) for fault, cases in faults.items())


def _divergence(bench: Bench, fault: _Fault, cases: tuple[str, ...]) -> Divergence:
    outcome = bench.outcome(fault.lowering, fault.smallest, fault.batch)
    return Divergence(
        lowering=fault.lowering,
        how=fault.how,
        smallest=fault.smallest,
        batch=fault.batch,
        cases=cases,
        known=fault.known,
        finding=diverging_finding(
            bench, fault.lowering, fault.smallest, outcome, cases, fault.known
        ),
    )


def _same_fault(
    bench: Bench, lowering: str, case: OpSpec, outcome: Outcome
) -> Callable[[OpSpec], bool]:
    """Goes wrong in the same way as `case` did on a probe of the same batch.

    1. Errors are raised in the same words, their numbers apart.
    2. Every window reads some input, where that is so in the case itself.
    """
    empty = _reads_nothing(bench, lowering, case)

    def holds(spec: OpSpec) -> bool:
        if not empty and _reads_nothing(bench, lowering, spec):  # rule 2
            return False
        other = bench.outcome(lowering, spec, outcome.batch)
        if outcome.how == RAISES and _words(other.said) != _words(outcome.said):  # rule 1
            return False
        return other.how == outcome.how

    return holds


def _words(said: str | None) -> list[str]:
    return re.findall("[A-Za-z]+", said or "")


def _reads_nothing(bench: Bench, lowering: str, spec: OpSpec) -> bool:
    """Whether some window that the lowering should compute holds no input, only pads."""
    lowered = bench.lowered(lowering, spec)
    computed = None if isinstance(lowered, str) else lowered.spec
    return computed is not None and reads_nothing(computed)

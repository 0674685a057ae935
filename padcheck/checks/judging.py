"""One op under every lowering: what is predicted, what is measured, and the verdict on both.

Equal geometries are judged once: the cache is keyed by what a verdict depends on, not by the
node or its channels.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from padcheck.checks.cases import runnable
from padcheck.frameworks import lower
from padcheck.oracle import fits
from padcheck.probes import probe_spec
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    Finding,
    Lowered,
    OpSpec,
)
from padcheck.verdict import Judgement, judge, judge_predicted, unverified

if TYPE_CHECKING:
    from padcheck.checks.lab import Lab

__all__ = ["Judge", "LoweringJudgement", "worst"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweringJudgement:
    """One lowering of one concrete op; `measured` is None for a static verdict."""

    case: OpSpec
    lowered: Lowered
    predicted: Judgement
    measured: Judgement | None = None
    measured_at: OpSpec | None = None

    @property
    def verdict(self) -> str:
        """What was measured, where something was; else what is predicted.

        A predicted mismatch stands when it could not be run; a predicted equality does not.
        """
        if self.measured is None:
            return self.predicted.verdict
        if self.measured.verdict == UNVERIFIED and self.predicted.verdict == MISMATCH:
            return MISMATCH
        return self.measured.verdict

    @property
    def reason(self) -> str | None:
        """Why it is unverified."""
        return (self.measured or self.predicted).reason

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What explains a mismatch."""
        if self.measured is None or self.measured.verdict == UNVERIFIED:
            return self.predicted.findings
        return self.measured.findings


class Judge:
    """Judges ops under lowerings, each geometry once; static without a lab."""

    def __init__(self, lab: Lab | None = None) -> None:
        self._lab = lab
        self._known: dict[tuple[OpSpec, str], LoweringJudgement] = {}
        self._prepared: set[tuple[OpSpec, str]] = set()

    def prepare(self, case: OpSpec, lowering: str) -> None:
        """Starts the run that `judge` will want, so that it works in the background."""
        if self._lab is None:
            return
        small = runnable(case)
        wanted = (probe_spec(case), lowering) not in self._prepared
        self._prepared.add((probe_spec(case), lowering))
        known = lower(case, lowering).spec is not None
        if wanted and known and fits(small):
            self._lab.ask(small, lowering)

    def judge(self, case: OpSpec, lowering: str) -> LoweringJudgement:
        """The judgement on one lowering of one concrete op, in the words of that op."""
        key = (probe_spec(case), lowering)
        if key not in self._known:
            self._known[key] = self._judge(case, lowering)
        return dataclasses.replace(self._known[key], case=case, lowered=lower(case, lowering))

    def _judge(self, case: OpSpec, lowering: str) -> LoweringJudgement:
        lowered = lower(case, lowering)
        if lowered.spec is None:
            reason = unverified(f"{lowering}: {lowered.reason}")
            return LoweringJudgement(case=case, lowered=lowered, predicted=reason)
        predicted = judge_predicted(case, lambda spec: _predict(spec, lowering), lowering=lowering)
        if self._lab is None:
            return LoweringJudgement(case=case, lowered=lowered, predicted=predicted)
        small = runnable(case)
        measured = judge(
            small,
            self._lab.box(lowering),
            predict=lambda spec: _predict(spec, lowering),
            lowering=lowering,
        )
        return LoweringJudgement(
            case=case,
            lowered=lowered,
            predicted=predicted,
            measured=_checked(measured, predicted, small, case),
            measured_at=small,
        )


def _predict(spec: OpSpec, lowering: str) -> OpSpec:
    lowered = lower(spec, lowering).spec
    return spec if lowered is None else lowered


def _checked(measured: Judgement, predicted: Judgement, small: OpSpec, case: OpSpec) -> Judgement:
    """The measurement, unless it was made at another size where the rules say otherwise."""
    if measured.verdict == UNVERIFIED or small.input_size == case.input_size:
        return measured
    if measured.verdict == predicted.verdict:
        return measured
    return unverified(f"measured at {small} in place of {case}, where it is another op")


def worst(verdicts: list[str]) -> str:
    """mismatch, else unverified, else equivalent."""
    for verdict in (MISMATCH, UNVERIFIED):
        if verdict in verdicts:
            return verdict
    return EQUIVALENT

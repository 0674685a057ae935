"""One op of the source against one of the target, in the same terms: judged, and cached.

Rules:
1. The reference is the source's op without its bias, with few channels, at the source's size; the
   box is the target's own op, isolated; the prediction is what the target's file says of it.
2. Where the box cannot be run, the prediction alone is compared.
3. What was measured at a smaller size counts only if the prediction says the same of the real one.
4. What the target computes is what the verdict's counterfactual says; where none fits, what the
   target's file says, if that is what was seen.
5. A box that computes the source's op against its own rule shows no difference here: latent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from padcheck.checks.cases import runnable
from padcheck.checks.compare.aligning import KINDS, in_terms_of
from padcheck.checks.compare.isolated import IsolatedBox
from padcheck.records import EQUIVALENT, UNVERIFIED, Finding, OpKind, OpSpec
from padcheck.verdict import Judgement, judge, judge_predicted

__all__ = ["TARGET", "Boxed", "judge_box", "judge_static", "small_reference"]

#: The one lowering in the findings of a comparison.
TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """The outcome for one concrete op; `observed` is what the target computes in its place, None
    where that is not known. `case` and `observed` have the channels of the probe.
    """

    case: OpSpec
    verdict: str
    predicted: Judgement
    measured: Judgement | None
    findings: tuple[Finding, ...]
    observed: OpSpec | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


def small_reference(spec: OpSpec) -> OpSpec:
    """What stands for `spec` in a run: rule 1. The p of an Lp pool stays: the box has it, too."""
    return runnable(spec.replace(bias=False, deviation=None)).replace(p=spec.p)


def judge_box(
    case: OpSpec, target: OpSpec, box: IsolatedBox, versions: Callable[[], Iterable[str]]
) -> Boxed:
    """`target`, as the file says, and `box`, which runs it, held to `case`."""
    case = case.replace(bias=False, deviation=None)

    def predict(spec: OpSpec) -> OpSpec:
        return in_terms_of(target, spec)

    predicted = judge_predicted(case, predict, lowering=TARGET)
    small = small_reference(case)
    norms = OpKind.LP_POOL in (case.kind, target.kind)
    like = case.kind is target.kind and case.p == target.p
    rule = predict if like or not norms else None  # powers of two kinds are not to be compared
    with np.errstate(all="ignore"):
        measured = judge(small, box, predict=rule, lowering=TARGET)
    if measured.verdict == UNVERIFIED:  # rule 2
        return _static(case, target, predicted, f"not measured: {measured.reason}")
    notes: tuple[str, ...] = ()
    if small.input_size != case.input_size:  # rule 3
        if measured.verdict != predicted.verdict:
            reason = f"measured at {small} in place of {case}, where it is another op"
            return Boxed(
                case=small,
                verdict=UNVERIFIED,
                predicted=predicted,
                measured=measured,
                findings=(),
                reason=reason,
            )
        size = "x".join(map(str, small.input_size))
        notes = (f"measured at {size}, which has the same residues",)
    observed = _observed(measured, predict(small) if rule else None)
    findings = _without_rounding(_told(case, target, measured))
    if measured.explained_by is None and observed is not None:
        findings = _as_written(findings, observed)
    return Boxed(
        case=small,
        verdict=measured.verdict,
        predicted=predicted,
        measured=measured,
        findings=_versioned(findings, measured.verdict, versions),
        observed=observed,
        notes=notes,
    )


def judge_static(case: OpSpec, target: OpSpec, why: str) -> Boxed:
    """`target`, as the file says, held to `case`; nothing is run, and `why` becomes a note."""
    case = case.replace(bias=False, deviation=None)
    predicted = judge_predicted(case, lambda spec: in_terms_of(target, spec), lowering=TARGET)
    return _static(case, target, predicted, why)


def _static(case: OpSpec, target: OpSpec, predicted: Judgement, why: str) -> Boxed:
    small = small_reference(case)
    observed = predicted.explained_by or in_terms_of(target, case)
    return Boxed(
        case=small,
        verdict=predicted.verdict,
        predicted=predicted,
        measured=None,
        findings=_told(case, target, predicted),
        observed=in_terms_of(observed, small),
        notes=(why,),
    )


def _observed(measured: Judgement, predicted: OpSpec | None) -> OpSpec | None:
    """Rule 4."""
    if measured.explained_by is not None:
        return measured.explained_by
    diverges = any(finding.code == "PAD998" for finding in measured.findings)
    return None if diverges else predicted


def _told(case: OpSpec, target: OpSpec, judgement: Judgement) -> tuple[Finding, ...]:
    """The findings; one that explains nothing says so where it is of another kind or window."""
    if case.kind is not target.kind:
        message = f"the op is {KINDS[target.kind]}, expected {KINDS[case.kind]}"
    elif case.kind.has_weight and case.kernel_size != target.kernel_size:
        windows = ["x".join(map(str, spec.kernel_size)) for spec in (target, case)]
        message = f"kernel_size is {windows[0]}, expected {windows[1]}"
    else:
        return judgement.findings
    return tuple(
        dataclasses.replace(finding, message=message) if finding.code == "PAD999" else finding
        for finding in judgement.findings
    )


def _as_written(findings: tuple[Finding, ...], observed: OpSpec) -> tuple[Finding, ...]:
    """What no cause explains, and the target's file does: rule 4."""
    note = f"the target's file says {observed}, which reproduces every output"
    return tuple(
        dataclasses.replace(finding, notes=(*finding.notes, note))
        if finding.code == "PAD999"
        else finding
        for finding in findings
    )


def _without_rounding(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """A file's rule says nothing of digits: an op computed in fewer of them breaks no rule."""
    if all(finding.code != "PAD908" for finding in findings):
        return findings
    return tuple(finding for finding in findings if finding.code != "PAD998")


def _versioned(
    findings: tuple[Finding, ...], verdict: str, versions: Callable[[], Iterable[str]]
) -> tuple[Finding, ...]:
    """Rule 5, and the versions of a framework that diverges from its own rule."""
    made = []
    for finding in findings:
        if finding.code == "PAD998":
            notes = (*finding.notes, *versions())
            if verdict == EQUIVALENT:
                reason = "cannot show here: what it computes instead is the source's op"
                finding = dataclasses.replace(finding, latent=True, notes=(reason, *notes))
            else:
                finding = dataclasses.replace(finding, notes=notes)
        made.append(finding)
    return tuple(made)

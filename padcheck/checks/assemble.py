"""From judgements to the report's ops and findings."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from padcheck.checks.cases import residue_cases
from padcheck.checks.judging import Judge, LoweringJudgement, worst
from padcheck.frameworks import dialect
from padcheck.geometry import Agreement, PadPolicy
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    AxisSizes,
    Finding,
    LoweringReport,
    OpKind,
    OpReport,
    OpSpec,
    Site,
    agreement_of,
)

__all__ = ["NATURAL", "assemble", "pads_anything", "wants_same"]

#: The lowering that a naive conversion picks for an op that reads padding.
NATURAL = "tf_same"


def pads_anything(spec: OpSpec) -> bool:
    """Whether the op's rules ask for any padding or crop, read or not, at some size."""
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return spec.reads_padding
    return any(
        rule.policy is not PadPolicy.VALID and (rule.size_dependent or pair != (0, 0))
        for rule, pair in zip(spec.pads, spec.resolved_pads, strict=True)
    )


def wants_same(site: Site) -> bool:
    """Whether SAME is judged for this op: only if it really reads padding, at any open size."""
    return any(case.reads_padding for case in residue_cases(site))


def assemble(site: Site, lowerings: Sequence[str], judge: Judge) -> tuple[OpReport, list[Finding]]:
    """One site's part of the report: its op, and the findings about it."""
    if site.spec is None:
        return _unread(site), []
    cases = residue_cases(site)
    judged = {lowering: [judge.judge(case, lowering) for case in cases] for lowering in lowerings}
    shown = {lowering: _shown(row) for lowering, row in judged.items()}
    repair = shown.get("tf_zeropad_valid")
    findings = [
        _worded(finding, site, one, repair) for one in shown.values() for finding in one.findings
    ]
    reports = {
        lowering: _lowering(shown[lowering], worst([one.verdict for one in row]))
        for lowering, row in judged.items()
    }
    return _op(site, site.spec, reports), findings


def _shown(row: list[LoweringJudgement]) -> LoweringJudgement:
    """The case that stands for all: the first that mismatches, else is unverified, else any."""
    for verdict in (MISMATCH, UNVERIFIED):
        for one in row:
            if one.verdict == verdict:
                return one
    return row[0]


def _unread(site: Site) -> OpReport:
    return OpReport(
        name=site.name,
        op_type=site.op_type,
        verdict=UNVERIFIED,
        reason=site.reason or "not read",
        folded=site.folded,
        notes=site.notes,
    )


def _op(site: Site, spec: OpSpec, reports: Mapping[str, LoweringReport]) -> OpReport:
    verdict, reason = _verdict(reports)
    is_open = site.dynamic or (False,) * spec.rank
    depends = [o and rule.size_dependent for o, rule in zip(is_open, spec.pads, strict=True)]
    natural = reports.get(NATURAL)
    return OpReport(
        name=site.name,
        op_type=site.op_type,
        verdict=verdict,
        reason=reason,
        input_size=_masked(spec.input_size, is_open),
        output_size=_masked(spec.output_size, is_open),
        kernel_size=spec.kernel_size,
        stride=spec.stride,
        dilation=spec.dilation,
        group=spec.group,
        channels=spec.channels,
        parameters=spec.parameters,
        pad_before=_masked(spec.pad_before, depends),
        pad_after=_masked(spec.pad_after, depends),
        folded=site.folded,
        lowerings=reports,
        agrees_when=_agrees_when(spec, judged=natural is not None),
        findings=natural.findings if natural else (),
        notes=site.notes,
    )


def _verdict(reports: Mapping[str, LoweringReport]) -> tuple[str, str | None]:
    """An op mismatches when its SAME lowering does, or when a framework breaks its own rule."""
    natural = reports.get(NATURAL)
    diverging = any("PAD998" in report.findings for report in reports.values())
    if diverging or (natural is not None and natural.verdict == MISMATCH):
        return MISMATCH, None
    for report in reports.values():
        if report.verdict == UNVERIFIED:
            return UNVERIFIED, report.reason
    return EQUIVALENT, None


def _masked(numbers: Sequence[int], hidden: Sequence[bool]) -> tuple[int | None, ...]:
    return tuple(None if hide else n for n, hide in zip(numbers, hidden, strict=True))


def _agrees_when(spec: OpSpec, *, judged: bool) -> tuple[AxisSizes | None, ...]:
    """Per axis, the input sizes for which SAME is the op; all, if nobody would use SAME."""
    if not (judged or pads_anything(spec)):
        return (AxisSizes(modulus=1, residues=(0,)),) * spec.rank
    return _agreement_with_same(spec.replace(channels=(spec.group,) * 2, bias=False))


@functools.lru_cache(maxsize=1024)
def _agreement_with_same(spec: OpSpec) -> tuple[AxisSizes | None, ...]:
    same = dialect(NATURAL).lower(spec, NATURAL).spec
    return tuple(
        None if same is None else _sizes(agreement_of(spec, same, axis))
        for axis in range(spec.rank)
    )


def _sizes(found: Agreement | None) -> AxisSizes | None:
    if found is None:
        return None
    return AxisSizes(modulus=found.modulus, residues=found.residues, from_size=found.from_size)


def _lowering(one: LoweringJudgement, verdict: str) -> LoweringReport:
    spec = one.lowered.spec or one.case
    mismatch = one.measured.mismatch if one.measured else None
    return LoweringReport(
        verdict=verdict,
        pad_before=spec.pad_before,
        pad_after=spec.pad_after,
        output_size=spec.output_size,
        grid_shift=_shift(one.case, spec),
        predicted=one.predicted.verdict,
        measured=mismatch is not None,
        mismatched=None if mismatch is None else mismatch.share,
        max_abs_diff=None if mismatch is None else mismatch.max_abs_diff,
        findings=tuple(dict.fromkeys(finding.code for finding in one.findings)),
        reason=one.reason,
        code=one.lowered.code,
        notes=(*one.lowered.notes, *_elsewhere(one)),
    )


def _shift(reference: OpSpec, observed: OpSpec) -> tuple[int, ...]:
    return tuple(
        mine - theirs
        for mine, theirs in zip(reference.pad_before, observed.pad_before, strict=True)
    )


def _elsewhere(one: LoweringJudgement) -> tuple[str, ...]:
    """A note when the run was made at a smaller size of the same residue."""
    if one.measured_at is None or one.measured_at.input_size == one.case.input_size:
        return ()
    size = "x".join(map(str, one.measured_at.input_size))
    return (f"measured at {size}, which has the same residues",)


def _worded(
    finding: Finding, site: Site, one: LoweringJudgement, repair: LoweringJudgement | None
) -> Finding:
    """The finding in the op's name, with the code that is right as its help."""
    wants_code = finding.lowering == NATURAL and finding.code not in ("PAD998", "PAD999")
    code = finding.help
    if wants_code and repair is not None:
        code = "\n".join(repair.lowered.repair or repair.lowered.code)
    notes = finding.notes
    if site.is_dynamic:
        size = "x".join(map(str, one.case.input_size))
        notes = (f"input size is open; numbers at {size}", *notes)
    return dataclasses.replace(finding, op=site.name, help=code, notes=notes)

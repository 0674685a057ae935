"""From judgements to the report's ops and findings."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from padcheck.checks.cases import MOST_CASES, pads_anything, residue_cases
from padcheck.checks.judging import Judge, LoweringJudgement, worst
from padcheck.frameworks import lower
from padcheck.geometry import VALID, Agreement
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
    same_function,
)

__all__ = ["DIAGNOSED", "NATURAL", "assemble", "wants_same"]

#: The lowerings that every report shows.
DIAGNOSED = ("torch", "tf_same", "tf_zeropad_valid")
#: The lowering that a naive conversion picks for an op that reads padding.
NATURAL = "tf_same"


def wants_same(site: Site) -> bool:
    """Whether SAME is judged for this op, at any open size.

    1. Only if it really reads padding, or crops: the natural lowering of any other op is VALID.
    2. A transposed op whose stride exceeds its window has no VALID in TensorFlow either, whose
       output is n * stride there.
    """
    cases = residue_cases(site)
    if any(case.reads_padding or _crops(case) for case in cases):  # rule 1
        return True
    return cases[0].kind is OpKind.CONV_TRANSPOSE and any(
        window.effective_kernel < window.stride for window in cases[0].windows
    )  # rule 2


def _crops(spec: OpSpec) -> bool:
    """Whether negative pads make it another op than VALID."""
    negative = any(min(pair) < 0 for pair in spec.resolved_pads)
    return negative and not same_function(spec, spec.with_rule(VALID))


def assemble(site: Site, lowerings: Sequence[str], judge: Judge) -> tuple[OpReport, list[Finding]]:
    """One site's part of the report: its op, and the findings about it."""
    if site.spec is None:
        return _unread(site), []
    cases = residue_cases(site)
    judged = {lowering: [judge.judge(case, lowering) for case in cases] for lowering in lowerings}
    shown = _shown(judged)
    reports = {lowering: _lowering(row, row[shown]) for lowering, row in judged.items()}
    return _op(site, site.spec, reports), _findings(site, judged)


def _shown(judged: Mapping[str, list[LoweringJudgement]]) -> int:
    """The case whose numbers are shown for all lowerings: the first where SAME, else any
    lowering, mismatches, else is unverified.
    """
    rows = [judged[NATURAL]] if NATURAL in judged else []
    rows += judged.values()
    for verdict in (MISMATCH, UNVERIFIED):
        for row in rows:
            for case, one in enumerate(row):
                if one.verdict == verdict:
                    return case
    return 0


def _findings(site: Site, judged: Mapping[str, list[LoweringJudgement]]) -> list[Finding]:
    """Every cause found, at the first of the cases that shows it, with the code for that case."""
    found: dict[tuple[str, str], Finding] = {}
    for lowering, row in judged.items():
        for case, one in enumerate(row):
            repair = judged["tf_zeropad_valid"][case] if "tf_zeropad_valid" in judged else None
            for finding in one.findings:
                found.setdefault((lowering, finding.code), _worded(finding, site, one, repair))
    return list(found.values())


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
    if (
        verdict == EQUIVALENT
        and site.is_dynamic
        and pads_anything(spec)
        and max(spec.stride) > MOST_CASES
    ):
        verdict, reason = UNVERIFIED, f"input size is open: of {max(spec.stride)} residues, "
        reason += f"{MOST_CASES} were judged; give --input-shape"
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
    same = lower(spec, NATURAL).spec
    return tuple(
        None if same is None else _sizes(agreement_of(spec, same, axis))
        for axis in range(spec.rank)
    )


def _sizes(found: Agreement | None) -> AxisSizes | None:
    if found is None:
        return None
    return AxisSizes(modulus=found.modulus, residues=found.residues, from_size=found.from_size)


def _lowering(row: list[LoweringJudgement], one: LoweringJudgement) -> LoweringReport:
    """The verdict over all cases, with the numbers of one."""
    spec = one.lowered.spec or one.case
    mismatch = one.measured.mismatch if one.measured else None
    return LoweringReport(
        verdict=worst([each.verdict for each in row]),
        pad_before=spec.pad_before,
        pad_after=spec.pad_after,
        output_size=spec.output_size,
        grid_shift=one.case.grid_shift(spec),
        predicted=one.predicted.verdict,
        measured=mismatch is not None,
        mismatched=None if mismatch is None else mismatch.share,
        max_abs_diff=None if mismatch is None else mismatch.max_abs_diff,
        findings=tuple(dict.fromkeys(found.code for each in row for found in each.findings)),
        reason=next((each.reason for each in row if each.reason), None),
        code=one.lowered.code,
        notes=(*one.lowered.notes, *_elsewhere(one)),
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
    help_ = finding.help
    if finding.lowering == NATURAL and finding.code not in ("PAD998", "PAD999"):
        help_ = "\n".join(_right_code(repair)) or help_
    notes = finding.notes
    if site.is_dynamic:
        size = "x".join(map(str, one.case.input_size))
        notes = (f"input size is open; numbers and code are for {size}", *notes)
    return dataclasses.replace(finding, op=site.name, help=help_, notes=notes)


def _right_code(repair: LoweringJudgement | None) -> tuple[str, ...]:
    """Code that computes the op: never that of a lowering which itself is another op."""
    if repair is None:
        return ()
    if repair.lowered.repair or repair.verdict != EQUIVALENT:
        return repair.lowered.repair
    return repair.lowered.code

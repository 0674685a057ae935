"""From judged pairs to the ops of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from padcheck.checks.compare.boxed import TARGET
from padcheck.checks.compare.means import MEAN, is_mean
from padcheck.checks.compare.pairs import PairJudgement
from padcheck.checks.judging import worst
from padcheck.frameworks.base import Network
from padcheck.matching import Pair
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    Finding,
    LoweringReport,
    OpReport,
    OpSpec,
    Site,
)

__all__ = ["Judged", "lone_op", "pair_op"]

_MADE_UP = (
    "does not show: the outputs agree within the bound, and do not with this op of the target "
    "alone in the source"
)
_BALANCED = "its windows differ, and something around it in the target makes up for that"


@dataclass(slots=True)
class Judged:
    """A pair, what became of its windows, and what of its numbers; filled in as it is judged.

    `numbers` are findings that the end-to-end run confirmed, `remarks` what it left harmless;
    `doubt` is why its numbers could not be compared.
    """

    pair: Pair
    windows: PairJudgement
    numbers: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unexplained: list[Finding] = field(default_factory=list)
    doubt: str | None = None

    def make_up(self) -> None:
        """Its windows differ, and something else in the target makes up for that."""
        findings = tuple(
            replace(each, latent=True, notes=(_MADE_UP, *each.notes))
            for each in self.windows.findings
        )
        self.windows = replace(
            self.windows,
            verdict=UNVERIFIED,
            reason=_BALANCED,
            findings=findings,
            explained_by=None,
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, windows first."""
        return (*self.windows.findings, *self.numbers, *self.unexplained)

    @property
    def verdict(self) -> str:
        """Mismatch by its windows or its numbers."""
        more = [MISMATCH for each in (*self.numbers, *self.unexplained) if not each.latent]
        more += [UNVERIFIED] if self.doubt is not None else []
        return worst([self.windows.verdict, *more])


def pair_op(source: Network, target: Network, judged: Judged) -> OpReport:
    """The report's op for the first source of a pair."""
    pair, windows = judged.pair, judged.windows
    site = source.sites[pair.sources[0]]
    spec = site.spec
    assert spec is not None
    codes = tuple(dict.fromkeys(finding.code for finding in judged.findings))
    others = [source.sites[index].name for index in pair.sources[1:]]
    notes = [f"matched {pair.how}", *windows.notes, *judged.remarks, *site.notes]
    notes += [f"stands for {', '.join([site.name, *others])}"] if others else []
    for index in pair.targets:
        notes += [f"target: {note}" for note in target.sites[index].notes]
    return _op(
        site,
        spec,
        verdict=judged.verdict,
        reason=(windows.reason or judged.doubt) if judged.verdict == UNVERIFIED else None,
        target_name=", ".join(target.sites[index].name for index in pair.targets),
        lowering=_lowering(judged, codes),
        codes=codes,
        notes=notes,
        agrees=windows,
        stands_for=others,
    )


def lone_op(
    site: Site, reason: str, *, in_target: bool = False, outputs_agree: bool = False
) -> OpReport:
    """The report's op for a site without a partner, or one that was not read.

    Where the outputs agree, a pool that is no more than a mean needs none.
    """
    target_name = site.name if in_target else None
    if site.spec is None:
        return OpReport(
            name=site.name,
            op_type=site.op_type,
            verdict=UNVERIFIED,
            reason=site.reason or reason,
            target_name=target_name,
            of_target=in_target,
            folded=site.folded,
            notes=site.notes,
        )
    harmless = outputs_agree and is_mean(site.spec)
    return _op(
        site,
        site.spec,
        verdict=EQUIVALENT if harmless else UNVERIFIED,
        reason=None if harmless else reason,
        target_name=target_name,
        of_target=in_target,
        lowering=None,
        codes=(),
        notes=(*site.notes, MEAN) if harmless else site.notes,
        agrees=None,
    )


def _op(
    site: Site,
    spec: OpSpec,
    *,
    verdict: str,
    reason: str | None,
    target_name: str | None,
    lowering: LoweringReport | None,
    codes: tuple[str, ...],
    notes: Sequence[str],
    agrees: PairJudgement | None,
    of_target: bool = False,
    stands_for: Sequence[str] = (),
) -> OpReport:
    return OpReport(
        name=site.name,
        op_type=site.op_type,
        verdict=verdict,
        reason=reason,
        input_size=spec.input_size,
        output_size=spec.output_size,
        kernel_size=spec.kernel_size,
        stride=spec.stride,
        dilation=spec.dilation,
        group=spec.group,
        channels=spec.channels,
        parameters=spec.parameters,
        pad_before=spec.pad_before,
        pad_after=spec.pad_after,
        folded=site.folded,
        lowerings={} if lowering is None else {TARGET: lowering},
        agrees_when=None if agrees is None else agrees.agrees_when,
        target_name=target_name,
        of_target=of_target,
        stands_for=tuple(stands_for),
        findings=codes,
        notes=tuple(notes),
    )


def _lowering(judged: Judged, codes: tuple[str, ...]) -> LoweringReport | None:
    windows = judged.windows
    if windows.source is None or windows.target is None:
        return None
    made = windows.explained_by or windows.target.resized(windows.source.input_size)
    if made.rank != windows.source.rank:
        made = windows.target.resized(windows.source.input_size)
    mismatch = None if windows.judgement is None else windows.judgement.mismatch
    seen = made.output_size if mismatch is None else mismatch.observed_shape[2:]
    return LoweringReport(
        verdict=judged.verdict,
        pad_before=made.pad_before,
        pad_after=made.pad_after,
        output_size=seen,
        grid_shift=windows.source.grid_shift(made),
        predicted=windows.predicted.verdict if windows.predicted else UNVERIFIED,
        measured=mismatch is not None,
        mismatched=None if mismatch is None else mismatch.share,
        max_abs_diff=None if mismatch is None else mismatch.max_abs_diff,
        findings=codes,
        reason=windows.reason,
    )

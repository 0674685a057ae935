"""Judging a matched pair: whether the target's op computes what the source's does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.checks.compare.advice import help_for
from padcheck.checks.compare.aligning import (
    Aligned,
    aligned_specs,
    in_terms_of,
    incomparable,
    restored,
    split_spec,
    unfit,
)
from padcheck.checks.compare.boxed import (
    TARGET,
    Boxed,
    judge_box,
    judge_static,
    small_reference,
)
from padcheck.checks.compare.isolated import IsolatedBox
from padcheck.checks.compare.latent import latent
from padcheck.checks.compare.sizes import agrees_when, cases
from padcheck.checks.judging import worst
from padcheck.errors import FrameworkError
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    AxisSizes,
    Finding,
    OpSpec,
    Site,
)
from padcheck.verdict import Judgement

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["PairJudge", "PairJudgement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairJudgement:
    """Whether the windows of a pair agree, and if not, why.

    `source` and `target` are the ops as read, of split groups the first; without the axes that
    the other one lacks. `judgement` is what was measured, None where nothing was run;
    `predicted` what the target's file says; None where nothing could be judged.

    `explained_by`: where the verdict is a mismatch, what the target computes, as an op in the
    place of the source's first: its channels, groups, input size and number of axes; None where
    that is not known. `agrees_when`: per axis, the input sizes at which the files agree.
    """

    source: OpSpec | None
    target: OpSpec | None
    verdict: str
    reason: str | None = None
    judgement: Judgement | None = None
    predicted: Judgement | None = None
    findings: tuple[Finding, ...] = ()
    explained_by: OpSpec | None = None
    agrees_when: tuple[AxisSizes | None, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """One op held to one op, both by index, in the same terms."""

    source: int
    target: int
    specs: Aligned


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A part's outcome: `verdict` is that of `boxed` unless the findings are all latent."""

    part: _Part
    case: OpSpec
    boxed: Boxed
    verdict: str
    findings: tuple[Finding, ...]


class PairJudge:
    """Judges the pairs of two networks, each geometry once.

    Rules:
    1. A grouped convolution may stand against its parts, either way; each part is judged.
    2. Where the source's sizes are open, one size of every residue is judged; the worst counts.
    3. A difference of fills that cannot show in the source is latent, and no mismatch.
    """

    def __init__(self, source: Network, target: Network) -> None:
        self._source, self._target = source, target
        self._known: dict[tuple[Any, ...], Boxed] = {}

    def judge(self, sources: tuple[int, ...], targets: tuple[int, ...]) -> PairJudgement:
        """The judgement on one op, or on the parts of one (rule 1), by the sites' indices."""
        ours = [self._source.sites[index] for index in sources]
        theirs = [self._target.sites[index] for index in targets]
        unread = _unread(ours, "source") or _unread(theirs, "target")
        mine = [site.spec for site in ours if site.spec is not None]
        other = [site.spec for site in theirs if site.spec is not None]
        if unread is not None:
            return _unjudged(mine, other, unread)
        parts = self._parts(sources, targets, mine, other)
        if isinstance(parts, str):
            return _unjudged(mine, other, parts)
        outcomes = [
            self._outcome(part, case)
            for part in parts
            for case in cases(self._source.sites[part.source], part.specs)  # rule 2
        ]
        return self._summed(parts, outcomes, mine[0])

    def _parts(
        self,
        sources: Sequence[int],
        targets: Sequence[int],
        mine: Sequence[OpSpec],
        other: Sequence[OpSpec],
    ) -> list[_Part] | str:
        """Rule 1; or why the ops cannot be held to each other."""
        split = split_spec(mine, other)
        if isinstance(split, str):
            return split
        indices = [(source, target) for source in sources for target in targets]
        parts = []
        for (source, target), (one, two) in zip(indices, split, strict=True):
            specs = aligned_specs(one, two)
            if specs is None:
                return f"{two} has {two.rank} spatial axes, {one} has {one.rank}"
            why = incomparable(specs.source, specs.target)
            if why is not None:
                return why
            parts.append(_Part(source, target, specs))
        return parts

    def _outcome(self, part: _Part, case: OpSpec) -> _Outcome:
        boxed = self._boxed(part, case)
        place = self._source.places[part.source]
        findings, verdict = boxed.findings, boxed.verdict
        if verdict == MISMATCH:
            origin = None if place is None else place.never_negative
            findings, harmless = latent(findings, boxed.case, boxed.observed, origin)  # rule 3
            verdict = EQUIVALENT if harmless else MISMATCH
        return _Outcome(part, case, boxed, verdict, findings)

    def _boxed(self, part: _Part, case: OpSpec) -> Boxed:
        site = self._target.sites[part.target]
        target = part.specs.target
        small = small_reference(case)
        added = part.specs.target_dropped
        key = (
            small,
            case.input_size,
            in_terms_of(target, small),
            added,
            site.op_type,
            len(site.folded),
        )
        if key not in self._known:
            why = unfit(case, target)
            if why is not None:
                self._known[key] = judge_static(case, target, why)
            else:
                box = IsolatedBox(self._target, part.target, added)
                self._known[key] = judge_box(case, target, box, self._versions)
        return self._known[key]

    def _versions(self) -> Iterator[str]:
        try:
            found = self._target.versions()
        except FrameworkError:
            return
        for name, version in found.items():
            yield f"{name} {version}"

    def _summed(
        self, parts: Sequence[_Part], outcomes: Sequence[_Outcome], source: OpSpec
    ) -> PairJudgement:
        """The worst outcome, with the findings of all."""
        verdict = worst([outcome.verdict for outcome in outcomes])
        shown = next(outcome for outcome in outcomes if outcome.verdict == verdict)
        findings: dict[tuple[str, str], Finding] = {}
        for outcome in outcomes:
            for finding in outcome.findings:
                findings.setdefault((finding.code, finding.message), finding)
        name = self._source.sites[parts[0].source].name
        notes = [note for outcome in outcomes for note in outcome.boxed.notes]
        if len(parts) > 1:
            notes += self._which(parts, outcomes, verdict)
        return PairJudgement(
            source=parts[0].specs.source.replace(channels=source.channels, group=source.group),
            target=shown.part.specs.target,
            verdict=verdict,
            reason=shown.boxed.reason,
            judgement=shown.boxed.measured,
            predicted=shown.boxed.predicted,
            findings=tuple(
                self._worded(each, name, source, parts[0].target) for each in findings.values()
            ),
            explained_by=_explained(outcomes, source) if verdict == MISMATCH else None,
            agrees_when=agrees_when(parts[0].specs),
            notes=tuple(dict.fromkeys(notes)),
        )

    def _which(
        self, parts: Sequence[_Part], outcomes: Sequence[_Outcome], verdict: str
    ) -> Iterator[str]:
        """Of split groups, which parts are meant, where not all are."""
        guilty = dict.fromkeys(one.part for one in outcomes if one.verdict == verdict)
        if verdict == EQUIVALENT or len(guilty) == len(parts):
            return
        targets = dict.fromkeys(part.target for part in guilty)
        names = [self._target.sites[index].name for index in targets]
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        yield f"{verdict} in {len(guilty)} of {len(parts)} parts: {shown}"

    def _worded(self, finding: Finding, name: str, source: OpSpec, target: int) -> Finding:
        kind, place = self._target.ref.format, self._target.places[target]
        last = place is None or place.channels_last
        help_ = help_for(finding.code, finding.help, source, kind, channels_last=last)
        return dataclasses.replace(finding, op=name, lowering=TARGET, help=help_)


def _unread(sites: Sequence[Site], side: str) -> str | None:
    for site in sites:
        if site.spec is None:
            return f"{side} {site.name}: {site.reason or 'not read'}"
    return None


def _unjudged(mine: Sequence[OpSpec], other: Sequence[OpSpec], reason: str) -> PairJudgement:
    return PairJudgement(
        source=mine[0] if mine else None,
        target=other[0] if other else None,
        verdict=UNVERIFIED,
        reason=reason,
    )


def _explained(outcomes: Sequence[_Outcome], source: OpSpec) -> OpSpec | None:
    """What the target computes in the place of the source's op; None unless all parts agree."""
    made = set()
    for outcome in outcomes:
        observed, specs = outcome.boxed.observed, outcome.part.specs
        if outcome.case.input_size != specs.source.input_size:
            continue
        if observed is None or outcome.verdict != MISMATCH:
            return None
        made.add(restored(observed, source, specs.source_dropped))
    return made.pop() if len(made) == 1 else None

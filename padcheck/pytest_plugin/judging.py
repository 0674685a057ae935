"""What a report means for a test, once what is allowed and what is known are taken out of it.

1. An op is blamed for the findings that make its verdict: none that is latent, and in a diagnosis
   those of SAME alone, and a framework that diverges from its own rule.
2. A mismatch is excused when each of its codes is allowed, or is a known failure of that op; a
   mismatch without a code is not.
3. An op that could not be checked is excused by a known failure only.
4. The outputs of two models are excused when what the excused ops are blamed for explains all of
   their difference; or as an op is, by known failures of `end-to-end`, for the codes that explain
   the difference, or because they could not be compared.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from padcheck.pytest_plugin.known import END_TO_END, KnownFailure, those_named
from padcheck.pytest_plugin.known import UNVERIFIED as KNOWN_UNVERIFIED
from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, EndToEnd, OpReport, Report

__all__ = ["Weighed", "narrowed", "weigh"]

#: The lowering that makes the verdict of a diagnosis.
_DIAGNOSED = "tf_same"
_DIAGNOSES = ("diagnose", "conv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A report, and what is left of it.

    `left`: the ops that are not excused; `kept`: those and the equivalent ones; `whole_left`:
    whether the outputs are not excused. `allowed`: codes that were needed; `seen` and `known`: the
    places of the known failures that are about something of this report, and of those that failed
    as they say; `allowed_ops` and `known_ops`: how many ops the one and the other excused.
    """

    report: Report
    left: tuple[str, ...] = ()
    kept: tuple[OpReport, ...] = ()
    whole_left: bool = False
    allowed: tuple[str, ...] = ()
    seen: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    allowed_ops: int = 0
    known_ops: int = 0

    @property
    def verdict(self) -> str:
        """What is left, in one word."""
        return self.told.verdict

    @property
    def told(self) -> Report:
        """The report without what is excused."""
        return narrowed(self.report, self.kept, whole=self.whole_left)


def narrowed(report: Report, ops: Sequence[OpReport], *, whole: bool) -> Report:
    """The report on some of its ops alone, and on the outputs if `whole`.

    An op of the target without a partner may have the name of one of the source, and no findings.
    """
    names = {op.name for op in ops if not op.of_target}
    return dataclasses.replace(
        report,
        ops=tuple(ops),
        findings=tuple(finding for finding in report.findings if finding.op in names),
        end_to_end=report.end_to_end if whole else None,
    )


def weigh(
    report: Report,
    allow: Collection[str],
    known: Sequence[KnownFailure] = (),
    names: Collection[str] = (),
    *,
    among: Report | None = None,
) -> Weighed:
    """Holds a report against what is allowed and known.

    `names` are further names of its one op, such as a geometry. `among` is the report that this
    one is a part of, where the ops that explain the outputs are not in this one.
    """
    left: list[str] = []
    kept: list[OpReport] = []
    allowed: list[str] = []
    seen: list[int] = []
    hit: list[int] = []
    excused = {"allowed": 0, "known": 0}
    for op in report.ops:
        excuse = _excuse(report, op, allow, known, names)
        seen += excuse.seen
        hit += excuse.known
        if excuse.left or op.verdict == EQUIVALENT:
            kept.append(op)
        if excuse.left:
            left.append(op.name)
        else:
            allowed += excuse.allowed
            if op.verdict != EQUIVALENT:
                excused["known" if excuse.known else "allowed"] += 1
    whole_left = False
    if report.end_to_end is not None:
        excuse = _whole(among or report, report.end_to_end, allow, known)
        seen += excuse.seen
        hit += excuse.known
        whole_left = excuse.left
        if not excuse.left:
            allowed += excuse.allowed
    return Weighed(
        report=report,
        left=tuple(left),
        kept=tuple(kept),
        whole_left=whole_left,
        allowed=tuple(sorted(set(allowed))),
        seen=tuple(sorted(set(seen))),
        known=tuple(sorted(set(hit))),
        allowed_ops=excused["allowed"],
        known_ops=excused["known"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excuse:
    left: bool = False
    allowed: tuple[str, ...] = ()
    seen: tuple[int, ...] = ()
    known: tuple[int, ...] = ()


def _excuse(
    report: Report,
    op: OpReport,
    allow: Collection[str],
    known: Sequence[KnownFailure],
    names: Collection[str],
) -> _Excuse:
    about = those_named(known, {*_names(report, op.name), *names})
    seen = tuple(about)
    if op.verdict == EQUIVALENT:
        return _Excuse(seen=seen)
    blamed = _blamed(report, op)  # rules 1, 3
    hit = tuple(place for place in about if known[place].code in blamed)
    allowed = blamed & set(allow)
    unexcused = blamed - allowed - {known[place].code for place in hit}
    if unexcused or not blamed:  # rule 2
        return _Excuse(left=True, seen=seen, known=hit)
    return _Excuse(allowed=tuple(allowed), seen=seen, known=hit)


def _names(report: Report, name: str) -> Iterator[str]:
    """What an entry may call an op: its name, or the model's path or file and its name."""
    yield name
    for ref in (report.source, report.target):
        if ref is not None and ref.path is not None:
            yield f"{ref.path}::{name}"
            yield f"{os.path.basename(ref.path)}::{name}"


def _blamed(report: Report, op: OpReport) -> set[str]:
    """The codes that make the op's verdict."""
    if op.verdict == UNVERIFIED:
        return {KNOWN_UNVERIFIED}
    return {
        finding.code
        for finding in report.findings
        if finding.op == op.name
        and not finding.latent
        and (
            report.command not in _DIAGNOSES
            or finding.lowering == _DIAGNOSED
            or finding.code == "PAD998"
        )
    }


def _whole(
    report: Report, whole: EndToEnd, allow: Collection[str], known: Sequence[KnownFailure]
) -> _Excuse:
    """What excuses the outputs (rule 4)."""
    about = those_named(known, set(_names(report, END_TO_END)))
    if whole.verdict == EQUIVALENT:
        return _Excuse(seen=tuple(about))
    explained = {KNOWN_UNVERIFIED} if whole.verdict == UNVERIFIED else set(whole.explained_by)
    hit = [place for place in about if known[place].code in explained]
    allowed: list[str] = []
    excused = {known[place].code for place in hit}
    guilty = [op for op in report.ops if op.verdict == MISMATCH]
    excuses = [_excuse(report, op, allow, known, ()) for op in guilty]
    if whole.verdict == MISMATCH and not any(excuse.left for excuse in excuses):
        excused |= {code for op in guilty for code in _blamed(report, op)}
        hit += [place for excuse in excuses for place in excuse.known]
        allowed += [code for excuse in excuses for code in excuse.allowed]
    unexplained = whole.verdict == MISMATCH and (
        whole.remaining or any(output.verdict != EQUIVALENT for output in whole.after)
    )
    return _Excuse(
        left=bool(unexplained) or not explained or not explained <= excused,
        allowed=tuple(allowed),
        seen=tuple({*about, *hit}),
        known=tuple(hit),
    )

"""Every op of a model that was read, judged and put into a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from padcheck import __version__
from padcheck.checks.assemble import NATURAL, assemble, wants_same
from padcheck.checks.cases import residue_cases
from padcheck.checks.experiment import DIAGNOSED
from padcheck.checks.judging import Judge
from padcheck.records import Finding, OpReport, Report, Site

if TYPE_CHECKING:
    from padcheck.checks.lab import Lab
    from padcheck.frameworks.onnx.reader import ReadModel

__all__ = ["Progress", "survey"]

#: Called with the number of ops judged so far and the number of all ops.
Progress = Callable[[int, int], None]


def survey(
    read: ReadModel, command: str, lab: Lab | None = None, progress: Progress | None = None
) -> Report:
    """The report on every site of a model: measured in `lab`, or predicted without one."""
    judge = Judge(lab)
    for site in read.sites:
        _prepare(site, judge)
    ops: list[OpReport] = []
    findings: list[Finding] = []
    for site in read.sites:
        op, found = assemble(site, _lowerings(site), judge)
        ops.append(op)
        findings += found
        if progress is not None:
            progress(len(ops), len(read.sites))
    return Report(
        command=command,
        padcheck=__version__,
        source=read.ref,
        frameworks={} if lab is None else lab.versions(),
        ops=tuple(ops),
        findings=tuple(findings),
        notes=read.notes,
    )


def _lowerings(site: Site) -> list[str]:
    """All of them, but SAME only for an op that reads padding; none for one not read."""
    if site.spec is None:
        return []
    return [name for name in DIAGNOSED if name != NATURAL or wants_same(site)]


def _prepare(site: Site, judge: Judge) -> None:
    for lowering in _lowerings(site):
        for case in residue_cases(site):
            judge.prepare(case, lowering)

"""Every op of a model that was read, judged and put into a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from padcheck import __version__
from padcheck.checks.assemble import DIAGNOSED, NATURAL, assemble, wants_same
from padcheck.checks.cases import residue_cases
from padcheck.checks.judging import Judge
from padcheck.checks.network import agreeing_shapes
from padcheck.records import Finding, OpReport, Report, Site

if TYPE_CHECKING:
    from padcheck.checks.lab import Lab
    from padcheck.frameworks.onnx.reader import ReadModel

__all__ = ["Progress", "survey"]

#: Called with the number of ops judged so far and the number of all ops.
Progress = Callable[[int, int], None]


def survey(
    read: ReadModel,
    command: str,
    *,
    lab: Lab | None = None,
    sites_at: Callable[[dict[str, tuple[int, ...]]], Sequence[Site]] | None = None,
    progress: Progress | None = None,
) -> Report:
    """The report on every site of a model: measured in `lab`, or predicted without one.

    `sites_at(shapes)` reads the model's sites at other input shapes, to find one at which all
    agree; it works while the frameworks load.
    """
    judge = Judge(lab)
    for site in read.sites:
        _prepare(site, judge)
    agrees_at = agreeing_shapes(read.sites, read.inputs, sites_at) if sites_at else None
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
        agrees_at=agrees_at,
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

"""What the suite found of a framework: counts, divergences, stale entries; and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from padcheck.checks.conformance.known import KnownDivergence, Stale
from padcheck.records import Finding, OpSpec

__all__ = ["ConformanceReport", "Divergence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """One way in which a lowering goes wrong: all cases that shrink to the same geometry.

    `known` is the entry that names them, None for news. The cases of a known one are not
    shrunk, unless that was asked for: `smallest` is then the first of them.
    """

    lowering: str
    how: str
    smallest: OpSpec
    batch: int
    cases: tuple[str, ...]
    known: KnownDivergence | None
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceReport:
    """What the suite found; `ok` when nothing is new, stale or unrun.

    `counts`: how many of `trials` (geometries times lowerings) came out how.
    """

    framework: str
    versions: dict[str, str]
    lowerings: tuple[str, ...]
    counts: dict[str, int]
    divergences: tuple[Divergence, ...]
    stale: tuple[Stale, ...]
    unrun: tuple[str, ...]

    @property
    def trials(self) -> int:
        """Geometries times lowerings."""
        return sum(self.counts.values())

    @property
    def new(self) -> tuple[Divergence, ...]:
        """The divergences that no entry names."""
        return tuple(divergence for divergence in self.divergences if divergence.known is None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One PAD998 per divergence."""
        return tuple(divergence.finding for divergence in self.divergences)

    @property
    def ok(self) -> bool:
        """Whether the framework does what its dialect and its file of divergences say."""
        return not (self.new or self.stale or self.unrun)

    def entries(self) -> list[dict[str, Any]]:
        """The new divergences as entries of a file of known ones; `what` is to be written."""
        measured = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return [
            {
                "id": f"{divergence.lowering}-{divergence.smallest.kind.value}-{number}",
                "lowerings": [divergence.lowering],
                "cases": list(divergence.cases),
                "how": divergence.how,
                "measured": measured,
                "link": None,
                "what": str(divergence.smallest),
            }
            for number, divergence in enumerate(self.new)
        ]

    def __str__(self) -> str:
        """What is new with its repro, what is stale, and the counts."""
        return "\n".join(_lines(self))


def _lines(report: ConformanceReport) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    counted = ", ".join(f"{count} {how}" for how, count in sorted(report.counts.items()))
    lines = [
        f"{report.framework} ({versions}): {'conforms' if report.ok else 'does not conform'}",
        f"{report.trials} runs of {', '.join(report.lowerings)}: {counted}",
    ]
    for divergence in report.new:
        finding = divergence.finding
        lines += ["", f"{finding.code}: {finding.message}"]
        lines += [f"  note: {note}" for note in finding.notes]
        lines.append(f"  help: {finding.help}")
    lines += [f"stale: {stale}" for stale in report.stale]
    lines += [f"not run: {case}" for case in report.unrun]
    if report.new:
        lines += ["", "`conformance(...).entries()` has these as entries of known divergences"]
    return lines

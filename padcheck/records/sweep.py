"""A sweep: what came of every geometry of a grid under some lowerings.

Outcomes are kept as one letter per geometry, in the grid's order, so that millions of them take
little room and a row of a heat map is a slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from padcheck.records.evidence import EQUIVALENT, MISMATCH, UNVERIFIED
from padcheck.records.grid import SweepGrid

__all__ = [
    "AGREES",
    "DIVERGES",
    "LEFT_OUT",
    "LETTERS",
    "NOT_RUN",
    "SHAPE",
    "SILENT",
    "SWEEP_SCHEMA",
    "WORDS",
    "LoweringSweep",
    "Sweep",
]

SWEEP_SCHEMA = "padcheck/sweep@1"

#: The same numbers; the right shape and other numbers; another shape; not what its rule says.
AGREES, SILENT, SHAPE, DIVERGES = "agrees", "silent", "shape", "diverges"

#: outcome -> its letter, and back.
LETTERS = {AGREES: ".", SILENT: "#", SHAPE: "S", UNVERIFIED: "?", DIVERGES: "!"}
WORDS = {letter: outcome for outcome, letter in LETTERS.items()}
#: The letters of a geometry without output, and of one that was not measured.
LEFT_OUT, NOT_RUN = " ", "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweringSweep:
    """One lowering over the whole grid: a letter per geometry, and reasons by position."""

    lowering: str
    outcomes: str
    predicted: str
    measured: str
    reasons: Mapping[int, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """outcome -> how many geometries."""
        return {outcome: self.outcomes.count(letter) for outcome, letter in LETTERS.items()}

    def at(self, index: int) -> dict[str, Any]:
        """The outcome of one geometry, with what was predicted and measured."""
        measured = self.measured[index]
        found: dict[str, Any] = {
            "outcome": WORDS[self.outcomes[index]],
            "predicted": WORDS[self.predicted[index]],
            "measured": None if measured == NOT_RUN else WORDS[measured],
        }
        return found | ({"reason": self.reasons[index]} if index in self.reasons else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The whole sweep; `frameworks` is empty where nothing was run."""

    padcheck: str
    grid: SweepGrid
    lowerings: tuple[LoweringSweep, ...]
    frameworks: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """lowering -> outcome -> how many geometries."""
        return {one.lowering: one.counts for one in self.lowerings}

    @property
    def left_out(self) -> int:
        """The geometries that have no output."""
        return self.lowerings[0].outcomes.count(LEFT_OUT)

    @property
    def judged(self) -> int:
        """The geometries that have an output."""
        return len(self.grid) - self.left_out

    @property
    def verdict(self) -> str:
        """mismatch where anything differs, else unverified where anything was not checked."""
        found = {name for counts in self.counts.values() for name, count in counts.items() if count}
        if found & {SILENT, SHAPE, DIVERGES}:
            return MISMATCH
        return UNVERIFIED if UNVERIFIED in found else EQUIVALENT

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return self.verdict == EQUIVALENT

    @property
    def exit_code(self) -> int:
        """0 all agree, 1 something differs, 3 nothing differs but not all was checked."""
        return {EQUIVALENT: 0, MISMATCH: 1, UNVERIFIED: 3}[self.verdict]

    def points(self) -> Iterator[dict[str, Any]]:
        """Every geometry that has an output, with what came of it, as plain dicts."""
        letters = self.lowerings[0].outcomes
        for index, point in enumerate(self.grid.points()):
            if letters[index] == LEFT_OUT:
                continue
            before, after = self.grid.spec(point).resolved_pads[0]
            yield {
                "input_size": point.input_size,
                "kernel_size": point.kernel_size,
                "stride": point.stride,
                "dilation": point.dilation,
                "padding": point.padding,
                "pads": [before, after],
                "outcomes": {one.lowering: one.at(index) for one in self.lowerings},
            }

    def head(self) -> dict[str, Any]:
        """All of `to_dict` but the points."""
        return {
            "schema": SWEEP_SCHEMA,
            "padcheck": self.padcheck,
            "verdict": self.verdict,
            "grid": self.grid.to_dict(),
            "lowerings": [one.lowering for one in self.lowerings],
            "frameworks": dict(self.frameworks),
            "counts": self.counts,
            "left_out": self.left_out,
        }

    def to_dict(self) -> dict[str, Any]:
        """`padcheck/sweep@1`, as `report/sweep_schema.json` describes it."""
        return {**self.head(), "points": list(self.points())}

    def __str__(self) -> str:
        from padcheck.report.heatmap import render  # strings are made in another room

        return render(self)

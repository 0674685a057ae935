"""A sweep: a grid of geometries, and what came of each under some lowerings.

Outcomes are kept as one letter per geometry, in the grid's order, so that millions of them take
little room and a row of a heat map is a slice.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from padcheck.errors import UsageError
from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    PadRule,
    Rounding,
    Window,
    explicit,
)
from padcheck.records.evidence import EQUIVALENT, MISMATCH, UNVERIFIED
from padcheck.records.spec import OpKind, OpSpec

__all__ = [
    "AGREES",
    "DIVERGES",
    "LEFT_OUT",
    "LETTERS",
    "NOT_RUN",
    "PADDINGS",
    "SHAPE",
    "SILENT",
    "SWEEP_SCHEMA",
    "WORDS",
    "GridPoint",
    "LoweringSweep",
    "Sweep",
    "SweepGrid",
    "rule_of",
]

SWEEP_SCHEMA = "padcheck/sweep@1"

#: The same numbers; the right shape and other numbers; another shape; not what its rule says.
AGREES, SILENT, SHAPE, DIVERGES = "agrees", "silent", "shape", "diverges"

#: outcome -> its letter, and back.
LETTERS = {AGREES: ".", SILENT: "#", SHAPE: "S", UNVERIFIED: "?", DIVERGES: "!"}
WORDS = {letter: outcome for outcome, letter in LETTERS.items()}
#: The letters of a geometry without output, and of one that was not measured.
LEFT_OUT, NOT_RUN = " ", "-"

_POLICIES = {
    "same": SAME_UPPER,
    "same_lower": SAME_LOWER,
    "valid": VALID,
    "causal": CAUSAL,
}

#: The words for a padding; beside them an int, or two joined by a colon.
PADDINGS = ("half", "half_up", *_POLICIES)


class GridPoint(NamedTuple):
    """One geometry, the same on every axis; in the order in which a grid counts."""

    padding: str
    dilation: int
    stride: int
    kernel_size: int
    input_size: int


@functools.lru_cache(maxsize=4096)
def rule_of(padding: str, window: Window) -> PadRule:
    """The rule that a padding's word means for a window.

    1. half: `(effective_kernel - 1) // 2` at both ends, as PyTorch models write it; half_up:
       `effective_kernel // 2`.
    2. same (upper), same_lower, valid, causal: the policies.
    3. `1`: 1 at both ends; `0:1`: before and after. For transposed convolutions all are crops.
    """
    if padding == "half":
        half = (window.effective_kernel - 1) // 2
        return explicit(half, half)  # rule 1
    if padding == "half_up":
        half = window.effective_kernel // 2
        return explicit(half, half)
    if padding in _POLICIES:
        return _POLICIES[padding]  # rule 2
    try:
        before, _, after = padding.partition(":")
        return explicit(int(before), int(after or before))  # rule 3
    except ValueError:
        known = ", ".join(PADDINGS)
        raise UsageError(f"expected one of {known}, or ints, but got {padding!r}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepGrid:
    """Every combination of some values: the same op, with the same numbers on every axis."""

    kind: OpKind
    input_size: tuple[int, ...]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] = (1,)
    dilation: tuple[int, ...] = (1,)
    padding: tuple[str, ...] = ("half",)
    rank: int = 1
    ceil_mode: bool = False
    count_include_pad: bool = False

    def __len__(self) -> int:
        return len(self.maps) * self.map_size

    @property
    def maps(self) -> list[tuple[str, int, int]]:
        """(padding, dilation, stride) of every map, in order."""
        return list(itertools.product(self.padding, self.dilation, self.stride))

    @property
    def map_size(self) -> int:
        """The geometries of one map: a row per kernel, a column per input size."""
        return len(self.kernel_size) * len(self.input_size)

    def points(self) -> Iterator[GridPoint]:
        """Every geometry, in order."""
        for one in self.maps:
            for kernel_size, input_size in itertools.product(self.kernel_size, self.input_size):
                yield GridPoint(*one, kernel_size, input_size)

    def spec(self, point: GridPoint) -> OpSpec:
        """The op of one geometry."""
        rule = rule_of(point.padding, Window(point.kernel_size, point.stride, point.dilation))
        return OpSpec(
            kind=self.kind,
            input_size=(point.input_size,) * self.rank,
            kernel_size=(point.kernel_size,) * self.rank,
            stride=(point.stride,) * self.rank,
            dilation=(point.dilation,) * self.rank,
            pads=(rule,) * self.rank,
            channels=(2, 3) if self.kind.has_weight else (2, 2),
            rounding=Rounding.CEIL if self.ceil_mode else Rounding.FLOOR,
            count_include_pad=self.count_include_pad,
            pad_value=-math.inf if self.kind is OpKind.MAX_POOL else 0.0,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and ints."""
        lists = ("input_size", "kernel_size", "stride", "dilation", "padding")
        return {
            "op": self.kind.value,
            "rank": self.rank,
            **{name: list(getattr(self, name)) for name in lists},
            "ceil_mode": self.ceil_mode,
            "count_include_pad": self.count_include_pad,
        }


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

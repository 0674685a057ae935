"""The grid of a sweep: which geometries, and the op of each."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
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
from padcheck.records.spec import OpKind, OpSpec

__all__ = ["PADDINGS", "GridPoint", "SweepGrid", "rule_of"]

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

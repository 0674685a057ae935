"""A small drawing of which inputs the windows of two ops read along one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Row", "draw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One op's windows: their start positions and a label."""

    label: str
    starts: Sequence[int]
    first_output: int = 0


def draw(
    rows: Sequence[Row], *, input_size: int, kernel_size: int, dilation: int, width: int
) -> list[str]:
    """Lines no wider than `width`; [] when the windows span too many inputs to be drawn.

    The head line numbers the inputs, `.` for a pad; below, an `x` under every input read.
    """
    extent = (kernel_size - 1) * dilation + 1
    starts = [start for row in rows for start in row.starts]
    if not starts:
        return []
    low, high = min(starts), max(starts) + extent - 1
    cell = max(2, len(str(high))) + 1
    margin = max(len("input"), *(len(row.label) for row in rows)) + 2
    ending = len("  window 000")
    if margin + (high - low + 1) * cell + ending > width:
        return []
    names = [str(i) if 0 <= i < input_size else "." for i in range(low, high + 1)]
    lines = ["input".ljust(margin) + "".join(name.rjust(cell) for name in names)]
    for row in rows:
        for index, start in enumerate(row.starts):
            read = {start + tap * dilation for tap in range(kernel_size)}
            marks = "".join(("x" if i in read else "").rjust(cell) for i in range(low, high + 1))
            label = row.label if index == 0 else ""
            lines.append(f"{label.ljust(margin)}{marks}  window {row.first_output + index}")
    return lines

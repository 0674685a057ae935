"""Ops and builds as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.records import EQUIVALENT, LoweringReport, OpReport, percent
from padcheck.report.grouping import OpGroup
from padcheck.report.wording import NAMES, cross, geometry, pads

__all__ = ["aligned", "build_row", "op_row"]


def op_row(group: OpGroup) -> list[str]:
    op = group.first
    sizes = list(dict.fromkeys(cross(one.input_size) for one in group.ops))
    shown = sizes[0] if len(sizes) == 1 else f"{sizes[0]} (+{len(sizes) - 1})"
    names = ("torch", "tf_same", "tf_zeropad_valid")
    cells = [_cell(op.lowerings.get(name)) if op.lowerings else "unread" for name in names]
    return [
        str(len(group.ops)),
        op.op_type,
        shown,
        geometry(op),
        pads(op.pad_before, op.pad_after),
        *cells,
    ]


def _cell(lowering: LoweringReport | None) -> str:
    if lowering is None:
        return "-"
    if lowering.verdict == EQUIVALENT:
        return "ok" if lowering.measured else "ok*"
    return "+".join(lowering.findings) or lowering.verdict


def build_row(op: OpReport, name: str, lowering: LoweringReport) -> list[str]:
    share = lowering.mismatched
    differs = lowering.output_size != op.output_size
    wrong = "not run" if share is None else "another shape" if differs else percent(share)
    diff = lowering.max_abs_diff
    return [
        NAMES.get(name, name),
        pads(lowering.pad_before, lowering.pad_after),
        cross(lowering.output_size),
        f"({','.join(map(str, lowering.grid_shift))})",
        wrong,
        "" if diff is None or differs else f"{diff:g}",
        _cell(lowering),
    ]


def aligned(rows: list[list[str]], width: int, right: Sequence[int] = (0,)) -> list[str]:
    """Columns padded to their widest cell, those in `right` from the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    gap = "  " if sum(widths) + 2 * (len(widths) - 1) <= width else " "
    lines = []
    for row in rows:
        cells = [
            cell.rjust(size) if column in right else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(gap.join(cells).rstrip())
    return lines

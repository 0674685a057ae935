"""A finding as a picture: where the windows of both sides sit, or what both sides keep."""

from __future__ import annotations

import dataclasses

from padcheck.records import LoweringReport, OpReport
from padcheck.report.drawing import Row, draw

__all__ = ["picture"]


def picture(op: OpReport, lowering: LoweringReport, width: int) -> list[str]:
    """The first windows of both sides, on the first axis where they part."""
    if op.pad_before is None or op.kernel_size is None or op.stride is None:
        return []
    if "torch" not in op.lowerings and None in (*op.pad_before, *(op.output_size or ())):
        return []  # the op itself is drawn, and the model leaves it open
    if "ConvTranspose" in op.op_type:
        return _kept(op, lowering)
    axis = _parting_axis(op, lowering)
    if axis is None or op.dilation is None or op.input_size is None:
        return []
    size = op.input_size[axis]
    rows = [
        _row(_named_reference(op), _reference(op, lowering), op.stride[axis], axis),
        _row(_observed(op), lowering, op.stride[axis], axis),
    ]
    return draw(
        rows,
        input_size=size or 1 << 30,
        kernel_size=op.kernel_size[axis],
        dilation=op.dilation[axis],
        width=width,
    )


def _observed(op: OpReport) -> str:
    known = {"callable": "observed", "target": "target"}
    return next((known[name] for name in op.lowerings if name in known), "SAME")


def _named_reference(op: OpReport) -> str:
    return "source" if "target" in op.lowerings else "reference"


def _reference(op: OpReport, lowering: LoweringReport) -> LoweringReport:
    """The right numbers: those of PyTorch, or of the op itself where it is in no model."""
    if "torch" in op.lowerings:
        return op.lowerings["torch"]
    known = {"pad_before": op.pad_before, "pad_after": op.pad_after, "output_size": op.output_size}
    made: LoweringReport = dataclasses.replace(lowering, **known)  # type: ignore[arg-type]
    return made


def _row(name: str, lowering: LoweringReport, stride: int, axis: int) -> Row:
    """The first windows, two at the most, that a lowering has on one axis."""
    before, after = lowering.pad_before[axis], lowering.pad_after[axis]
    starts = [o * stride - before for o in range(min(2, lowering.output_size[axis]))]
    return Row(label=f"{name} ({before},{after})", starts=starts)


def _parting_axis(op: OpReport, lowering: LoweringReport) -> int | None:
    for axis, shift in enumerate(lowering.grid_shift):
        if shift:
            return axis
    return None


def _kept(op: OpReport, lowering: LoweringReport) -> list[str]:
    """Which part of the full transposed output each side keeps, per axis that differs."""
    lines = []
    for axis, shift in enumerate(lowering.grid_shift):
        size, crop = (op.output_size or ())[axis], (op.pad_before or ())[axis]
        if size is None or crop is None or (not shift and size == lowering.output_size[axis]):
            continue
        low = lowering.pad_before[axis]
        high = low + lowering.output_size[axis] - 1
        lines.append(
            f"axis {axis} of the full output: the {_named_reference(op)} keeps "
            f"{crop}..{crop + size - 1}, {_observed(op)} {low}..{high}"
        )
    return lines

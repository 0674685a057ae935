"""What was observed, what it should be, and of which op: one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from padcheck.records import Finding, LoweringReport, OpReport, Report, percent, printable
from padcheck.report.wording import cross, pads

__all__ = ["call", "observed_lines"]

#: Lines shown; further ops are counted.
_MOST_LINES = 12
#: From here on causes are not padding, and pads that differ need not matter.
_NOT_PADDING = "PAD900"

_CALLS = {
    "Conv": "conv",
    "ConvTranspose": "conv_transpose",
    "MaxPool": "max_pool",
    "AveragePool": "average_pool",
    "LpPool": "lp_pool",
    "Resize": "resize",
}


def observed_lines(report: Report, blamed: Sequence[Finding]) -> list[str]:
    """`pads=(2,3), but should be (3,3) [conv(n=224x224, k=7x7, s=2x2)]`, each line once.

    1. A line for the pads, and one for the output size, where they differ.
    2. Where neither does: the share of outputs that are wrong, if that was measured.
    3. Else what the findings say.
    """
    rows: dict[str, list[Finding]] = {}
    for finding in blamed:
        rows.setdefault(finding.op, []).append(finding)
    ops = {op.name: op for op in report.ops if not op.of_target}
    lines = list(
        dict.fromkeys(
            f"{text} [{call(ops[name])}]"
            for name, findings in rows.items()
            for text in _differences(ops[name], findings)
        )
    )
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]


def call(op: OpReport) -> str:
    """`conv(n=224x224, k=7x7, s=2x2)`; what is 1 on every axis is left out, pads always."""
    parts = [f"n={cross(op.input_size)}"]
    parts += [f"k={cross(op.kernel_size)}"] if op.kernel_size is not None else []
    for letter, numbers in (("s", op.stride), ("d", op.dilation)):
        parts += [f"{letter}={cross(numbers)}"] if numbers and set(numbers) != {1} else []
    parts += [f"group={op.group}"] if op.group and op.group > 1 else []
    return f"{_CALLS.get(op.op_type, printable(op.op_type))}({', '.join(parts)})"


def _differences(op: OpReport, findings: Sequence[Finding]) -> list[str]:
    judged = (op.lowerings.get(finding.lowering or "") for finding in findings)
    lowering = next((one for one in judged if one is not None), None)
    told: list[str] = []
    if lowering is not None:
        padding = any(finding.code < _NOT_PADDING for finding in findings)
        told = list(_geometry(op, lowering, padding or any(lowering.grid_shift)))  # rule 1
        share = lowering.mismatched
        if not told and share:  # rule 2
            told = [f"wrong_outputs={percent(share)}, but should be {percent(0)}"]
    return told or [printable(finding.message) for finding in findings]  # rule 3


def _geometry(op: OpReport, lowering: LoweringReport, by_pads: bool) -> Iterator[str]:
    """What differs of the pads, or crops, and of the output size; nothing that is left open."""
    wanted = _reference(op)
    if wanted is None:
        return
    before, after, size = wanted
    word = "crops" if "ConvTranspose" in op.op_type else "pads"
    seen, expected = pads(lowering.pad_before, lowering.pad_after), pads(before, after)
    if by_pads and seen != expected:
        yield f"{word}={seen}, but should be {expected}"
    if tuple(lowering.output_size) != tuple(size):
        yield f"output_size={cross(lowering.output_size)}, but should be {cross(size)}"


_Sizes = tuple[int | None, ...]


def _reference(op: OpReport) -> tuple[_Sizes, _Sizes, _Sizes] | None:
    """(pad_before, pad_after, output_size) of the op itself, or of the case that was run of it."""
    if op.pad_before is None or op.pad_after is None or op.output_size is None:
        return None
    if None not in (*op.pad_before, *op.pad_after, *op.output_size):
        return op.pad_before, op.pad_after, op.output_size
    torch = op.lowerings.get("torch")
    return None if torch is None else (torch.pad_before, torch.pad_after, torch.output_size)

"""The headline of a report, and what the signs in its table mean."""

from __future__ import annotations

from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, OpReport, Report, printable
from padcheck.report.comparison_words import comparison_sentence
from padcheck.report.wording import cross, plural

__all__ = ["legend", "sentence"]


def sentence(report: Report) -> str:
    """The verdict in plain words."""
    counts = report.counts
    if report.command == "compare":
        return comparison_sentence(report)
    if report.command == "check_callable":
        return _of_callable(report.ops[0])
    if report.command == "conv" and not counts[UNVERIFIED]:
        if counts[MISMATCH]:
            return f"padding='same' is another op here: {_consequence(report)}"
        return "the three builds compute the same numbers"
    total = plural(counts["ops"], "op")
    if not counts["ops"]:
        return "no convolution or pool in this model: nothing to check"
    if counts[MISMATCH]:
        return (
            f"{counts[MISMATCH]} of {total} would compute something else under padding='same': "
            f"{_consequence(report)}"
        )
    if counts[UNVERIFIED]:
        return f"{counts[UNVERIFIED]} of {total} could not be checked; nothing else differs"
    if not any("tf_same" in op.lowerings for op in report.ops):
        return f"{total} checked: none reads padding, so padding='valid' is right for all"
    return f"{total} checked: padding='same' is safe wherever padding is read"


def _of_callable(op: OpReport) -> str:
    name, seen = printable(op.name), op.lowerings["callable"]
    if op.verdict == EQUIVALENT:
        return f"{name} computes the op at {cross(op.input_size)}"
    if op.verdict == UNVERIFIED:
        return f"{name} could not be checked"
    if not seen.measured:
        return f"{name} returned nothing that can be compared"
    same_size = seen.output_size == op.output_size
    return f"{name} computes something else: " + (
        "right shapes, wrong numbers" if same_size else "other shapes"
    )


def legend(rows: list[list[str]]) -> str:
    """What the signs in the table mean, those that are there."""
    cells = {cell for row in rows for cell in row}
    signs = {
        "-": any(cell == "-" for cell in cells),
        "(+n)": any("(+" in cell for cell in cells),
        "?": any("?" in cell for cell in cells),
        "ok*": "ok*" in cells,
    }
    meanings = {
        "-": "pads nothing, not judged",
        "(+n)": "and n other sizes",
        "?": "left open by the model",
        "ok*": "predicted, not run",
    }
    shown = [f"{sign} {meanings[sign]}" for sign, there in signs.items() if there]
    return f"({'; '.join(shown)})" if shown else ""


def _consequence(report: Report) -> str:
    """How many would show by their shapes, and how many would not."""
    guilty = [op for op in report.ops if op.verdict == MISMATCH]
    loud = sum(
        "tf_same" in op.lowerings
        and "torch" in op.lowerings
        and op.lowerings["tf_same"].output_size != op.lowerings["torch"].output_size
        for op in guilty
    )
    if loud == len(guilty):
        return "other shapes"
    if not loud:
        return "right shapes, wrong numbers"
    return f"{len(guilty) - loud} with the right shapes and wrong numbers, {loud} with other shapes"

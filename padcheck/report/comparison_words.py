"""A comparison in words: who is guilty of what, and how much of the difference that explains."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    EndToEnd,
    ModelRef,
    OpReport,
    OutputReport,
    Report,
    printable,
)
from padcheck.report.wording import plural

__all__ = ["both_names", "comparison_sentence", "model_name", "share", "size", "worst"]

#: What a layer does, and what several do, by code; a code that is not here by its first digit.
_DOES = {
    "PAD1": ("reads the wrong pixels", "read the wrong pixels"),
    "PAD2": ("pads with other values", "pad with other values"),
    "PAD203": ("averages over other counts", "average over other counts"),
    "PAD3": ("keeps other windows", "keep other windows"),
    "PAD4": ("keeps another part of the output", "keep another part of the output"),
    "PAD904": ("adds another bias", "add another bias"),
    "PAD906": ("clips at other bounds", "clip at other bounds"),
}
_SHIFTED = ("reads shifted pixels", "read shifted pixels")
_OTHERWISE = ("computes other numbers", "compute other numbers")
#: A share this small is shown as 0.0 % where it is within its bound.
_NOTHING = 0.0005


def model_name(ref: ModelRef) -> str:
    """The path, or what kind of object it was."""
    return printable(ref.path) if ref.path else f"({ref.format} in memory)"


def both_names(op: OpReport | OutputReport) -> str:
    """`conv1 -> conv1_conv`; one name where there is no other."""
    name = printable(op.name)
    if op.target_name is None or op.target_name == op.name:
        return name
    return f"{name} -> {printable(op.target_name)}"


def comparison_sentence(report: Report) -> str:
    """The verdict on two models in plain words."""
    if report.verdict == MISMATCH:
        return f"not the same model: {_difference(report)}"
    if report.verdict == UNVERIFIED:
        return f"not known to be the same model: {_unknown(report)}; nothing else differs"
    return f"the same model: {_agreement(report)}"


def _difference(report: Report) -> str:
    guilty = [op for op in report.ops if op.verdict == MISMATCH]
    whole = report.end_to_end
    if not guilty:
        found = size(worst(whole.outputs)) if whole else ""
        return f"the outputs differ ({found}), and no layer that could be checked does"
    total = plural(sum(not op.of_target for op in report.ops), "layer")
    parts = [f"{len(guilty)} of {total} {_done(report, guilty)}"]
    if whole is not None:
        parts.append(_effect(whole, "it" if len(guilty) == 1 else "them"))
    return "; ".join(parts)


def _done(report: Report, guilty: Sequence[OpReport]) -> str:
    """`read shifted pixels`, or `differ: 1 reads shifted pixels, 2 add another bias`."""
    rows: dict[tuple[str, str], int] = {}
    for op in guilty:
        does = _does(op, _blamed(report, op))
        rows[does] = rows.get(does, 0) + 1
    if len(rows) == 1:
        ((one, many),) = rows
        return one if len(guilty) == 1 else many
    told = (f"{n} {one if n == 1 else many}" for (one, many), n in rows.items())
    return f"differ: {', '.join(told)}"


def _blamed(report: Report, op: OpReport) -> str:
    """The first code that makes this op mismatch."""
    codes = (f.code for f in report.findings if f.op == op.name and not f.latent)
    return next(codes, op.findings[0] if op.findings else "")


def _does(op: OpReport, code: str) -> tuple[str, str]:
    target = op.lowerings.get("target")
    if code.startswith("PAD1") and target is not None and any(target.grid_shift):
        return _SHIFTED
    return _DOES.get(code) or _DOES.get(code[:4]) or _OTHERWISE


def _effect(whole: EndToEnd, fixed: str) -> str:
    """What the guilty layers do to the outputs, and what is left once they are put right."""
    if whole.reason is not None:
        return "the models were not run"
    if whole.verdict == EQUIVALENT:
        return "the outputs agree on this input"
    if whole.verdict == UNVERIFIED:
        return "the outputs could not all be compared"
    before = size(worst(whole.outputs))
    if not whole.after:
        return f"the outputs differ ({before})"
    last = worst(whole.after)
    all_of_it = all(output.verdict == EQUIVALENT for output in whole.after)
    verb = "removes all" if all_of_it else "does not remove all"
    after = _settled(last) if all_of_it else share(last.relative_l2) or size(last)
    return f"fixing {fixed} {verb} of the difference ({before}, {after} after)"


def _settled(output: OutputReport) -> str:
    found = output.relative_l2
    return "0.0 %" if found is not None and found < _NOTHING else share(found) or size(output)


def _unknown(report: Report) -> str:
    source = [op for op in report.ops if not op.of_target]
    unsure = sum(op.verdict == UNVERIFIED for op in source)
    others = len(report.ops) - len(source)
    parts = []
    if unsure:
        parts.append(f"{unsure} of {plural(len(source), 'layer')} could not be checked")
    if others:
        parts.append(f"{plural(others, 'layer')} of the target without a partner")
    whole = report.end_to_end
    if whole is not None and whole.reason is not None:
        parts.append("the models were not run")
    elif whole is not None and whole.verdict == UNVERIFIED:
        unsure = sum(output.verdict == UNVERIFIED for output in whole.outputs)
        parts.append(f"{plural(unsure, 'output')} could not be compared")
    return ", ".join(parts)


def _agreement(report: Report) -> str:
    layers = plural(len(report.ops), "layer")
    words = f"{layers} {'computes' if len(report.ops) == 1 else 'compute'} the same numbers"
    parts = [words if report.ops else "no convolution or pool in it"]
    whole = report.end_to_end
    if whole is not None and whole.outputs:
        parts.append("the outputs agree within rounding")
    latent = sum(finding.latent for finding in report.findings)
    if latent:
        parts.append(f"{plural(latent, 'difference')} cannot show here")
    return "; ".join(parts)


def worst(outputs: Iterable[OutputReport]) -> OutputReport:
    """The output that is furthest off: mismatches first, what is not finite before the rest."""

    def distance(output: OutputReport) -> tuple[bool, float]:
        found = output.relative_l2
        known = found is not None and math.isfinite(found)
        return output.verdict == MISMATCH, found if known and found is not None else math.inf

    return max(outputs, key=distance)


def size(output: OutputReport) -> str:
    """`34 % of the output`, or why that cannot be told."""
    found = share(output.relative_l2)
    if found:
        return f"{found} of the output"
    return output.notes[0] if output.notes else "not finite"


def share(number: float | None) -> str:
    """A relative number as `34 %`, two digits; "" for one that is not finite."""
    if number is None or not math.isfinite(number):
        return ""
    parts = 100 * number
    return f"{parts:.0f} %" if 10 <= parts < 1000 else f"{parts:.2g} %"

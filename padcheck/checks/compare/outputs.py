"""The outputs of two models, paired and held to a bound."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.distance import Distance, aligned, distance
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    OutputReport,
    Quantization,
    Tensor,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.base import Network

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["OutputPair", "judge_output", "pair_outputs", "rounding", "within_a_step"]

_VAGUE = "how far rounding may put it off is not known, or as much as the output itself"


@dataclass(frozen=True, slots=True)
class OutputPair:
    """An output of the source and the one of the target that stands for it."""

    source: Tensor
    target: Tensor


def pair_outputs(
    source: Network, target: Network, reference: Arrays, observed: Arrays
) -> tuple[list[OutputPair], list[OutputReport]]:
    """The outputs that belong together, in the source's order; those left over, unverified.

    1. Those of equal names belong together.
    2. Of the others, each with the one of a fitting shape whose numbers lie nearest, the first
       of several: names and order say little of what a converter wrote.
    3. What fits nothing is paired in order.
    """
    theirs = {tensor.name: tensor for tensor in target.outputs}
    found = {one.name: theirs.pop(one.name) for one in source.outputs if one.name in theirs}
    for fits in (True, False):  # rules 2 and 3
        for one in source.outputs:
            others = {} if one.name in found else _apart(one, theirs, reference, observed)
            others = {name: off for name, off in others.items() if not fits or off is not None}
            if others:
                nearest = min(others, key=lambda name: others[name] or 0.0)
                found[one.name] = theirs.pop(nearest)
    pairs = [OutputPair(one, found[one.name]) for one in source.outputs if one.name in found]
    alone = [_alone(one, "target") for one in source.outputs if one.name not in found]
    return pairs, alone + [_alone(other, "source") for other in theirs.values()]


def _apart(
    one: Tensor, theirs: Mapping[str, Tensor], reference: Arrays, observed: Arrays
) -> dict[str, float | None]:
    """How far each of the target's outputs is from one of the source's; None for other shapes, and
    0 for the only one.
    """
    apart: dict[str, float | None] = {}
    for name, other in theirs.items():
        mine = reference[one.name]
        moved = aligned(mine, observed[name], one.channels_last, other.channels_last)
        if moved is None or len(theirs) == 1:
            apart[name] = None if moved is None else 0.0
        else:
            apart[name] = distance(mine, moved).relative
    return apart


def _alone(tensor: Tensor, other: str) -> OutputReport:
    return OutputReport(
        name=tensor.name,
        target_name=tensor.name if other == "source" else None,
        verdict=UNVERIFIED,
        notes=(f"the {other} has no such output",),
    )


def judge_output(
    pair: OutputPair, reference: NDArray[Any], observed: NDArray[Any], bound: float | None
) -> OutputReport:
    """One output: numbers within `bound` of the reference, relative, in the 2-norm.

    Integers and truth values must be equal. Numbers that differ are unverified where there is no
    bound, and where the bound is 1 or more: an output of zeros would be within it.
    """
    lasts = pair.source.channels_last, pair.target.channels_last
    moved = aligned(reference, observed, *lasts)
    if moved is None:
        return OutputReport(
            name=pair.source.name,
            target_name=pair.target.name,
            verdict=MISMATCH,
            notes=(f"other shapes: {_shape(reference)} and {_shape(observed)}",),
        )
    off = distance(reference, moved)
    whole = reference.dtype.kind in "iub" and moved.dtype.kind in "iub"
    limit = 0.0 if whole else bound
    known = limit is not None and (limit < 1 or off.relative > limit)
    vague = 0 < off.relative < math.inf and not known
    right = off.relative <= (limit or 0.0)
    verdict = UNVERIFIED if vague else EQUIVALENT if right else MISMATCH
    return OutputReport(
        name=pair.source.name,
        target_name=pair.target.name,
        max_abs_diff=_finite(off.largest),
        relative_l2=_finite(off.relative),
        bound=limit,
        verdict=verdict,
        notes=(*_remarks(reference, off), *((_VAGUE,) if vague else ())),
    )


def rounding(array: NDArray[Any], steps: Quantization) -> float:
    """How far an array moves, relative, once it is stored in these steps."""
    stored = np.rint(array.astype(np.float64) / steps.scale) + steps.zero_point
    kept = steps.scale * (np.clip(stored, steps.low, steps.high) - steps.zero_point)
    return distance(array, kept).relative


def within_a_step(report: OutputReport, steps: Quantization | None) -> OutputReport:
    """An output that its own steps make vague, right where no number is off by more than one: the
    caller compares what lies before it.
    """
    off = report.max_abs_diff
    if steps is None or report.verdict != UNVERIFIED or off is None or off > steps.scale:
        return report
    notes = (f"stored in steps of {steps.scale:.3g}, and nowhere off by more than one",)
    return dataclasses.replace(report, verdict=EQUIVALENT, notes=notes)


def _remarks(reference: NDArray[Any], off: Distance) -> tuple[str, ...]:
    if not math.isfinite(off.relative) and not math.isfinite(off.largest):
        return ("one side has an infinity or NaN where the other has not",)
    if reference.size and not reference.any():
        return ("the source's output is all zeros",)
    return ()


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _shape(array: NDArray[Any]) -> str:
    return "x".join(map(str, array.shape)) or "a number"


def worst_relative(reports: Sequence[OutputReport]) -> float | None:
    """The largest relative difference; None where one has none."""
    found = [report.relative_l2 for report in reports]
    return None if None in found else max((each for each in found if each is not None), default=0.0)

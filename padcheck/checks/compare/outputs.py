"""The outputs of two models, paired and held to a bound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.checks.compare.distance import Distance, aligned, distance
from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, OutputReport, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.base import Network

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["OutputPair", "judge_output", "pair_outputs"]


@dataclass(frozen=True, slots=True)
class OutputPair:
    """An output of the source and the one of the target that stands for it."""

    source: Tensor
    target: Tensor


def pair_outputs(source: Network, target: Network) -> tuple[list[OutputPair], list[str]]:
    """The outputs by name where both sides have the same names, else in order; what is left over,
    in words.
    """
    mine, theirs = list(source.outputs), list(target.outputs)
    named = {tensor.name: tensor for tensor in theirs}
    if set(named) == {tensor.name for tensor in mine} and len(named) == len(mine):
        return [OutputPair(one, named[one.name]) for one in mine], []
    pairs = [OutputPair(one, other) for one, other in zip(mine, theirs, strict=False)]
    left = [f"output {one.name} of the source has none beside it" for one in mine[len(theirs) :]]
    left += [f"output {one.name} of the target has none beside it" for one in theirs[len(mine) :]]
    return pairs, left


def judge_output(
    pair: OutputPair, reference: NDArray[Any], observed: NDArray[Any], bound: float | None
) -> OutputReport:
    """One output: numbers within `bound` of the reference, relative, in the 2-norm.

    Integers and truth values must be equal.
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
    verdict = UNVERIFIED if limit is None else EQUIVALENT if off.relative <= limit else MISMATCH
    return OutputReport(
        name=pair.source.name,
        target_name=pair.target.name,
        max_abs_diff=_finite(off.largest),
        relative_l2=_finite(off.relative),
        bound=limit,
        verdict=verdict,
        notes=_remarks(reference, off),
    )


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

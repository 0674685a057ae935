"""What stands after a convolution, compared as numbers: offsets and clips.

Rules for offsets (bias, and what a normalization adds):
1. Equal within rounding, or all that of the source times one factor: 0 is a lost bias.
2. A target without any offset has lost it, whatever became of the weight.
3. Where a normalization scales a channel, its offset moves as well: that is no finding of its own.
4. Where the weights are others, so may the offsets be.
5. Constants that are small beside the offsets may be the rounding of much larger terms: supposed.

Rules for clips:
6. What both sides have, and what differs, is a finding; what only one has may be an activation
   that the other has further on: supposed.
7. Behind a quantization, numbers are clipped where the integers end; clips are the same that differ
   by no more than a step there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes import cause, listed
from padcheck.checks.compare.effective import Effective
from padcheck.checks.compare.storage import offset_bound, shorter_type
from padcheck.checks.compare.told import named
from padcheck.checks.compare.weights import Weights
from padcheck.records import Finding, OpSpec, Quantization

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Clip", "Hinted", "clip_finding", "offset_finding"]

Clip = tuple[float, float]

#: What may become of a bias: lost, added twice, subtracted, added three times, halved.
_FACTORS = (0.0, 2.0, -1.0, 3.0, 0.5)
_NO_CLIP = (-math.inf, math.inf)
#: Constants below this share of the largest offset are small (rule 5).
_SLIGHT = 2.0**-10
#: Bounds that are one number in float32 or in float16.
_ONE_NUMBER = 2.0**-11


@dataclass(frozen=True, slots=True)
class Hinted:
    """A finding, and whether it is only supposed (rules 5 and 6)."""

    finding: Finding
    supposed: bool


def offset_finding(source: Effective, target: Effective, weights: Weights) -> Hinted | None:
    """Rules 1 to 5; the weights' finding says what is known of the channels."""
    mine, theirs = source.offset, target.offset
    if weights.order is not None:
        mine = mine[weights.order]
    bound = offset_bound(source, target)
    apart = np.abs(theirs - mine)
    if (apart <= bound).all():
        return None
    bound = offset_bound(source, target, shorter_type(source, target))
    wrong = apart > bound
    if not wrong.any():
        return None
    lost = not theirs.any()
    if not lost and not weights.known:  # rule 4
        return None
    if not lost and weights.scaled is not None:  # rule 3
        wrong &= ~weights.scaled
        if not wrong.any():
            return None
    count = f"of all {len(mine)} output channels"
    for factor in _FACTORS:  # rules 1 and 2
        if (np.abs(theirs - factor * mine) <= bound * max(1.0, abs(factor))).all():
            observed = source.spec.replace(deviation=None).deviating(bias_factor=factor)
            message = cause("PAD904").message(source.spec, observed)
            note = f"proven: {factor:g} times the source's offset is that {count}"
            return Hinted(named("PAD904", message, (note,)), supposed=False)
    slight = float(apart.max()) <= _SLIGHT * float(np.abs(mine).max())
    return Hinted(_by_channel(theirs - mine, wrong), supposed=slight)


def _by_channel(apart: NDArray[Any], wrong: NDArray[np.bool_]) -> Finding:
    """Constants that have nothing to do with each other."""
    where = "every channel is" if wrong.all() else f"{wrong.sum()} of {wrong.size} channels are"
    constants = listed([float(number) for number in apart[wrong]])
    note = "proven: the target's offsets are the source's with these constants added"
    return named("PAD904", f"{where} off by a constant of its own: {constants}", (note,))


def clip_finding(
    spec: OpSpec, source: Clip | None, target: Clip | None, quantized: Quantization | None = None
) -> Hinted | None:
    """None where the clips are the same (rules 6 and 7)."""
    mine, theirs = source or _NO_CLIP, target or _NO_CLIP
    if quantized is not None:
        step = abs(quantized.scale)
        ends = [
            quantized.scale * (end - quantized.zero_point)
            for end in (quantized.low, quantized.high)
        ]
        shown = [_within(clip, (min(ends), max(ends))) for clip in (mine, theirs)]
        if all(abs(one - other) <= step for one, other in zip(*shown, strict=True)):
            return None
    if all(_equal(one, other) for one, other in zip(mine, theirs, strict=True)):
        return None
    plain = spec.replace(deviation=None)
    specs = (_clipped(plain, source), _clipped(plain, target))
    supposed = mine == _NO_CLIP or theirs == _NO_CLIP
    message = cause("PAD906").message(*specs)
    sure = "supposed: one side has no activation right after the op"
    note = sure if supposed else "proven: both sides clip, at the bounds that their files say"
    return Hinted(named("PAD906", message, (note,)), supposed)


def _clipped(spec: OpSpec, clip: Clip | None) -> OpSpec:
    return spec if clip in (None, _NO_CLIP) else spec.deviating(clip=clip)


def _within(clip: Clip, bounds: Clip) -> Clip:
    low, high = (min(max(bound, bounds[0]), bounds[1]) for bound in clip)
    return low, high


def _equal(one: float, other: float) -> bool:
    if not (math.isfinite(one) and math.isfinite(other)):
        return one == other
    return abs(one - other) <= _ONE_NUMBER * max(abs(one), abs(other))

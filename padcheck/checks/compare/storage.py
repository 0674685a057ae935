"""How far two sides' numbers may lie apart for no other reason than how they are stored.

Per output channel, nothing absolute:

1. Folding a normalization into a weight rounds a few times for every node that is folded in, each
   time by at most half a unit in the last place of the channel's largest number. Either file may
   have had one folded in before it was saved.
2. A weight kept in integers is off by at most half a step; one kept in float16 or bfloat16 by half
   a unit in the last place of these, or of float16's smallest number.
3. An offset has in it the mean of sums of K products, and may be sqrt(K) times smaller than that:
   the unit is that of the largest offset of all channels, times sqrt(K).
4. An offset kept in integers cannot be told from its neighbours where they differ by less than half
   a step of the output.
5. Below float32's smallest number there is nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.effective import Effective

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHORT", "TO_INTEGERS", "TO_SHORT", "offset_bound", "shorter_type", "weight_bound"]

#: Half a unit in the last place of 1.
_FLOAT32 = 2.0**-24
#: Roundings of what a node adds to the chain: an epsilon added, a root, a division, a product.
_PER_NODE = 4
#: Float32's smallest number, and half of float16's.
_LEAST, _LEAST_HALF = 2.0**-149, 2.0**-25
#: What is told of a weight that is kept in fewer digits.
TO_INTEGERS = "weights rounded to integers, within half a step"
TO_SHORT = "weights rounded to {}"
#: Shorter float types: half a unit in the last place of 1, the longest first.
SHORT = {"float16": 2.0**-11, "bfloat16": 2.0**-8}


def _unit(source: Effective, target: Effective, short: str | None) -> float:
    """The relative error of what was folded and stored (rules 1 and 2)."""
    folded = _PER_NODE * (2 + source.nodes + target.nodes) * _FLOAT32
    return folded + (SHORT[short] if short else 0.0)


def weight_bound(
    source: Effective, target: Effective, largest: NDArray[Any], short: str | None = None
) -> NDArray[Any]:
    """(O,): for scaled weights, whose `largest` magnitudes per channel are given.

    `short`: the type that the target's weight is kept in, None for the source's own.
    """
    bound = _unit(source, target, short) * largest  # rule 1
    bound = bound + source.half_step + target.half_step + _LEAST  # rules 2 and 5
    if short == "float16":
        bound = bound + _LEAST_HALF * np.abs(target.scale)
    return np.asarray(bound)


def offset_bound(source: Effective, target: Effective, short: str | None = None) -> float:
    """For offsets (rules 3 to 5)."""
    largest = max(float(np.abs(side.offset).max(initial=0.0)) for side in (source, target))
    summed = math.prod(source.weight.shape[1:])
    bound = _unit(source, target, short) * largest * math.sqrt(summed) + _LEAST
    for side in (source, target):
        if side.quantization is not None and side.half_step.any():
            bound += abs(side.quantization.scale) / 2
    return bound


def shorter_type(source: Effective, target: Effective) -> str | None:
    """The short float type that the target's weight is kept in and the source's is not."""
    for dtype in SHORT:
        if target.is_stored_as(dtype):
            return None if source.is_stored_as(dtype) else dtype
    return None

"""Deviation: what a side does to the arrays of an op besides the op itself."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Deviation", "Rearrangement"]


class Rearrangement(enum.Enum):
    """An array taken in another order than the op's; (N, C, *spatial) and OpSpec.weight_shape."""

    INPUT_BUFFER = "the input's buffer read as (N, *spatial, C)"
    INPUT_REVERSED = "the input's spatial axes in reverse order"
    GROUPS_FIRST = "every group reads the channels of the first"
    GROUPS_INTERLEAVED = "the groups' input channels taken in turn"
    WEIGHT_BUFFER = "the weight's buffer read with its spatial axes first"
    WEIGHT_CHANNELS = "the weight's input and output channels exchanged"
    WEIGHT_REVERSED = "the weight's spatial axes in reverse order"
    WEIGHT_MULTIPLIER = "a depthwise weight's multiplier ahead of its channels"
    BIAS_LAST = "the bias along the last spatial axis"
    OUTPUT_LAST = "the output as (N, *spatial, C)"
    OUTPUT_BUFFER = "the output's (N, *spatial, C) buffer read as (N, C, *spatial)"
    OUTPUT_REVERSED = "the output's spatial axes in reverse order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """In this order: arrays rearranged, weight flipped, bias changed; then, on the output:

    divided by sqrt(1 + epsilon) or multiplied by `scale`, `offset` added, clipped, rounded.

    `flipped`: spatial axes along which the weight is reversed. `bias_factor`: 0 for a lost bias.
    `epsilon`: of a batch normalization in its initial state (mean 0, variance 1). `scale` and
    `offset`: one number per output channel. `clip`: (low, high). `dtype`: what the output is
    rounded to, "float16", "bfloat16" or "integer" (towards 0). `rearranged` may concern the
    output, and then acts last; or the bias, which it leaves alone where the output's last axis is
    not as long as the bias.
    """

    rearranged: Rearrangement | None = None
    flipped: tuple[int, ...] = ()
    bias_factor: float = 1
    epsilon: float | None = None
    scale: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    clip: tuple[float, float] | None = None
    dtype: str = ""

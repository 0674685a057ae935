"""What the lowerings of every framework share: pads and crops worked out as plain ints."""

from __future__ import annotations

import math
from dataclasses import dataclass

from padcheck.geometry import SAME_UPPER, Rounding, Window, output_size
from padcheck.records import OpKind, OpSpec

__all__ = [
    "MOST_AXES",
    "NO_OUTPUT",
    "PadPairs",
    "TransposedAxis",
    "floor_pads",
    "same_upper",
    "transposed_axes",
    "zero_padded",
]

#: No framework here has windowed ops with more spatial axes.
MOST_AXES = 3

#: (pad_before, pad_after) per spatial axis.
PadPairs = tuple[tuple[int, int], ...]

#: Why an op of size 0 is never handed to TensorFlow: at 8x8 with a 9x9 window and VALID a max
#: pool kills the process (SIGFPE) and tf.nn.conv2d returns 8x8 numbers of no meaning [2.21.0].
NO_OUTPUT = "the padded input is shorter than the window, so there is no output"


def floor_pads(spec: OpSpec) -> PadPairs:
    """The pads with which FLOOR gives the output size of `spec`; pad_before never changes.

    CEIL's overhang becomes part of pad_after; so does, negatively, a last window it drops.
    Not for CONV_TRANSPOSE.
    """
    return tuple(_floor_pads(spec, axis) for axis in range(spec.rank))


def _floor_pads(spec: OpSpec, axis: int) -> tuple[int, int]:
    n, window, size = spec.input_size[axis], spec.windows[axis], spec.output_size[axis]
    before, after = spec.resolved_pads[axis]
    if output_size(n, window, before, after, Rounding.FLOOR) == size:
        return before, after
    return before, (size - 1) * window.stride + window.effective_kernel - n - before


def same_upper(spec: OpSpec) -> OpSpec:
    """The op that `padding="same"` makes of `spec`.

    Rules (tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2):
    1. SAME_UPPER on every axis, rounding FLOOR; output_padding and output_shape are lost.
    2. A max pool's pad taps hold -inf, an average leaves them out, all others hold 0.
    """
    return spec.with_rule(SAME_UPPER).replace(  # rule 1
        rounding=Rounding.FLOOR,
        pad_mode="constant",
        pad_value=-math.inf if spec.kind is OpKind.MAX_POOL else 0.0,  # rule 2
        count_include_pad=False,
    )


def zero_padded(spec: OpSpec) -> OpSpec:
    """The op that explicit zeros and then `padding="valid"` make of `spec`.

    1. The zeros are input to the op: a max pool takes them as 0, an average counts them.
    2. The zeros include CEIL's overhang, so that the output size is that of `spec`.
    3. CONV_TRANSPOSE has its full output cropped instead.
    """
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return spec.with_pads(spec.resolved_pads)  # rule 3
    return spec.with_pads(floor_pads(spec)).replace(  # rule 2
        rounding=Rounding.FLOOR,
        pad_mode="constant",
        pad_value=0.0,
        count_include_pad=spec.kind is OpKind.AVERAGE_POOL,  # rule 1
    )


@dataclass(frozen=True, slots=True)
class TransposedAxis:
    """A transposed conv with no padding of its own, made to give any crops on one axis.

    Zeros are added to its input where the output must be extended (what they write is nothing
    but the bias, as in the extension itself), and the output is then cropped; all >= 0.
    """

    zeros_before: int
    zeros_after: int
    crop_before: int
    crop_after: int


def transposed_axes(spec: OpSpec, *, at_least_stride: bool) -> tuple[TransposedAxis, ...]:
    """Zeros and crops per axis that turn an uncropped transposed conv into `spec`.

    `at_least_stride`: the layer's output is n * stride where the window is shorter than the
    stride (tf.nn and Keras "valid"), instead of (n - 1) * stride + effective_kernel.
    """
    return tuple(
        _transposed_axis(window, before, after, at_least_stride)
        for window, (before, after) in zip(spec.windows, spec.resolved_pads, strict=True)
    )


def _transposed_axis(
    window: Window, before: int, after: int, at_least_stride: bool
) -> TransposedAxis:
    stride = window.stride
    extension = max(stride - window.effective_kernel, 0) if at_least_stride else 0
    zeros_before = -(min(before, 0) // stride)
    zeros_after = -(min(after + extension, 0) // stride)
    return TransposedAxis(
        zeros_before,
        zeros_after,
        before + zeros_before * stride,
        after + extension + zeros_after * stride,
    )

"""PAD901 layout_swapped

What it finds:
    An array taken in another layout than it is stored in: a channels-last buffer read as channels
    first, spatial axes exchanged, or a weight with its axes in another order; or a bias added along
    the last spatial axis, as if that held the channels. Not padding.

Why outputs differ:
    Reshape keeps the order of the numbers, transpose moves them. After a reshape the shapes are
    right and every number is there, in the wrong place, so nearly all outputs are wrong, in the
    interior too. The classic is Flatten: channels last it lists (H, W, C), channels first
    (C, H, W), and a Dense layer after it has its weights in one of these orders. A single channel
    or a 1x1 map hides it; square maps and kernels hide exchanged axes from the shape.

    A bias goes along the last axis where a size is all that tells the layout: right at every input
    size but those whose output is as wide as it has channels.

    Measured in: Keras 3.15.1 on TensorFlow, `keras.ops.add` of a bias (1, C, 1, 1), and with it
    Conv1D, Conv2D, Conv3D and their depthwise, separable and transposed kinds with
    `data_format="channels_first"`.

Example:
    Three positions with two channels each, stored channels last.

    >>> buffer = [1, 10, 2, 20, 3, 30]
    >>> [buffer[channel::2] for channel in range(2)]  # transposed: each channel on its own
    [[1, 2, 3], [10, 20, 30]]
    >>> [buffer[:3], buffer[3:]]  # reshaped: channels mixed
    [[1, 10, 2], [20, 3, 30]]

    Two channels of two zeros each, and their bias added along either axis.

    >>> bias = [5, 7]
    >>> [[bias[channel] for place in range(2)] for channel in range(2)]  # right
    [[5, 5], [7, 7]]
    >>> [[bias[place] for place in range(2)] for channel in range(2)]
    [[5, 7], [5, 7]]

Use instead:
    Keras   `Permute((3, 1, 2))` before `Flatten`, or the rows of the Dense weight in (H, W, C);
            `data_format="channels_last"` for layers with a bias
    TF      `tf.transpose(x, [0, 3, 1, 2])`, never `tf.reshape`; conv weights are (H, W, I, O);
            `tf.nn.bias_add(y, b, data_format="NCHW")`
    PyTorch `x.permute(0, 3, 1, 2)`, never `x.view`; conv weights are (O, I, H, W)
    ONNX    a Transpose node with `perm=[0, 3, 1, 2]`, never Reshape

Fix safety:
    changes-output. Restores the reference; pads stay as they are.

References:
    Flatten between Keras and PyTorch: https://github.com/gzuidhof/nn-transfer/issues/16
    Flatten with data_format: https://github.com/keras-team/keras/pull/9696
    Keras, the bias: https://github.com/keras-team/keras/pull/20386
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import ARRAY, Cause, Clues
from padcheck.records import OpKind, OpSpec, Rearrangement

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    for how in _possible(reference):
        yield reference.deviating(rearranged=how)


def _possible(spec: OpSpec) -> Iterator[Rearrangement]:
    """The rearrangements that keep the shapes of this op."""
    yield Rearrangement.INPUT_BUFFER
    yield Rearrangement.OUTPUT_LAST
    yield Rearrangement.OUTPUT_BUFFER
    if spec.rank > 1:
        yield Rearrangement.OUTPUT_REVERSED
        if spec.input_size == spec.input_size[::-1]:
            yield Rearrangement.INPUT_REVERSED
    if spec.kind.has_weight:
        yield from _of_weight(spec)
        if spec.bias and spec.output_size[-1] == spec.channels[1] > 1:
            yield Rearrangement.BIAS_LAST


def _of_weight(spec: OpSpec) -> Iterator[Rearrangement]:
    yield Rearrangement.WEIGHT_BUFFER
    shape = spec.weight_shape
    if shape[0] == shape[1]:
        yield Rearrangement.WEIGHT_CHANNELS
    if spec.rank > 1 and spec.kernel_size == spec.kernel_size[::-1]:
        yield Rearrangement.WEIGHT_REVERSED
    depthwise = spec.kind is OpKind.CONV and spec.group == spec.channels[0] > 1
    if depthwise and spec.channels[1] > spec.channels[0]:
        yield Rearrangement.WEIGHT_MULTIPLIER


def _message(reference: OpSpec, observed: OpSpec) -> str:
    how = observed.deviation.rearranged if observed.deviation else None
    where = f", as wide as there are channels ({observed.channels[1]})"
    told = where if how is Rearrangement.BIAS_LAST else ""
    return f"layout: {how.value if how else 'as expected'}{told}"


CAUSE = Cause(
    code="PAD901",
    name="layout_swapped",
    offers=_offers,
    message=_message,
    advice="transpose, do not reshape, between layouts; say which axis a bias is for",
    family=ARRAY,
    per_axis=False,
)

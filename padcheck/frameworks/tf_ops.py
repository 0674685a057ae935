"""The windowed ops of TensorFlow as thin calls on channels-last tensors, for 1 to 3 axes.

A sweep calls these many thousand times, so they go straight to the kernels that `tf.nn` wraps
(`tf.raw_ops`); inside a `tf.function` they make the graph that LiteRT's converter takes. One
spatial axis runs as two, the first of size 1, as in tf.nn.conv1d. `padding` is "SAME" or
"VALID"; strides, dilations and windows are tuples, one int per axis.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.padding import Padding

if TYPE_CHECKING:
    from tensorflow import Tensor

__all__ = [
    "average_pool",
    "conv",
    "conv_same",
    "conv_transpose",
    "conv_zeropad_valid",
    "depthwise_conv",
    "depthwise_native",
    "dilated_pool",
    "max_pool",
    "pad",
    "tensorflow",
    "zero_pad",
]

Ints = tuple[int, ...]


@functools.cache
def tensorflow() -> Any:
    """The module; raises MissingFramework or FrameworkError."""
    return import_framework("tensorflow", extra="tensorflow")


@functools.cache
def _raw() -> Any:
    return tensorflow().raw_ops


def _of(values: Ints) -> list[int]:
    """One int per axis as the kernels take them: batch and channels 1, a lone axis as two."""
    return [1, 1, values[0], 1] if len(values) == 1 else [1, *values, 1]


def conv_same(x: Tensor, kernel: Tensor, stride: Ints, dilation: Ints) -> Tensor:
    """`tf.nn.convolution(padding="SAME")`: x (N, *spatial, I), kernel (*k, I/group, O)."""
    return conv(x, kernel, stride, dilation, "SAME")


def conv_zeropad_valid(
    x: Tensor,
    kernel: Tensor,
    stride: Ints,
    dilation: Ints,
    pads: Sequence[tuple[int, int]],
) -> Tensor:
    """`tf.pad` with zeros, then VALID; negative pads crop."""
    return conv(zero_pad(x, pads), kernel, stride, dilation, "VALID")


def zero_pad(x: Tensor, pads: Sequence[tuple[int, int]]) -> Tensor:
    """Zeros before and after each spatial axis; negative numbers crop, which tf.pad refuses."""
    crops = [pair for pair in pads if min(pair) < 0]
    zeros = [(max(before, 0), max(after, 0)) for before, after in pads] if crops else pads
    padded: Tensor = _raw().Pad(input=x, paddings=[(0, 0), *zeros, (0, 0)])
    return _cropped(padded, pads) if crops else padded


def _cropped(x: Tensor, pads: Sequence[tuple[int, int]]) -> Tensor:
    """Without what negative pads take off."""
    part: Tensor = x[(slice(None), *(_kept(*pair) for pair in pads))]
    return part


def _kept(before: int, after: int) -> slice:
    return slice(max(-before, 0), after if after < 0 else None)


def pad(x: Tensor, padding: Padding) -> Tensor:
    """`tf.pad` with its mode, or `tf.gather` for what it has no mode for; then crops."""
    if padding.mode in ("edge", "wrap"):
        for axis, border in padding.borders(tuple(x.shape[1:-1])):
            x = tensorflow().gather(x, border.positions, axis=axis + 1)
    elif padding.adds:
        x = _tf_pad(x, padding)
    return _cropped(x, padding.pads) if padding.crops else x


def _tf_pad(x: Tensor, padding: Padding) -> Tensor:
    raw, paddings = _raw(), [(0, 0), *padding.added, (0, 0)]
    padded: Tensor
    if padding.mode != "constant":
        padded = raw.MirrorPad(input=x, paddings=paddings, mode=padding.mode.upper())
    elif padding.fill == 0:
        padded = raw.Pad(input=x, paddings=paddings)
    else:
        padded = raw.PadV2(input=x, paddings=paddings, constant_values=padding.fill)
    return padded


def conv(x: Tensor, kernel: Tensor, stride: Ints, dilation: Ints, padding: str) -> Tensor:
    """A convolution, grouped where kernel takes fewer channels than x has.

    Conv3D on the CPU takes no groups [tensorflow 2.21.0]: they are split.
    """
    rank = len(stride)
    if rank == 3:
        return _conv3d(x, kernel, stride, dilation, padding)
    if rank == 1:
        tf = tensorflow()
        x, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
    y: Tensor = _raw().Conv2D(
        input=x,
        filter=kernel,
        strides=_of(stride),
        padding=padding,
        dilations=_of(dilation),
    )
    return tensorflow().squeeze(y, 1) if rank == 1 else y


def _conv3d(x: Tensor, kernel: Tensor, stride: Ints, dilation: Ints, padding: str) -> Tensor:
    tf = tensorflow()
    groups = x.shape[-1] // kernel.shape[-2]
    inputs = tf.split(x, groups, -1) if groups > 1 else [x]
    kernels = tf.split(kernel, groups, -1) if groups > 1 else [kernel]
    outputs = [
        _raw().Conv3D(
            input=part,
            filter=piece,
            strides=_of(stride),
            padding=padding,
            dilations=_of(dilation),
        )
        for part, piece in zip(inputs, kernels, strict=True)
    ]
    return tf.concat(outputs, -1) if groups > 1 else outputs[0]


def depthwise_conv(x: Tensor, kernel: Tensor, stride: Ints, dilation: Ints, padding: str) -> Tensor:
    """`tf.nn.depthwise_conv2d` on 1 or 2 axes: kernel (*k, C, multiplier).

    tf.nn.depthwise_conv2d with stride and dilation returns wrong values with no more than a
    warning [tensorflow 2.21.0], and the kernel below takes no dilation on a CPU, so a dilated
    one runs as a convolution with C groups.
    """
    if max(dilation) > 1:
        *window, channels, multiplier = kernel.shape
        return conv(
            x,
            tensorflow().reshape(kernel, (*window, 1, channels * multiplier)),
            stride,
            dilation,
            padding,
        )
    return depthwise_native(x, kernel, stride, dilation, padding)


def depthwise_native(
    x: Tensor, kernel: Tensor, stride: Ints, dilation: Ints, padding: str
) -> Tensor:
    """As `depthwise_conv`, by the one kernel; dilated, it can be converted but not run here."""
    tf = tensorflow()
    if len(stride) == 1:
        x, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
    y: Tensor = _raw().DepthwiseConv2dNative(
        input=x,
        filter=kernel,
        strides=_of(stride),
        padding=padding,
        dilations=_of(dilation),
    )
    return tf.squeeze(y, 1) if len(stride) == 1 else y


def conv_transpose(
    x: Tensor,
    kernel: Tensor,
    output_size: Ints,
    stride: Ints,
    dilation: Ints,
    padding: str,
) -> Tensor:
    """`tf.nn.conv_transpose`: kernel (*k, O, I), one group; the output size is told.

    Any size whose convolution has x's size is taken: full .. full + stride - 1 for VALID.
    """
    tf = tensorflow()
    rank = len(stride)
    batch = x.shape[0]
    sizes = [tf.shape(x)[0] if batch is None else batch, *output_size, kernel.shape[-2]]
    if rank == 3:
        y: Tensor = _raw().Conv3DBackpropInputV2(
            input_sizes=sizes,
            filter=kernel,
            out_backprop=x,
            strides=_of(stride),
            padding=padding,
            dilations=_of(dilation),
        )
        return y
    if rank == 1:
        sizes.insert(1, 1)
        x, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
    y = _raw().Conv2DBackpropInput(
        input_sizes=sizes,
        filter=kernel,
        out_backprop=x,
        strides=_of(stride),
        padding=padding,
        dilations=_of(dilation),
    )
    return tf.squeeze(y, 1) if rank == 1 else y


def max_pool(x: Tensor, window: Ints, stride: Ints, padding: str) -> Tensor:
    """`tf.nn.max_pool`; SAME pads with -inf."""
    kernel = _raw().MaxPool3D if len(window) == 3 else _raw().MaxPool
    return _pool(kernel, x, window, stride, padding)


def average_pool(x: Tensor, window: Ints, stride: Ints, padding: str) -> Tensor:
    """`tf.nn.avg_pool`; SAME leaves its pads out of the divisor."""
    if len(window) == 3:
        return _pool(_raw().AvgPool3D, x, window, stride, padding)
    if len(window) == 1:
        x = tensorflow().expand_dims(x, 1)
    y: Tensor = _raw().AvgPool(value=x, ksize=_of(window), strides=_of(stride), padding=padding)
    return tensorflow().squeeze(y, 1) if len(window) == 1 else y


def _pool(kernel: Any, x: Tensor, window: Ints, stride: Ints, padding: str) -> Tensor:
    tf = tensorflow()
    if len(window) == 1:
        x = tf.expand_dims(x, 1)
    y: Tensor = kernel(input=x, ksize=_of(window), strides=_of(stride), padding=padding)
    return tf.squeeze(y, 1) if len(window) == 1 else y


def dilated_pool(x: Tensor, kind: str, window: Ints, stride: Ints, dilation: Ints) -> Tensor:
    """`tf.nn.pool` of kind "MAX" or "AVG" with dilation: VALID only, strided by slicing."""
    y: Tensor = tensorflow().nn.pool(x, window, kind, padding="VALID", dilations=dilation)
    return y[(slice(None), *(slice(None, None, step) for step in stride))]

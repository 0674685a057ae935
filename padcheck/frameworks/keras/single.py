"""The steps that are one layer each, in Keras's arguments. Plain ints."""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.frameworks.keras.steps import Argument, Step
from padcheck.frameworks.lowering import PadPairs
from padcheck.frameworks.padding import Padding
from padcheck.records import OpKind, OpSpec

__all__ = [
    "conv_layer",
    "crop_steps",
    "depthwise_layer",
    "layer_unless_zero",
    "pool_layer",
    "strided_and_dilated",
    "transposed_layer",
    "window_arguments",
    "zero_steps",
]


def zero_steps(padding: Padding) -> Iterator[Step]:
    """ZeroPadding for the positive pads, then Cropping for the negative ones.

    In this order, because Cropping refuses to leave nothing, however much is padded after it.
    """
    yield from layer_unless_zero(f"ZeroPadding{len(padding.pads)}D", "padding", padding.added)
    yield from crop_steps(padding)


def crop_steps(padding: Padding) -> Iterator[Step]:
    yield from layer_unless_zero(f"Cropping{len(padding.pads)}D", "cropping", padding.cropped)


def layer_unless_zero(name: str, argument: str, pairs: PadPairs) -> Iterator[Step]:
    if any(pair != (0, 0) for pair in pairs):
        yield Step(name=name, arguments=((argument, pairs[0] if len(pairs) == 1 else pairs),))


def window_arguments(spec: OpSpec, padding: str) -> tuple[tuple[str, Argument], ...]:
    """kernel_size, strides, padding and dilation_rate, as Conv layers take them."""
    dilation: tuple[tuple[str, Argument], ...] = ()
    if set(spec.dilation) != {1}:
        dilation = (("dilation_rate", spec.dilation),)
    return (
        ("kernel_size", spec.kernel_size),
        ("strides", spec.stride),
        ("padding", padding),
        *dilation,
    )


def _use_bias(spec: OpSpec) -> tuple[tuple[str, Argument], ...]:
    return () if spec.bias else (("use_bias", False),)


def strided_and_dilated(spec: OpSpec) -> bool:
    """What Keras's layers refuse: see `Backend.takes_both`."""
    return max(spec.stride) > 1 and max(spec.dilation) > 1


def conv_layer(spec: OpSpec, padding: str) -> Step:
    """Conv1D, Conv2D or Conv3D, with groups."""
    groups = (("groups", spec.group),) if spec.group > 1 else ()
    return Step(
        name=f"Conv{spec.rank}D",
        arguments=(
            ("filters", spec.channels[1]),
            *window_arguments(spec, padding),
            *groups,
            *_use_bias(spec),
        ),
        weights="conv",
        bias=spec.bias,
    )


def depthwise_layer(spec: OpSpec, padding: str) -> Step:
    """DepthwiseConv1D or DepthwiseConv2D; group equals the input's channels."""
    multiplier = spec.channels[1] // spec.channels[0]
    more = (("depth_multiplier", multiplier),) if multiplier > 1 else ()
    return Step(
        name=f"DepthwiseConv{spec.rank}D",
        arguments=(*window_arguments(spec, padding), *more, *_use_bias(spec)),
        weights="depthwise",
        bias=spec.bias,
    )


def pool_layer(spec: OpSpec, padding: str) -> Step:
    """Keras takes the pool size for the stride unless told, so it is always told."""
    kind = "Max" if spec.kind is OpKind.MAX_POOL else "Average"
    return Step(
        name=f"{kind}Pooling{spec.rank}D",
        arguments=(
            ("pool_size", spec.kernel_size),
            ("strides", spec.stride),
            ("padding", padding),
        ),
    )


def transposed_layer(
    spec: OpSpec, padding: str, output_padding: tuple[int, ...] | None = None
) -> Step:
    """Conv*DTranspose of one group; `output_padding` None leaves the length to Keras."""
    return Step(
        name=f"Conv{spec.rank}DTranspose",
        arguments=(
            ("filters", spec.channels[1] // spec.group),
            *window_arguments(spec, padding),
            *((("output_padding", output_padding),) if output_padding else ()),
            *_use_bias(spec),
        ),
        weights="transposed",
        bias=spec.bias,
        split=spec.group,
    )

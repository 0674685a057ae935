"""The windowed operators of LiteRT, where their inputs stand, and those that are not read.

Source: tensorflow/lite/schema/schema.fbs and the kernels of tensorflow/lite/kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.frameworks.litert.network.records import OperatorInfo
from padcheck.records import OpKind

__all__ = ["WINDOWED", "Windowed", "refusal_of", "windowed_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windowed:
    """A windowed operator: which input is what, and the axes of its weight.

    `options` is the schema's table of its attributes. `weight_axes` says where output channels,
    input channels and the first spatial axis stand in the weight.
    """

    kind: OpKind
    rank: int
    options: str
    data: int = 0
    weight: int | None = None
    bias: int | None = None
    output_shape: int | None = None
    weight_axes: tuple[int, int, int] = (0, 3, 1)
    depthwise: bool = False
    dilated: bool = True


WINDOWED = {
    "CONV_2D": Windowed(kind=OpKind.CONV, rank=2, options="Conv2DOptions", weight=1, bias=2),
    "DEPTHWISE_CONV_2D": Windowed(
        kind=OpKind.CONV,
        rank=2,
        options="DepthwiseConv2DOptions",
        weight=1,
        bias=2,
        weight_axes=(3, 0, 1),
        depthwise=True,
    ),
    "CONV_3D": Windowed(
        kind=OpKind.CONV,
        rank=3,
        options="Conv3DOptions",
        weight=1,
        bias=2,
        weight_axes=(4, 3, 0),
    ),
    "TRANSPOSE_CONV": Windowed(
        kind=OpKind.CONV_TRANSPOSE,
        rank=2,
        options="TransposeConvOptions",
        data=2,
        weight=1,
        bias=3,
        output_shape=0,
        dilated=False,
    ),
    "CONV_3D_TRANSPOSE": Windowed(
        kind=OpKind.CONV_TRANSPOSE,
        rank=3,
        options="Conv3DOptions",
        data=2,
        weight=1,
        bias=3,
        output_shape=0,
        weight_axes=(3, 4, 0),
    ),
    "MAX_POOL_2D": Windowed(kind=OpKind.MAX_POOL, rank=2, options="Pool2DOptions", dilated=False),
    "AVERAGE_POOL_2D": Windowed(
        kind=OpKind.AVERAGE_POOL, rank=2, options="Pool2DOptions", dilated=False
    ),
    "L2_POOL_2D": Windowed(kind=OpKind.LP_POOL, rank=2, options="Pool2DOptions", dilated=False),
}

#: Windowed, and nothing that TensorFlow's converter writes for a layer.
_UNREAD = ("REDUCE_WINDOW", "STABLEHLO_CONVOLUTION", "STABLEHLO_REDUCE_WINDOW")


def windowed_of(operator: OperatorInfo) -> Windowed | None:
    """What is known of an operator that has a window, None for the others."""
    return WINDOWED.get(operator.name) if operator.code is not None else None


def refusal_of(operator: OperatorInfo) -> str | None:
    """Why an operator that works like a convolution or pool is not read; None for the others."""
    if operator.code is not None:
        return f"{operator.name} is not read" if operator.name in _UNREAD else None
    words = operator.name.lower()
    if "conv" not in words and "pool" not in words:
        return None
    if operator.name.startswith("Flex"):
        return f"{operator.name} runs one of TensorFlow's own kernels, which LiteRT does not have"
    return f"{operator.name} is a custom op"

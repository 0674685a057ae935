"""Operators written anew: pads, windows, and the options that go with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from padcheck.frameworks.litert.network.flatwriting import Writer
from padcheck.frameworks.litert.network.pads import Pairs
from padcheck.frameworks.litert.network.schema import schema

__all__ = [
    "LEAST_FLOAT",
    "activation_code",
    "activation_word",
    "batches",
    "convolution",
    "cut_out",
    "elementwise",
    "pad",
    "pad_into",
    "pool",
    "shape_of",
    "transposed",
]

#: What a maximum is padded with for -inf, as converters do.
LEAST_FLOAT = -(2.0 - 2.0**-23) * 2.0**127

_WORDS = {
    None: "NONE",
    (0.0, math.inf): "RELU",
    (0.0, 6.0): "RELU6",
    (-1.0, 1.0): "RELU_N1_TO_1",
}


def activation_word(clip: tuple[float, float] | None) -> str | None:
    """The activation that clips like this, fused or an op of its own; None where there is none."""
    return _WORDS.get(clip)


def activation_code(word: str) -> int:
    """The schema's number of a fused activation."""
    return int(getattr(schema().ActivationFunctionType, word))


def pad(
    writer: Writer, data: int, name: str, pairs: Pairs, fill: float = 0.0, mode: str = "constant"
) -> int:
    """The padded tensor; `data` itself where nothing is added. As `pad_into`."""
    if not any(map(any, pairs)):
        return data
    ends = ((0, 0), *pairs, (0, 0))
    shape = [n + b + a for n, (b, a) in zip(shape_of(writer, data), ends, strict=True)]
    return pad_into(writer, data, writer.tensor(name, shape), pairs, fill, mode)


def pad_into(
    writer: Writer, data: int, made: int, pairs: Pairs, fill: float = 0.0, mode: str = "constant"
) -> int:
    """PAD, PADV2 or MIRROR_PAD of the spatial axes."""
    import numpy as np

    words = schema()
    amounts = np.array([(0, 0), *pairs, (0, 0)], dtype=np.int32)
    inputs = [data, writer.constant("paddings", amounts)]
    if mode != "constant":
        modes = {"reflect": words.MirrorPadMode.REFLECT, "symmetric": words.MirrorPadMode.SYMMETRIC}
        options = words.MirrorPadOptionsT(mode=modes[mode])
        return writer.op("MIRROR_PAD", inputs, made, options, "MirrorPadOptions")
    if fill == 0:
        return writer.op("PAD", inputs, made, words.PadOptionsT(), "PadOptions")
    inputs.append(writer.constant("fill", np.array(max(fill, LEAST_FLOAT), dtype=np.float32)))
    return writer.op("PADV2", inputs, made, words.PadV2OptionsT(), "PadV2Options")


def cut_out(
    writer: Writer, data: int, made: int, begins: Sequence[int], lengths: Sequence[int]
) -> int:
    """SLICE of the spatial axes."""
    import numpy as np

    starts = writer.constant("begin", np.array([0, *begins, 0], dtype=np.int32))
    sizes = writer.constant("size", np.array([-1, *lengths, -1], dtype=np.int32))
    options = schema().SliceOptionsT()
    return writer.op("SLICE", [data, starts, sizes], made, options, "SliceOptions")


def elementwise(writer: Writer, name: str, data: int, constant: int, made: int) -> int:
    """ADD, MUL, MINIMUM or MAXIMUM of data and a constant."""
    kind = {"ADD": "AddOptions", "MUL": "MulOptions"}.get(name, "MaximumMinimumOptions")
    options = getattr(schema(), f"{kind}T")()
    return writer.op(name, [data, constant], made, options, kind)


def shape_of(writer: Writer, index: int) -> list[int]:
    """The shape that a tensor was written with."""
    shape = writer.graph.tensors[index].shape
    return [] if shape is None else [int(size) for size in shape]


def batches(
    writer: Writer, name: str, data: int, made: int, block: Sequence[int], pairs: Pairs
) -> int:
    """SPACE_TO_BATCH_ND with its pads, or BATCH_TO_SPACE_ND with its crops."""
    import numpy as np

    inputs = [
        data,
        writer.constant("block", np.array(block, dtype=np.int32)),
        writer.constant("pairs", np.array(pairs, dtype=np.int32)),
    ]
    return writer.op(name, inputs, made)


def convolution(
    writer: Writer,
    name: str,
    inputs: Sequence[int],
    made: int,
    *,
    same: bool,
    stride: Sequence[int],
    dilation: Sequence[int],
    activation: int = 0,
    multiplier: int = 1,
) -> int:
    """CONV_2D, DEPTHWISE_CONV_2D or CONV_3D of data, weight and bias; axes in spatial order."""
    words = schema()
    common: dict[str, Any] = {
        "padding": _padding(same),
        "fusedActivationFunction": activation,
        **_per_axis("stride", "", stride),
        **_per_axis("dilation", "Factor", dilation),
    }
    if name == "DEPTHWISE_CONV_2D":
        options = words.DepthwiseConv2DOptionsT(depthMultiplier=multiplier, **common)
        return writer.op(name, inputs, made, options, "DepthwiseConv2DOptions")
    if name == "CONV_2D":
        return writer.op(name, inputs, made, words.Conv2DOptionsT(**common), "Conv2DOptions")
    return writer.op(name, inputs, made, words.Conv3DOptionsT(**common), "Conv3DOptions")


def transposed(
    writer: Writer,
    name: str,
    data: int,
    weight: int,
    made: int,
    *,
    shape: Sequence[int],
    same: bool,
    stride: Sequence[int],
    dilation: Sequence[int],
) -> int:
    """TRANSPOSE_CONV or CONV_3D_TRANSPOSE without a bias; `shape` of the output, whole."""
    import numpy as np

    words = schema()
    inputs = [writer.constant("shape", np.array(shape, dtype=np.int32)), weight, data]
    common = {"padding": _padding(same), **_per_axis("stride", "", stride)}
    if name == "TRANSPOSE_CONV":
        options = words.TransposeConvOptionsT(**common)
        return writer.op(name, inputs, made, options, "TransposeConvOptions")
    options = words.Conv3DOptionsT(**common, **_per_axis("dilation", "Factor", dilation))
    return writer.op(name, inputs, made, options, "Conv3DOptions")


def pool(
    writer: Writer,
    name: str,
    data: int,
    made: int,
    *,
    same: bool,
    kernel: Sequence[int],
    stride: Sequence[int],
    activation: int = 0,
) -> int:
    """MAX_POOL_2D, AVERAGE_POOL_2D or L2_POOL_2D."""
    options = schema().Pool2DOptionsT(
        padding=_padding(same),
        filterHeight=kernel[0],
        filterWidth=kernel[1],
        fusedActivationFunction=activation,
        **_per_axis("stride", "", stride),
    )
    return writer.op(name, [data], made, options, "Pool2DOptions")


def _padding(same: bool) -> int:
    return int(schema().Padding.SAME if same else schema().Padding.VALID)


def _per_axis(front: str, end: str, numbers: Sequence[int]) -> dict[str, int]:
    """{"strideH": ..., "strideW": ...} and the like."""
    axes = "DHW"[-len(numbers) :]
    return {f"{front}{axis}{end}": int(n) for axis, n in zip(axes, numbers, strict=True)}

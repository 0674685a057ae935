"""The windowed ops of TensorFlow: which input is what, and what their attributes say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.records import OpKind, printable

__all__ = ["MAX_EXTENT", "Operator", "Window", "operator_of", "read_window", "refusal_of"]

#: Kernels, pads and the extents of windows past this are no model's.
MAX_EXTENT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """How to read a node: its spatial axes, and which of its inputs is what."""

    kind: OpKind
    rank: int
    data: int = 0
    weight: int | None = None
    depthwise: bool = False


_OPERATORS = {
    "Conv2D": Operator(kind=OpKind.CONV, rank=2, weight=1),
    "Conv3D": Operator(kind=OpKind.CONV, rank=3, weight=1),
    "DepthwiseConv2dNative": Operator(kind=OpKind.CONV, rank=2, weight=1, depthwise=True),
    "Conv2DBackpropInput": Operator(kind=OpKind.CONV_TRANSPOSE, rank=2, data=2, weight=1),
    "Conv3DBackpropInputV2": Operator(kind=OpKind.CONV_TRANSPOSE, rank=3, data=2, weight=1),
    "MaxPool": Operator(kind=OpKind.MAX_POOL, rank=2),
    "MaxPoolWithArgmax": Operator(kind=OpKind.MAX_POOL, rank=2),
    "MaxPool3D": Operator(kind=OpKind.MAX_POOL, rank=3),
    "AvgPool": Operator(kind=OpKind.AVERAGE_POOL, rank=2),
    "AvgPool3D": Operator(kind=OpKind.AVERAGE_POOL, rank=3),
}

#: Words in the names of ops that look at windows; `Convert...` does not.
_LIKE = re.compile(r"Conv(?!ert)|Pool|Dilation2D|ExtractImagePatches|ExtractVolumePatches")
#: Their names match, but no window of theirs can be padded; or they train.
_NOT_WINDOWED = re.compile(r"Grad|BackpropFilter|Conjugate|ConfigureTPU")


@dataclass(frozen=True, slots=True)
class Window:
    """The attributes of a node, one entry per spatial axis; `kernel` is None for a conv's.

    `padding` is SAME, VALID or EXPLICIT, `pads` what EXPLICIT says.
    """

    kernel: tuple[int, ...] | None
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str
    pads: tuple[tuple[int, int], ...]
    channels_last: bool

    @property
    def pads_nothing(self) -> bool:
        """Whether it is VALID, whatever it is called."""
        return self.padding == "VALID" or (
            self.padding == "EXPLICIT" and not any(map(any, self.pads))
        )


def operator_of(node: Any) -> Operator | None:
    """How to read a node; None when it is not one of the known windowed ops."""
    return _OPERATORS.get(node.op)


def refusal_of(node: Any) -> str | None:
    """Why an op that works like a convolution or pool is not judged; None for all other ops."""
    if node.op in _OPERATORS or not _LIKE.search(node.op) or _NOT_WINDOWED.search(node.op):
        return None
    known = ", ".join(sorted(_OPERATORS))
    return f"{printable(node.op)} is not an op that padcheck can read; known are {known}"


def read_window(node: Any, operator: Operator) -> Window:
    """What the node says; raises ModelError naming the attribute that makes no sense.

    Source: TensorFlow op definitions; per-axis attributes count all axes in the op's layout.
    """
    rank = operator.rank
    layout = (
        node.attr["data_format"].s.decode("utf-8", "replace") if "data_format" in node.attr else ""
    )
    last, first = ("NHWC", "NCHW") if rank == 2 else ("NDHWC", "NCDHW")
    if layout not in ("", last, first):
        raise ModelError(f"expected {last} or {first} but got {layout!r:.20}", field="data_format")
    channels_last = layout != first
    padding = node.attr["padding"].s.decode("utf-8", "replace")
    if padding not in ("SAME", "VALID", "EXPLICIT"):
        raise ModelError(
            f"expected SAME, VALID or EXPLICIT but got {padding!r:.20}", field="padding"
        )
    kernel = None if operator.weight is not None else _sizes(node, "ksize", rank, channels_last)
    return Window(
        kernel=kernel,
        stride=_sizes(node, "strides", rank, channels_last),
        dilation=_sizes(node, "dilations", rank, channels_last),
        padding=padding,
        pads=_pads(node, rank, channels_last, padding),
        channels_last=channels_last,
    )


def spatial(values: Sequence[Any], channels_last: bool) -> Sequence[Any]:
    """The entries of the spatial axes."""
    return values[1:-1] if channels_last else values[2:]


def _sizes(node: Any, name: str, rank: int, channels_last: bool) -> tuple[int, ...]:
    """One per spatial axis; those of batch and channels must be 1."""
    numbers = list(node.attr[name].list.i) if name in node.attr else []
    if not numbers:
        return (1,) * rank
    if len(numbers) != rank + 2:
        raise ModelError(f"expected {rank + 2} ints but got {numbers[:8]}", field=name)
    others = numbers[0], numbers[-1 if channels_last else 1]
    if others != (1, 1):
        raise ModelError(f"expected 1 for batch and channels but got {numbers}", field=name)
    sizes = tuple(spatial(numbers, channels_last))
    if any(not 1 <= size <= MAX_EXTENT for size in sizes):
        raise ModelError(f"expected ints in [1, {MAX_EXTENT}] but got {numbers}", field=name)
    return sizes


def _pads(node: Any, rank: int, channels_last: bool, padding: str) -> tuple[tuple[int, int], ...]:
    if padding != "EXPLICIT":
        return ((0, 0),) * rank
    numbers = list(node.attr["explicit_paddings"].list.i)
    if len(numbers) != 2 * (rank + 2) or any(not 0 <= one <= MAX_EXTENT for one in numbers):
        problem = f"expected {2 * (rank + 2)} ints >= 0 but got {numbers[:12]}"
        raise ModelError(problem, field="explicit_paddings")
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return tuple(spatial(pairs, channels_last))

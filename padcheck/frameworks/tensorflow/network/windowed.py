"""What the attributes of TensorFlow's windowed ops say, and the sizes that follow. Plain ints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.frameworks.tensorflow.network.session import tensor_name
from padcheck.geometry import Window

__all__ = ["WINDOWED", "BatchedSpace", "WindowedNode"]

#: Op -> (its number of spatial axes, which input is the image, which the filter).
WINDOWED: dict[str, tuple[int, int, int | None]] = {
    "Conv2D": (2, 0, 1),
    "DepthwiseConv2dNative": (2, 0, 1),
    "Conv3D": (3, 0, 1),
    "Conv2DBackpropInput": (2, 2, 1),
    "Conv3DBackpropInputV2": (3, 2, 1),
    "MaxPool": (2, 0, None),
    "AvgPool": (2, 0, None),
    "MaxPool3D": (3, 0, None),
    "AvgPool3D": (3, 0, None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowedNode:
    """A NodeDef of WINDOWED; per-axis tuples have one entry per spatial axis.

    `data` and `filter` are the tensors that it reads, `first` is the first spatial axis of its
    images, `window` a pool's, `pads` those of EXPLICIT.
    """

    op: str
    data: str
    filter: str | None
    first: int
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str
    window: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dtype: int

    @classmethod
    def of(cls, node: Any) -> WindowedNode:
        """What the node says; per-axis lists that it lacks are ones."""
        rank, image, kernel = WINDOWED[node.op]
        formatted = "data_format" in node.attr and node.attr["data_format"].s.startswith(b"NC")
        first = 2 if formatted else 1
        pads = _listed(node, "explicit_paddings")[2 * first :] or [0] * (2 * rank)
        return cls(
            op=node.op,
            data=tensor_name(node.input[image]),
            filter=None if kernel is None else tensor_name(node.input[kernel]),
            first=first,
            stride=_per_axis(node, "strides", first, rank),
            dilation=_per_axis(node, "dilations", first, rank),
            padding=node.attr["padding"].s.decode(),
            window=_per_axis(node, "ksize", first, rank),
            pads=tuple(zip(pads[0 : 2 * rank : 2], pads[1 : 2 * rank : 2], strict=True)),
            dtype=node.attr["T"].type,
        )

    @property
    def is_transposed(self) -> bool:
        """Whether it is a transposed convolution."""
        return "Backprop" in self.op

    def has_output(self, shape: Sequence[int], kernel: Sequence[int] | None) -> bool:
        """Whether a window fits into an image of this shape; SAME always has an output.

        `kernel` is the shape of the filter.
        """
        if self.is_transposed or self.padding == "SAME":
            return True
        sizes = zip(self._spatial(shape), self._windows(kernel), self.pads, strict=True)
        return all(n + sum(pads) >= window.effective_kernel for n, window, pads in sizes)

    def output_sizes(
        self, shape: Sequence[int], kernel: Sequence[int], told: Sequence[int] | None
    ) -> list[int]:
        """The `input_sizes` of a transposed conv for an image of this shape.

        1. `told` is what the graph says, perhaps for another input: out of
           n * stride + rest the rest is kept, n being the input size that it was told for.
        2. Where nothing is told, n * stride with SAME, else max(effective_kernel - stride, 0)
           more (Keras).
        3. There are as many channels as the filter gives.
        """
        given = [None] * len(self.stride) if told is None else self._spatial(told)
        sizes = [
            _output_size(n, window, self.padding == "SAME", sum(pads), size)
            for n, window, pads, size in zip(
                self._spatial(shape), self._windows(kernel), self.pads, given, strict=True
            )
        ]
        channels = kernel[-2]  # rule 3
        return [shape[0], *((*sizes, channels) if self.first == 1 else (channels, *sizes))]

    def _spatial(self, shape: Sequence[int]) -> list[int]:
        return [int(n) for n in shape[self.first : self.first + len(self.stride)]]

    def _windows(self, kernel: Sequence[int] | None) -> list[Window]:
        sizes = self.window if kernel is None else [int(k) for k in kernel[: len(self.stride)]]
        return [Window(*numbers) for numbers in zip(sizes, self.stride, self.dilation, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedSpace:
    """A SpaceToBatchND and its BatchToSpaceND, whose pads and crops are constants.

    `data` is what it reads; `paddings` and `crops` are the tensors of the numbers in `pads` and
    `cropped`, one pair per block.
    """

    data: str
    dtype: int
    blocks: tuple[int, ...]
    paddings: str
    pads: tuple[tuple[int, int], ...]
    crops: str
    cropped: tuple[tuple[int, int], ...]

    def fed(self, shape: Sequence[int]) -> dict[str, list[tuple[int, int]]]:
        """The pads and crops for an image of this shape; nothing where those told fit.

        What was padded beyond what is cropped again stays, and is topped up to whole blocks.
        """
        sizes = [int(n) for n in shape[1 : 1 + len(self.blocks)]]
        axes = list(zip(sizes, self.blocks, self.pads, self.cropped, strict=True))
        if all((n + sum(pads)) % block == 0 for n, block, pads, _ in axes):
            return {}
        pairs = [_topped_up(*axis) for axis in axes]
        return {
            self.paddings: [pads for pads, _ in pairs],
            self.crops: [crops for _, crops in pairs],
        }


def _topped_up(
    n: int, block: int, pads: tuple[int, int], crops: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    before, after = pads[0], pads[1] - crops[1]
    more = -(n + before + after) % block
    return (before, after + more), (crops[0], more)


def _output_size(n: int, window: Window, same: bool, pads: int, told: int | None) -> int:
    stride, extent = window.stride, window.effective_kernel
    if told is None:
        return n * stride + (0 if same else max(extent - stride, 0))  # rule 2
    told_for = -(-told // stride) if same else (told + pads - extent) // stride + 1
    return n * stride + told - told_for * stride  # rule 1


def _listed(node: Any, name: str) -> list[int]:
    return list(node.attr[name].list.i) if name in node.attr else []


def _per_axis(node: Any, name: str, first: int, rank: int) -> tuple[int, ...]:
    return tuple(_listed(node, name)[first : first + rank]) or (1,) * rank

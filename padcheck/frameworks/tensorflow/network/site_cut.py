"""What one site computes with, cut out of its graph: placeholders where it is fed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.tensorflow.network.cutting import INT32, Part, needed
from padcheck.frameworks.tensorflow.network.session import tensor_name
from padcheck.frameworks.tensorflow.network.windowed import BatchedSpace, WindowedNode
from padcheck.frameworks.tf_ops import tensorflow

__all__ = ["DATA", "SIZES", "WEIGHT", "SiteCut"]

#: The placeholders.
DATA, WEIGHT, SIZES = "padcheck_data", "padcheck_weight", "padcheck_sizes"
#: What may stand between a weight and its op and leaves its layout alone, but for a lone axis.
_WEIGHT_STEPS = ("Identity", "ExpandDims", "ReverseV2", "StopGradient", "Cast")


class SiteCut:
    """The nodes between the data and the output, with placeholders for what is fed."""

    def __init__(self, index: dict[str, Any], data: str, output: str, part: Part) -> None:
        self.index, self.data, self.output, self.part = index, data, output, part
        self.replaced = {data: DATA}
        self.dtype = self.sizes_dtype = INT32
        self.lone_axis: int | None = None
        self.kernel_rank = 0
        self.told: str | None = None
        self.space: BatchedSpace | None = None

    def open_weight(self, op: WindowedNode, weight: str | None) -> None:
        """A placeholder for `weight`, or for the op's filter where the way between rearranges."""
        tensor = op.filter
        self.kernel_rank = len(op.stride) + 2
        expanded = 0
        while tensor is not None and tensor != weight:
            node = self.index.get(tensor.partition(":")[0])
            if node is None or node.op not in _WEIGHT_STEPS:
                tensor = None
            else:
                expanded += node.op == "ExpandDims"
                tensor = tensor_name(node.input[0])
        if tensor is None:
            tensor, expanded = op.filter, 0
        assert tensor is not None
        self.kernel_rank -= expanded
        self.replaced[tensor] = WEIGHT

    def open_sizes(self, op: Any) -> None:
        """A placeholder for the output shape, and what the graph says of it, where it can."""
        sizes = tensor_name(op.input[0])
        try:
            names = needed(self.index, [sizes], self.replaced)
        except FrameworkError:  # it is worked out of the model's own input
            names = []
        for name in names:
            self.part.copy(self.index[name], self.replaced)
        self.told = sizes if names else None
        if "Tshape" in op.attr:
            self.sizes_dtype = op.attr["Tshape"].type
        self.replaced[sizes] = SIZES

    def build(self, rank: int, ops: Sequence[WindowedNode]) -> None:
        """Puts the part together."""
        names = needed(self.index, [self.output], self.replaced)
        taken = [self.index[name] for name in names]
        dtypes = {
            stand_in: _dtype_read(taken, tensor, ops[0].dtype)
            for tensor, stand_in in self.replaced.items()
        }
        self.dtype = dtypes[DATA]
        self.part.placeholder(DATA, dtypes[DATA], rank + 2)
        if WEIGHT in dtypes:
            self.part.placeholder(WEIGHT, dtypes[WEIGHT], self.kernel_rank)
        if SIZES in dtypes:
            self.part.placeholder(SIZES, self.sizes_dtype, 1)
        for node in taken:
            self.part.copy(node, self.replaced)
        self.lone_axis = self._expanded_axis(ops[0]) if rank < len(ops[0].stride) else None
        self.space = _batched_space(self.index, taken)

    def shape_of(self, tensor: str, dtype: int) -> str:
        """The node that gives the shape of a tensor of the whole graph."""
        return self.part.shape_of(self.replaced.get(tensor, tensor), dtype)

    def _expanded_axis(self, op: WindowedNode) -> int:
        """Which spatial axis of the op's image is the lone one; the first where nothing tells."""
        tensor = op.data
        while tensor != self.data:
            node = self.index[tensor.partition(":")[0]]
            if node.op == "ExpandDims":
                axis = _number(self.index, node.input[1])
                return 0 if axis is None else int(axis) % (len(op.stride) + 2) - op.first
            if not node.input:
                return 0
            tensor = tensor_name(node.input[0])
        return 0


def _dtype_read(nodes: Sequence[Any], tensor: str, default: int) -> int:
    """The type as which a tensor is read, by the first of `nodes` that reads it."""
    for node in nodes:
        if tensor in map(tensor_name, node.input):
            for name in ("SrcT", "T"):
                if name in node.attr:
                    return int(node.attr[name].type)
    return default


def _batched_space(index: Mapping[str, Any], nodes: Sequence[Any]) -> BatchedSpace | None:
    """The space that is batched for dilation, where one is, by constant pads."""
    to_batch = [node for node in nodes if node.op == "SpaceToBatchND"]
    to_space = [node for node in nodes if node.op == "BatchToSpaceND"]
    if len(to_batch) != 1 or len(to_space) != 1:
        return None
    (before,), (after,) = to_batch, to_space
    numbers = [_number(index, name) for name in (*before.input[1:3], after.input[2])]
    if any(array is None for array in numbers):
        return None
    blocks, pads, crops = (array.tolist() for array in numbers)
    return BatchedSpace(
        data=tensor_name(before.input[0]),
        dtype=before.attr["T"].type,
        blocks=tuple(blocks),
        paddings=tensor_name(before.input[2]),
        pads=tuple(map(tuple, pads)),
        crops=tensor_name(after.input[2]),
        cropped=tuple(map(tuple, crops)),
    )


def _number(index: Mapping[str, Any], tensor: str) -> Any:
    """The array of a Const; None for anything else."""
    node = index.get(tensor_name(tensor))
    if node is None or node.op != "Const":
        return None
    return tensorflow().make_ndarray(node.attr["value"].tensor)

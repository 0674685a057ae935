"""A graph in which what belongs to an op stands next to it.

What works on each number alone may change places with what moves numbers about: the same numbers
come out, and pads and crops are found where the op is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from padcheck.frameworks.tensorflow.network.inlining import split_tensor
from padcheck.frameworks.tensorflow.network.plain_nodes import identity, integers_of

__all__ = ["OTHER_MASKS", "reorder"]

#: Of a StridedSlice: those that change the number of axes, or how they are counted.
OTHER_MASKS = ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")

_TRANSPOSED = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
_PADS = ("Pad", "PadV2", "MirrorPad")
#: Nodes between a Split and the Pad before it, at most.
_MAX_CHAIN = 8
_INT32 = 3  # DT_INT32


def reorder(graph_def: Any, outputs: Collection[str]) -> None:
    """Changes the graph in place; the tensors `outputs` keep their names and numbers.

    1. A crop after the bias of a transposed convolution is made before it.
    2. Pads before the channels are split are made after it, in each part, if they do not pad the
       channels; Transposes between the two stay.
    """
    work = _Reordering(graph_def, outputs)
    for node in list(graph_def.node):
        if node.op == "StridedSlice":
            work.crop(node)  # rule 1
        elif node.op in ("Split", "SplitV"):
            work.split(node)  # rule 2


class _Reordering:
    def __init__(self, graph_def: Any, outputs: Collection[str]) -> None:
        self._graph_def = graph_def
        self._ends = {split_tensor(name)[0] for name in outputs}
        self._nodes = {node.name: node for node in graph_def.node}
        self._uses = Counter(
            split_tensor(name)[0] for node in graph_def.node for name in node.input
        )

    def crop(self, node: Any) -> None:
        """conv, BiasAdd, crop -> conv, crop, BiasAdd, which is called as the crop was."""
        bias = self._nodes.get(node.input[0])
        if bias is None or bias.op != "BiasAdd" or not self._is_alone(bias):
            return
        source = self._nodes.get(bias.input[0])
        if source is None or source.op not in _TRANSPOSED or not self._is_alone(source):
            return
        if not self._takes_all_channels(node, bias):
            return
        moved = self._copy(node, f"{node.name}/crop", source.name)
        bias.input[0] = moved.name
        plain = type(self._graph_def)()
        identity(plain, node.name, bias.name, node.attr["T"].type)
        node.CopyFrom(plain.node[0])

    def split(self, node: Any) -> None:
        """Pad, ..., Split -> ..., Split, and a Pad for each part that is read."""
        axis_at, data_at = (0, 1) if node.op == "Split" else (2, 0)
        axis = self._integers(node.input[axis_at])
        chain = self._to_pad(node.input[data_at])
        if axis is None or len(axis) != 1 or not chain or node.name in self._ends:
            return
        amounts = self._amounts(chain)
        if amounts is None or not -len(amounts) <= axis[0] < len(amounts) or any(amounts[axis[0]]):
            return
        pad = chain[-1]
        if chain == [pad]:
            node.input[data_at] = pad.input[0]
        else:
            chain[-2].input[0] = pad.input[0]
        self._pad_parts(node, pad, amounts)

    def _is_alone(self, node: Any) -> bool:
        """Whether a node is read once, and is no output."""
        return self._uses[node.name] == 1 and node.name not in self._ends

    def _integers(self, tensor: str) -> list[int] | None:
        return integers_of(self._nodes.get(split_tensor(tensor)[0]))

    def _takes_all_channels(self, crop: Any, bias: Any) -> bool:
        steps = self._integers(crop.input[3])
        first = "data_format" in bias.attr and bias.attr["data_format"].s.startswith(b"NC")
        if steps is None or any(crop.attr[name].i for name in OTHER_MASKS):
            return False
        axis = 1 if first else len(steps) - 1
        masks = [crop.attr[name].i >> axis & 1 for name in ("begin_mask", "end_mask")]
        return axis < len(steps) and masks == [1, 1] and steps[axis] == 1

    def _to_pad(self, tensor: str) -> list[Any]:
        """From what is split back to a Pad, through Transposes, none of which is read elsewhere."""
        chain: list[Any] = []
        for _ in range(_MAX_CHAIN):
            node = self._nodes.get(tensor)
            if node is None or not self._is_alone(node):
                break
            chain.append(node)
            if node.op in _PADS:
                return chain
            if node.op not in ("Transpose", "Identity"):
                break
            tensor = node.input[0]
        return []

    def _amounts(self, chain: Sequence[Any]) -> list[list[int]] | None:
        """What the Pad adds to each axis of what is split; None where that is no constant."""
        numbers = self._integers(chain[-1].input[1])
        if numbers is None:
            return None
        amounts = [numbers[index : index + 2] for index in range(0, len(numbers), 2)]
        for node in reversed(chain[:-1]):
            if node.op == "Transpose":
                order = self._integers(node.input[1])
                if order is None or sorted(order) != list(range(len(amounts))):
                    return None
                amounts = [amounts[axis] for axis in order]
        return amounts

    def _pad_parts(self, split: Any, pad: Any, amounts: Sequence[Sequence[int]]) -> None:
        readers = [
            (node, index, name)
            for node in self._graph_def.node
            for index, name in enumerate(node.input)
            if split_tensor(name)[0] == split.name
        ]
        table = self._table(f"{pad.name}/parts", amounts)
        made: dict[int, str] = {}
        for node, index, name in readers:
            part = split_tensor(name)[1]
            if part not in made:
                copy = self._copy(pad, f"{pad.name}/part_{part}", name)
                copy.input[1], copy.attr["Tpaddings"].type = table, _INT32
                made[part] = copy.name
            node.input[index] = made[part]

    def _copy(self, node: Any, name: str, source: str) -> Any:
        """A node that does with `source` what `node` does with its first input."""
        copy = self._graph_def.node.add()
        copy.CopyFrom(node)
        copy.name, copy.input[0] = name, source
        self._nodes[name] = copy
        return copy

    def _table(self, name: str, rows: Sequence[Sequence[int]]) -> str:
        node = self._graph_def.node.add(name=name, op="Const")
        tensor = node.attr["value"].tensor
        node.attr["dtype"].type = tensor.dtype = _INT32
        for size in (len(rows), 2):
            tensor.tensor_shape.dim.add().size = size
        tensor.int_val.extend(number for row in rows for number in row)
        return name

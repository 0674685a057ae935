"""A part of a graph: what one tensor is computed from, down to given tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from padcheck.frameworks.tensorflow.network.channels_last import (
    is_channels_first,
    made_channels_last,
)
from padcheck.frameworks.tensorflow.network.session import refused, tensor_name

__all__ = ["INT32", "Part", "needed"]

INT32 = 3  # DT_INT32
#: Attributes that speak of other nodes, or of shapes that no longer hold.
_DROPPED = ("_class", "_output_shapes")
#: What a model is given, and is no constant.
_GIVEN = ("Placeholder", "PlaceholderWithDefault", "VarHandleOp", "VariableV2", "Arg", "_Arg")


def needed(index: Mapping[str, Any], tensors: Iterable[str], stops: Iterable[str]) -> list[str]:
    """The names of the nodes that `tensors` are computed from, `stops` being given.

    `index`: node name -> NodeDef. What only has to run before a node is not among them; raises
    FrameworkError where something is read that the model is given, or that is not there.
    """
    stopped = set(stops)
    found: dict[str, None] = {}
    waiting = [tensor for tensor in tensors if tensor not in stopped]
    while waiting:
        name = waiting.pop().partition(":")[0]
        if name in found:
            continue
        if name not in index or index[name].op in _GIVEN:
            raise refused(f"the op cannot be taken alone: it reads `{name}`, too")
        found[name] = None
        waiting += [tensor for tensor in _read(index[name]) if tensor not in stopped]
    return list(found)


class Part:
    """A GraphDef that is put together of nodes of another one, `like`."""

    def __init__(self, like: Any) -> None:
        self.graph_def = type(like)()
        self.graph_def.versions.CopyFrom(like.versions)
        self._names: set[str] = set()

    def copy(self, node: Any, replaced: Mapping[str, str]) -> None:
        """Adds `node`, reading what `replaced` names in place of its tensors; channels last.

        Without its device, what has to run before it, and what it says of its shapes.
        """
        if node.name in self._names:
            return
        self._names.add(node.name)
        copy = type(node)()
        copy.CopyFrom(node)
        copy.device = ""
        copy.input[:] = [replaced.get(tensor, tensor) for tensor in _read(node)]
        for name in _DROPPED:
            copy.attr.pop(name, None)
        self.graph_def.node.extend(made_channels_last(copy) if is_channels_first(copy) else [copy])

    def placeholder(self, name: str, dtype: int, rank: int) -> None:
        """A tensor to be fed, of `rank` axes of any size."""
        node = self.graph_def.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = dtype
        for _ in range(rank):
            node.attr["shape"].shape.dim.add().size = -1

    def shape_of(self, tensor: str, dtype: int) -> str:
        """The name of a node that gives the tensor's shape, int32."""
        name = f"padcheck_shape_{len(self.graph_def.node)}"
        node = self.graph_def.node.add(name=name, op="Shape", input=[tensor])
        node.attr["T"].type = dtype
        node.attr["out_type"].type = INT32
        return name


def _read(node: Any) -> list[str]:
    """The tensors that a node computes with."""
    return [tensor_name(tensor) for tensor in node.input if not tensor.startswith("^")]

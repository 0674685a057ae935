"""Nodes that say the same as another kind does in plainer words, for who reads or runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["gather", "identity", "integers_of", "made_plain"]

_INT32 = 3  # DT_INT32


def made_plain(graph_def: Any, node: Any, nodes: Mapping[str, Any]) -> None:
    """Adds `node` to `graph_def`.

    1. A Print is what it passes on.
    2. A MaxPoolV2 whose sizes are constants is a MaxPool.
    """
    copy = graph_def.node.add()
    copy.CopyFrom(node)
    if node.op == "Print":  # rule 1
        dtype = node.attr["T"].type
        graph_def.node.pop()
        identity(graph_def, node.name, node.input[0], dtype)
    elif node.op == "MaxPoolV2":  # rule 2
        sizes = [integers_of(nodes.get(name.partition(":")[0])) for name in node.input[1:3]]
        if None not in sizes:
            copy.op = "MaxPool"
            del copy.input[1:]
            for name, numbers in zip(("ksize", "strides"), sizes, strict=True):
                copy.attr[name].list.i.extend(numbers or ())


def identity(graph_def: Any, name: str, source: str, dtype: int) -> None:
    """A node that passes `source` on."""
    node = graph_def.node.add(name=name, op="Identity", input=[source])
    node.attr["T"].type = dtype


def gather(graph_def: Any, node: Any, source: str) -> None:
    """A ResourceGather from a constant instead of a variable."""
    axis = graph_def.node.add(name=f"{node.name}/axis", op="Const")
    axis.attr["dtype"].type = axis.attr["value"].tensor.dtype = _INT32
    axis.attr["value"].tensor.tensor_shape.SetInParent()
    axis.attr["value"].tensor.int_val.append(0)
    copy = graph_def.node.add(name=node.name, op="GatherV2")
    copy.input[:] = [source, node.input[1], axis.name]
    copy.attr["Tparams"].type = node.attr["dtype"].type
    copy.attr["Tindices"].type = node.attr["Tindices"].type
    copy.attr["Taxis"].type = _INT32
    copy.attr["batch_dims"].i = node.attr["batch_dims"].i


def integers_of(node: Any) -> list[int] | None:
    """The numbers of a small Const in a row; None for any other node."""
    from tensorflow import make_ndarray

    if node is None or node.op != "Const":
        return None
    return [int(number) for number in make_ndarray(node.attr["value"].tensor).reshape(-1)]

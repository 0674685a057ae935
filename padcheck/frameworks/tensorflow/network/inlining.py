"""Function calls in a GraphDef written out, so that every op stands in one graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from padcheck.errors import ModelError

__all__ = ["inlined", "split_tensor"]

#: Calls that run the body at once; the bodies of While and If stay functions.
CALLS = ("PartitionedCall", "StatefulPartitionedCall")

#: Calls within calls deeper than this, and graphs larger than this, are refused.
MAX_DEPTH, MAX_NODES = 64, 1 << 20


def split_tensor(name: str) -> tuple[str, int]:
    """`node:1` -> (node, 1); a name alone is that of the first output."""
    node, _, index = name.partition(":")
    return node, int(index or 0)


def inlined(graph_def: Any, where: str) -> Any:
    """A GraphDef with the same names and without calls.

    1. A body's nodes are called `call/node`.
    2. Control inputs go: nothing that is left has an effect but its numbers.
    3. Attributes that speak of other nodes or devices (`_class`, ...) go, too.

    Source: function.proto: in a body `arg` is an argument, `node:output:index` a tensor.
    """
    writer = _Writer(type(graph_def)(), where)
    writer.graph_def.versions.CopyFrom(graph_def.versions)
    writer.graph_def.library.CopyFrom(graph_def.library)
    writer.functions = {one.signature.name: one for one in graph_def.library.function}
    writer.write(graph_def.node, "", _tensor, 0)
    for node in writer.graph_def.node:
        node.input[:] = [writer.resolved(name) for name in node.input]
    writer.graph_def.library.ClearField("function")
    writer.graph_def.library.function.extend(graph_def.library.function)
    return writer.graph_def


class _Writer:
    def __init__(self, graph_def: Any, where: str) -> None:
        self.graph_def = graph_def
        self.where = where
        self.functions: dict[str, Any] = {}
        #: What a call's output or a body's argument really is.
        self.aliases: dict[str, str] = {}

    def write(
        self, nodes: Iterable[Any], prefix: str, flat: Callable[[str], str], depth: int
    ) -> None:
        """Copies nodes under a prefix; `flat` turns their inputs into tensors of that scope."""
        if depth > MAX_DEPTH:
            raise ModelError(f"its functions call more than {MAX_DEPTH} deep", where=self.where)
        for node in nodes:
            inputs = [prefix + flat(name) for name in node.input if name[0] != "^"]  # rule 2
            called = self._called(node)
            if called is not None:
                self._write_call(prefix + node.name, called, inputs, depth)
                continue
            if len(self.graph_def.node) >= MAX_NODES:
                raise ModelError(f"has more than {MAX_NODES} ops", where=self.where)
            copy = self.graph_def.node.add()
            copy.CopyFrom(node)
            copy.name, copy.device = prefix + node.name, ""  # rule 1
            copy.input[:] = inputs
            for name in [name for name in copy.attr if name.startswith("_")]:  # rule 3
                del copy.attr[name]

    def _called(self, node: Any) -> Any:
        if node.op in CALLS:
            return self.functions.get(node.attr["f"].func.name)
        return self.functions.get(node.op)

    def _write_call(self, name: str, function: Any, inputs: list[str], depth: int) -> None:
        prefix, signature = f"{name}/", function.signature
        for argument, given in zip(signature.input_arg, inputs, strict=True):
            self.aliases[prefix + argument.name] = given
        flat = _body_names(function, self.functions)
        self.write(function.node_def, prefix, flat, depth + 1)
        for index, output in enumerate(signature.output_arg):
            tensor = prefix + flat(function.ret[output.name])
            self.aliases[name if index == 0 else f"{name}:{index}"] = tensor

    def resolved(self, tensor: str) -> str:
        """The tensor behind arguments and outputs of calls."""
        for _ in range(4 * MAX_DEPTH):
            if tensor not in self.aliases:
                return tensor
            tensor = self.aliases[tensor]
        raise ModelError("its functions call each other in a circle", where=self.where)


def _tensor(name: str) -> str:
    return name.removesuffix(":0")


def _body_names(function: Any, functions: dict[str, Any]) -> Callable[[str], str]:
    """`node:output:index` -> `node:k`, counted over all outputs of the node."""
    from tensorflow.python.framework import op_def_registry

    nodes = {node.name: node for node in function.node_def}

    def flat(name: str) -> str:
        node_name, *rest = name.split(":")
        if len(rest) < 2:
            return node_name
        output, index = rest[0], int(rest[1])
        node = nodes[node_name]
        called = functions.get(node.op)
        definition = called.signature if called is not None else op_def_registry.get(node.op)
        if definition is not None:
            for argument in definition.output_arg:
                if argument.name == output:
                    break
                index += _count(argument, node)
        return f"{node_name}:{index}" if index else node_name

    return flat


def _count(argument: Any, node: Any) -> int:
    """How many tensors an output of a node is. Source: op_def.proto."""
    if argument.number_attr:
        return int(node.attr[argument.number_attr].i)
    if argument.type_list_attr:
        return len(node.attr[argument.type_list_attr].list.type)
    return 1

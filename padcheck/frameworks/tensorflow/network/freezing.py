"""A ConcreteFunction -> one GraphDef without variables, and the weights beside it.

A graph that holds its weights costs some ten times their size to import and to run, so the large
ones stay where they are, in the memory of the variables, and the graph has placeholders for them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.inlining import inlined, split_tensor
from padcheck.frameworks.tensorflow.network.plain_nodes import gather, identity, made_plain
from padcheck.frameworks.tensorflow.network.quiet import load_tensorflow, quietly
from padcheck.frameworks.tensorflow.network.reordered import reorder
from padcheck.frameworks.tensorflow.network.signatures import Signature
from padcheck.records import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Frozen", "freeze"]

#: Constants from this many bytes on are kept beside the graph.
LARGE = 1 << 14

#: DataTypes: DT_RESOURCE, and those that have no plain buffer of numbers.
_RESOURCE, _NO_BUFFER = 20, (7, 20, 21)

#: Ops that read a variable.
_READS = ("ReadVariableOp", "ResourceGather")


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """`inputs` and `outputs` are user name -> tensor of `graph_def`.

    `weights`: placeholder -> array, which must be fed to whatever is computed from it.
    `variables`: constant or placeholder -> the variable that it was, as its layer calls it.
    `layers`: the names of the layers, where they are known.
    """

    graph_def: Any
    weights: dict[str, NDArray[Any]]
    inputs: dict[str, str]
    outputs: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    layers: frozenset[str] = frozenset()


def freeze(signature: Signature, where: str) -> Frozen:
    """The graph that the outputs are computed from, calls written out.

    Variables that the body of a loop reads are frozen by TensorFlow's own means, which take more
    memory. Raises ModelError for a graph that holds on to something else, as a lookup table.
    """
    function = signature.function
    outputs = {name: _name(tensor) for name, tensor in signature.outputs.items()}
    inputs = {name: _name(tensor) for name, tensor in signature.inputs.items()}
    captured = {
        _name(inner): outer
        for outer, inner in function.graph.captures
        if _name(inner) not in inputs.values()
    }
    graph_def = _pruned(inlined(function.graph.as_graph_def(), where), outputs, inputs)
    if _keeps_resources(graph_def, captured):
        graph_def, inputs, outputs = _by_tensorflow(signature, where)
        captured = {}
    maker = _Maker(graph_def, {one.handle.ref(): one.name for one in function.variables})
    maker.make(captured)
    reorder(maker.made, outputs.values())
    _check_resources(maker.made, where)
    return Frozen(maker.made, maker.weights, inputs, outputs, maker.variables, signature.layers)


def _name(tensor: Any) -> str:
    return str(tensor.name).removesuffix(":0")


def _pruned(graph_def: Any, outputs: dict[str, str], inputs: dict[str, str]) -> Any:
    """What the outputs are computed from, and the inputs, in the order of the graph."""
    nodes = {node.name: node for node in graph_def.node}
    waiting = [split_tensor(name)[0] for name in (*outputs.values(), *inputs.values())]
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in kept or name not in nodes:
            continue
        kept.add(name)
        waiting += [split_tensor(source)[0] for source in nodes[name].input]
    pruned = type(graph_def)()
    pruned.versions.CopyFrom(graph_def.versions)
    pruned.library.CopyFrom(graph_def.library)
    pruned.node.extend(node for node in graph_def.node if node.name in kept)
    return pruned


def _keeps_resources(graph_def: Any, captured: dict[str, Any]) -> bool:
    """Whether a variable goes into something that does not simply read it."""
    handles = {name for name, tensor in captured.items() if tensor.dtype == "resource"}
    return any(
        node.op not in _READS and not handles.isdisjoint(node.input) for node in graph_def.node
    )


def _by_tensorflow(signature: Signature, where: str) -> tuple[Any, dict[str, str], dict[str, str]]:
    """As `tf.lite` freezes; bodies of loops stay functions."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    try:
        with quietly():
            frozen = convert_variables_to_constants_v2(signature.function, lower_control_flow=False)
    except Exception as error:
        reason = printable(" ".join(str(error).split()))[:200]
        raise ModelError(f"its variables cannot be frozen ({reason})", where=where) from error
    if len(frozen.inputs) != len(signature.inputs):
        raise _not_constant(where, _name(frozen.inputs[-1]))
    inputs = dict(zip(signature.inputs, map(_name, frozen.inputs), strict=True))
    outputs = dict(zip(signature.outputs, map(_name, frozen.outputs), strict=True))
    return _pruned(inlined(frozen.graph.as_graph_def(), where), outputs, inputs), inputs, outputs


class _Maker:
    """Copies a graph, with numbers in place of what it captured."""

    def __init__(self, graph_def: Any, names: dict[Any, str]) -> None:
        self.graph_def = graph_def
        self.nodes = {node.name: node for node in graph_def.node}
        self.names = names
        self.made = type(graph_def)()
        self.made.versions.CopyFrom(graph_def.versions)
        self.made.library.CopyFrom(graph_def.library)
        self.weights: dict[str, NDArray[Any]] = {}
        self.variables: dict[str, str] = {}
        self._read: dict[str, str] = {}

    def make(self, captured: dict[str, Any]) -> None:
        tf = load_tensorflow()
        for node in self.graph_def.node:
            handle = node.input[0] if node.input else ""
            if node.name in captured:
                if captured[node.name].dtype != tf.resource:
                    self._constant(tf, node.name, captured[node.name])
            elif node.op in _READS and handle in captured:
                self._reading(tf, node, handle, captured[handle])
            elif node.op == "Const" and _is_large(node):
                self._constant(
                    tf, node.name, tf.constant(tf.make_ndarray(node.attr["value"].tensor))
                )
            else:
                made_plain(self.made, node, self.nodes)

    def _reading(self, tf: Any, node: Any, handle: str, resource: Any) -> None:
        """A reading is the constant itself, or an Identity of an earlier reading of it."""
        source = self._read.get(handle)
        dtype = node.attr["dtype"].type
        if source is None:
            source = node.name if node.op == "ReadVariableOp" else f"{node.name}/params"
            self._read[handle] = source
            with tf.device("CPU:0"):
                value = tf.raw_ops.ReadVariableOp(resource=resource, dtype=tf.as_dtype(dtype))
            self._constant(tf, source, value)
            self.variables[source] = self.names.get(resource.ref(), "").partition(":")[0]
        if node.op == "ReadVariableOp" and source != node.name:
            identity(self.made, node.name, source, dtype)
        elif node.op == "ResourceGather":
            gather(self.made, node, source)

    def _constant(self, tf: Any, name: str, value: Any) -> None:
        """A Const, or a placeholder whose array shares the memory of `value`."""
        import numpy as np

        node = self.made.node.add(name=name)
        number = value.dtype.as_datatype_enum
        node.attr["dtype"].type = number
        size = math.prod(value.shape) * value.dtype.size
        if size < LARGE or number in _NO_BUFFER:
            node.op = "Const"
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.numpy()))
            return
        node.op = "Placeholder"
        node.attr["shape"].shape.CopyFrom(value.shape.as_proto())
        self.weights[name] = _shared(np, value)


def _shared(np: Any, value: Any) -> NDArray[Any]:
    """An array over the tensor's own memory; a copy for what numpy has no type for."""
    try:
        array: NDArray[Any] = np.asarray(memoryview(value))
    except (TypeError, ValueError, BufferError):
        array = value.numpy()
    return array


def _is_large(node: Any) -> bool:
    tensor = node.attr["value"].tensor
    return len(tensor.tensor_content) >= LARGE and tensor.dtype not in _NO_BUFFER


def _check_resources(graph_def: Any, where: str) -> None:
    for node in graph_def.node:
        if node.op in ("Placeholder", "VarHandleOp", "HashTableV2", "MutableHashTableV2"):
            is_resource = node.op != "Placeholder" or node.attr["dtype"].type == _RESOURCE
            if is_resource:
                raise _not_constant(where, node.name)


def _not_constant(where: str, node: str) -> ModelError:
    problem = "holds a table or a variable that cannot be made a constant"
    return ModelError(problem, where=where, node=printable(node)[:100])

"""Runs onnx's shape inference over a run of nodes, with what is known around them as its inputs.

Weights never get there: they come as types. Data propagation stays off, since it allocates one
record per element of every known 1-D tensor, however long (measured: onnx 1.23.2, an Add of two
inputs of shape [2**30] asks for more memory than there is); `evaluation` does its work.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.tensors import MAX_RANK, dims_of, light_tensor, tensor_type

if TYPE_CHECKING:
    import onnx

__all__ = ["Segment", "fits_schema", "infer"]

#: Lists longer than this in an attribute say nothing about shapes.
MAX_LISTED = 64

#: The highest opset that is passed on; onnx takes the newest schema up to it.
MAX_OPSET = 1000


@dataclass(slots=True)
class Segment:
    """A run of entries of one scope; `values` are inputs whose value has been worked out."""

    entries: list[Entry] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    values: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def add(self, entry: Entry, values: Mapping[str, onnx.TensorProto]) -> None:
        """Takes an entry in."""
        self.entries.append(entry)
        self.made.update(filter(None, entry.outputs))
        self.values.update(values)


@functools.cache
def _schema(op_type: str, domain: str, version: int) -> tuple[int, int, int, int] | None:
    """(min_input, max_input, min_output, max_output), None for an op that onnx does not know."""
    import onnx

    try:
        schema = onnx.defs.get_schema(op_type, version, domain)
    except onnx.defs.SchemaError:
        return None
    return schema.min_input, schema.max_input, schema.min_output, schema.max_output


def fits_schema(entry: Entry) -> bool:
    """Whether onnx knows the op and the entry has as many inputs and outputs as it must.

    onnx's inference stops altogether where an input that it asks for is not there.
    """
    arity = _schema(entry.op_type, entry.domain, _version(entry.opset))
    if arity is None:
        return False
    min_input, max_input, min_output, max_output = arity
    return (
        min_input <= len(entry.inputs) <= max_input
        and min_output <= len(entry.outputs) <= max_output
        and not (entry.op_type == "Loop" and len(entry.inputs) < 2)
    )


def _version(opset: int) -> int:
    return min(max(opset, 1), MAX_OPSET)


def infer(scope: Scope, segment: Segment) -> None:
    """Adds to `scope.types` the types of what the segment makes.

    Where onnx gives up on the whole, the segment is halved until the node that it stumbles
    over is alone; that one's outputs stay unknown.
    """
    if not segment.entries:
        return
    import onnx

    try:
        inferred = onnx.shape_inference.infer_shapes(
            _model(scope, segment), check_type=False, strict_mode=False, data_prop=False
        )
    except Exception:  # InferenceError, ValueError, whatever C++ throws
        for part in _halves(segment):
            infer(scope, part)
        return
    for value in inferred.graph.value_info:
        scope.types[value.name] = _cleaned(value.type)


def _halves(segment: Segment) -> Sequence[Segment]:
    count = len(segment.entries)
    if count == 1:
        return ()
    parts = []
    for entries in (segment.entries[: count // 2], segment.entries[count // 2 :]):
        part = Segment()
        for entry in entries:
            part.add(entry, segment.values)
        parts.append(part)
    return parts


def _cleaned(kind: onnx.TypeProto) -> onnx.TypeProto:
    """The type as it is, or without what no tensor can have."""
    dims = dims_of(kind)
    if dims is None or len(dims) > MAX_RANK:
        return kind if dims is None else tensor_type(kind.tensor_type.elem_type, None)
    return tensor_type(kind.tensor_type.elem_type, dims)


def _model(scope: Scope, segment: Segment) -> onnx.ModelProto:
    import onnx

    graph = onnx.GraphProto(name="segment")
    taken: set[str] = set(segment.made)
    for entry in segment.entries:
        graph.node.append(_node(entry))
        for name in entry.inputs:
            if name and name not in taken:
                taken.add(name)
                _source(graph, scope, segment, name)
    opsets = segment.entries[0].opsets
    imports = [
        onnx.OperatorSetIdProto(domain=domain, version=_version(version))
        for domain, version in opsets.items()
    ]
    if "" not in opsets:
        imports.append(onnx.OperatorSetIdProto(version=1))
    return onnx.ModelProto(ir_version=10, graph=graph, opset_import=imports)


def _node(entry: Entry) -> onnx.NodeProto:
    """The node without what inference does not look at."""
    import onnx

    node = onnx.NodeProto(
        op_type=entry.op_type, domain=entry.domain, input=entry.inputs, output=entry.outputs
    )
    for name, attribute in entry.attributes.items():
        if _is_light(attribute):
            copy = node.attribute.add()
            copy.CopyFrom(attribute)
            copy.name = name
    return node


def _is_light(attribute: onnx.AttributeProto) -> bool:
    """Whether an attribute may say something about shapes and is as small as those that do."""
    if attribute.HasField("t"):
        return len(attribute.t.dims) <= 1 and light_tensor("", attribute.t) is not None
    lists = (attribute.ints, attribute.floats, attribute.strings, attribute.tensors)
    return not attribute.HasField("g") and not any(len(one) > MAX_LISTED for one in lists)


def _source(graph: onnx.GraphProto, scope: Scope, segment: Segment, name: str) -> None:
    """Declares an input: its value where it is known and small, else its type."""
    import onnx

    tensor = segment.values.get(name)
    if tensor is None:
        constant = scope.constant(name)
        tensor = None if constant is None else light_tensor(name, constant)
    if tensor is not None:
        graph.initializer.append(tensor)
        return
    kind = scope.type_of(name)
    if kind is not None:
        graph.input.append(onnx.ValueInfoProto(name=name, type=kind))

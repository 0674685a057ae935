"""An ONNX model through onnx2keras, and which of its layers comes from which node."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, ModelError, UsageError
from padcheck.frameworks.loading import import_framework, one_line
from padcheck.frameworks.onnx2keras.installed import EXTRA, converter
from padcheck.frameworks.onnx2keras.installed import version as version_of
from padcheck.frameworks.onnx2keras.names import node_name, node_of_layer, scope_names
from padcheck.frameworks.onnx2keras.quiet import Listening

if TYPE_CHECKING:
    import keras
    import onnx

__all__ = ["Converted", "convert"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Converted:
    """What came out: `names` has the ONNX node (its name, else its first output) of each layer.

    Layers that onnx2keras gave no name to are not in `names`. `notes` has what it said, and what
    was done to the model so that it could be converted.
    """

    model: keras.Model
    names: dict[str, str]
    version: str
    notes: tuple[str, ...] = ()


def convert(
    model: str | os.PathLike[str] | onnx.ModelProto,
    *,
    change_ordering: bool = False,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> Converted:
    """The model as onnx2keras converts it; the file or the proto stays as it is.

    Layers whose names TensorFlow has no scopes for (`conv:0`) are renamed (`conv_0`), since the
    model could be called, and not traced.

    `change_ordering`: the Keras model is channels last, as its inputs and outputs are.
    `input_shapes`: sizes per input, batch first, as the ONNX model has them; sizes that are open
    and not given stay open. The batch is always open.

    Raises FrameworkError, with the version and the node, for whatever onnx2keras raises,
    MissingFramework where it is not installed, UsageError for an input that is not there and
    ModelError for a file that cannot be read.
    """
    module = converter()
    version = version_of()
    proto = _loaded(model)
    graph = proto.graph
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    shapes = [_shape(value, dict(input_shapes or {})) for value in inputs]
    _check_shapes(inputs, dict(input_shapes or {}))
    _check_ops(graph, version)
    proto, notes = _readable(proto)
    names = [value.name for value in inputs]
    with Listening("onnx2keras") as heard:
        try:
            made = module.onnx_to_keras(
                proto, names, shapes, verbose=False, change_ordering=change_ordering
            )
        except Exception as error:
            raise FrameworkError(
                f"onnx2keras {version}: {_place(error)}{one_line(error)}"
            ) from error
    found = [layer.name for layer in made.layers]
    told = node_of_layer(graph, names, found)
    renamed = scope_names(found)
    for layer in made.layers:
        layer.name = renamed[layer.name]
    layers = {renamed[layer]: node for layer, node in told.items()}
    return Converted(model=made, names=layers, version=version, notes=(*notes, *heard.messages))


def _loaded(model: Any) -> onnx.ModelProto:
    import onnx

    if isinstance(model, onnx.ModelProto):
        return model
    try:
        return onnx.load(os.fspath(model))
    except Exception as error:
        raise ModelError(f"cannot be read ({one_line(error)})", where=str(model)) from error


def _shape(value: onnx.ValueInfoProto, given: Mapping[str, Sequence[int]]) -> tuple[Any, ...]:
    """The sizes of an input without its batch, None where they are open."""
    if value.name in given:
        return tuple(given[value.name])[1:]
    return tuple(dim.dim_value or None for dim in value.type.tensor_type.shape.dim)[1:]


def _check_shapes(
    inputs: Sequence[onnx.ValueInfoProto], given: Mapping[str, Sequence[int]]
) -> None:
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in inputs}
    for name, shape in given.items():
        if name not in ranks:
            raise UsageError(f"expected an input of {', '.join(ranks)} but got {name!r}")
        if len(shape) != ranks[name]:
            raise UsageError(
                f"expected {ranks[name]} sizes but got {name}={','.join(map(str, shape))}"
            )


def _check_ops(graph: onnx.GraphProto, version: str) -> None:
    """Raises FrameworkError for an op that onnx2keras has no converter for."""
    layers = import_framework("onnx2keras.layers", extra=EXTRA)
    for node in graph.node:
        if node.op_type not in layers.AVAILABLE_CONVERTERS:
            raise FrameworkError(
                f"onnx2keras {version}: node {node_name(node)}: has no converter for {node.op_type}"
            )


def _readable(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """The model with initializers whose names onnx2keras finds, and a note where some changed.

    It takes the third field that is set for the name, the second where less than four are
    [0.0.25], which is another one for a scalar with a `doc_string`.
    """
    import onnx

    misread = [tensor.name for tensor in proto.graph.initializer if not _is_found(tensor)]
    if not misread:
        return proto, ()
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for tensor in copy.graph.initializer:
        if not _is_found(tensor):
            plain = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name)
            tensor.CopyFrom(plain)
    note = f"onnx2keras misreads the names of initializers, so they were written anew: {misread[0]}"
    more = f" and {len(misread) - 1} more" if len(misread) > 1 else ""
    return copy, (note + more,)


def _is_found(tensor: onnx.TensorProto) -> bool:
    fields = tensor.ListFields()
    index = 1 if len(fields) < 4 else 2
    return bool(index < len(fields) and fields[index][0].name == "name")


def _place(error: Exception) -> str:
    """`node conv1: `: the node that onnx2keras was at, told by its own variables."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_name == "onnx_to_keras" and "node" in frame.f_locals:
            return f"node {node_name(frame.f_locals['node'])}: "
        trace = trace.tb_next
    return ""

"""Which Keras layer of onnx2keras comes from which ONNX node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from padcheck.frameworks.loading import import_framework
from padcheck.records import printable

if TYPE_CHECKING:
    import onnx

__all__ = ["node_name", "node_of_layer", "scope_names"]

_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]*", re.ASCII)
_NOT_IN_SCOPE = re.compile(r"[^A-Za-z0-9_.-]", re.ASCII)


def node_name(node: onnx.NodeProto) -> str:
    """A node's name, its first output where it has none."""
    return printable(node.name or (node.output[0] if node.output else node.op_type))


def node_of_layer(
    graph: onnx.GraphProto, inputs: Sequence[str], layers: Sequence[str]
) -> dict[str, str]:
    """Layer name -> node name, for the layers that can be told.

    1. A layer is called after an output of its node, made fit for Keras and unique by onnx2keras's
       own function: inputs first, then the nodes in order.
    2. What it adds around a layer has that name with an ending (`_pad`, `_crop`, `_EXPAND1`).
    """
    converter = import_framework("onnx2keras.converter", extra="onnx2keras")
    used: set[str] = set()
    given = {converter.sanitize_keras_name(name, used) for name in inputs}
    made: dict[str, str] = {}
    for node in graph.node:
        for output in node.output:
            made[converter.sanitize_keras_name(output, used)] = node_name(node)
    found = {layer: _key(layer, made) for layer in layers if layer not in given}
    return {layer: made[key] for layer, key in found.items() if key is not None}


def scope_names(layers: Sequence[str]) -> dict[str, str]:
    """Layer name -> a name that is a scope in TensorFlow; each of its own.

    Source: tensorflow 2.21.0, `Graph.name_scope`.
    """
    taken = {name for name in layers if _SCOPE.fullmatch(name)}
    made: dict[str, str] = {}
    for name in layers:
        made[name] = name
        if name not in taken:
            plain = _NOT_IN_SCOPE.sub("_", name).lstrip("_-") or "layer"
            count, made[name] = 0, plain
            while made[name] in taken:
                count += 1
                made[name] = f"{plain}_{count}"
            taken.add(made[name])
    return made


def _key(layer: str, made: dict[str, str]) -> str | None:
    """The longest name that `layer` is, or begins with before an underscore."""
    if layer in made:  # rule 1
        return layer
    end = layer.rfind("_")
    while end > 0:  # rule 2
        if layer[:end] in made:
            return layer[:end]
        end = layer.rfind("_", 0, end)
    return None

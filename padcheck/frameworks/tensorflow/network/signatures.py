"""A Keras model -> a function of TensorFlow, and what its user calls its inputs and outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError, UsageError
from padcheck.frameworks.loading import translated
from padcheck.frameworks.tensorflow.network.quiet import load_keras, load_tensorflow, quietly
from padcheck.records import printable, uniquely

__all__ = ["Signature", "of_saved_model", "trace_keras"]

Shape = tuple["int | None", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """A ConcreteFunction; `inputs` and `outputs` are user name -> tensor of its graph.

    `owner` keeps its variables alive. `layers` are the names of a Keras model's layers.
    """

    function: Any
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    owner: Any
    layers: frozenset[str] = frozenset()


def trace_keras(model: Any, shapes: Mapping[str, Sequence[int]], where: str) -> Signature:
    """The function that the model computes at inference, its batch left open.

    `shapes` says what a model takes that has never been built; it is not needed for others.
    Raises ModelError for what is no Keras model or does not tell its inputs.
    """
    tf, keras = load_tensorflow(), load_keras()
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise ModelError(f"expected a path or a keras.Model but got model (type={kind})")
    specs = _specs(tf, model, shapes, where)
    structure = getattr(model, "_inputs_struct", None)

    def call(*tensors: Any) -> list[Any]:
        given: Any = list(tensors) if len(tensors) > 1 else tensors[0]
        if structure is not None:
            given = keras.tree.pack_sequence_as(structure, list(tensors))
        returned = model(given, training=False)
        seen.append(returned)
        return list(keras.tree.flatten(returned))

    seen: list[Any] = []
    with translated("keras", str(keras.__version__)), quietly(), tf.device("CPU:0"):
        function = tf.function(call, autograph=False).get_concrete_function(*specs.values())
    tensors = function.inputs[: len(specs)]
    names = _output_names(model, seen[-1], len(function.outputs))
    return Signature(
        function,
        dict(zip(specs, tensors, strict=True)),
        dict(zip(names, function.outputs, strict=True)),
        model,
        frozenset(_layers(model)),
    )


def _layers(model: Any) -> Iterator[str]:
    """The names of all layers, nested ones too."""
    for layer in getattr(model, "layers", ()):
        yield str(layer.name)
        yield from _layers(layer)


def of_saved_model(function: Any, owner: Any) -> Signature:
    """The signature's own names."""
    given = function.structured_input_signature[1]
    placeholders = {_argument(tensor): tensor for tensor in function.inputs}
    inputs = {name: placeholders.get(name) for name in given}
    left = [tensor for tensor in function.inputs[: len(given)] if _argument(tensor) not in given]
    for name, tensor in inputs.items():
        if tensor is None:
            inputs[name] = left.pop(0)
    outputs = dict(zip(sorted(function.structured_outputs), function.outputs, strict=True))
    return Signature(function, inputs, outputs, owner)


def _argument(tensor: Any) -> str:
    """The argument that a placeholder stands for."""
    try:
        return str(tensor.op.get_attr("_user_specified_name").decode())
    except ValueError:
        return str(tensor.op.name)


def _specs(tf: Any, model: Any, shapes: Mapping[str, Sequence[int]], where: str) -> dict[str, Any]:
    """User name -> TensorSpec, in the order in which the model takes them."""
    tensors = _inputs(model)
    if tensors:
        names = (printable(str(getattr(tensor, "name", "input"))) for tensor in tensors)
        named = uniquely(names)
        pairs = zip(named, tensors, strict=True)
        return {
            name: tf.TensorSpec(tuple(one.shape), one.dtype, _placeholder(name))
            for name, one in pairs
        }
    if not shapes:
        raise ModelError(
            "does not tell what it takes; build it first, or give the shape of its input "
            "(input_shapes)",
            where=where,
        )
    dtype = getattr(model, "input_dtype", None) or "float32"
    for name, shape in shapes.items():
        if not shape:
            raise UsageError(f"expected a list of ints but got input_shapes[{name!r}]={shape!r}")
    return {
        name: tf.TensorSpec((None, *shape[1:]), dtype, _placeholder(name))
        for name, shape in shapes.items()
    }


def _placeholder(name: str) -> str:
    """A name that an op may have."""
    return "input_" + re.sub(r"[^A-Za-z0-9_.]", "_", name)


def _inputs(model: Any) -> list[Any]:
    """The symbolic inputs of a Functional or a built Sequential; of others there are none."""
    try:
        return list(model.inputs or ())
    except (AttributeError, ValueError):
        return []


def _output_names(model: Any, returned: Any, count: int) -> list[str]:
    """The keys of a dict, else what Keras calls them; unique."""
    if isinstance(returned, Mapping) and len(returned) == count:
        return [str(key) for key in sorted(returned)]
    told = getattr(model, "_functional", None) or model  # a Sequential's own
    known = list(getattr(told, "output_names", None) or ())
    if len(known) != count:
        known = [f"output_{index}" for index in range(count)]
    return uniquely(printable(str(name)) for name in known)

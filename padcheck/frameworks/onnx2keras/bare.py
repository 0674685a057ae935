"""onnx2keras on a model as it is, as any of its users calls it: nothing is mended or told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.onnx2keras.installed import EXTRA, converter
from padcheck.frameworks.onnx2keras.quiet import Listening

if TYPE_CHECKING:
    import keras
    import onnx

__all__ = ["bare", "forget"]


def bare(model: onnx.ModelProto, *, change_ordering: bool = False) -> keras.Model:
    """The Keras model of an ONNX model; sizes that it leaves open are None, the batch always is.

    Raises what onnx2keras raises.
    """
    found = converter()
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in stored]
    names, shapes = [value.name for value in inputs], [_sizes(value) for value in inputs]
    with Listening("onnx2keras"):
        return found.onnx_to_keras(
            model, names, shapes, verbose=False, change_ordering=change_ordering
        )


def forget() -> None:
    """Drops what Keras keeps of the models made so far, the counters of its names among it."""
    keras: Any = import_framework("keras", extra=EXTRA)
    keras.backend.clear_session(free_memory=False)


def _sizes(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    """Without the batch."""
    return tuple(dim.dim_value or None for dim in value.type.tensor_type.shape.dim)[1:]

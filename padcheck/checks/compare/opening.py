"""From a path or an object in memory to a Network, whatever the format."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError, UsageError
from padcheck.records import printable

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["FORMATS", "exported", "format_of", "open_model"]

#: File ending -> format.
FORMATS = {
    ".onnx": "onnx",
    ".keras": "keras",
    ".h5": "h5",
    ".hdf5": "h5",
    ".tflite": "tflite",
}

_FIRST_BYTES = 8
_PICKLES = (".pt", ".pth", ".pkl", ".ckpt", ".bin")

Shapes = Mapping[str, Sequence[int]]


def exported(model: Any, example_inputs: Sequence[Any] | None) -> Any:
    """The model, a torch module as an ONNX one.

    Raises UsageError for a torch module without `example_inputs`, and for these without one.
    """
    if not _is_torch(model):
        if example_inputs is not None:
            raise UsageError("expected example_inputs only with a torch.nn.Module")
        return model
    if example_inputs is None:
        raise UsageError("expected example_inputs, a tuple of tensors, with a torch.nn.Module")
    from padcheck.frameworks.torch.export import export_module

    return export_module(model, tuple(example_inputs))


def open_model(model: Any, *, input_shapes: Shapes | None = None, trust: bool = False) -> Network:
    """Reads a model of any format: its file, or the object.

    A path to .onnx, .keras, .h5, .tflite or a SavedModel folder (other endings are told by their
    first bytes); an `onnx.ModelProto`, a `keras.Model`, or the bytes of a .tflite; a Network, as
    it is. `trust` lets code that a Keras file carries be loaded and run.

    Raises ModelError for what cannot be read, UsageError for what is no model, MissingFramework.
    """
    if isinstance(model, (str, os.PathLike)):
        return _OPENERS[format_of(Path(model))](Path(model), input_shapes, trust)
    if isinstance(model, (bytes, bytearray, memoryview)):
        return _tflite(bytes(model), input_shapes, trust)
    if isinstance(getattr(model, "sites", None), tuple):
        network: Network = model
        return network
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(model).__mro__}
    if type(model).__name__ == "ModelProto":
        return _onnx(model, input_shapes, trust)
    if any(kind.startswith(("keras.", "tf_keras.")) and kind.endswith(".Model") for kind in kinds):
        return _tensorflow(model, input_shapes, trust)
    raise UsageError(
        "expected a path, an onnx.ModelProto, a keras.Model, the bytes of a .tflite or, as the "
        f"source, a torch.nn.Module but got model of type {type(model).__name__}"
    )


def format_of(path: Path) -> str:
    """The format of a file or folder: by its ending, else by its first bytes.

    Raises ModelError for what is not there, and for what is no model that padcheck reads.
    """
    where = printable(str(path))
    if path.is_dir():
        return "savedmodel"
    if not path.exists():
        raise ModelError("no such file or folder", where=where)
    if path.name == "saved_model.pb":
        raise ModelError("expected the SavedModel's folder but got the file in it", where=where)
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    told = _by_content(path)
    if told is not None:
        return told
    if suffix in _PICKLES:
        raise ModelError("a pickle is not opened; export it to ONNX first", where=where)
    return "onnx"


def _by_content(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            first = file.read(_FIRST_BYTES)
    except OSError:
        return None  # the reader says what is wrong
    if first[4:8] == b"TFL3":
        return "tflite"
    if first.startswith(b"\x89HDF"):
        return "h5"
    if first.startswith(b"PK\x03\x04") and path.suffix.lower() not in _PICKLES:
        return "keras"
    return None


def _is_torch(model: Any) -> bool:
    return any(kind.__module__ == "torch.nn.modules.module" for kind in type(model).__mro__)


def _onnx(model: Any, input_shapes: Shapes | None, trust: bool) -> Network:
    from padcheck.frameworks.onnx.network import open_network

    return open_network(model, input_shapes=input_shapes)


def _tensorflow(model: Any, input_shapes: Shapes | None, trust: bool) -> Network:
    from padcheck.frameworks.tensorflow.network import open_network

    return open_network(model, input_shapes=input_shapes, trust=trust)


def _tflite(model: Any, input_shapes: Shapes | None, trust: bool) -> Network:
    from padcheck.frameworks.litert.network import open_network

    return open_network(model, input_shapes=input_shapes)


_OPENERS: dict[str, Callable[[Any, Shapes | None, bool], Network]] = {
    "onnx": _onnx,
    "keras": _tensorflow,
    "h5": _tensorflow,
    "savedmodel": _tensorflow,
    "tflite": _tflite,
}

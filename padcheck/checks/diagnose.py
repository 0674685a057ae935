"""`diagnose`: what would break if this model were converted naively, where, and at which sizes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from padcheck.errors import ModelError, UsageError
from padcheck.frameworks.onnx.reader import ReadModel, read_loaded
from padcheck.frameworks.onnx.reading.loading import load_model
from padcheck.records import printable

if TYPE_CHECKING:
    import onnx
    import torch

    from padcheck.checks.lab import Lab
    from padcheck.checks.survey import Progress
    from padcheck.records import Report

    Model: TypeAlias = str | os.PathLike[str] | onnx.ModelProto | torch.nn.Module

__all__ = ["Opened", "diagnose", "diagnose_in"]


def diagnose(
    model: Model,
    example_inputs: Sequence[Any] | None = None,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    static: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Judges every windowed op of a model under PyTorch, Keras SAME and ZeroPadding + VALID.

    `model` is the path of an ONNX file, an `onnx.ModelProto`, or a `torch.nn.Module` with
    `example_inputs`, a tuple of tensors. `input_shapes` maps a graph input to its full shape,
    batch and channels included. `static` predicts only, needs no framework, and looks for no
    input size at which the whole network agrees.

    Raises ModelError for a model that cannot be read, UsageError for arguments that do not fit
    it, and MissingFramework unless `static`.
    """
    if static:
        read = _opened(model, example_inputs).read(input_shapes)
        from padcheck.checks.survey import survey  # late: numpy loads while the file is read

        return survey(read, "diagnose", progress=progress)
    from padcheck.checks.assemble import DIAGNOSED
    from padcheck.checks.lab import Lab

    with Lab(DIAGNOSED) as lab:  # first: the frameworks load while the model is read
        opened = _opened(model, example_inputs)
        return diagnose_in(lab, opened, input_shapes=input_shapes, progress=progress)


def diagnose_in(
    lab: Lab,
    opened: Opened,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    progress: Progress | None = None,
) -> Report:
    """As `diagnose`, with frameworks that run already, for one model after the other."""
    from padcheck.checks.survey import survey

    return survey(
        opened.read(input_shapes),
        "diagnose",
        lab=lab,
        sites_at=lambda shapes: opened.read(shapes).sites,
        progress=progress,
    )


class Opened:
    """An ONNX model that is parsed once, and read once at the sizes of its file.

    Raises ModelError.
    """

    def __init__(self, model: str | os.PathLike[str] | onnx.ModelProto) -> None:
        self._loaded = load_model(model)
        self._read: ReadModel | None = None

    def read(self, input_shapes: Mapping[str, Sequence[int]] | None = None) -> ReadModel:
        """Its ops at these sizes; raises UsageError for sizes that it has no use for."""
        if input_shapes:
            return read_loaded(self._loaded, input_shapes=input_shapes)
        if self._read is None:
            self._read = read_loaded(self._loaded)
        return self._read


def _opened(model: Any, example_inputs: Sequence[Any] | None) -> Opened:
    return model if isinstance(model, Opened) else Opened(_as_onnx(model, example_inputs))


def _as_onnx(model: Any, example_inputs: Sequence[Any] | None) -> Any:
    """The model as `read_model` takes it; a torch module is exported in memory."""
    if isinstance(model, (str, os.PathLike)) or type(model).__name__ == "ModelProto":
        if example_inputs is not None:
            raise UsageError("expected example_inputs only with a torch.nn.Module")
        _check_format(model)
        return model
    if not any(kind.__module__ == "torch.nn.modules.module" for kind in type(model).__mro__):
        raise UsageError(
            "expected a path, an onnx.ModelProto or a torch.nn.Module but got "
            f"model of type {type(model).__name__}"
        )
    if example_inputs is None:
        raise UsageError("expected example_inputs, a tuple of tensors, with a torch.nn.Module")
    from padcheck.frameworks.torch.export import export_module

    return export_module(model, tuple(example_inputs))


#: Files that `compare` reads, and that are no ONNX models by their names.
_OTHERS = (".keras", ".h5", ".hdf5", ".tflite")


def _check_format(model: Any) -> None:
    """Raises ModelError for a path that names another format."""
    if not isinstance(model, (str, os.PathLike)):
        return
    path = os.fspath(model)
    if isinstance(path, str) and (path.lower().endswith(_OTHERS) or os.path.isdir(path)):
        message = "diagnose reads ONNX models; compare reads this format as well"
        raise ModelError(message, where=printable(path))

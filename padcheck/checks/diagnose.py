"""`diagnose`: what would break if this model were converted naively, where, and at which sizes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from padcheck.errors import UsageError
from padcheck.frameworks.onnx.reader import read_loaded, read_model
from padcheck.frameworks.onnx.reading.loading import load_model

if TYPE_CHECKING:
    import onnx
    import torch

    from padcheck.checks.survey import Progress
    from padcheck.records import Report

    Model: TypeAlias = str | os.PathLike[str] | onnx.ModelProto | torch.nn.Module

__all__ = ["diagnose"]


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
        read = read_model(_as_onnx(model, example_inputs), input_shapes=input_shapes)
        from padcheck.checks.survey import survey  # late: numpy loads while the file is read

        return survey(read, "diagnose", progress=progress)
    from padcheck.checks.assemble import DIAGNOSED
    from padcheck.checks.lab import Lab
    from padcheck.checks.survey import survey

    with Lab(DIAGNOSED) as lab:  # first: the frameworks load while the model is read
        loaded = load_model(_as_onnx(model, example_inputs))
        read = read_loaded(loaded, input_shapes=input_shapes)
        return survey(
            read,
            "diagnose",
            lab=lab,
            sites_at=lambda shapes: read_loaded(loaded, input_shapes=shapes).sites,
            progress=progress,
        )


def _as_onnx(model: Any, example_inputs: Sequence[Any] | None) -> Any:
    """The model as `read_model` takes it; a torch module is exported in memory."""
    if isinstance(model, (str, os.PathLike)) or type(model).__name__ == "ModelProto":
        if example_inputs is not None:
            raise UsageError("expected example_inputs only with a torch.nn.Module")
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

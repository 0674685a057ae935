"""An ONNX model through onnx2torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework

if TYPE_CHECKING:
    import onnx
    import torch

__all__ = ["converted", "load"]

EXTRA = "onnx2torch"

#: onnx2torch imports torchvision, which a build for another torch does not survive [1.5.15,
#: torchvision 0.28.0 for CUDA beside torch 2.13.0 for the CPU]; convolutions and pools need none of
#: its operators.
ADVICE = (
    "install a torchvision that is built for this torch, or, where there is none, "
    "pip install --no-deps torchvision==0.16.2"
)


def load() -> Any:
    """The module onnx2torch.

    Raises MissingFramework where it is not installed, and FrameworkError, with what to do, where
    its torchvision cannot be loaded.
    """
    torch = import_framework("torch", extra=EXTRA)
    try:
        return import_framework("onnx2torch", extra=EXTRA)
    except FrameworkError as error:
        if "torchvision" in str(error):
            raise FrameworkError(f"{error}; beside torch {torch.__version__}, {ADVICE}") from error
        raise


def converted(model: onnx.ModelProto) -> torch.nn.Module:
    """The torch module of an ONNX model; raises what onnx2torch raises."""
    module: torch.nn.Module = load().convert(model)
    return module

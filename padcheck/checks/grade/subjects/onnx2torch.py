"""onnx2torch, on PyTorch's CPU."""

from __future__ import annotations

from padcheck.checks.grade.subjects.callables import OnnxConverter
from padcheck.checks.grade.subjects.origins import Origin
from padcheck.frameworks.onnx2torch.conversion import converted, load
from padcheck.frameworks.returned import FIRST

__all__ = ["Onnx2TorchGrader"]

_ORIGIN = Origin(
    name="onnx2torch",
    package="onnx2torch",
    call=lambda case: "onnx2torch.convert(model)",
    distributions=("onnx2torch", "torch"),
    load=load,
    imports=("import onnx2torch",),
)


class Onnx2TorchGrader(OnnxConverter):
    """Its modules have the layout of the ONNX model."""

    def __init__(self) -> None:
        super().__init__(converted, "onnx2torch", FIRST, origin=_ORIGIN)

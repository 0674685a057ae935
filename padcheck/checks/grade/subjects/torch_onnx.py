"""PyTorch layers through torch.onnx.export, run by onnxruntime without optimizations."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.grade.grader import Built, Script
from padcheck.checks.grade.refusing import refusals
from padcheck.frameworks.onnx.sessions import runtime, session, session_code
from padcheck.frameworks.torch.export import (
    DYNAMO,
    OPSETS,
    TORCHSCRIPT,
    export_code,
    export_versions,
    exported,
)
from padcheck.frameworks.torch.layer import layer_case
from padcheck.frameworks.torch.modules import layer_code, module_of, on_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.grade.grader import Function
    from padcheck.records import OpSpec
    from padcheck.records.case import Case

__all__ = ["TorchOnnxGrader", "dynamo", "torchscript"]

#: An example of one sample has its batch frozen by torch.export, whatever it is told.
_OPEN_BATCH = 2


@dataclass(frozen=True, slots=True)
class TorchOnnxGrader:
    """A layer of torch.nn, exported with one input x; the layer itself is right."""

    exporter: str

    def versions(self) -> dict[str, str]:
        """Of torch and onnxscript, which export, and of onnxruntime, which runs the model."""
        return {**export_versions(), "onnxruntime": str(runtime().__version__)}

    def asks(self, case: Case) -> Case | str:
        """The layer at an opset that the exporter writes, or why PyTorch has none."""
        asked = layer_case(case)
        if isinstance(asked, str):
            return asked
        lowest, highest = OPSETS[self.exporter]
        return asked.replace(opset=min(max(asked.opset, lowest), highest))

    def reference(self, case: Case) -> OpSpec:
        """What PyTorch's documentation says the layer computes."""
        return case.spec

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """The exported model, for one sample at a time unless sizes are open; the layer."""
        with refusals():
            module = module_of(case, weight, bias)
            model = _model(self.exporter, case, _bytes(weight), _bytes(bias))
            run = session(model, optimized=False)
        return Built(
            run=_running(run, by_sample=not case.dynamic), layer=_refusing(on_arrays(module))
        )

    def script(self, case: Case) -> Script:
        """As a user exports."""
        more = ("import io", "import onnx") if self.exporter == TORCHSCRIPT else ()
        lines = export_code(_shape(case), self.exporter, opset=case.opset, dynamic=case.dynamic)
        return Script(
            imports=(*more, "import onnxruntime", "import torch"),
            lines=(*layer_code(case), *lines, *session_code(optimized=False)),
        )


@functools.lru_cache(maxsize=1)
def _model(exporter: str, case: Case, weight: bytes | None, bias: bytes | None) -> bytes:
    """The exported model. Open sizes are asked twice with the same numbers, and torch.export
    takes 0.7 s a model, two thirds of them to list its own operators [torch 2.13.0].
    """
    module = module_of(
        case, _array(weight, case.spec.weight_shape), _array(bias, case.spec.channels[1:])
    )
    return exported(module, _shape(case), exporter, opset=case.opset, dynamic=case.dynamic)


def _bytes(array: NDArray[Any] | None) -> bytes | None:
    return None if array is None else array.tobytes()


def _array(stored: bytes | None, shape: tuple[int, ...]) -> NDArray[Any] | None:
    return None if stored is None else np.frombuffer(stored, np.float32).reshape(shape)


def _shape(case: Case) -> tuple[int, ...]:
    """The shape of the example: one sample, or some where the batch is open."""
    return (_OPEN_BATCH if case.dynamic else 1, case.spec.channels[0], *case.spec.input_size)


def _running(opened: Function, *, by_sample: bool) -> Function:
    """As many samples at a time as the model takes."""

    def run(x: NDArray[Any]) -> NDArray[Any]:
        if not by_sample:
            return opened(x)
        return np.concatenate([opened(x[at : at + 1]) for at in range(len(x))])

    return _refusing(run)


def _refusing(function: Function) -> Function:
    def run(x: NDArray[Any]) -> NDArray[Any]:
        with refusals():
            return function(x)

    return run


def dynamo() -> TorchOnnxGrader:
    """The exporter by torch.export."""
    return TorchOnnxGrader(DYNAMO)


def torchscript() -> TorchOnnxGrader:
    """The exporter by tracing."""
    return TorchOnnxGrader(TORCHSCRIPT)

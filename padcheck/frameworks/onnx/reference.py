"""ONNX's own ReferenceEvaluator at work on a model of one op; needs onnx alone, and is slow."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.onnx.dialect import REFERENCE_DIALECT, planned
from padcheck.frameworks.onnx.model import arrays_of, model_for, power_of_norm
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["OnnxReferenceRunner"]


class OnnxReferenceRunner:
    """The nodes of `planned`, as onnx.reference evaluates them."""

    lowerings: tuple[str, ...] = REFERENCE_DIALECT.lowerings

    def versions(self) -> dict[str, str]:
        """{"onnx": version}; loads it."""
        return {"onnx": str(_onnx().__version__)}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec` as onnx.reference computes it.

        Raises UsageError for a lowering it does not have, FrameworkError for what onnx.reference
        raises or ONNX has no words for.
        """
        plan = planned(spec, lowering, self.lowerings)
        onnx = _onnx()
        if plan.reason is not None:
            raise FrameworkError(f"onnx.reference {onnx.__version__}: {plan.reason}")
        arrays = arrays_of(x, weight, bias)
        with translated("onnx.reference", onnx.__version__), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # an average over nothing
            evaluator = onnx.reference.ReferenceEvaluator(model_for(plan, arrays))
            output: np.ndarray = evaluator.run(None, arrays)[0]
        return power_of_norm(spec, output)


@functools.cache
def _onnx() -> Any:
    """onnx, with the evaluator that it does not import by itself."""
    onnx = import_framework("onnx", extra="onnxruntime")
    import_framework("onnx.reference", extra="onnxruntime")
    return onnx

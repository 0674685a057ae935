"""onnxruntime at work on a model of one op; CPU, float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.onnx.dialect import DIALECT, planned
from padcheck.frameworks.onnx.model import arrays_of, model_for, power_of_norm
from padcheck.frameworks.onnx.sessions import inference_session, runtime
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["OnnxRuntimeRunner"]


class OnnxRuntimeRunner:
    """The nodes of `planned`, optimized for the lowering that says so and for no other."""

    lowerings: tuple[str, ...] = DIALECT.lowerings

    def versions(self) -> dict[str, str]:
        """{"onnx": version, "onnxruntime": version}; loads both."""
        onnx, ort = import_framework("onnx", extra="onnxruntime"), runtime()
        return {"onnx": str(onnx.__version__), "onnxruntime": str(ort.__version__)}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec` as onnxruntime computes it.

        Raises UsageError for a lowering it does not have, FrameworkError for what onnxruntime
        raises or ONNX has no words for.
        """
        plan = planned(spec, lowering, self.lowerings)
        ort = runtime()
        if plan.reason is not None:
            raise FrameworkError(f"onnxruntime {ort.__version__}: {plan.reason}")
        arrays = arrays_of(x, weight, bias)
        optimize = lowering == "onnxruntime_optimized"
        # Fusions want to know the weights.
        constant = tuple(name for name in arrays if name != "x") if optimize else ()
        with translated("onnxruntime", ort.__version__):
            model = model_for(plan, arrays, constant=constant).SerializeToString()
            session = inference_session(model, optimized=optimize)
            feed = {name: array for name, array in arrays.items() if name not in constant}
            return power_of_norm(spec, session.run(None, feed)[0])

"""LiteRT at work on converted models of one op: CPU, float32, one thread.

1. LiteRT's interpreter, from ai_edge_litert: default kernels (XNNPACK) and reference kernels.
2. `tf.lite`, the interpreter that TensorFlow still brings: default kernels, of their own age.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.litert.build import constant, model_for
from padcheck.frameworks.litert.converting import interpreter, output, version
from padcheck.frameworks.litert.dialect import DIALECT, TFLITE_DIALECT, LiteRTDialect
from padcheck.frameworks.loading import translated
from padcheck.frameworks.padding import padded_op
from padcheck.frameworks.tf_code import PADDED
from padcheck.frameworks.tf_compute import moved
from padcheck.frameworks.tf_ops import tensorflow
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LiteRTRunner", "TFLiteRunner"]

#: How many models are kept, for the other kernels or, for pools, the next probe.
CACHED = 128


class LiteRTRunner:
    """Models of `model_for` on the kernels of `ai_edge_litert`."""

    name = "litert"
    dialect: LiteRTDialect = DIALECT
    lowerings: tuple[str, ...] = DIALECT.lowerings

    def __init__(self) -> None:
        self._model = functools.lru_cache(maxsize=CACHED)(model_for)

    def versions(self) -> dict[str, str]:
        """{"litert": version, "tensorflow": version of the converter}; loads both."""
        return {self.name: self._version(), "tensorflow": str(tensorflow().__version__)}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec` as the interpreter computes it.

        Raises UsageError for a lowering it does not have, FrameworkError for what the converter
        or the interpreter raises, or LiteRT has no words for.
        """
        padding, reference = self.dialect.kernels_of(lowering)
        version = self._version()
        reason = self.dialect.refusal(spec, padding)
        if reason is not None:
            raise FrameworkError(f"{self.name} {version}: {reason}")
        with translated(self.name, version):
            values = moved(x, 1, -1)
            parts = constant(weight), constant(bias)
            model = self._model(spec, _plainest(spec, padding), values.shape, *parts)
            return moved(output(self._interpreter(model, reference), values), -1, 1)

    def _version(self) -> str:
        return version()

    def _interpreter(self, model: bytes, reference: bool) -> Any:
        return interpreter(model, reference)


class TFLiteRunner(LiteRTRunner):
    """The same models on the kernels inside TensorFlow."""

    name = "tflite"
    dialect: LiteRTDialect = TFLITE_DIALECT
    lowerings: tuple[str, ...] = TFLITE_DIALECT.lowerings

    def _version(self) -> str:
        return str(tensorflow().__version__)

    def _interpreter(self, model: bytes, reference: bool) -> Any:
        with warnings.catch_warnings():  # that it is deprecated
            warnings.simplefilter("ignore")
            return tensorflow().lite.Interpreter(model_content=model, num_threads=1)


def _plainest(spec: OpSpec, padding: str) -> str:
    """The padding that gives the same model, so that it is built once."""
    zeros = spec.kind is OpKind.CONV_TRANSPOSE or padded_op(spec).is_zeros
    return "VALID" if padding == PADDED and zeros else padding

"""TensorFlow at work through `tf_ops`: CPU, float32, eager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.loading import translated
from padcheck.frameworks.tensorflow.dialect import PADDINGS, refusal
from padcheck.frameworks.tf_compute import compute, moved
from padcheck.frameworks.tf_ops import tensorflow
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TensorFlowRunner"]


class TensorFlowRunner:
    """The lowerings of the dialect, without Keras."""

    lowerings: tuple[str, ...] = tuple(PADDINGS)

    def versions(self) -> dict[str, str]:
        """{"tensorflow": version}; loads it."""
        return {"tensorflow": str(tensorflow().__version__)}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec` as TensorFlow computes it.

        Raises UsageError for a lowering it does not have, FrameworkError for what TensorFlow
        raises or has no words for.
        """
        if lowering not in self.lowerings:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        tf = tensorflow()
        reason = refusal(spec, lowering)
        if reason is not None:
            raise FrameworkError(f"tensorflow {tf.__version__}: {reason}")
        with translated("tensorflow", tf.__version__), tf.device("CPU:0"):
            y = compute(spec, PADDINGS[lowering], tf.constant(moved(x, 1, -1)), weight, bias)
            return moved(y.numpy(), -1, 1)

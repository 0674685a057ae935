"""A model of one op: a `tf.function` on channels-last values, converted without optimizations.

Weights are constants of the model, as in any real one, so that the delegates take the op.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.litert.converting import converted
from padcheck.frameworks.tf_compute import compute
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Constant", "constant", "model_for"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A float32 array that can be part of a key."""

    shape: tuple[int, ...]
    data: bytes

    def array(self) -> np.ndarray:
        """The array, read-only."""
        import numpy as np

        return np.frombuffer(self.data, np.float32).reshape(self.shape)


def constant(array: np.ndarray | None) -> Constant | None:
    """The array frozen as float32; None stays None."""
    import numpy as np

    if array is None:
        return None
    return Constant(array.shape, np.ascontiguousarray(array, np.float32).tobytes())


def model_for(
    spec: OpSpec,
    padding: str,
    shape: tuple[int, ...],
    weight: Constant | None,
    bias: Constant | None,
) -> bytes:
    """The model's bytes; one input of `shape` (N, *spatial, C), one output.

    Raises what TensorFlow raises.
    """

    def op(x: Any) -> Any:
        arrays = [None if part is None else part.array() for part in (weight, bias)]
        return compute(spec, padding, x, *arrays, dilated_depthwise=True)

    return converted(op, shape)

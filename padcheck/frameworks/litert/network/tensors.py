"""The arrays of constants: as they are stored, and as the real numbers they stand for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.records import Model, Scales, TensorInfo
from padcheck.frameworks.litert.network.schema import PRIMITIVES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["dequantized", "is_constant", "real_array", "stored_array"]

_NIBBLES = "INT4"


def is_constant(model: Model, tensor: TensorInfo) -> bool:
    """Whether a tensor's numbers are in the file."""
    return not tensor.is_variable and tensor.buffer != 0 and model.buffers[tensor.buffer] != (0, 0)


def stored_array(model: Model, tensor: TensorInfo) -> NDArray[Any]:
    """The numbers of a constant as stored, read-only; INT4 as int8.

    Raises ModelError where they are not in the file, are sparse, or not as many as the shape
    says.
    """
    import numpy as np

    def error(problem: str) -> ModelError:
        return ModelError(problem, where=model.where, node=tensor.name, field="buffer")

    if not is_constant(model, tensor):
        raise error("expected a constant")
    if tensor.is_sparse:
        raise error("expected a dense constant but it is sparse")
    start, size = model.buffers[tensor.buffer]
    count = math.prod(tensor.sizes)
    if tensor.type == _NIBBLES:
        if size != -(-count // 2):
            raise error(f"expected {-(-count // 2)} bytes but got {size}")
        return _nibbles(np.frombuffer(model.data, np.uint8, size, start), count, tensor.sizes)
    if tensor.type not in PRIMITIVES.values():
        raise error(f"expected numbers but got {tensor.type}")
    dtype = np.dtype(tensor.type).newbyteorder("<")
    if size != count * dtype.itemsize:
        raise error(f"expected {count * dtype.itemsize} bytes but got {size}")
    return np.frombuffer(model.data, dtype, count, start).reshape(tensor.sizes)


def _nibbles(stored: NDArray[Any], count: int, sizes: tuple[int, ...]) -> NDArray[Any]:
    """Two signed numbers a byte, the low half first."""
    import numpy as np

    halves = np.stack([stored & 15, stored >> 4], axis=-1).ravel()[:count].astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8).reshape(sizes)


def real_array(model: Model, tensor: TensorInfo) -> NDArray[Any]:
    """The real numbers a constant stands for, in float64; raises as `stored_array`."""
    return dequantized(stored_array(model, tensor), tensor.scales)


def dequantized(stored: NDArray[Any], scales: Scales | None) -> NDArray[Any]:
    """scale * (stored - zero_point) in float64; the numbers themselves where there is no scale.

    Raises ModelError where there are not as many scales as entries on their axis.
    """
    import numpy as np

    values = stored.astype(np.float64)
    if scales is None:
        return values
    shape = [1] * values.ndim
    if scales.scale.size > 1:
        if values.ndim <= scales.axis or values.shape[scales.axis] != scales.scale.size:
            problem = f"expected one scale per entry of axis {scales.axis}"
            raise ModelError(f"{problem} but got {scales.scale.size}", field="quantization")
        shape[scales.axis] = scales.scale.size
    zeros = np.broadcast_to(scales.zero_point, scales.scale.shape).reshape(shape)
    real: NDArray[Any] = (values - zeros) * scales.scale.reshape(shape)
    return real

"""Real numbers to the integers that a tensor stores, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.onnx.network.quantized import stored_type
from padcheck.records import Quantization, Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["dequantized", "quantized"]


def quantized(inputs: Iterable[Tensor], feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The feeds as the model takes them; integers are taken for stored ones already."""
    import numpy as np

    known = {tensor.name: tensor.quantization for tensor in inputs}
    made: dict[str, np.ndarray] = {}
    for name, given in feeds.items():
        to, array = known.get(name), np.asarray(given)
        if to is None or array.dtype.kind in "iu":
            made[name] = array
            continue
        steps = np.rint(np.asarray(array, np.float64) / to.scale) + to.zero_point
        made[name] = np.clip(steps, to.low, to.high).astype(stored_type(to))
    return made


def dequantized(array: NDArray[Any], by: Quantization | None) -> NDArray[Any]:
    """The real numbers of an array of integers, as float32; any other array as it is."""
    import numpy as np

    if by is None or array.dtype.kind not in "iu":
        return array
    real: NDArray[Any] = (array.astype(np.float32) - by.zero_point) * np.float32(by.scale)
    return real

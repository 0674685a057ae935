"""Numbers changed at random by as much as a rounding may change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["shaken_array"]


def shaken_array(
    array: NDArray[Any], generator: np.random.Generator, of_itself: float, of_largest: float
) -> NDArray[Any]:
    """x * (1 +- of_itself) +- of_largest * max|x|, in the array's own type; 0 stays 0."""
    largest = float(np.abs(array).max(initial=0.0))
    size = of_itself * np.abs(array)
    size[array != 0] += of_largest * largest
    signs = generator.integers(0, 2, array.shape, dtype=np.int8) * np.int8(2) - np.int8(1)
    return np.asarray(array + signs * size, array.dtype)

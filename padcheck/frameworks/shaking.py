"""Numbers changed at random by as much as a rounding may change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Shaker"]


class Shaker:
    """x * (1 +- of_itself) +- of_largest * max|x|, with signs of a fixed seed; 0 stays 0.

    A vector (a bias, which quantized formats keep in 32 bits) is changed by `of_itself` alone.
    """

    def __init__(self, of_itself: float, of_largest: float, seed: int = 0) -> None:
        import numpy as np

        self._of_itself, self._of_largest = of_itself, of_largest
        self._generator = np.random.default_rng(seed)

    def shaken(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array in its own float type."""
        import numpy as np

        largest = float(np.abs(array).max(initial=0.0)) if array.ndim > 1 else 0.0
        size = self._of_itself * np.abs(array) + self._of_largest * largest * (array != 0)
        signs = self._generator.integers(0, 2, array.shape, dtype=np.int8) * np.int8(2) - np.int8(1)
        return np.asarray(array + signs * size, array.dtype)

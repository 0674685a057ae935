"""What an op should give, in numbers that can be compared exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Expected"]


@dataclass(frozen=True, slots=True)
class Expected:
    """An exact output (N, C, *spatial): `numerator / divisor + offset`, elementwise.

    `divisor` and `offset` broadcast over the numerator. The divisor is 1 but for average pools
    and scaled channels; 0 marks an average over nothing, which no rule defines. `is_rounded`: the
    numbers are those of a short float type, and are compared as they are.
    """

    numerator: NDArray[Any]
    divisor: NDArray[Any]
    offset: NDArray[Any] | None = None
    is_rounded: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The output's shape."""
        return tuple(self.numerator.shape)

    @property
    def values(self) -> NDArray[Any]:
        """The output in float64; NaN for an average over nothing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            quotient: NDArray[Any] = self.numerator / self.divisor
        return quotient if self.offset is None else quotient + self.offset

    def numerators_of(self, observed: NDArray[Any]) -> NDArray[Any]:
        """The integers to compare with `numerator`: the offset and divisor undone, rounded."""
        seen = np.asarray(observed, dtype=np.float64)
        if self.is_rounded:
            return seen
        if self.offset is not None:
            seen = seen - self.offset
        rounded: NDArray[Any] = np.rint(seen * self.divisor)
        return rounded

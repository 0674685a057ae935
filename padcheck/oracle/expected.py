"""What an op should give, in numbers that can be compared exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Expected", "noise", "slack"]

#: The relative error of a sum in float32, over the sum of the magnitudes of its terms.
_FLOAT32 = 2.0**-22
#: How far float32 coordinates put a resized output off, over the largest input.
COORDINATES = 2.0**-15
#: The same with room for algorithms that sum transformed inputs (Winograd, FFT).
_ALGORITHMS = 2.0**-18


@dataclass(frozen=True, slots=True)
class Expected:
    """An exact output (N, C, *spatial): `numerator / divisor + offset`, elementwise.

    `divisor` and `offset` broadcast over the numerator. The divisor is 1 but for average pools
    and scaled channels; 0 marks an average over nothing, which no rule defines. `is_rounded`: the
    numbers are those of a short float type, and are compared as they are. `slack`: how far the
    numerator may be off, where padding holds a fraction and sums are no integers.
    """

    numerator: NDArray[Any]
    divisor: NDArray[Any]
    offset: NDArray[Any] | None = None
    is_rounded: bool = False
    slack: float = 0.0

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

    def off(self, observed: NDArray[Any]) -> NDArray[Any]:
        """|observed - expected| in units of the numerator; 0 where they are equal.

        Integers are compared rounded; NaN where either is no number and the other one is.
        """
        seen = np.asarray(observed, dtype=np.float64)
        wanted = np.asarray(self.numerator, dtype=np.float64)
        if not self.is_rounded:
            seen = (seen if self.offset is None else seen - self.offset) * self.divisor
            if not self.slack:
                seen, wanted = np.rint(seen), np.rint(wanted)
        apart = np.abs(seen - wanted)
        apart[seen == wanted] = 0.0  # infinities
        if self.slack:
            apart[apart <= self.slack] = 0.0
        return apart


def slack(spec: OpSpec, x: NDArray[Any], weight: NDArray[Any] | None) -> float:
    """How far a float32 sum may be off where padding holds a fraction; else 0.

    float32's relative error times the largest sum of magnitudes that a window can hold.
    """
    fill = spec.pad_value
    exact = spec.kind in (OpKind.CONV_TRANSPOSE, OpKind.RESIZE) or spec.pad_mode != "constant"
    if exact or math.isinf(fill) or float(fill).is_integer():
        return 0.0
    terms = math.prod(spec.kernel_size) * (spec.channels[0] if weight is not None else 1)
    largest = max(abs(fill), float(np.abs(x).max())) ** (
        spec.p if spec.kind is OpKind.LP_POOL else 1
    )
    heaviest = 1.0 if weight is None else float(np.abs(weight).max())
    return _FLOAT32 * terms * largest * heaviest


def noise(spec: OpSpec, x: NDArray[Any], weight: NDArray[Any] | None) -> float:
    """How far off an output may be for no other reason than float32: a bound that is seldom met.

    2**-18 of the largest sum of magnitudes, which leaves room for transformed algorithms.
    """
    largest = float(np.abs(x).max()) if x.size else 0.0
    if spec.kind is OpKind.RESIZE:
        return COORDINATES * largest
    if spec.kind is OpKind.LP_POOL:
        return _ALGORITHMS * spec.p * math.prod(spec.kernel_size) * largest**spec.p
    if weight is None:
        return _ALGORITHMS * largest
    heaviest = float(np.abs(weight).max()) if weight.size else 0.0
    return _ALGORITHMS * math.prod(weight.shape[1:]) * largest * heaviest

"""How far two real tensors are apart, free of their scale; and which axes of one are which."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.feeds import layouts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Distance", "aligned", "channels_first", "distance"]

#: So many elements are taken to float64 at a time, which a processor's cache holds.
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Distance:
    """`relative` is |observed - reference| / |reference| in the 2-norm, inf where one side has
    an infinity or NaN that the other has not; `largest` is the largest difference.
    """

    relative: float
    largest: float


def distance(reference: NDArray[Any], observed: NDArray[Any]) -> Distance:
    """The distance of two arrays of one shape; works in float64, at any scale."""
    sum_of, sum_off = _Norm(), _Norm()
    for one, other in _chunks(reference, observed):
        finite = np.isfinite(one) & np.isfinite(other)
        if not finite.all():
            if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
                return Distance(float("inf"), float("inf"))
            one, other = one[finite], other[finite]
        sum_of.add(one)
        sum_off.add(other - one)
    if sum_off.top == 0:
        return Distance(0.0, 0.0)
    norm = sum_of.value
    return Distance(sum_off.value / norm if norm else float("inf"), sum_off.top)


def _chunks(*arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """The arrays, of one shape, in float64 and in the order of the first; a part at a time."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, _CHUNK):
        yield tuple(array[start : start + _CHUNK].astype(np.float64) for array in flat)


class _Norm:
    """The 2-norm of numbers that come in parts, and the largest magnitude, `top`.

    They are divided by `top` first, so that squares neither vanish nor overflow.
    """

    def __init__(self) -> None:
        self.top = 0.0
        self._squares = 0.0

    def add(self, part: NDArray[Any]) -> None:
        """More of them, finite ones."""
        top = max(float(part.max(initial=0.0)), -float(part.min(initial=0.0)))
        if top > self.top:
            self._squares *= (self.top / top) ** 2
            self.top = top
        if self.top:
            scaled = part / self.top
            self._squares += float(np.einsum("i,i->", scaled, scaled))

    @property
    def value(self) -> float:
        """The norm."""
        return self.top * math.sqrt(self._squares)


def aligned(
    reference: NDArray[Any],
    observed: NDArray[Any],
    source_last: bool | None = None,
    target_last: bool | None = None,
) -> NDArray[Any] | None:
    """`observed` with its axes in the order of `reference`; None where the shapes do not go
    together.

    Where several orders fit and the layouts are not known, the one that lies nearer. Axes of size
    1 do not count.
    """
    if reference.ndim != observed.ndim:
        if _squeezed(reference) != _squeezed(observed) or reference.size != observed.size:
            return None
        return observed.reshape(reference.shape)
    fitting = []
    for order in layouts(reference.ndim, source_last, target_last):
        moved = observed.transpose(np.argsort(order))
        if moved.shape == reference.shape:
            fitting.append(moved)
    if not fitting:
        same = _squeezed(reference) == _squeezed(observed)
        return observed.reshape(reference.shape) if same else None
    if len(fitting) == 1 or (source_last is not None and target_last is not None):
        return fitting[0]
    return min(fitting, key=lambda moved: distance(reference, moved).relative)


def _squeezed(array: NDArray[Any]) -> tuple[int, ...]:
    return tuple(size for size in array.shape if size != 1)


def channels_first(array: NDArray[Any], channels_last: bool) -> NDArray[Any]:
    """(N, C, *spatial) of a tensor in its network's layout."""
    return np.moveaxis(array, -1, 1) if channels_last and array.ndim > 2 else array

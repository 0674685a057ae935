"""How far two real tensors are apart, free of their scale; and which axes of one are which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.feeds import layouts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Distance", "aligned", "channels_first", "distance"]


@dataclass(frozen=True, slots=True)
class Distance:
    """`relative` is |observed - reference| / |reference| in the 2-norm, inf where one side has
    an infinity or NaN that the other has not; `largest` is the largest difference.
    """

    relative: float
    largest: float


def distance(reference: NDArray[Any], observed: NDArray[Any]) -> Distance:
    """The distance of two arrays of one shape; works in float64, at any scale."""
    one, other = reference.astype(np.float64).ravel(), observed.astype(np.float64).ravel()
    if not one.size:
        return Distance(0.0, 0.0)
    finite = np.isfinite(one) & np.isfinite(other)
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return Distance(float("inf"), float("inf"))
    off = np.abs(other[finite] - one[finite])
    largest = float(off.max(initial=0.0))
    norm = _norm(one[finite])
    if largest == 0:
        return Distance(0.0, 0.0)
    return Distance(_norm(off) / norm if norm else float("inf"), largest)


def _norm(values: NDArray[Any]) -> float:
    """The 2-norm; scaled first, so that squares neither vanish nor overflow."""
    top = float(np.abs(values).max(initial=0.0))
    return top * float(np.linalg.norm(values / top)) if top else 0.0


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

"""Observed against expected, exactly: how much is wrong, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.oracle import Expected, interior_masks
from padcheck.records import BorderShare, Mismatch, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["compare", "equals", "furthest", "is_close", "is_faint", "strictly"]

#: Frameworks write "no input at all" under a maximum as -inf or as float32's lowest number.
LOWEST = -3.0e38
#: The relative error of a few roundings in float32.
FAINT = 2.0**-21


def equals(observed: NDArray[Any], expected: Expected) -> bool:
    """Whether every defined element, rounded, is the expected integer."""
    return tuple(observed.shape) == expected.shape and not _wrong(observed, expected)[0].any()


def is_faint(observed: NDArray[Any], expected: Expected) -> bool:
    """Whether outputs that are `equals` are off by more than float32 rounds a few times over."""
    wanted = expected.values
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.asarray(observed, dtype=np.float64) - wanted)
        return bool((apart > FAINT * np.abs(wanted)).any())


def is_close(observed: NDArray[Any], expected: Expected, bound: float = 0.0) -> bool:
    """Whether nothing is off by more than `bound`, or than float32 rounds the largest output."""
    wanted = expected.values
    finite = np.abs(wanted[np.isfinite(wanted)])
    most = FAINT * float(finite.max()) if finite.size else 0.0
    return furthest(observed, expected) <= max(bound, most)


def furthest(observed: NDArray[Any], expected: Expected) -> float:
    """The largest difference, nothing rounded; 0 where nothing is defined."""
    apart = _apart(observed, expected)
    return float(apart.max()) if apart.size else 0.0


def strictly(observed: NDArray[Any], expected: Expected, bound: float) -> Mismatch:
    """What differs by more than `bound`, nothing rounded, of two outputs that are `equals`.

    Every output counts where none differs by as much, since then they all differ a little.
    """
    apart = _apart(observed, expected)
    wrong = apart > bound if (apart > bound).any() else apart > 0
    return Mismatch(
        kind="values",
        observed_shape=tuple(observed.shape),
        expected_shape=expected.shape,
        wrong=int(wrong.sum()),
        total=wrong.size,
        max_abs_diff=float(apart.max()),
    )


def _apart(observed: NDArray[Any], expected: Expected) -> NDArray[Any]:
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.asarray(observed, dtype=np.float64) - expected.values)
    return np.where(np.isfinite(apart), apart, 0.0)


def compare(observed: NDArray[Any], expected: Expected, specs: tuple[OpSpec, ...] = ()) -> Mismatch:
    """What differs between `observed` (N, C, *spatial) and `expected`.

    1. Shapes before values; with different shapes nothing else is compared.
    2. Values are rounded to integers and compared with `==`.
    3. Interior: outputs whose windows touch no pad under any of `specs`; the rest is border,
       told apart by axis and end.
    """
    shapes: dict[str, Any] = {
        "observed_shape": tuple(observed.shape),
        "expected_shape": expected.shape,
    }
    if shapes["observed_shape"] != shapes["expected_shape"]:
        return Mismatch(kind="shape", **shapes)  # rule 1
    wrong, diff = _wrong(observed, expected)  # rule 2
    count = int(wrong.sum())
    if not count:
        return Mismatch(kind="none", total=wrong.size, **shapes)
    first = tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), wrong.shape))
    finite = diff[np.isfinite(diff)]
    return Mismatch(
        kind="values",
        wrong=count,
        total=wrong.size,
        max_abs_diff=float(finite.max()) if finite[finite > 0].size else None,
        first=first,
        non_finite=int((~np.isfinite(observed)).sum()),
        **shapes,
        **_places(wrong, specs),
    )


def _wrong(observed: NDArray[Any], expected: Expected) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Which elements are wrong, and the absolute difference in units of the output."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = expected.off(np.where(observed <= LOWEST, -np.inf, observed))
        defined = np.broadcast_to(expected.divisor > 0, apart.shape)
        wrong = defined & ~(apart == 0)
        diff = np.where(wrong, apart, 0.0) / np.maximum(expected.divisor, 1)
    return wrong, diff


def _places(wrong: NDArray[np.bool_], specs: tuple[OpSpec, ...]) -> dict[str, Any]:
    """Interior and border shares (rule 3)."""
    if not specs:
        return {}
    rank = specs[0].rank
    masks = [
        np.logical_and.reduce([interior_masks(spec)[axis] for spec in specs])
        for axis in range(rank)
    ]
    inside = np.ones(wrong.shape[2:], dtype=bool)
    borders = []
    for axis, mask in enumerate(masks):
        shape = [1] * rank
        shape[axis] = -1
        inside &= mask.reshape(shape)
        borders += _ends(wrong, mask, axis)
    return {
        "interior_share": _share(wrong[..., inside]),
        "border_share": _share(wrong[..., ~inside]),
        "borders": tuple(borders),
    }


def _ends(wrong: NDArray[np.bool_], mask: NDArray[np.bool_], axis: int) -> list[BorderShare]:
    """The share of wrong elements before the first and after the last interior output."""
    places = np.flatnonzero(mask)
    if not places.size:
        return []
    along = np.moveaxis(wrong, axis + 2, 0)
    ends = {"before": along[: places[0]], "after": along[places[-1] + 1 :]}
    return [
        BorderShare(axis=axis, end=end, share=float(part.mean()))
        for end, part in ends.items()
        if part.size
    ]


def _share(part: NDArray[np.bool_]) -> float | None:
    return float(part.mean()) if part.size else None

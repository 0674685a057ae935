"""What an observation suggests about fills, channels, bounds and rounding; see `causes.Clues`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes import Clues
from padcheck.oracle import Expected, Sample, short
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fill_clue", "value_clues"]

#: Relative error of a number that a framework worked out in float32 in a few steps.
_FLOAT32 = 2.0**-21
_DTYPES = ("float16", "bfloat16", "integer")


def value_clues(expected: Expected, observed: NDArray[Any], p: int = 1) -> Clues:
    """From a sample (N, C, S) of both: constants per channel, bounds, rounding.

    Both are p-th powers, for Lp pools; the clues are about the norms.
    """
    wanted = expected.values
    if p > 1:
        wanted, observed = wanted ** (1 / p), np.abs(observed) ** (1 / p)
    defined = np.isfinite(wanted)
    if not defined.any():
        return Clues()
    dtype = _dtype(wanted[defined], observed[defined])
    if not np.isfinite(observed[defined]).all():
        return Clues(dtype=dtype)
    return Clues(
        offset=_offset(wanted, observed, defined) if p == 1 else (),
        scale=_scale(wanted, observed, defined),
        bounds=_bounds(wanted[defined], observed[defined]),
        dtype=dtype,
    )


def _rows(values: NDArray[Any], defined: NDArray[Any]) -> list[NDArray[Any]]:
    """Per channel, the defined values."""
    return [values[:, channel][defined[:, channel]] for channel in range(values.shape[1])]


def _offset(
    wanted: NDArray[Any], observed: NDArray[Any], defined: NDArray[Any]
) -> tuple[float, ...]:
    found, large = [], False
    for one, other in zip(_rows(wanted, defined), _rows(observed, defined), strict=True):
        if not one.size:
            return ()
        apart = other - one
        near = _FLOAT32 / 2 * max(1.0, float(np.abs(one).max()))
        if np.ptp(apart) > near:
            return ()
        large = large or bool(np.abs(apart.mean()) > near)
        middle = float(apart.mean())
        found.append(float(round(middle)) if abs(middle - round(middle)) < 1e-3 else middle)
    return tuple(found) if large else ()


def _scale(
    wanted: NDArray[Any], observed: NDArray[Any], defined: NDArray[Any]
) -> tuple[float, ...]:
    """Least squares per channel; () unless every output is the product within float32's error."""
    found = []
    for one, other in zip(_rows(wanted, defined), _rows(observed, defined), strict=True):
        square = float(np.dot(one, one))
        if not square:
            return ()
        ratio = float(np.dot(one, other)) / square
        near = _FLOAT32 * float(np.abs(one).max()) * ratio  # weights may be scaled, and rounded
        if ratio <= 0 or (np.abs(other - ratio * one) > near).any():
            return ()
        found.append(ratio)
    return tuple(found) if any(abs(ratio - 1) > _FLOAT32 / 8 for ratio in found) else ()


def _bounds(wanted: NDArray[Any], observed: NDArray[Any]) -> tuple[float, float] | None:
    """The extremes of the output, on the sides where the reference goes beyond them."""
    low, high = float(observed.min()), float(observed.max())
    beyond = _FLOAT32 * 8 * max(1.0, abs(low), abs(high))
    low = low + 0.0 if wanted.min() < low - beyond else -math.inf
    high = high if wanted.max() > high + beyond else math.inf
    if low == high or (math.isinf(low) and math.isinf(high)):
        return None
    if not ((observed > low) & (observed < high)).any():
        return None  # nothing is left to tell a bound from a constant
    clipped = np.clip(wanted, low, high)
    near = _FLOAT32 * np.maximum(1.0, np.abs(clipped))
    return (low, high) if (np.abs(clipped - observed) <= near).all() else None


def _dtype(wanted: NDArray[Any], observed: NDArray[Any]) -> str:
    for dtype in _DTYPES:
        rounded = short(wanted, dtype)
        if (rounded == observed).all() and (rounded != wanted).any():
            return dtype
    return ""


def fill_clue(spec: OpSpec, sample: Sample, observed: NDArray[Any]) -> tuple[float, ...]:
    """The constant that pad taps must hold for `spec` to give what was seen, if there is one.

    1. A sum is affine in what the pads hold: two evaluations tell the number.
    2. A maximum that no input explains is what the pads hold.
    """
    if spec.kind is OpKind.CONV_TRANSPOSE or not spec.reads_padding:
        return ()
    if spec.kind is OpKind.MAX_POOL:
        plain = sample.expected(spec.replace(pad_mode="constant", pad_value=-math.inf)).values
        found = np.unique(observed[observed != plain])  # rule 2
        return (float(found[0]),) if found.size == 1 and math.isfinite(found[0]) else ()
    zero, one = (
        sample.expected(spec.replace(pad_mode="constant", pad_value=value)).values
        for value in (0.0, 1.0)
    )
    slope = one - zero
    moved = np.isfinite(slope) & (slope != 0)
    moved &= np.isfinite(observed)
    if not moved.any():
        return ()
    rise = observed[moved] - zero[moved]
    fill = float(np.dot(slope[moved], rise) / np.dot(slope[moved], slope[moved]))  # rule 1
    if spec.kind is OpKind.LP_POOL:
        fill = max(fill, 0.0) ** (1 / spec.p)
    if not math.isfinite(fill):
        return ()
    return (float(round(fill)) if abs(fill - round(fill)) < 1e-4 else fill,)

"""Innocents in numpy: other ways to compute the same op, and noise that is no fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.corpus import engine
from tests.corpus.cases import POOLS, RANKS, WINDOWED, Box, Case, numpy_box, sizes, windowed
from tests.corpus.references import reference

Array = np.ndarray
KINDS = (*WINDOWED, "conv_transpose")


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_pads(rank), *_noise(rank), *_pools(rank)]
    return made


def _case(kind: str, title: str, given: dict[str, Any], box: Box) -> Case:
    return Case((), kind, title, given, box)


def _pads(rank: int) -> Iterator[Case]:
    """Pads written otherwise that come to the same windows at the size that is asked."""
    for kind in WINDOWED:
        given = windowed(kind, rank, 8, 3, 2, 1, "same_upper")
        yield _case(
            kind, "SAME as the pair written for it", given, numpy_box(kind, 3, 2, 1, (0, 1))
        )
        given = windowed(kind, rank, 8, 3, 2, 1, (0, 1))
        yield _case(kind, "pair read as SAME", given, numpy_box(kind, 3, 2, 1, engine.same))
        given = windowed(kind, rank, 8, 3, 2, 1, 1)
        yield _case(kind, "pad after that is never read", given, numpy_box(kind, 3, 2, 1, (1, 0)))
        given = windowed(kind, rank, 9, 3, 2, 1, 1)
        yield _case(kind, "odd sizes under SAME", given, numpy_box(kind, 3, 2, 1, engine.same))
        given = windowed(kind, rank, 8, 1, 3, 1, "same_lower")
        yield _case(kind, "k below s clamped", given, numpy_box(kind, 1, 3, 1, 0))
        given = windowed(kind, rank, 8, 4, 2, 1, "same_lower")
        yield _case(kind, "even total of SAME", given, numpy_box(kind, 4, 2, 1, 1))
        given = windowed(kind, rank, 9, 3, 2, 1, 0)
        yield _case(
            kind, "ceil that makes no difference", given, numpy_box(kind, 3, 2, 1, 0, ceil=True)
        )
    given = windowed("conv", rank, 8, 3, 2, 1, 1)

    def padded_then_cropped(x: Array, w: Array) -> Array:
        wide = np.pad(x, [(0, 0), (0, 0)] + [(2, 2)] * (x.ndim - 2))
        inner = (slice(None), slice(None)) + (slice(1, -1),) * (x.ndim - 2)
        return engine.conv(wide[inner], w, stride=2)

    yield _case("conv", "padded by 2 and cropped by 1", given, padded_then_cropped)
    given = windowed("conv", rank, 8, 3, 1, 1, "causal")

    def chopped(x: Array, w: Array) -> Array:
        y = engine.conv(x, w, pads=2)
        return y[(slice(None), slice(None)) + (slice(None, -2),) * (x.ndim - 2)]

    yield _case("conv", "causal by padding both ends and chopping", given, chopped)
    given = windowed("conv", rank, 8, 3, 1, 1, -1)

    def inner(x, w):
        return engine.conv(x[(..., *(slice(1, -1),) * (x.ndim - 2))], w)

    yield _case("conv", "negative pads as a crop", given, inner)


def _noise(rank: int) -> Iterator[Case]:
    """Rounding that stays below any fault."""
    rng = np.random.default_rng(0)

    def blurred(y: Array) -> Array:
        return (y * (1 + 1e-6 * rng.uniform(-1, 1, y.shape))).astype(np.float32)

    for kind in KINDS:
        given = windowed(kind, rank, 8, 3, 2, 1, 1)
        right = reference(kind, given)
        yield _case(kind, "noise of 1e-6", given, lambda *a, right=right: blurred(right(*a)))

        def wide(*a, right=right):
            return right(*a).astype(np.float64)

        yield _case(kind, "float64", given, wide)

        def ordered(*a, right=right):
            return np.asfortranarray(right(*a))

        yield _case(kind, "Fortran order", given, ordered)

        def writing(*arrays: Array, right: Box = right) -> Array:
            made = right(*arrays)
            for array in arrays:
                array[...] = 99
            return made

        yield _case(kind, "writes into its inputs", given, writing)
    for kind in ("conv", "conv_transpose"):
        given = windowed(kind, rank, 8, 3, 1, 1, 1)
        right = reference(kind, given)

        def short(x, w, right=right):
            return right(tf32(x), tf32(w))

        yield _case(kind, "TF32", given, short)
        folded = {**given, "epsilon": 1e-3, "bias": True}
        factor = np.float32(1 / np.sqrt(1 + 1e-3))

        def scaled(x, w, b, right=right, f=factor):
            return right(x, w * f, b * f)

        yield _case(kind, "normalization folded into the weight", folded, scaled)


def tf32(x: Array) -> Array:
    """float32 with 10 bits of mantissa, to nearest."""
    bits = x.astype(np.float32).view(np.uint32)
    kept: Array = ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)
    return kept


def _pools(rank: int) -> Iterator[Case]:
    for mode in ("edge", "reflect", "symmetric"):
        given = windowed("max_pool", rank, 8, 3, 2, 1, 1)
        box = numpy_box("max_pool", 3, 2, 1, 1, mode=mode)
        yield _case("max_pool", f"{mode} before a max pool", given, box)
    given = windowed("max_pool", rank, 8, 3, 2, 1, "same_upper")
    lowest = numpy_box("max_pool", 3, 2, 1, engine.same, fill=float(np.finfo(np.float32).min))
    yield _case("max_pool", "lowest float for -inf", given, lowest)

    def negated(x):
        return -(
            engine.reading(-x, 3, 2, 1, engine.same, fill=np.inf).min(axis=tuple(range(-rank, 0)))
        ).astype(np.float32)

    yield _case("max_pool", "minimum of the negative", given, negated)
    if rank > 1:
        yield _case("max_pool", "one axis after the other", given, _separable)
    for counted in (False, True):
        given = windowed("average_pool", rank, 8, 3, 1, 1, 0)
        given["count_include_pad"] = counted
        box = numpy_box("average_pool", 3, 1, 1, 0, counted=not counted)
        yield _case("average_pool", f"nothing to count {counted}", given, box)
    given = windowed("average_pool", rank, 8, 3, 2, 1, 0)

    def depthwise(x: Array) -> Array:
        w = np.full((x.shape[1], 1, *(3,) * rank), 3.0**-rank)
        return engine.conv(x, w, stride=2, group=x.shape[1])

    yield _case("average_pool", "depthwise convolution", given, depthwise)
    given = windowed("lp_pool", rank, 8, 3, 2, 1, 1)

    def mean_of_squares(x: Array) -> Array:
        mean = engine.average_pool(x**2, kernel=3, stride=2, pads=1, counted=True)
        return np.sqrt(mean.astype(np.float64) * 3**rank).astype(np.float32)

    yield _case("lp_pool", "root of a mean of squares", given, mean_of_squares)
    ones = {**windowed("lp_pool", rank, 8, 3, 2, 1, 1), "p": 1}

    def total(x):
        return engine.lp_pool(np.abs(x), kernel=3, stride=2, pads=1, p=1)

    yield _case("lp_pool", "p of 1 as a sum", ones, total)
    for kind in POOLS:
        given = windowed(kind, rank, 8, 2, 2, 1, 0) | {"ceil_mode": True}
        given["input_size"] = sizes(rank, 8, 2)
        yield _case(kind, "ceil_mode on whole windows", given, numpy_box(kind, 2, 2, 1, 0))


def _separable(x: Array) -> Array:
    y = x
    for axis in range(x.ndim - 2):
        one = tuple(3 if other == axis else 1 for other in range(x.ndim - 2))
        step = tuple(2 if other == axis else 1 for other in range(x.ndim - 2))
        y = engine.max_pool(y, kernel=one, stride=step, pads=engine.same)
    return y

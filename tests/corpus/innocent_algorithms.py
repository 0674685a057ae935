"""Innocents in numpy: other algorithms for a convolution, plain and transposed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.corpus import engine
from tests.corpus.cases import RANKS, Box, Case, sizes, windowed

Array = np.ndarray


def cases() -> list[Case]:
    return [case for rank in RANKS for case in (*_ways(rank), *_transposed(rank))]


def _case(kind: str, title: str, given: dict[str, Any], box: Box) -> Case:
    return Case((), kind, title, given, box)


def _ways(rank: int) -> Iterator[Case]:
    """Other algorithms for a convolution."""
    given = windowed("conv", rank, 8, 3, 1, 1, 1)
    yield _case("conv", "by Fourier transforms", given, _fourier)
    yield _case("conv", "sum of shifted products", given, _shifted)
    yield _case("conv", "all of it mirrored", given, _mirrored)
    if rank == 1:
        yield _case("conv", "Winograd", {**given, "input_size": (8,)}, _winograd)
    given = windowed("conv", rank, 8, 3, 2, 1, 1)
    each = (slice(None), slice(None)) + (slice(None, None, 2),) * rank
    yield _case("conv", "every other output", given, lambda x, w: engine.conv(x, w, pads=1)[each])
    given = windowed("conv", rank, 8, 3, 1, 2, 2)

    def stuffed(x: Array, w: Array) -> Array:
        wide = np.zeros((*w.shape[:2], *(2 * k - 1 for k in w.shape[2:])), np.float32)
        wide[(slice(None), slice(None)) + (slice(None, None, 2),) * rank] = w
        return engine.conv(x, wide, pads=2)

    yield _case("conv", "dilation as zeros in the kernel", given, stuffed)
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "channels": (4, 6), "group": 2}

    def split(x: Array, w: Array) -> Array:
        halves = zip(np.split(x, 2, axis=1), np.split(w, 2), strict=True)
        return np.concatenate([engine.conv(a, b, pads=1) for a, b in halves], axis=1)

    yield _case("conv", "groups split and joined", given, split)

    def block(x: Array, w: Array) -> Array:
        dense = np.zeros((6, 4, *w.shape[2:]), np.float32)
        dense[:3, :2], dense[3:, 2:] = w[:3], w[3:]
        return engine.conv(x, dense, pads=1)

    yield _case("conv", "groups as a block of zeros", given, block)
    given = {**windowed("conv", rank, 6, 1, 2, 1, 0), "bias": True}

    def dense(x: Array, w: Array, b: Array) -> Array:
        y = np.einsum("nc...,oc->no...", x[each], w.reshape(w.shape[:2]))
        return (y + b.reshape(1, -1, *(1,) * rank)).astype(np.float32)

    yield _case("conv", "k1 as a matrix product", given, dense)
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        given = {**windowed("conv", rank, 6, 5, 1, 1, 2), "pad_mode": mode}

        def twice(x, w, mode=mode):
            return engine.conv(engine.padded(x, [(2, 2)] * rank, mode=mode), w)

        yield _case("conv", f"{mode} ahead of VALID", given, twice)


def _fourier(x: Array, w: Array) -> Array:
    rank = x.ndim - 2
    axes = tuple(range(2, x.ndim))
    shape = [n + 4 for n in x.shape[2:]]
    a = np.fft.fftn(np.pad(x, [(0, 0), (0, 0)] + [(1, 1)] * rank), shape, axes)
    b = np.fft.fftn(np.flip(w, axes), shape, axes)
    y = np.fft.ifftn(np.einsum("nc...,oc...->no...", a, b), axes=axes).real
    inner = (slice(None), slice(None), *tuple(slice(2, 2 + n) for n in x.shape[2:]))
    return y[inner].astype(np.float32)


def _shifted(x: Array, w: Array) -> Array:
    rank = x.ndim - 2
    wide = np.pad(x, [(0, 0), (0, 0)] + [(1, 1)] * rank)
    total = np.zeros((x.shape[0], w.shape[0], *x.shape[2:]), np.float32)
    for tap in np.ndindex(*w.shape[2:]):
        part = wide[(..., *(slice(j, j + n) for j, n in zip(tap, x.shape[2:], strict=True)))]
        total += np.einsum("nc...,oc->no...", part, w[(..., *tap)])
    return total


def _mirrored(x: Array, w: Array) -> Array:
    axes = tuple(range(2, x.ndim))
    return np.flip(engine.conv(np.flip(x, axes), np.flip(w, axes), pads=1), axes)


def _winograd(x: Array, w: Array) -> Array:
    """F(2, 3) on one axis, in float32."""
    g = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)
    d = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float32)
    a = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float32)
    n = x.shape[2]
    wide = np.pad(x, [(0, 0), (0, 0), (1, 1 + n % 2)])
    tiles = np.stack([wide[:, :, i : i + 4] for i in range(0, n, 2)], axis=2)
    moved = np.einsum("ij,nctj->ncti", d, tiles)
    product = np.einsum("ncti,oci->noti", moved, np.einsum("ij,ocj->oci", g, w))
    y = np.einsum("ij,notj->noti", a, product)
    return y.reshape(*y.shape[:2], -1)[:, :, :n].astype(np.float32)


def _transposed(rank: int) -> Iterator[Case]:
    kind = "conv_transpose"
    given = {"input_size": sizes(rank, 5), "kernel_size": 3, "stride": 2, "pads": 1}
    yield _case(kind, "scattered", given, _scattered)
    given = {"input_size": sizes(rank, 5), "kernel_size": 4, "stride": 2, "pads": "same_upper"}

    def crops(x, w) -> Array:
        return engine.conv_transpose(x, w, stride=2, crops=1)

    yield _case(kind, "even SAME as crops of 1", given, crops)
    whole = tuple(2 * n for n in sizes(rank, 5))
    given = {"input_size": sizes(rank, 5), "kernel_size": 3, "stride": 2}
    given |= {"output_shape": whole, "pads": "same_upper"}

    def same(x, w):
        return engine.conv_transpose(x, w, stride=2, crops=(0, 1))

    yield _case(kind, "output_shape as crops", given, same)


def _scattered(x: Array, w: Array) -> Array:
    rank = x.ndim - 2
    room = [2 * (n - 1) + 3 for n in x.shape[2:]]
    total = np.zeros((x.shape[0], w.shape[1], *room), np.float32)
    for place in np.ndindex(*x.shape[2:]):
        part = np.einsum("nc,co...->no...", x[(..., *place)], w)
        total[(..., *(slice(2 * i, 2 * i + 3) for i in place))] += part
    return total[(..., *(slice(1, -1),) * rank)]

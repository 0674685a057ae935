"""How far apart two arrays are, a part at a time."""

import math

import numpy as np
import pytest

from padcheck.checks.compare.distance import Distance, distance

RANDOM = np.random.default_rng(0)


def plain(one, other):
    off = other.astype(np.float64) - one.astype(np.float64)
    return np.linalg.norm(off) / np.linalg.norm(one.astype(np.float64)), np.abs(off).max()


@pytest.mark.parametrize("size", [1, 7, 1 << 16, (1 << 16) + 1, 200_003])
def test_is_the_plain_formula(size):
    one = RANDOM.standard_normal(size).astype(np.float32)
    other = one + RANDOM.standard_normal(size).astype(np.float32) * np.float32(1e-3)
    found = distance(one, other)
    assert (found.relative, found.largest) == pytest.approx(plain(one, other), rel=1e-12)


def test_the_parts_may_grow():
    one = np.repeat(10.0 ** np.arange(-4, 5), 1 << 15)
    other = one * 1.5
    assert distance(one, other).relative == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-30, 1e30, 1e300])
def test_squares_neither_vanish_nor_overflow(scale):
    one = RANDOM.integers(1, 9, 100).astype(np.float64) * scale
    assert distance(one, one * 2).relative == pytest.approx(1)


def test_another_layout_in_memory():
    one = RANDOM.standard_normal((2, 3, 50, 70))
    other = np.ascontiguousarray((one + 1).transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    assert distance(one, other).relative == pytest.approx(plain(one, other)[0])


def test_equal_arrays_and_empty_ones():
    assert distance(np.zeros(3), np.zeros(3)) == Distance(0.0, 0.0)
    assert distance(np.zeros((2, 0)), np.zeros((2, 0))) == Distance(0.0, 0.0)
    assert distance(np.zeros(3), np.ones(3)) == Distance(math.inf, 1.0)


@pytest.mark.parametrize("at", [0, 150_000])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_infinities_must_be_the_same(odd, at):
    one = np.ones(200_000)
    one[at] = odd
    assert distance(one, np.ones(200_000)) == Distance(math.inf, math.inf)
    assert distance(one, one.copy()) == Distance(0.0, 0.0)
    assert distance(one, np.where(np.isfinite(one), 2.0, one)).relative == pytest.approx(1)

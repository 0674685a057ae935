"""One weight and one offset per convolution."""

import math

import numpy as np
import pytest

import padcheck
from padcheck.checks.compare.effective import effective
from tests.checks.compare.made import site, with_values

SPEC = padcheck.conv(input_size=(8, 8), kernel_size=3, channels=(40, 300))
RANDOM = np.random.default_rng(0)
WEIGHT = RANDOM.standard_normal(SPEC.weight_shape, dtype=np.float32)
SCALE = RANDOM.uniform(0.5, 2, 300)


def made(weight=WEIGHT, **numbers):
    return effective((site(SPEC),), (with_values(weight, **numbers),))


def last(weight):
    """The same numbers with output channels last in memory."""
    return np.ascontiguousarray(np.moveaxis(weight, 0, -1)).transpose(3, 0, 1, 2)


@pytest.mark.parametrize("weight", [WEIGHT, last(WEIGHT)])
def test_chunks_are_all_rows_in_order(weight):
    assert np.array_equal(weight, WEIGHT)
    chunks = list(made(weight, scale=SCALE).chunks())
    assert len(chunks) > 1
    whole = np.concatenate([part for _, part in chunks])
    assert np.array_equal(whole, WEIGHT.reshape(300, -1).astype(np.float64) * SCALE[:, None])
    assert [rows.start for rows, _ in chunks][1] == len(chunks[0][1])


def test_the_folded_weight_is_rounded_once():
    exact = WEIGHT.astype(np.float64) * SCALE[:, None, None, None]
    assert np.array_equal(made(scale=SCALE).folded(), exact.astype(np.float32))


def test_a_weight_without_a_scale_is_not_copied():
    assert np.shares_memory(made().folded(), WEIGHT)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_finite(odd):
    assert made(scale=SCALE).is_finite
    weight, scale, offset = WEIGHT.copy(), SCALE.copy(), np.zeros(300)
    weight[-1, 0, 2, 2] = scale[7] = offset[9] = odd
    assert not made(weight).is_finite
    assert not made(scale=scale).is_finite
    assert not made(offset=offset).is_finite


def test_a_scale_that_overflows():
    weight = np.zeros_like(WEIGHT)
    weight[0] = 2
    scale = np.ones(300)
    scale[1] = 1.7e308  # its channel is all zeros
    assert made(weight, scale=scale).is_finite
    scale[0] = 1.7e308
    assert not made(weight, scale=scale).is_finite

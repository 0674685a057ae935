"""Weights in a few numbers per output channel, however they lie in memory."""

import numpy as np
import pytest

import padcheck
from padcheck.matching.signature import Likeness, Turn, alike, sign
from padcheck.records import OpValues

SPEC = padcheck.conv(input_size=(8, 9), kernel_size=(3, 2), channels=(6, 8))
WEIGHT = np.random.default_rng(0).standard_normal(SPEC.weight_shape, dtype=np.float32)
#: The axes of (O, I, kh, kw) in the order of memory: ONNX's, TFLite's, Keras's, and two others.
LAYOUTS = [(0, 1, 2, 3), (0, 2, 3, 1), (2, 3, 1, 0), (3, 2, 1, 0), (1, 0, 2, 3)]


def stored_as(order):
    """WEIGHT with its axes in memory in this order."""
    return np.ascontiguousarray(WEIGHT.transpose(order)).transpose(np.argsort(order))


@pytest.mark.parametrize("order", LAYOUTS)
@pytest.mark.parametrize("turn", [None, Turn(transposed=True, flipped=(0,))])
def test_the_layout_in_memory_does_not_show(order, turn):
    weight = stored_as(order)
    assert np.array_equal(weight, WEIGHT)
    one, other = (sign(SPEC, OpValues(weight=array), turn) for array in (WEIGHT, weight))
    assert alike(one, other, Likeness.EFFECTIVE)
    np.testing.assert_allclose(one.projections, other.projections, atol=1e-5)
    np.testing.assert_allclose(one.norms, other.norms, rtol=1e-6)


@pytest.mark.parametrize("order", LAYOUTS)
def test_other_weights_are_told_apart_in_every_layout(order):
    rolled = OpValues(weight=np.roll(stored_as(order), 1, axis=1))
    one = sign(SPEC, OpValues(weight=WEIGHT))
    assert not alike(one, sign(SPEC, rolled), Likeness.FACTOR)

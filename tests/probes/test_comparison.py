"""What differs, how much of it, and where."""

import numpy as np
import pytest

from padcheck.oracle import evaluate
from padcheck.probes import compare, equals, make_probe
from padcheck.records import OpKind
from tests.specs import box_of, spec


def expected_of(op):
    probe = make_probe(op)
    return evaluate(op, probe.x, probe.weight, probe.bias)


def test_shapes_come_before_values():
    op = spec(8, 3, pads=1)
    found = compare(np.zeros((1, 3, 7, 8)), expected_of(op), (op,))
    assert (found.kind, found.share, found.first) == ("shape", 1.0, None)
    assert (found.observed_shape, found.expected_shape) == ((1, 3, 7, 8), (1, 3, 8, 8))


def test_one_wrong_element_is_found_and_placed():
    op = spec(8, 3, pads=1)
    expected = expected_of(op)
    observed = expected.numerator.astype(np.float32)
    observed[0, 2, 4, 5] += 3
    found = compare(observed, expected, (op,))
    assert (found.wrong, found.total, found.first) == (1, 192, (0, 2, 4, 5))
    assert found.max_abs_diff == 3.0
    assert found.interior_share == pytest.approx(1 / 108)
    assert found.border_share == 0.0


@pytest.mark.parametrize(
    ("place", "axis", "end"),
    [((0, 0, 0, 4), 0, "before"), ((0, 0, 7, 4), 0, "after"), ((0, 0, 3, 7), 1, "after")],
)
def test_the_wrong_border_is_named(place, axis, end):
    op = spec(8, 3, pads=1)
    expected = expected_of(op)
    observed = expected.numerator.astype(np.float32)
    observed[place] += 1
    found = compare(observed, expected, (op,))
    guilty = {(b.axis, b.end) for b in found.borders if b.share > 0}
    assert (axis, end) in guilty
    assert (axis, "before" if end == "after" else "after") not in guilty


def test_rounding_noise_is_no_difference_and_half_a_unit_is():
    op = spec(8, 3, pads=1)
    expected = expected_of(op)
    assert equals(expected.numerator + 0.4, expected)
    assert not equals(expected.numerator + 0.6, expected)


def test_nan_is_wrong_and_counted():
    op = spec(4, 3, pads=1)
    expected = expected_of(op)
    observed = expected.numerator.astype(np.float32)
    observed[0, 0, 1, 1] = np.nan
    found = compare(observed, expected)
    assert (found.wrong, found.non_finite) == (1, 1)


@pytest.mark.parametrize("empty", [-np.inf, np.finfo(np.float32).min])
def test_both_spellings_of_an_empty_maximum_are_the_same(empty):
    pool = spec(1, 1, pads=1, rank=1, kind=OpKind.MAX_POOL)
    observed = np.array([[[empty, -1.0, empty]] * 2], dtype=np.float32)
    assert equals(observed, evaluate(pool, np.full((1, 2, 1), -1)))


@pytest.mark.parametrize("k", [2, 3, 5, 7])
def test_every_other_divisor_shows(k):
    op = spec(2 * k + 3, k, pads=k // 2, kind=OpKind.AVERAGE_POOL)
    probe = make_probe(op)
    observed = box_of(lambda s: s.replace(count_include_pad=True))(op, probe)
    found = compare(observed, evaluate(op, probe.x), (op,))
    assert found.border_share == 1.0
    assert found.interior_share == 0.0

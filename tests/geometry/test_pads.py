"""SAME, against its definition: the least padding that gives ceil(n / s) outputs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    Window,
    explicit,
    output_size,
    raw_same_total,
    same_output_size,
    same_total,
)

WINDOWS = st.builds(Window, st.integers(1, 9), st.integers(1, 7), st.integers(1, 4))
SIZES = st.integers(1, 64)


@given(SIZES, WINDOWS)
def test_same_total_is_the_least_that_gives_the_promised_outputs(n, window):
    wanted = same_output_size(n, window.stride)
    least = next(p for p in range(200) if output_size(n, window, 0, p) >= wanted)
    assert same_total(n, window) == least


@given(SIZES, WINDOWS)
def test_upper_and_lower_share_a_total_and_put_the_odd_one_at_opposite_ends(n, window):
    upper, lower = SAME_UPPER.resolve(n, window), SAME_LOWER.resolve(n, window)
    assert lower == upper[::-1]
    assert sum(upper) == same_total(n, window)
    assert 0 <= upper[1] - upper[0] <= 1


@given(SIZES, WINDOWS)
def test_the_raw_total_is_negative_only_where_the_stride_exceeds_the_kernel(n, window):
    assert raw_same_total(n, window) >= 0 or window.stride > window.effective_kernel


@given(SIZES, WINDOWS)
def test_causal_never_reads_ahead(n, window):
    before, after = CAUSAL.resolve(n, window)
    assert after == 0
    assert -before + window.effective_kernel - 1 == 0  # output 0's last tap is input 0


@pytest.mark.parametrize(
    ("n", "k", "s", "d", "pair"),
    [
        (224, 3, 2, 1, (0, 1)),
        (225, 3, 2, 1, (1, 1)),
        (513, 3, 2, 1, (1, 1)),
        (257, 3, 2, 1, (1, 1)),
        (512, 3, 2, 1, (0, 1)),
        (224, 7, 2, 1, (2, 3)),
        (224, 5, 2, 1, (1, 2)),
        (224, 11, 4, 1, (3, 4)),
        (8, 4, 2, 1, (1, 1)),
        (8, 2, 1, 1, (0, 1)),
        (16, 3, 1, 2, (2, 2)),
        (9, 1, 5, 1, (0, 0)),
        (128, 6, 1, 2, (5, 5)),
        (128, 7, 1, 2, (6, 6)),
    ],
)
def test_same_of_real_cases(n, k, s, d, pair):
    assert SAME_UPPER.resolve(n, Window(k, s, d)) == pair


def test_valid_and_explicit_do_not_look_at_the_size():
    assert VALID.resolve(7, Window(3)) == (0, 0)
    assert explicit(-2, 3).resolve(7, Window(3)) == (-2, 3)

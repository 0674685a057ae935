"""Transposed convolution against scattering every tap of every input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padcheck.errors import GeometryError
from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    Window,
    explicit,
    full_size,
    resolve_crops,
    same_crop_total,
    write_positions,
)

WINDOWS = st.builds(Window, st.integers(1, 7), st.integers(1, 6), st.integers(1, 3))
SIZES = st.integers(1, 20)


@given(SIZES, WINDOWS)
def test_full_size_is_the_extent_of_all_writes(n, window):
    written = [p for i in range(n) for p in write_positions(i, window, 0)]
    assert min(written) == 0
    assert max(written) == full_size(n, window) - 1


@given(SIZES, WINDOWS, st.sampled_from([SAME_UPPER, SAME_LOWER]))
def test_same_leaves_n_times_stride(n, window, rule):
    before, after = resolve_crops(n, window, rule)
    assert full_size(n, window) - before - after == n * window.stride
    assert before >= 0
    if window.effective_kernel >= window.stride:
        assert before + after == same_crop_total(window)
        assert abs(before - after) <= 1


@given(SIZES, WINDOWS, st.integers(0, 3), st.integers(0, 3), st.integers(0, 2))
def test_explicit_crops_and_output_padding(n, window, before, after, extra):
    crops = resolve_crops(n, window, explicit(before, after), extra)
    assert crops == (before, after - extra)


@given(SIZES, WINDOWS, st.integers(0, 12), st.sampled_from([SAME_UPPER, SAME_LOWER]))
def test_an_output_size_is_met_and_split_by_policy(n, window, less, rule):
    wanted = full_size(n, window) - less
    before, after = resolve_crops(n, window, rule, 0, wanted)
    assert full_size(n, window) - before - after == wanted
    assert before == (less // 2 if rule is SAME_UPPER else less - less // 2)


@pytest.mark.parametrize(
    ("k", "s", "rule", "extra", "crops"),
    [
        (3, 2, SAME_UPPER, 0, (0, 1)),
        (3, 2, explicit(1, 1), 1, (1, 0)),
        (4, 2, SAME_UPPER, 0, (1, 1)),
        (5, 2, SAME_UPPER, 0, (1, 2)),
        (2, 3, SAME_UPPER, 0, (0, -1)),
    ],
)
def test_crops_of_real_cases(k, s, rule, extra, crops):
    assert resolve_crops(8, Window(k, s), rule, extra) == crops


def test_causal_is_no_crop():
    with pytest.raises(GeometryError, match="CAUSAL"):
        resolve_crops(8, Window(3), CAUSAL)

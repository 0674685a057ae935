"""Output sizes against counting windows one by one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from padcheck.errors import GeometryError
from padcheck.geometry import Rounding, Window, output_size, same_output_size

WINDOWS = st.builds(Window, st.integers(1, 7), st.integers(1, 6), st.integers(1, 4))


def counted(n: int, window: Window, before: int, after: int) -> int:
    """Windows that fit, found by sliding one."""
    starts = range(-before, n + after, window.stride)
    return sum(start + window.effective_kernel <= n + after for start in starts)


def covering(n: int, window: Window, before: int, after: int) -> list[int]:
    """Starts of the fewest windows of which the last reaches the padded end."""
    starts = [-before]
    while starts[-1] + window.effective_kernel < n + after:
        starts.append(starts[-1] + window.stride)
    return starts


@given(st.integers(1, 40), WINDOWS, st.integers(-3, 8), st.integers(-3, 8))
def test_floor_counts_the_windows_that_fit(n, window, before, after):
    assert output_size(n, window, before, after) == counted(n, window, before, after)


@given(st.integers(1, 40), WINDOWS, st.integers(0, 8), st.integers(0, 8))
def test_ceil_covers_the_padded_end_and_drops_a_last_window_that_starts_past_the_input(
    n, window, before, after
):
    assume(n + before + after >= window.effective_kernel)
    starts = covering(n, window, before, after)
    if starts[-1] >= n:
        starts.pop()
    assert output_size(n, window, before, after, Rounding.CEIL) == len(starts)


@pytest.mark.parametrize(
    ("n", "k", "s", "before", "after", "expected"),
    [
        (32, 1, 2, 0, 0, 16),  # a naive ceil gives 17
        (5, 2, 2, 1, 1, 3),  # OpenVINO gave 4
        (9, 4, 4, 2, 2, 3),  # torch's documented formula gives 4
        (112, 3, 2, 0, 0, 56),  # Caffe
        (8, 2, 2, 0, 1, 4),  # onnx2torch gave 5
        (6, 3, 2, 0, 0, 3),
    ],
)
def test_ceil_of_real_cases(n, k, s, before, after, expected):
    assert output_size(n, Window(k, s), before, after, Rounding.CEIL) == expected


def test_a_window_larger_than_its_padded_input_gives_nothing():
    assert output_size(2, Window(5), 1, 1) == 0


@given(st.integers(1, 100), st.integers(1, 9))
def test_same_output_size_counts_every_stride_started(n, stride):
    assert same_output_size(n, stride) == len(range(0, n, stride))


@pytest.mark.parametrize("field", ["kernel_size", "stride", "dilation"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "3", True])
def test_a_window_takes_ints_from_one_up(field, value):
    with pytest.raises(GeometryError, match=rf"expected int >= 1 but got {field}="):
        Window(**{"kernel_size": 3, field: value})

"""Every closed form about taps, against enumerating them."""

from hypothesis import given
from hypothesis import strategies as st

from padcheck.geometry import (
    Rounding,
    Window,
    divisor,
    enumerate_reads,
    interior,
    output_size,
    reads_any_input,
    reads_padding,
    real_taps,
    unread_head,
    unread_tail,
)

WINDOWS = st.builds(Window, st.integers(1, 6), st.integers(1, 7), st.integers(1, 4))
CASES = st.tuples(
    st.integers(1, 24),
    WINDOWS,
    st.integers(-4, 9),
    st.integers(-4, 9),
    st.sampled_from(Rounding),
)


def reads(case):
    """Per output, what each tap reads: a position, or None for a pad."""
    n, window, before, after, rounding = case
    size = output_size(n, window, before, after, rounding)
    rows = [[] for _ in range(size)]
    for output, _, position in enumerate_reads(n, window, before, size):
        rows[output].append(position)
    return rows


@given(CASES)
def test_real_taps(case):
    n, window, before, *_ = case
    for output, row in enumerate(reads(case)):
        expected = sum(position is not None for position in row)
        assert real_taps(output, n, window, before) == expected


@given(CASES)
def test_reads_padding_and_reads_any_input(case):
    n, window, before, *_ = case
    rows = reads(case)
    flat = [position for row in rows for position in row]
    assert reads_padding(n, window, before, len(rows)) == (None in flat)
    real = any(position is not None for position in flat)
    assert reads_any_input(n, window, before, len(rows)) == real


@given(CASES)
def test_interior(case):
    n, window, before, *_ = case
    rows = reads(case)
    inside = [output for output, row in enumerate(rows) if None not in row]
    first, end = interior(n, window, before, len(rows))
    # an output whose span leaves the input but whose taps do not is border by definition
    assert list(range(first, end)) == inside


@given(CASES)
def test_unread_head_and_tail(case):
    n, window, before, *_ = case
    rows = reads(case)
    real = [position for row in rows for position in row if position is not None]
    tail = unread_tail(n, window, before, len(rows))
    assert tail == n - 1 - max(real, default=-1)
    assert unread_head(n, before) <= min(real, default=n)


@given(CASES)
def test_divisor(case):
    n, window, before, after, _ = case
    if before < 0 or after < 0:
        return
    for output, row in enumerate(reads(case)):
        real = sum(position is not None for position in row)
        assert divisor(output, n, window, before, after, False) == real
        start = output * window.stride - before
        inside = [start + j * window.dilation < n + after for j in range(window.kernel_size)]
        assert divisor(output, n, window, before, after, True) == sum(inside)

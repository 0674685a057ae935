"""Agreement of two padding rules, against comparing every tap at every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    Rounding,
    Window,
    agree_at,
    agreement,
    enumerate_reads,
    explicit,
    output_size,
)

WINDOWS = st.builds(Window, st.integers(1, 5), st.integers(1, 6), st.integers(1, 3))
RULES = st.one_of(
    st.sampled_from([VALID, SAME_UPPER, SAME_LOWER, CAUSAL]),
    st.builds(explicit, st.integers(-2, 5), st.integers(-2, 5)),
)
ROUNDINGS = st.sampled_from(Rounding)


def all_reads(n, window, pads, rounding):
    """What every tap of every output reads: the op itself, as data."""
    size = output_size(n, window, *pads, rounding)
    return size, list(enumerate_reads(n, window, pads[0], size))


def same_reads(n, window, one, other, rounding):
    mine = all_reads(n, window, one.resolve(n, window), rounding)
    return mine == all_reads(n, window, other.resolve(n, window), rounding)


@given(st.integers(1, 40), WINDOWS, RULES, RULES, ROUNDINGS)
def test_agree_at_is_equality_of_all_reads(n, window, one, other, rounding):
    pads = one.resolve(n, window), other.resolve(n, window)
    assert agree_at(n, window, *pads, rounding) == same_reads(n, window, one, other, rounding)


@given(WINDOWS, RULES, RULES, ROUNDINGS)
def test_the_residues_tell_the_truth_from_their_first_size_on(window, one, other, rounding):
    found = agreement(window, one, other, rounding)
    assert found is not None
    for n in range(found.from_size, found.from_size + 60):
        assert found.holds_at(n) == same_reads(n, window, one, other, rounding)


@given(WINDOWS, RULES, RULES)
def test_the_first_size_is_the_earliest_possible(window, one, other):
    found = agreement(window, one, other)
    assert found is not None
    if found.from_size > 1:
        n = found.from_size - 1
        assert found.holds_at(n) != same_reads(n, window, one, other, Rounding.FLOOR)


@pytest.mark.parametrize(
    ("k", "s", "pad", "modulus", "residues"),
    [
        (3, 2, 1, 2, (1,)),
        (7, 2, 3, 2, (1,)),
        (4, 2, 1, 2, (0,)),
        (11, 4, 5, 4, (1,)),
        (3, 1, 1, 1, (0,)),
        (2, 2, 0, 2, (0,)),
    ],
)
def test_symmetric_pads_against_same(k, s, pad, modulus, residues):
    found = agreement(Window(k, s), explicit(pad, pad), SAME_UPPER)
    assert found is not None
    assert (found.modulus, found.residues) == (modulus, residues)


def test_a_huge_window_gets_no_list():
    assert agreement(Window(3, 1 << 20), VALID, SAME_UPPER) is None

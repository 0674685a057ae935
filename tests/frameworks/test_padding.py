"""Pads of an op's own: what they repeat, what an average counts, and what is too wide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padcheck.frameworks.padding import Border, Padding, padded_op
from padcheck.geometry import Rounding
from padcheck.records import OpSpec
from tests.frameworks.brute import example as example_of
from tests.frameworks.brute import expected
from tests.frameworks.grid import (
    AVERAGE,
    CEIL,
    CONV,
    COUNTED,
    FILLED,
    GRID,
    MAX,
    TOO_WIDE,
    TRANSPOSED,
    name_of,
    op,
)

small = st.integers(1, 6)
pads = st.integers(-3, 6)
REPEATING = ["edge", "wrap"]
MIRRORS = {"reflect": 1, "symmetric": 0}


@given(small, st.integers(0, 9), st.integers(0, 9), st.sampled_from([*REPEATING, *MIRRORS]))
def test_a_border_repeats_what_numpy_does_and_its_code_says(
    size: int, before: int, after: int, mode: str
) -> None:
    widest = size - MIRRORS[mode] if mode in MIRRORS else 9
    border = Border(size, min(before, widest), min(after, widest), mode)
    padded = np.pad(np.arange(size), (border.before, border.after), mode=mode)
    assert list(border.positions) == padded.tolist()
    assert eval(str(border), {"np": np}).tolist() == padded.tolist()


@given(
    small, small, small, small, pads, pads, st.booleans(), st.sampled_from(Rounding), st.booleans()
)
def test_the_averaged_mask_is_the_share_of_taps_that_count(
    n: int,
    k: int,
    s: int,
    d: int,
    before: int,
    after: int,
    counted: bool,
    rounding: Rounding,
    border: bool,
) -> None:
    mode = "edge" if border else "constant"
    more = {"rounding": rounding, "count_include_pad": counted, "pad_mode": mode}
    spec = op(AVERAGE, n, k, s, d, (before, after), channels=(1, 1), **more)
    if 0 in spec.output_size:
        return
    _, count = expected(spec, example_of(spec))
    count = np.broadcast_to(count, spec.output_size)
    mask = padded_op(spec).mask
    if mask is None:
        assert set(count.tolist()) == {k}
        return
    ones = np.ones(n)
    for padding in mask:
        ones = _numpy_pad(ones, padding)
    starts = np.arange(spec.output_size[0]) * s
    sums = [ones[start : start + (k - 1) * d + 1 : d].sum() for start in starts]
    assert sums == count.tolist()
    assert set(count.tolist()) != {k}


def _numpy_pad(x: np.ndarray, padding: Padding) -> np.ndarray:
    (added,), ((before, after),) = padding.added, padding.cropped
    padded = np.pad(x, added, constant_values=padding.fill)
    return padded[before : len(padded) - after]


@pytest.mark.parametrize("spec", [s for s in [*GRID, *FILLED] if s.kind is not TRANSPOSED])
def test_what_is_zeros_has_neither_mask_nor_mode_nor_fill(spec: OpSpec) -> None:
    plan = padded_op(spec)
    added = plan.padding.adds and (plan.padding.mode != "constant" or plan.padding.fill != 0)
    assert plan.is_zeros == (plan.mask is None and not added)


@pytest.mark.parametrize(
    ("spec", "fill"),
    [
        (op(CONV, 8, 3, pads=(1, 1)), 0.0),
        (op(CONV, 8, 3, pads=(1, 1), pad_value=5.0), 5.0),
        (op(MAX, 8, 3, pads=(1, 1)), float("-inf")),
        (op(MAX, 8, 3, pads=(1, 1), pad_value=0.0), 0.0),
        (op(AVERAGE, 8, 3, pads=(1, 1), pad_value=float("-inf")), 0.0),
    ],
    ids=name_of,
)
def test_the_fill_is_the_ops_own(spec: OpSpec, fill: float) -> None:
    assert padded_op(spec).padding == Padding(((1, 1),), fill)


def test_the_overhang_is_padded_and_not_counted() -> None:
    plan = padded_op(op(AVERAGE, 6, 3, 3, pads=(1, 0), **COUNTED, **CEIL))
    assert plan.padding.pads == ((1, 2),)
    assert plan.mask == (Padding(((1, 0),), 1.0), Padding(((0, 2),)))


@pytest.mark.parametrize("spec", TOO_WIDE, ids=name_of)
def test_a_mirror_shows_the_input_once(spec: OpSpec) -> None:
    reason = padded_op(spec).reason
    assert reason is not None
    assert reason.startswith(f"{spec.pad_mode} pads of an input of ")


def test_an_unknown_mode_lists_the_known() -> None:
    reason = padded_op(op(CONV, 8, 3, pad_mode="mirror")).reason
    assert reason == ("expected pads of constant, edge, reflect, symmetric, wrap but got 'mirror'")

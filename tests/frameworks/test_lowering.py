"""The numbers that all frameworks share: pads for FLOOR, zeros and crops for transposed convs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from padcheck.frameworks.lowering import floor_pads, same_upper, transposed_axes, zero_padded
from padcheck.geometry import Rounding, Window, full_size, output_size
from padcheck.records import OpSpec
from tests.frameworks.grid import AVERAGE, CONV, MAX, TRANSPOSED, op

small = st.integers(1, 6)
pads = st.integers(-3, 6)


@st.composite
def windowed(draw: st.DrawFn) -> OpSpec:
    kind = draw(st.sampled_from([CONV, MAX, AVERAGE]))
    rounding = draw(st.sampled_from(Rounding))
    numbers = draw(small), draw(small), draw(small), draw(small)
    return op(kind, *numbers, pads=(draw(pads), draw(pads)), rounding=rounding)


@given(windowed())
def test_floor_with_these_pads_gives_the_size_and_the_grid(spec: OpSpec) -> None:
    ((before, after),) = floor_pads(spec)
    assert before == spec.pad_before[0]
    window = spec.windows[0]
    assert (output_size(spec.input_size[0], window, before, after),) == spec.output_size


@given(windowed())
def test_pads_that_need_no_change_stay(spec: OpSpec) -> None:
    if spec.rounding is Rounding.FLOOR:
        assert floor_pads(spec) == spec.resolved_pads


@given(windowed())
def test_zero_padding_keeps_the_size_and_counts_in_averages(spec: OpSpec) -> None:
    lowered = zero_padded(spec)
    assert lowered.output_size == spec.output_size
    assert lowered.pad_value == 0
    assert lowered.count_include_pad == (spec.kind is AVERAGE)


@given(windowed())
def test_same_gives_the_size_that_it_promises(spec: OpSpec) -> None:
    lowered = same_upper(spec)
    assert lowered.output_size == (-(-spec.input_size[0] // spec.stride[0]),)
    before, after = lowered.resolved_pads[0]
    assert 0 <= after - before <= 1


@given(small, small, small, small, pads, pads, st.booleans())
def test_zeros_and_crops_give_the_crops_asked_for(
    n: int, k: int, s: int, d: int, before: int, after: int, at_least_stride: bool
) -> None:
    spec = op(TRANSPOSED, n, k, s, d, pads=(before, after))
    (axis,) = transposed_axes(spec, at_least_stride=at_least_stride)
    window = Window(k, s, d)
    longer = n + axis.zeros_before + axis.zeros_after
    layer = full_size(longer, window)
    if at_least_stride:
        layer = max(layer, longer * s)
    assert min(axis.zeros_before, axis.zeros_after, axis.crop_before, axis.crop_after) >= 0
    # where the first input's first tap lands, and how much is left
    assert axis.zeros_before * s - axis.crop_before == -before
    assert layer - axis.crop_before - axis.crop_after == full_size(n, window) - before - after

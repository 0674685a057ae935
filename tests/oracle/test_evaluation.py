"""The oracle against plain loops over outputs, channels and taps."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padcheck.errors import UsageError
from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    Rounding,
    explicit,
    read_window,
    write_positions,
)
from padcheck.oracle import evaluate, products, tap_table
from padcheck.probes import make_probe
from padcheck.records import OpKind, OpSpec
from tests.specs import NO_INPUT, spec

POOLS = (OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.LP_POOL)
RULES = st.one_of(
    st.sampled_from([VALID, SAME_UPPER, SAME_LOWER, CAUSAL]),
    st.builds(explicit, st.integers(-1, 4), st.integers(-1, 4)),
)


@st.composite
def ops(draw, kinds):
    rank = draw(st.integers(1, 2))
    axis = st.tuples(
        st.integers(1, 8), st.integers(1, 4), st.integers(1, 5), st.integers(1, 2), RULES
    )
    sizes, kernels, strides, dilations, pads = zip(*(draw(axis) for _ in range(rank)), strict=True)
    kind = draw(st.sampled_from(kinds))
    if kind is OpKind.CONV_TRANSPOSE:
        pads = tuple(VALID if rule is CAUSAL else rule for rule in pads)
    group = draw(st.sampled_from([1, 2])) if kind.has_weight else 1
    return OpSpec(
        kind=kind,
        input_size=sizes,
        kernel_size=kernels,
        stride=strides,
        dilation=dilations,
        pads=pads,
        group=group,
        channels=(2, 4) if kind.has_weight else (2, 2),
        bias=draw(st.booleans()) and kind.has_weight,
        rounding=draw(st.sampled_from(Rounding)) if kind in POOLS else Rounding.FLOOR,
        pad_value=NO_INPUT if kind is OpKind.MAX_POOL else 0.0,
        count_include_pad=draw(st.booleans()) if kind is OpKind.AVERAGE_POOL else False,
    )


def windows_of(op, place):
    """Per axis, the positions that the output at `place` reads."""
    return [
        read_window(o, window, before)
        for o, window, before in zip(place, op.windows, op.pad_before, strict=True)
    ]


def taps_of(op, place):
    """(tap, position or None) of every tap of an output, all axes together."""
    rows = [list(enumerate(row)) for row in windows_of(op, place)]
    for combined in itertools.product(*rows):
        tap = tuple(j for j, _ in combined)
        position = tuple(p for _, p in combined)
        inside = all(0 <= p < n for p, n in zip(position, op.input_size, strict=True))
        yield tap, position if inside else None


def places(op):
    return itertools.product(*(range(size) for size in op.output_size))


@settings(max_examples=150)
@given(ops([OpKind.CONV]), st.integers(0, 1000))
def test_convolution(op, seed):
    probe = make_probe(op, seed=seed)
    seen = evaluate(op, probe.x, probe.weight, probe.bias).numerator
    per_group = op.channels[0] // op.group
    outs = op.channels[1] // op.group
    for place in places(op):
        for out in range(op.channels[1]):
            first = out // outs * per_group
            total = 0 if probe.bias is None else int(probe.bias[out])
            for tap, position in taps_of(op, place):
                if position is not None:
                    for c in range(per_group):
                        total += int(
                            probe.x[(0, first + c, *position)] * probe.weight[(out, c, *tap)]
                        )
            assert seen[(0, out, *place)] == total


@settings(max_examples=150)
@given(ops([OpKind.CONV_TRANSPOSE]), st.integers(0, 1000))
def test_transposed_convolution_scatters(op, seed):
    probe = make_probe(op, seed=seed)
    seen = evaluate(op, probe.x, probe.weight, probe.bias).numerator
    per_group, outs = op.channels[0] // op.group, op.channels[1] // op.group
    expected = np.zeros((1, op.channels[1], *op.output_size), dtype=np.int64)
    for source in itertools.product(*(range(n) for n in op.input_size)):
        writes = [
            list(enumerate(write_positions(i, window, before)))
            for i, window, before in zip(source, op.windows, op.pad_before, strict=True)
        ]
        for combined in itertools.product(*writes):
            tap, place = tuple(j for j, _ in combined), tuple(p for _, p in combined)
            if not all(0 <= p < size for p, size in zip(place, op.output_size, strict=True)):
                continue
            for c, out in itertools.product(range(op.channels[0]), range(outs)):
                channel = c // per_group * outs + out
                value = probe.x[(0, c, *source)] * probe.weight[(c, out, *tap)]
                expected[(0, channel, *place)] += value
    if probe.bias is not None:
        expected += probe.bias.reshape(1, -1, *(1,) * op.rank)
    assert np.array_equal(seen, expected)


@settings(max_examples=200)
@given(ops(POOLS), st.integers(0, 1000))
def test_pools(op, seed):
    probe = make_probe(op, seed=seed)
    made = evaluate(op, probe.x)
    divisors = np.broadcast_to(made.divisor, op.output_size)
    ends = [n + after for n, after in zip(op.input_size, op.pad_after, strict=True)]
    for place in places(op):
        reads = [position for _, position in taps_of(op, place) if position is not None]
        values = [int(probe.x[(0, 1, *position)]) for position in reads]
        seen = made.numerator[(0, 1, *place)]
        if op.kind is OpKind.MAX_POOL:
            padded = len(values) < len(list(taps_of(op, place)))
            assert seen == max(values + [NO_INPUT] * padded)
        elif op.kind is OpKind.LP_POOL:
            assert seen == sum(value**2 for value in values)
        else:
            assert seen == sum(values)
            counted = len(reads)
            if op.count_include_pad:
                counted = sum(
                    all(-b <= p < end for p, b, end in zip(at, op.pad_before, ends, strict=True))
                    for at in itertools.product(*windows_of(op, place))
                )
            assert divisors[place] == counted


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_border_modes_are_numpys(mode, width):
    op = spec(5, 2, rank=1, pads=width, pad_mode=mode)
    padded = np.pad(np.arange(5), width, mode=mode)
    expected = [list(padded[o : o + 2]) for o in range(op.output_size[0])]
    assert tap_table(op, 0).tolist() == expected


def test_a_border_mode_unknown_lists_the_known():
    with pytest.raises(UsageError, match="constant, edge, reflect, symmetric, wrap"):
        tap_table(spec(5, 2, pad_mode="mirror"), 0)


def test_what_is_too_large_is_refused_before_anything_is_allocated():
    op = spec(3, 3, pads=1 << 19)
    with pytest.raises(UsageError, match="too large"):
        evaluate(op, np.ones((1, 2, 3, 3), dtype=np.int64), np.ones(op.weight_shape))


def test_float_inputs_are_summed_in_float64():
    op = spec(4, 3, pads=1)
    x = np.full((1, 2, 4, 4), 0.1, dtype=np.float32)
    made = evaluate(op, x, np.ones(op.weight_shape, dtype=np.float32))
    assert made.numerator.dtype == np.float64
    assert made.numerator[0, 0, 0, 0] == pytest.approx(8 * float(np.float32(0.1)), rel=1e-15)


def test_x_of_another_size_is_refused():
    with pytest.raises(UsageError, match="spatial shape"):
        evaluate(spec(4, 3), np.ones((1, 2, 5, 4), dtype=np.int64), np.ones((3, 2, 3, 3)))


def test_a_window_over_padding_alone_has_no_maximum_and_no_average():
    pool = spec(1, 1, pads=1, rank=1, kind=OpKind.MAX_POOL)
    assert evaluate(pool, np.full((1, 2, 1), -3)).numerator[0, 0].tolist() == [
        NO_INPUT,
        -3.0,
        NO_INPUT,
    ]
    average = spec(1, 1, pads=1, rank=1, kind=OpKind.AVERAGE_POOL)
    assert evaluate(average, np.full((1, 2, 1), -3)).divisor.tolist() == [0, 1, 0]


@pytest.mark.parametrize("kind", [OpKind.CONV, OpKind.CONV_TRANSPOSE])
@pytest.mark.parametrize("sizes", [(4, 7, 5), (3, 5, 9), (6, 2, 3)])
@pytest.mark.parametrize("group", [1, 2])
def test_chunks_change_nothing(monkeypatch, kind, sizes, group):
    op = spec(
        *(sizes, 3, 2, 1), kind=kind, rank=3, kernel_size=(3, 1, 2), group=group, channels=(4, 6)
    )
    probe = make_probe(op, batch=2)
    whole = evaluate(op, probe.x, probe.weight).numerator
    rows = []

    def one_row(image, row, others):
        rows.append(len(row))
        return gathered(image, row, others)

    gathered = products._taps
    monkeypatch.setattr(products, "_taps", one_row)
    monkeypatch.setattr(products, "_BUFFER", 1)
    assert np.array_equal(evaluate(op, probe.x, probe.weight).numerator, whole)
    assert rows == [1] * 2 * max(op.output_size)


@pytest.mark.parametrize(
    ("x", "weight", "kind"),
    [
        ((1 << 12) - 1, 1 << 12, np.float32),
        (1 << 12, 1 << 12, np.float64),
        ((1 << 26) - 1, 1 << 27, np.float64),
        (1 << 26, 1 << 27, np.int64),
        ((1 << 40) - 1, (1 << 20) - 1, np.int64),
    ],
)
def test_sums_are_exact_in_the_smallest_type_that_holds_them(monkeypatch, x, weight, kind):
    op = spec(8, 1, rank=1, channels=(1, 1))
    types = []

    def seen(image, *rest):
        types.append(image.dtype)
        return gathered(image, *rest)

    gathered = products._taps
    monkeypatch.setattr(products, "_taps", seen)
    made = evaluate(op, np.full((1, 1, 8), x), np.full((1, 1, 1), -weight)).numerator
    assert types == [kind]
    assert made.dtype == (np.int64 if kind == np.int64 else np.float64)
    assert [int(number) for number in made.ravel()] == [-x * weight] * 8


def test_a_bias_is_not_added_in_float32():
    op = spec(3, 1, rank=1, channels=(1, 1)).replace(bias=True)
    one, bias = np.ones((1, 1, 3), dtype=np.int64), np.array([1 << 24])
    made = evaluate(op, one, np.ones((1, 1, 1), dtype=np.int64), bias).numerator
    assert made.ravel().tolist() == [(1 << 24) + 1] * 3

"""`same_function` against the oracle: the same numbers from inputs that hide nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, Rounding, explicit
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records import OpKind, OpSpec, agreement_of, same_function
from tests.specs import NO_INPUT, spec

RULES = st.one_of(
    st.sampled_from([VALID, SAME_UPPER, SAME_LOWER]),
    st.builds(explicit, st.integers(0, 5), st.integers(0, 5)),
)
KINDS = st.sampled_from([kind for kind in OpKind if kind is not OpKind.RESIZE])


@st.composite
def pairs(draw):
    """Two specs of one window and input size, with pads, rounding and fill of their own."""
    kind = draw(KINDS)
    rank = draw(st.integers(1, 2))
    axis = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(1, 4), st.integers(1, 2))
    n, k, s, d = zip(*(draw(axis) for _ in range(rank)), strict=True)
    pool = kind not in (OpKind.CONV, OpKind.CONV_TRANSPOSE)
    made = []
    for _ in range(2):
        fill = draw(st.sampled_from([NO_INPUT, NO_INPUT, 0.0]))
        made.append(
            OpSpec(
                kind=kind,
                input_size=n,
                kernel_size=k,
                stride=s,
                dilation=d,
                pads=tuple(draw(RULES) for _ in range(rank)),
                channels=(2, 2),
                rounding=draw(st.sampled_from(Rounding)) if pool else Rounding.FLOOR,
                pad_value=fill if kind is OpKind.MAX_POOL else 0.0,
                count_include_pad=kind is OpKind.AVERAGE_POOL and draw(st.booleans()),
            )
        )
    return made


def numbers(op, seed):
    """The output for one probe; of an odd seed, with the signs of its input turned."""
    probe = make_probe(op, seed=seed)
    made = evaluate(op, probe.x if seed % 2 else -probe.x, probe.weight, probe.bias)
    with np.errstate(invalid="ignore", divide="ignore"):
        return made.numerator / made.divisor


def same_numbers(one, other):
    """Equal on several probes; an average over nothing equals only another."""
    if one.output_size != other.output_size:
        return False
    for seed in range(4):
        mine, theirs = numbers(one, seed), numbers(other, seed)
        if not np.allclose(mine, theirs, rtol=1e-12, atol=0, equal_nan=True):
            return False
    return True


@settings(max_examples=1000)
@given(pairs())
def test_same_function_is_same_numbers(pair):
    one, other = pair
    if min(one.output_size) == 0 or min(other.output_size) == 0:
        return
    if one.kind is OpKind.CONV_TRANSPOSE and not numbers(one, 0).any():
        return  # all output is outside of what was written
    assert same_function(one, other) == same_numbers(one, other), (str(one), str(other))


@settings(max_examples=300)
@given(pairs())
def test_agreement_of_an_axis_is_same_function_at_every_size(pair):
    one, other = pair
    found = agreement_of(one, other, 0)
    assert found is not None
    start = 12 if one.kind is OpKind.CONV_TRANSPOSE else found.from_size
    for size in range(start, start + 12):
        assert found.holds_at(size) == same_function(one.along(0, size), other.along(0, size))


@pytest.mark.parametrize("kind", [OpKind.MAX_POOL, OpKind.AVERAGE_POOL])
def test_a_pool_over_the_whole_input_does_not_see_a_shift(kind):
    pool = spec(2, 3, 2, 1, kind=kind)
    assert same_function(pool, pool.with_rule(SAME_UPPER))
    assert not same_function(spec(2, 3, 2, 1), spec(2, 3, 2, 1).with_rule(SAME_UPPER))


@pytest.mark.parametrize(
    ("field", "value"), [("p", 1), ("pad_value", 5.0), ("pad_mode", "reflect"), ("group", 2)]
)
def test_what_makes_another_function(field, value):
    kind = OpKind.LP_POOL if field == "p" else OpKind.AVERAGE_POOL
    one = spec(8, 3, pads=1, kind=kind, channels=(2, 2))
    assert not same_function(one, one.replace(**{field: value}))


def test_transposed_crops_are_compared_where_there_is_output():
    one = spec(1, 2, 4, explicit(3, 0), rank=1, kind=OpKind.CONV_TRANSPOSE)
    other = one.with_pads([(3, 2)])
    found = agreement_of(one, other, 0)
    assert found.never


def test_causal_is_not_centred():
    assert not same_function(spec(8, 3, 1, CAUSAL, rank=1), spec(8, 3, 1, 1, rank=1))


def test_the_divisor_of_an_average_over_pads_alone_does_not_matter():
    one = spec(1, 2, 2, explicit(0, 3), rank=1, kind=OpKind.AVERAGE_POOL, dilation=(2,))
    one = one.replace(count_include_pad=True, rounding=Rounding.CEIL_ALL)
    assert same_function(one, one.replace(pads=(explicit(0, 4),)))

"""`repr` of a spec is the code that makes it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import padcheck
from padcheck.checks.suite import suite
from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    PadFlaw,
    PadPolicy,
    PadRule,
    Rounding,
    explicit,
)
from padcheck.records import Deviation, OpKind, OpSpec, Rearrangement
from tests.support import ROOT


def again(spec: OpSpec) -> OpSpec:
    made = eval(repr(spec), {"padcheck": padcheck})
    assert isinstance(made, OpSpec)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "padcheck.conv(input_size=8, kernel_size=3)",
        "padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)",
        "padcheck.conv(input_size=(8, 9), kernel_size=(3, 5), stride=(1, 2), dilation=2)",
        "padcheck.conv(input_size=8, kernel_size=3, pads=(0, 1), bias=True)",
        "padcheck.conv(input_size=(8, 9), kernel_size=3, pads=((0, 1), (0, 1)), channels=(1, 4))",
        "padcheck.conv(input_size=(8, 9), kernel_size=3, pads=((1, 1), (2, 2)), group=2)",
        'padcheck.conv(input_size=(8, 9, 7), kernel_size=3, pads="same_lower")',
        'padcheck.conv(input_size=8, kernel_size=3, pads="causal", group=2, channels=(2, 4))',
        'padcheck.conv(input_size=8, kernel_size=3, pads="valid")',
        'padcheck.conv(input_size=8, kernel_size=3, pads=1, pad_mode="reflect", activation="relu")',
        "padcheck.conv(input_size=8, kernel_size=3, pads=1, pad_value=-3.0, epsilon=0.001)",
        'padcheck.conv(input_size=8, kernel_size=3, activation="relu6", epsilon=0)',
        "padcheck.conv_transpose(input_size=(4, 5), kernel_size=3, stride=2, output_padding=1)",
        'padcheck.conv_transpose(input_size=(4, 4), kernel_size=3, stride=2, pads="same_upper", '
        "output_shape=(8, 7), bias=True)",
        "padcheck.max_pool(input_size=(8, 8), kernel_size=3, pads=1, ceil_mode=True, channels=4)",
        "padcheck.max_pool(input_size=8, kernel_size=3, pads=1, pad_value=0.0)",
        "padcheck.average_pool(input_size=8, kernel_size=3, pads=(1, 2), count_include_pad=True)",
        "padcheck.lp_pool(input_size=(8, 9), kernel_size=2, stride=2, p=3)",
        "padcheck.resize(input_size=(4, 5), output_size=8)",
        'padcheck.resize(input_size=4, output_size=8, mode="nearest", coordinates="asymmetric")',
    ],
)
def test_what_a_user_would_write(text: str) -> None:
    assert repr(eval(text)) == text


def test_the_suite_comes_back_and_is_what_builders_make() -> None:
    for spec in suite():
        assert again(spec) == spec
        assert "replace" not in repr(spec)


CONV = padcheck.conv(input_size=(6, 7), kernel_size=3)
SIZES = "padcheck.conv(input_size=(6, 7), kernel_size=3)"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            CONV.replace(pads=(SAME_UPPER, VALID)),
            f"{SIZES}.replace(pads=(padcheck.geometry.SAME_UPPER, padcheck.geometry.VALID))",
        ),
        (
            CONV.replace(pads=(explicit(0, 1), SAME_LOWER)),
            f"{SIZES}.replace(pads=(padcheck.geometry.explicit(0, 1), "
            "padcheck.geometry.SAME_LOWER))",
        ),
        (
            CONV.deviating(rearranged=Rearrangement.INPUT_BUFFER, clip=(0.0, float("inf"))),
            f"{SIZES}.replace(deviation=padcheck.records.Deviation("
            'rearranged=padcheck.records.Rearrangement.INPUT_BUFFER, clip=(0.0, float("inf"))))',
        ),
        (
            CONV.replace(rounding=Rounding.CEIL),
            f"{SIZES}.replace(rounding=padcheck.geometry.Rounding.CEIL)",
        ),
        (CONV.replace(pad_value=-float("inf")), f'{SIZES}.replace(pad_value=float("-inf"))'),
        (
            CONV.replace(deviation=Deviation()),
            f"{SIZES}.replace(deviation=padcheck.records.Deviation())",
        ),
        (
            CONV.resized((1, 1)),
            "padcheck.OpSpec(kind=padcheck.records.OpKind.CONV, input_size=(1, 1), "
            "kernel_size=(3, 3), stride=(1, 1), dilation=(1, 1), "
            "pads=(padcheck.geometry.explicit(0, 0), padcheck.geometry.explicit(0, 0)))",
        ),
    ],
)
def test_what_no_argument_says(spec: OpSpec, text: str) -> None:
    assert repr(spec) == text
    assert again(spec) == spec


RULES = st.one_of(
    st.sampled_from([VALID, SAME_UPPER, SAME_LOWER, CAUSAL, explicit(0, 0), explicit(1, 1)]),
    st.builds(explicit, st.integers(-2, 3), st.integers(-2, 3)),
    st.builds(
        PadRule,
        st.sampled_from(PadPolicy),
        before=st.integers(0, 1),
        flaw=st.sampled_from([None, *PadFlaw]),
    ),
)
DEVIATIONS = st.builds(
    Deviation,
    rearranged=st.sampled_from([None, *Rearrangement]),
    flipped=st.sampled_from([(), (0,), (0, 1)]),
    bias_factor=st.sampled_from([1, 0]),
    epsilon=st.sampled_from([None, 0, 1e-3, 1.5]),
    clip=st.sampled_from([None, (0.0, float("inf")), (0.0, 6.0), (-1.0, 1.0)]),
    dtype=st.sampled_from(["", "float16"]),
)


@st.composite
def records(draw: st.DrawFn) -> OpSpec:
    """Any record, most of them no builder's."""
    rank = draw(st.integers(1, 4))

    def each(values: st.SearchStrategy[object]) -> tuple[object, ...]:
        one = draw(values)
        return (one,) * rank if draw(st.booleans()) else tuple(draw(values) for _ in range(rank))

    group = draw(st.sampled_from([1, 2]))
    sizes = st.integers(1, 4)
    fields = {
        "kind": draw(st.sampled_from(OpKind)),
        "input_size": each(sizes),
        "kernel_size": each(sizes),
        "stride": each(sizes),
        "dilation": each(sizes),
        "pads": each(RULES),
        "rounding": draw(st.sampled_from(Rounding)),
        "group": group,
        "channels": draw(st.sampled_from([(2, 2), (2, 4), (4, 2)])),
        "bias": draw(st.booleans()),
        "pad_value": draw(st.sampled_from([0.0, 1.5, float("inf"), -float("inf")])),
        "pad_mode": draw(st.sampled_from(["constant", "edge"])),
        "count_include_pad": draw(st.booleans()),
        "p": draw(st.integers(1, 3)),
        "output_padding": draw(st.sampled_from([(), (0,) * rank, (1,) * rank])),
        "output_shape": draw(st.sampled_from([(2,) * rank, tuple(range(1, rank + 1))])),
        "interpolation": draw(st.sampled_from(["linear", "nearest"])),
        "coordinates": draw(st.sampled_from(["half_pixel", "asymmetric"])),
        "deviation": draw(st.none() | DEVIATIONS),
    }
    plain = draw(st.sets(st.sampled_from([*fields][6:]))) - {"channels", "group"}
    if fields["kind"] is OpKind.RESIZE:
        plain -= {"output_shape"}
    return OpSpec(**{name: value for name, value in fields.items() if name not in plain})  # type: ignore[arg-type]


@given(records())
def test_any_record_comes_back(spec: OpSpec) -> None:
    assert again(spec) == spec


@pytest.mark.parametrize(
    "fields",
    [
        {"stride": (1,)},
        {"pads": (1, 1)},
        {"kernel_size": (0, "a")},
        {"input_size": None},
        {"deviation": 3},
        {"channels": None},
    ],
)
def test_a_half_made_record_can_be_shown(fields: dict[str, object]) -> None:
    """As a traceback does with `self`, after `__post_init__` has refused its fields."""
    spec = CONV.replace()
    for name, value in fields.items():
        object.__setattr__(spec, name, value)
    assert repr(spec).startswith("padcheck.")


def test_numbers_of_numpys_are_shown_as_plain_ones() -> None:
    import numpy as np

    size = (np.int64(6), np.int64(7))
    assert repr(CONV.replace(input_size=size, kernel_size=(np.int64(3),) * 2)) == SIZES


def test_padcheck_is_all_that_needs_importing() -> None:
    texts = [repr(CONV.replace(pads=(SAME_UPPER, VALID))), repr(CONV.resized((1, 1)))]
    code = f"import padcheck\nfor text in {texts!r}: print(repr(eval(text)) == text)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "True\nTrue\n"

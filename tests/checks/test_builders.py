"""Ops from what a user writes."""

import math

import pytest

import padcheck
from padcheck.errors import UsageError
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, Rounding, explicit
from padcheck.records import Deviation, OpKind


def test_a_conv_as_in_the_readme():
    made = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)
    assert str(made) == "conv(n=8x8, k=3x3, s=2x2, pads=(1,1)x(1,1))"
    assert (made.kind, made.channels, made.bias, made.group) == (OpKind.CONV, (2, 3), False, 1)


@pytest.mark.parametrize(
    ("pads", "rules"),
    [
        (1, (explicit(1, 1), explicit(1, 1))),
        ((1, 2), (explicit(1, 1), explicit(2, 2))),
        (((0, 1), (2, 3)), (explicit(0, 1), explicit(2, 3))),
        ([[0, 1], [2, 3]], (explicit(0, 1), explicit(2, 3))),
        ("valid", (VALID, VALID)),
        ("same_upper", (SAME_UPPER, SAME_UPPER)),
        ("same_lower", (SAME_LOWER, SAME_LOWER)),
        ("causal", (CAUSAL, CAUSAL)),
    ],
)
def test_pads_in_every_spelling(pads, rules):
    assert padcheck.conv(input_size=(9, 9), kernel_size=3, pads=pads).pads == rules
    assert padcheck.max_pool(input_size=(9, 9), kernel_size=3, pads=pads).pads == rules


def test_pools():
    pool = padcheck.max_pool(input_size=8, kernel_size=3, stride=2, ceil_mode=True)
    assert (pool.rank, pool.rounding, pool.pad_value) == (1, Rounding.CEIL, -math.inf)
    average = padcheck.average_pool(input_size=8, kernel_size=3, pads=1, count_include_pad=True)
    assert average.count_include_pad
    assert padcheck.lp_pool(input_size=8, kernel_size=3, p=3).p == 3


def test_transposed():
    made = padcheck.conv_transpose(
        input_size=(8, 8), kernel_size=3, stride=2, pads=1, output_padding=1
    )
    assert made.output_size == (16, 16)
    told = padcheck.conv_transpose(
        input_size=(8, 8), kernel_size=3, stride=2, pads="same_upper", output_shape=(15, 16)
    )
    assert told.output_size == (15, 16)


def test_what_follows_the_op_is_part_of_it():
    made = padcheck.conv(input_size=8, kernel_size=3, activation="relu6", epsilon=1e-5)
    assert made.deviation == Deviation(clip=(0.0, 6.0), epsilon=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_size": 0}, "kernel_size=0"),
        ({"stride": -1}, "stride=-1"),
        ({"pads": "some"}, "pads='some'"),
        ({"pads": (1, 2, 3)}, r"pads=\(1, 2, 3\)"),
        ({"pads": 1.5}, "pads=1.5"),
        ({"pad_mode": "replicate"}, "pad_mode='replicate'"),
        ({"group": 2, "channels": (3, 4)}, "group=2"),
        ({"channels": 3}, "channels=3"),
        ({"input_size": (1, 2, 3, 4)}, "1 to 3 spatial axes but got 4"),
        ({"input_size": ()}, "1 to 3 spatial axes|expected 1"),
        ({"kernel_size": 9}, "no output"),
        ({"activation": "gelu"}, "activation='gelu'"),
        ({"epsilon": -1}, "epsilon=-1"),
        ({"kernel_size": True}, "kernel_size=True"),
    ],
)
def test_what_does_not_fit_is_one_line(arguments, message):
    with pytest.raises(UsageError, match=message) as caught:
        padcheck.conv(**({"input_size": (8, 8), "kernel_size": 3} | arguments))
    assert "\n" not in str(caught.value)

"""What a deviation does to arrays, against the same written out in numpy."""

import numpy as np
import pytest

from padcheck.oracle import evaluate, restored_output, short
from padcheck.probes import make_probe
from padcheck.records import OpKind, Rearrangement
from tests.specs import spec

CONV = spec((5, 5), 3, 1, 1, channels=(4, 4), group=2, bias=True)
PROBE = make_probe(CONV)


def of(op, x=PROBE.x, weight=PROBE.weight, bias=PROBE.bias):
    return evaluate(op, x, weight, bias).values


def deviating(**changes):
    return of(CONV.deviating(**changes))


def test_arrays_rearranged_before_the_op():
    x, w = PROBE.x, PROBE.weight
    last = x.reshape(1, 5, 5, 4).transpose(0, 3, 1, 2)
    cases = {
        Rearrangement.INPUT_BUFFER: of(CONV, x=last),
        Rearrangement.INPUT_REVERSED: of(CONV, x=x.transpose(0, 1, 3, 2)),
        Rearrangement.GROUPS_FIRST: of(CONV, x=x[:, [0, 1, 0, 1]]),
        Rearrangement.GROUPS_INTERLEAVED: of(CONV, x=x[:, [0, 2, 1, 3]]),
        Rearrangement.WEIGHT_REVERSED: of(CONV, weight=w.transpose(0, 1, 3, 2)),
        Rearrangement.WEIGHT_BUFFER: of(CONV, weight=w.reshape(3, 3, 2, 4).transpose(3, 2, 0, 1)),
    }
    for how, wanted in cases.items():
        np.testing.assert_array_equal(deviating(rearranged=how), wanted, err_msg=how.name)


def test_a_bias_along_the_last_axis_where_that_is_as_long():
    wide = spec((5, 6), 3, 1, 1, channels=(2, 6), bias=True)
    last = wide.deviating(rearranged=Rearrangement.BIAS_LAST)
    probe = make_probe(wide)
    bare = evaluate(wide, probe.x, probe.weight).values
    made = evaluate(last, probe.x, probe.weight, probe.bias).values
    np.testing.assert_array_equal(made, bare + probe.bias)
    twice = evaluate(last.deviating(bias_factor=2), probe.x, probe.weight, probe.bias).values
    np.testing.assert_array_equal(twice, bare + 2 * probe.bias)
    for size in ((6, 5), (6, 7), (5, 1)):
        probe = make_probe(wide.resized(size))
        right, other = (
            evaluate(op.resized(size), probe.x, probe.weight, probe.bias).values
            for op in (wide, last)
        )
        np.testing.assert_array_equal(other, right)


def test_weights_with_exchanged_channels_and_multipliers():
    square = spec((5, 5), 3, channels=(3, 3))
    probe = make_probe(square)
    swapped = evaluate(
        square.deviating(rearranged=Rearrangement.WEIGHT_CHANNELS), probe.x, probe.weight
    )
    turned = evaluate(square, probe.x, probe.weight.swapaxes(0, 1))
    np.testing.assert_array_equal(swapped.values, turned.values)
    depthwise = spec((5, 5), 3, channels=(2, 6), group=2)
    probe = make_probe(depthwise)
    ahead = depthwise.deviating(rearranged=Rearrangement.WEIGHT_MULTIPLIER)
    turned = evaluate(depthwise, probe.x, probe.weight[[0, 2, 4, 1, 3, 5]])
    np.testing.assert_array_equal(evaluate(ahead, probe.x, probe.weight).values, turned.values)


@pytest.mark.parametrize(
    "how",
    [
        Rearrangement.OUTPUT_LAST,
        Rearrangement.OUTPUT_BUFFER,
        Rearrangement.OUTPUT_REVERSED,
    ],
)
def test_an_output_rearranged_can_be_restored(how):
    made = deviating(rearranged=how)
    assert made.shape == (1, 5, 5, 4) or how is not Rearrangement.OUTPUT_LAST
    np.testing.assert_array_equal(restored_output(how, made), of(CONV))


def test_what_becomes_of_the_output():
    plain = of(CONV)
    bias = PROBE.bias.reshape(1, -1, 1, 1)
    one, other = (2.0, 0.5, 1.0, 4.0), (7.0, 0.0, -1.0, 2.0)
    scaled = plain * np.array(one).reshape(1, -1, 1, 1)
    cases = [
        (deviating(flipped=(1,)), of(CONV, weight=PROBE.weight[..., ::-1])),
        (deviating(bias_factor=0), plain - bias),
        (deviating(bias_factor=2), plain + bias),
        (deviating(scale=one), scaled),
        (deviating(offset=other), plain + np.array(other).reshape(1, -1, 1, 1)),
        (deviating(scale=one, clip=(0.0, 6.0)), np.clip(scaled, 0, 6)),
        (deviating(epsilon=3.0), plain / 2),
        (deviating(dtype="float16"), plain.astype(np.float16)),
    ]
    for made, wanted in cases:
        np.testing.assert_array_equal(made, wanted)


def test_a_norm_is_scaled_and_clipped_as_a_norm():
    op = spec(6, 3, kind=OpKind.LP_POOL)
    probe = make_probe(op)
    norm = np.sqrt(evaluate(op, probe.x).values)
    scaled = np.sqrt(evaluate(op.deviating(scale=(2.0, 3.0)), probe.x).values)
    np.testing.assert_allclose(scaled, norm * np.array([2.0, 3.0]).reshape(1, -1, 1, 1))
    clipped = np.sqrt(evaluate(op.deviating(clip=(0.0, 6.0)), probe.x).values)
    np.testing.assert_allclose(clipped, np.clip(norm, 0, 6))


@pytest.mark.parametrize("number", [1.0, 257.0, 258.0, 259.0, -1e30, 0.1, 65504.0, 1 / 3])
def test_bfloat16_is_that_of_torch(number):
    import torch

    values = np.array([number])
    assert short(values, "bfloat16")[0] == torch.tensor(values).float().bfloat16().double().item()

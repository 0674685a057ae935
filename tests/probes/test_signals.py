"""Signals: exact in float32, and blind to nothing."""

import numpy as np
import pytest

from padcheck.geometry import SAME_UPPER
from padcheck.oracle import evaluate
from padcheck.probes import compare, make_probe, probe_spec
from padcheck.probes.signals import EXACT
from padcheck.records import OpKind
from tests.specs import box_of, spec

KINDS = [OpKind.CONV, OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.LP_POOL]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 3, 7, 31])
def test_every_sum_is_exact_in_float32(kind, k):
    op = probe_spec(spec(40, k, kind=kind, channels=(64, 64)))
    probe = make_probe(op)
    numerator = evaluate(op, probe.x, probe.weight, probe.bias).numerator
    assert np.abs(numerator).max() < EXACT
    assert np.array_equal(numerator, numerator.astype(np.float32))
    for array in probe.as_float32()[:2]:
        assert array is None or np.array_equal(array, np.rint(array))


def test_a_spec_names_its_probe():
    op = spec(9, 3, pads=1)
    assert np.array_equal(make_probe(op).x, make_probe(op).x)
    assert not np.array_equal(make_probe(op).x, make_probe(op, seed=1).x)


def test_a_max_pool_sees_negative_planes_a_low_one_and_a_positive_one():
    x = make_probe(spec(9, 3, kind=OpKind.MAX_POOL)).x
    assert x[0].max() < 0
    assert x[1, 0].max() <= -(1 << 17)
    assert x[1, 1].min() > 0


def test_an_average_sees_both_signs():
    x = make_probe(spec(9, 3, kind=OpKind.AVERAGE_POOL)).x
    assert (x[:, 0].max() < 0, x[:, 1].min() > 0) == (True, True)


def test_a_max_pool_sees_every_value_once_per_plane():
    x = make_probe(spec(9, 3, kind=OpKind.MAX_POOL)).x
    assert all(len(np.unique(plane)) == 81 for plane in x[0])


@pytest.mark.parametrize("channels", [2, 3])
def test_biases_are_not_all_the_same(channels):
    op = spec(6, 3, channels=(2, channels), bias=True)
    for seed in range(50):
        bias = make_probe(op, seed=seed).bias
        assert bias is not None
        assert np.ptp(bias) > 0
        assert (bias != 0).all()


def test_convs_see_no_zero():
    assert (make_probe(spec(50, 3)).x != 0).all()


def test_the_flagship_shows_in_practically_every_output():
    op = spec(224, 3, 2, pads=1)
    probe = make_probe(op)
    same = box_of(lambda s: s.with_rule(SAME_UPPER))(op, probe)
    found = compare(same, evaluate(op, probe.x, probe.weight), (op,))
    assert found.share > 0.998


@pytest.mark.parametrize(
    ("channels", "group", "expected"),
    [
        ((64, 128), 1, ((2, 3), 1)),
        ((1, 24), 1, ((1, 3), 1)),
        ((32, 32), 32, ((2, 2), 2)),
        ((32, 64), 32, ((2, 4), 2)),
        ((32, 64), 4, ((4, 4), 2)),
        ((1, 8), 1, ((1, 3), 1)),
    ],
)
def test_few_channels_stand_for_many(channels, group, expected):
    small = probe_spec(spec(8, 3, channels=channels, group=group))
    assert (small.channels, small.group) == expected

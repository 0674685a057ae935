"""A sample is the whole output at its places, for every op and every deviation."""

import dataclasses

import numpy as np
import pytest

from padcheck.causes import Clues, all_causes
from padcheck.errors import UsageError
from padcheck.oracle import OUTPUT_REARRANGEMENTS, Sample, evaluate, restored_output, sample_places
from padcheck.probes import make_probe
from padcheck.records import OpKind, Rearrangement
from tests.frameworks.grid import GRID, name_of
from tests.specs import spec

SMALL = [op for op in GRID if max(op.output_size) <= 64]
CLUES = Clues(fill=(5.0,), scale=(0.5, 0.25), offset=(3.0, -1.0), bounds=(-9.0, 9.0))


def sampled(op, probe):
    places = sample_places(op.output_size)
    return Sample(places, probe.x, probe.weight, probe.bias)


@pytest.mark.parametrize("op", SMALL, ids=name_of)
def test_a_sample_is_the_output_at_its_places(op):
    if not all(op.output_size):
        return
    probe = make_probe(op)
    whole = evaluate(op, probe.x, probe.weight, probe.bias)
    sample = sampled(op, probe)
    np.testing.assert_array_equal(sample.expected(op).values, sample.take(whole.values))


@pytest.mark.parametrize("kind", OpKind)
def test_so_it_is_for_every_counterfactual(kind):
    if kind is OpKind.RESIZE:
        return  # tests/oracle/test_resizing.py
    more = {"output_padding": (1, 1)} if kind is OpKind.CONV_TRANSPOSE else {}
    if kind.has_weight:
        more |= {"channels": (4, 4), "group": 2, "bias": True}
    reference = spec(7, 3, 2, 1, kind=kind, **more)
    probe = make_probe(reference)
    tried = 0
    channels = reference.channels[1 if kind.has_weight else 0]
    clues = dataclasses.replace(CLUES, scale=(0.5,) * channels, offset=(3.0,) * channels)
    for cause in all_causes():
        for faulty in cause.offers(reference, clues):
            if not all(faulty.output_size):
                continue
            sample = sampled(faulty, probe)
            whole = evaluate(faulty, probe.x, probe.weight, probe.bias).values
            how = faulty.deviation.rearranged if faulty.deviation else None
            if how in OUTPUT_REARRANGEMENTS:
                whole = restored_output(how, whole)
            np.testing.assert_allclose(
                sample.expected(faulty).values, sample.take(whole), rtol=1e-12, err_msg=str(faulty)
            )
            tried += 1
    assert tried >= 10


@pytest.mark.parametrize("size", [(5,), (1,), (224,), (9, 300), (3, 30, 300)])
def test_the_places_are_outputs_with_both_ends_among_them(size):
    places = sample_places(size)
    assert len({tuple(place) for place in places}) == len(places) <= 128
    assert (places >= 0).all()
    assert (places < np.array(size)).all()
    assert (0,) * len(size) in {tuple(place) for place in places.tolist()}
    assert tuple(n - 1 for n in size) in {tuple(place) for place in places.tolist()}


@pytest.mark.parametrize("size", [(7, 4), (4, 7), (30, 40)])
def test_a_bias_along_the_last_axis(size):
    op = spec(size, 3, 1, 1, channels=(2, size[-1]), bias=True)
    faulty = op.deviating(rearranged=Rearrangement.BIAS_LAST)
    probe = make_probe(op)
    for asked in (faulty, faulty.with_pads([(0, 0), (0, 0)])):
        whole = evaluate(asked, probe.x, probe.weight, probe.bias).values
        sample = sampled(asked, probe)
        np.testing.assert_array_equal(sample.expected(asked).values, sample.take(whole))


def test_axes_of_two_sizes_cannot_be_reversed():
    op = spec((4, 5), 3, 1, 1).deviating(rearranged=Rearrangement.INPUT_REVERSED)
    probe = make_probe(op)
    with pytest.raises(UsageError, match="axes of one size"):
        evaluate(op, probe.x, probe.weight)

"""A .tflite network with some of its sites replaced."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.litert.network import LiteRTNetwork
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, Rounding, explicit
from padcheck.oracle import evaluate
from padcheck.records import Change, OpKind
from tests.frameworks.litert.network_models import Array, feeds, network, tail_of

FLOATS = ("images", "signals", "volumes", "padded", "half")


def own(opened: LiteRTNetwork, index: int, **changes: Any) -> Change:
    """What a site computes, as a Change; with other fields of its spec."""
    site, place = opened.sites[index], opened.places[index]
    assert site.spec is not None
    assert place is not None
    spec, weight, offset = site.spec, None, None
    if place.values is not None:
        values = place.values()
        offset = values.offset
        weight = values.weight
        if values.scale is not None:
            shape = [1] * weight.ndim
            shape[1 if spec.kind is OpKind.CONV_TRANSPOSE else 0] = -1
            weight = weight * values.scale.reshape(shape)
    clip = place.epilogue.clip
    return Change(spec=spec.replace(**changes), weight=weight, offset=offset, clip=clip)


def apart(one: dict[str, Array], other: dict[str, Array]) -> float:
    """The largest difference, over the largest number."""
    return max(
        float(np.abs(one[name] - other[name]).max() / np.abs(one[name]).max()) for name in one
    )


@pytest.mark.parametrize("name", FLOATS)
def test_what_it_computes_itself_changes_nothing(name: str) -> None:
    opened = network(name)
    given = feeds(opened)
    before = opened.run(given)
    changes = {index: own(opened, index) for index in range(len(opened.sites))}
    altered = opened.altered(changes)
    assert apart(before, altered.run(given)) < 1e-5
    assert [site.name for site in altered.sites] == [site.name for site in opened.sites]
    assert [str(site.spec) for site in altered.sites] == [str(site.spec) for site in opened.sites]
    tails = [place.tail for place in opened.places if place]
    found, again = opened.run(given, tails), altered.run(given, tails)
    assert set(found) == set(again)
    assert apart(found, again) < 1e-4


@pytest.mark.parametrize("name", FLOATS)
def test_written_anew_it_computes_the_same(name: str) -> None:
    opened = network(name)
    given = feeds(opened)
    before = opened.run(given)
    for index, site in enumerate(opened.sites):
        assert site.spec is not None
        pads = tuple(explicit(*pair) for pair in site.spec.resolved_pads)
        change = own(opened, index, pads=pads, output_padding=(), output_shape=())
        assert apart(before, opened.altered({index: change}).run(given)) < 1e-5, site.name


@pytest.mark.parametrize("name", FLOATS)
def test_other_numbers_are_computed(name: str) -> None:
    opened = network(name)
    given = feeds(opened)
    rng = np.random.default_rng(7)
    for index, (site, place) in enumerate(zip(opened.sites, opened.places, strict=True)):
        assert site.spec is not None
        assert place is not None
        if not site.spec.kind.has_weight:
            continue
        weight = rng.normal(size=site.spec.weight_shape)
        offset = rng.normal(size=site.spec.channels[1])
        change = Change(spec=site.spec, weight=weight, offset=offset, clip=(-0.5, 0.25))
        altered = opened.altered({index: change})
        found = altered.run(given, [place.data, place.tail])
        x = np.moveaxis(found[place.data], -1, 1).astype(np.float64)
        column = (1, -1) + (1,) * site.spec.rank
        expected = evaluate(site.spec, x, weight).values + offset.reshape(column)
        observed = np.moveaxis(found[place.tail], -1, 1)
        assert observed.shape == expected.shape
        assert np.abs(observed - np.clip(expected, -0.5, 0.25)).max() < 1e-4, site.name


GEOMETRIES = [
    ("images", "stem", {"pads": (explicit(2, 0), explicit(0, 2))}),
    ("images", "stem", {"pads": (SAME_LOWER, explicit(-2, 4))}),
    ("images", "stem", {"pads": (explicit(1, 1), explicit(1, 1)), "pad_value": 2.5}),
    ("images", "stem", {"pads": (explicit(1, 1), explicit(1, 1)), "pad_mode": "reflect"}),
    ("images", "dw", {"pads": (explicit(0, 1), explicit(1, 0)), "pad_mode": "symmetric"}),
    ("images", "dil", {"pads": (explicit(0, 4), explicit(3, 1))}),
    ("images", "mp", {"pads": (explicit(1, 0), explicit(1, 1))}),
    ("images", "mp", {"pads": (explicit(1, 1), explicit(1, 1)), "pad_value": 0.0}),
    ("images", "mp", {"pads": (VALID, explicit(1, 1)), "rounding": Rounding.CEIL}),
    ("images", "ap", {"pads": (explicit(1, 0), explicit(0, 1)), "count_include_pad": True}),
    ("images", "ap", {"pads": (explicit(1, 0), SAME_UPPER)}),
    ("images", "tr", {"pads": (explicit(1, 0), explicit(0, 1))}),
    ("images", "tr", {"pads": (explicit(1, 1), explicit(1, 1)), "output_padding": (1, 1)}),
    ("signals", "c1", {"pads": (explicit(1, 0),)}),
    ("signals", "c2", {"pads": (explicit(2, 2),)}),
    ("signals", "mp1", {"pads": (explicit(1, 0),), "pad_value": 0.0}),
    ("signals", "s1", {"pads": (explicit(2, 0),)}),
    ("signals", "ap1", {"pads": (explicit(1, 0),)}),
    ("signals", "t1", {"pads": (explicit(1, 0),)}),
    ("volumes", "c3d", {"pads": (explicit(2, 0), explicit(1, 1), explicit(1, 0))}),
    ("volumes", "t3d", {"pads": (explicit(1, 0), SAME_UPPER, explicit(1, 0))}),
]


@pytest.mark.parametrize(("name", "site", "changes"), GEOMETRIES)
def test_another_geometry_is_computed(name: str, site: str, changes: dict[str, Any]) -> None:
    opened = network(name)
    index = [one.name for one in opened.sites].index(site)
    place = opened.places[index]
    assert place is not None
    change = own(opened, index, **changes)
    altered = opened.altered({index: change})
    found = altered.run(feeds(opened), [place.data, place.tail])
    x = np.moveaxis(found[place.data], -1, 1).astype(np.float64)
    weight = None if change.weight is None else change.weight.astype(np.float64)
    expected = evaluate(change.spec, x, weight).values
    if change.offset is not None:
        expected = expected + change.offset.reshape((1, -1) + (1,) * change.spec.rank)
    if change.clip is not None:
        expected = np.clip(expected, *change.clip)
    observed = np.moveaxis(found[place.tail], -1, 1)
    assert observed.shape == expected.shape
    assert np.abs(observed - expected).max() < 1e-5
    made = altered.sites[index].spec
    assert made is not None
    if (
        change.spec.kind in (OpKind.CONV, OpKind.MAX_POOL)
        and min(min(change.spec.pad_before), 0) == 0
    ):
        assert made.pad_before == change.spec.pad_before
        assert made.pad_value == change.spec.pad_value


def test_the_other_sites_stay() -> None:
    opened = network("signals")
    altered = opened.altered({1: own(opened, 1, pads=(explicit(2, 2),))})
    again = altered.altered({0: own(altered, 0, pads=(explicit(1, 0),))})
    specs = [str(site.spec) for site in again.sites]
    assert specs[0] == "conv(n=20, k=3, s=2, pads=(1,0))"
    assert specs[1] == "conv(n=10, k=3, d=2, pads=(2,2))"
    assert specs[2:] == [str(site.spec) for site in opened.sites][2:]
    given = feeds(opened)
    for site, place in zip(again.sites, again.places, strict=True):
        assert place is not None
        found = again.run(given, [place.data, place.tail])
        observed = np.moveaxis(found[place.tail], -1, 1)
        assert np.abs(observed - tail_of(site, place, found[place.data])).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "site", "changes", "problem"),
    [
        ("int8", "stem", {}, "stem: a .tflite file of integers cannot be rewritten"),
        ("int8", "mp", {}, "mp: a .tflite file of integers cannot be rewritten"),
        ("hybrid", "a", {}, "a: a .tflite file of integers cannot be rewritten"),
        ("images", "dil", {"pad_mode": "wrap", "dilation": (1, 2)}, "LiteRT pads with no mode"),
        ("images", "mp", {"dilation": (2, 1)}, "LiteRT has no pools that are dilated"),
        ("images", "tr", {"dilation": (2, 1)}, "TRANSPOSE_CONV has no groups, and on 2 axes no"),
        ("images", "stem", {"input_size": (1, 1), "pads": (VALID, VALID)}, "there is no output"),
    ],
)
def test_what_cannot_be_written(
    name: str, site: str, changes: dict[str, Any], problem: str
) -> None:
    opened = network(name)
    index = [one.name for one in opened.sites].index(site)
    with pytest.raises(FrameworkError, match=rf"^litert.*{problem}"):
        opened.altered({index: own(opened, index, **changes)})


def test_no_change_and_no_site() -> None:
    opened = network("images")
    assert opened.altered({}) is opened
    with pytest.raises(UsageError, match=r"expected a site in \[0, 8\) but got 8"):
        opened.altered({8: own(opened, 0)})
    assert math.isinf((own(opened, 1).clip or (0, 0))[1])

"""The converted model is the same model; tidied up with `padding="same"` it is not."""

from __future__ import annotations

import pytest
from conversion import MODEL, as_converted, convolution, rebuilt, with_same
from hypothesis import given, settings

import padcheck

PLAIN = [
    spec
    for spec in padcheck.geometries("conv", rank=2)
    if spec.group == 1 and spec.channels[0] > 1 and len(set(spec.input_size)) == 1
]


def test_as_converted(padcheck):
    padcheck.assert_equivalent(MODEL, as_converted())


def test_converted_on_the_way(padcheck):
    padcheck.assert_equivalent(MODEL, via="onnx2keras")  # channels first


def test_with_same(padcheck):
    padcheck.assert_equivalent(MODEL, with_same())


def test_as_files(padcheck, tmp_path):
    rebuilt(as_converted()).save(tmp_path / "converted.keras")
    padcheck.assert_equivalent(MODEL, tmp_path / "converted.keras")


@pytest.mark.parametrize("spec", PLAIN, ids=str)
def test_one_convolution(padcheck, spec):
    padcheck.assert_callable(spec, convolution(spec), layout="channels_last")


@settings(deadline=None, derandomize=True, database=None)
@given(spec=padcheck.strategies.convs(rank=2))
def test_one_convolution_with_same(spec):
    padcheck.assert_callable(spec, convolution(spec, "same"), layout="channels_last")

"""Resizing, against PyTorch, tf.image and ONNX's own text."""

import numpy as np
import pytest
import torch

from padcheck import resize
from padcheck.geometry import blend, source_position
from padcheck.oracle import Sample, evaluate, sample_places
from padcheck.probes import equals, make_probe

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}
SIZES = [(8, 16), (8, 5), (7, 7), (4, 12), (9, 1), (1, 4), (5, 8)]


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("sizes", SIZES)
def test_linear_is_that_of_torch(sizes, rank):
    n, m = ((size,) * rank for size in sizes)
    for coordinates, corners in (("pytorch_half_pixel", False), ("align_corners", True)):
        op = resize(input_size=n, output_size=m, coordinates=coordinates)
        probe = make_probe(op)
        x = torch.tensor(probe.x).float()
        if not corners and 1 in m:
            continue  # interpolate's own rule is half_pixel
        seen = torch.nn.functional.interpolate(x, m, mode=MODES[rank], align_corners=corners)
        assert equals(seen.numpy(), evaluate(op, probe.x)), op


@pytest.mark.parametrize("sizes", SIZES)
def test_nearest_is_that_of_torch(sizes):
    n, m = sizes
    for mode, coordinates, name in (
        ("nearest_floor", "asymmetric", "nearest"),
        ("nearest_up", "half_pixel", "nearest-exact"),
    ):
        op = resize(input_size=(n, n), output_size=(m, m), mode=mode, coordinates=coordinates)
        probe = make_probe(op)
        seen = torch.nn.functional.interpolate(torch.tensor(probe.x).float(), (m, m), mode=name)
        assert equals(seen.numpy(), evaluate(op, probe.x)), op


def test_positions_of_the_four_rules():
    rules = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
    assert [float(source_position(1, 4, 8, rule)) for rule in rules] == [0.25, 3 / 7, 0.5, 0.25]
    assert [float(source_position(0, 4, 1, rule)) for rule in rules] == [1.5, 0, 0, 0]
    assert blend(0, 4, 8, "half_pixel", "linear") == (0, 1, 0)
    assert [blend(1, 4, 6, "half_pixel", mode)[2] for mode in ("nearest", "nearest_up")] == [0, 1]


def test_a_sample_of_it():
    op = resize(input_size=(5, 6), output_size=(9, 7))
    probe = make_probe(op)
    sample = Sample(sample_places(op.output_size), probe.x, None, None)
    whole = evaluate(op, probe.x)
    np.testing.assert_array_equal(sample.expected(op).values, sample.take(whole.values))

"""The questions that are asked of a difference, in order, as the notes tell their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import padcheck
from tests.corpus import engine
from tests.corpus.cases import RANKS, Box, numpy_box, windowed
from tests.corpus.references import reference


def seen(kind: str, given: dict[str, Any], box: Box) -> str:
    report = padcheck.check_callable(getattr(padcheck, kind)(**given), box)
    answers = {
        note.removeprefix("seen: ")
        for finding in report.findings
        for note in finding.notes
        if note.startswith("seen: ")
    }
    (answer,) = answers
    return answer


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", ["conv", "max_pool", "average_pool", "lp_pool"])
def test_shapes_come_first(kind, rank):
    given = windowed(kind, rank, 6, 3, 1, 1, 1)
    assert seen(kind, given, numpy_box(kind, 3, 1, 1, 0)) == "the shapes differ"


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", ["conv", "max_pool", "average_pool", "lp_pool"])
def test_then_the_interior_after_a_shift(kind, rank):
    given = windowed(kind, rank, 12, 3, 2, 1, 1)
    shift = ", ".join(["1"] * rank)
    assert seen(kind, given, numpy_box(kind, 3, 2, 1, engine.same)) == (
        f"the interior is right after a shift of the windows by ({shift})"
    )


@pytest.mark.parametrize("rank", RANKS)
def test_a_shift_of_one_axis_is_told(rank):
    given = windowed("conv", rank, 12, 3, 2, 1, 1)
    rules = [1] * (rank - 1) + [engine.same]
    shift = ", ".join(["0"] * (rank - 1) + ["1"])
    assert f"by ({shift})" in seen("conv", given, numpy_box("conv", 3, 2, 1, rules))


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", ["conv", "max_pool", "lp_pool"])
def test_then_the_border(kind, rank):
    given = windowed(kind, rank, 9, 3, 1, 1, 1)
    box = numpy_box(kind, 3, 1, 1, 1, fill=5.0)
    assert seen(kind, given, box) == "only the border is wrong"


@pytest.mark.parametrize("rank", RANKS)
def test_a_divisor_shows_at_the_border(rank):
    given = windowed("average_pool", rank, 9, 3, 1, 1, 1)
    box = numpy_box("average_pool", 3, 1, 1, 1, counted=True)
    assert seen("average_pool", given, box) == "only the border is wrong"


@pytest.mark.parametrize("rank", RANKS)
def test_then_a_constant_in_each_channel(rank):
    given = {**windowed("conv", rank, 8, 3, 1, 1, 1), "bias": True}
    box = reference("conv", given)
    words = seen("conv", given, lambda x, w, b: box(x, w, 0 * b))
    assert words.startswith("every channel is off by a constant: ")
    given = {**windowed("conv", rank, 8, 3, 1, 1, 1), "epsilon": 1e-5}
    box = reference("conv", {**given, "epsilon": 1e-3})
    assert seen("conv", given, box).startswith("every channel is off by a constant factor: 0.99")


@pytest.mark.parametrize("rank", RANKS)
def test_then_what_is_uniform_and_tiny(rank):
    given = windowed("average_pool", rank, 8, 3, 1, 1, 0)
    right = reference("average_pool", given)

    def rounded(x: np.ndarray) -> np.ndarray:
        bits = right(x).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32)

    assert seen("average_pool", given, rounded) == "the difference is uniform and tiny"


@pytest.mark.parametrize("rank", RANKS)
def test_a_flipped_kernel_is_no_shift(rank):
    given = windowed("conv", rank, 9, 3, 1, 1, 1)
    right = reference("conv", given)
    axes = tuple(range(2, rank + 2))
    assert seen("conv", given, lambda x, w: right(x, np.flip(w, axes))) == (
        "the interior is wrong, and no shift of the windows puts it right"
    )

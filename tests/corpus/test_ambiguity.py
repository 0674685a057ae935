"""What a box that takes one size only cannot settle is said to be ambiguous."""

from __future__ import annotations

import numpy as np
import pytest

import padcheck
from tests.corpus import engine
from tests.corpus.cases import RANKS, WINDOWED, Box, numpy_box, windowed


def at_one_size(box: Box, sizes: tuple[int, ...]) -> Box:
    """A box compiled for one input size, as converters make them."""

    def fixed(*arrays: np.ndarray) -> np.ndarray:
        if arrays[0].shape[2:] != sizes:
            raise ValueError(f"compiled for {sizes}")
        return box(*arrays)

    return fixed


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", WINDOWED)
@pytest.mark.parametrize(("rule", "code", "rival"), [(0, "PAD104", "PAD110")])
def test_valid_and_an_even_same_coincide_at_one_size(kind, rank, rule, code, rival):
    given = windowed(kind, rank, 8, 2, 2, 1, 1)
    box = at_one_size(numpy_box(kind, 2, 2, 1, rule), given["input_size"])
    report = padcheck.check_callable(getattr(padcheck, kind)(**given), box)
    assert report.verdict == "mismatch"
    (finding,) = report.findings
    assert {finding.code, *finding.proof.rivals} == {code, rival}
    assert finding.proof.status == "ambiguous"
    assert finding.proof.residual == 0
    assert "n=3" in finding.proof.separable_at
    assert any(finding.proof.rivals[0] in note for note in finding.notes)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("kind", WINDOWED)
@pytest.mark.parametrize(
    ("rule", "code"), [(0, "PAD104"), (engine.same, "PAD110")], ids=["valid", "same"]
)
def test_the_same_box_at_any_size_is_proven(kind, rank, rule, code):
    given = windowed(kind, rank, 8, 2, 2, 1, 1)
    box = numpy_box(kind, 2, 2, 1, rule)
    report = padcheck.check_callable(getattr(padcheck, kind)(**given), box)
    assert [finding.code for finding in report.findings] == [code]
    proof = report.findings[0].proof
    assert (proof.status, proof.residual, proof.rivals) == ("proven", 0, ())
    assert proof.separated_at is not None


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric"])
def test_no_size_tells_what_a_max_pool_copies_from_its_own_window(mode):
    """A copy of what the window holds changes no maximum; neither does -inf."""
    given = {**windowed("max_pool", 2, 6, 5, 1, 1, 2), "pad_mode": "wrap"}
    box = numpy_box("max_pool", 5, 1, 1, 2, mode=mode)
    report = padcheck.check_callable(padcheck.max_pool(**given), box)
    assert report.verdict == "mismatch"
    (finding,) = report.findings
    assert {finding.code, *finding.proof.rivals} == {"PAD202", "PAD204"}
    assert finding.proof.status == "ambiguous"

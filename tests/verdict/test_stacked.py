"""Several faults at once are all named, each by what it changes; and no more than there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import padcheck
from padcheck.causes import Clues
from padcheck.verdict.stacked import stacked
from tests.corpus import engine
from tests.corpus.guilty_arrays import along_the_width
from tests.corpus.references import reference

Array = np.ndarray
RANKS = (1, 2, 3)


def codes(report: Any) -> list[str]:
    return sorted(finding.code for finding in report.findings)


def named(kind: str, given: dict[str, Any], box: Callable[..., Array]) -> list[str]:
    """The codes, of a report that proves them."""
    report = padcheck.check_callable(getattr(padcheck, kind)(**given), box)
    assert {finding.proof.status for finding in report.findings} == {"proven"}, str(report)
    return codes(report)


@pytest.mark.parametrize("rank", RANKS)
def test_a_conv_without_dilation_padding_and_bias(rank):
    given = {"input_size": (9,) * rank, "kernel_size": 3, "dilation": 2, "pads": "same_upper"}
    bare = reference("conv", {**given, "dilation": 1, "pads": 0})
    wanted = ["PAD104", "PAD903", "PAD904"]
    assert named("conv", {**given, "bias": True}, lambda x, w, b: bare(x, w)) == wanted


@pytest.mark.parametrize("rank", RANKS)
def test_same_of_another_dilation_without_bias(rank):
    given = {"input_size": (8,) * rank, "kernel_size": 3, "dilation": 2, "stride": 2, "pads": 1}
    same = reference("conv", {**given, "dilation": 1, "pads": "same_upper"})
    wanted = ["PAD101", "PAD903", "PAD904"]
    assert named("conv", {**given, "bias": True}, lambda x, w, b: same(x, w)) == wanted


@pytest.mark.parametrize("rank", RANKS)
def test_a_max_pool_rounded_down_without_its_end_pads_filled_with_zeros(rank):
    given = {"input_size": (9,) * rank, "kernel_size": 5, "stride": 3, "ceil_mode": True, "pads": 2}
    pairs = [(2, 0)] * rank
    box = lambda x: engine.max_pool(x, kernel=5, stride=3, pads=pairs, fill=0.0)  # noqa: E731
    found = named("max_pool", given, box)
    assert found == ["PAD105", "PAD201", "PAD301"]


@pytest.mark.parametrize("rank", [2, 3])
def test_an_average_with_the_stride_of_one_axis_no_pads_and_no_ceil(rank):
    given = {"input_size": (10,) * rank, "kernel_size": 3, "stride": (2, 1, 1)[:rank], "pads": 1}
    lost = reference("average_pool", {**given, "stride": 2, "pads": 0})
    assert named("average_pool", given, lost) == ["PAD104", "PAD903"]


@pytest.mark.parametrize("rank", RANKS)
def test_four_faults_of_an_average(rank):
    given = {"input_size": (9,) * rank, "kernel_size": 3, "dilation": 2, "stride": 3}
    given |= {"pads": (((1, 2),) * rank), "ceil_mode": True}
    wrong = {"dilation": 1, "ceil_mode": False, "count_include_pad": True}
    wrong["pads"] = ((1, 0),) * rank
    lost = reference("average_pool", {**given, **wrong})
    found = named("average_pool", given, lost)
    assert found == ["PAD105", "PAD203", "PAD301", "PAD903"]


def test_auto_pad_and_dilation_dropped_where_auto_pad_adds_nothing():
    given = {"input_size": (2, 2), "kernel_size": 2, "stride": 2}
    spec = padcheck.average_pool(**given, dilation=(1, 2), pads="same_upper")
    report = padcheck.check_callable(spec, reference("average_pool", given))
    assert codes(report) == ["PAD903"]
    assert "PAD104 as well at other input sizes" in report.findings[0].notes


@pytest.mark.parametrize("rank", RANKS)
def test_a_bias_along_the_width_under_two_other_faults(rank):
    given = {"input_size": (7,) * rank, "kernel_size": 3, "dilation": 2, "pads": 1}
    bare = reference("conv", {**given, "dilation": 1, "pads": 0})

    given |= {"bias": True, "channels": (2, 5)}
    box = lambda x, w, b: along_the_width(bare(x, w), b)  # noqa: E731
    assert named("conv", given, box) == ["PAD104", "PAD901", "PAD903"]


def test_each_is_told_by_what_it_changes():
    given = {"input_size": (9, 9), "kernel_size": 3, "dilation": 2, "pads": 1}
    bare = reference("conv", {**given, "dilation": 1, "pads": 0})
    spec = padcheck.conv(**given, bias=True)
    report = padcheck.check_callable(spec, lambda x, w, b: bare(x, w))
    assert [finding.message for finding in report.findings] == [
        "dilation is 1, expected 2",
        "padding is lost: pads (0,0), expected (1,1)",
        "bias is lost",
    ]
    (residuals,) = (note for note in report.findings[0].notes if note.startswith("residual: "))
    assert all(f"{code} alone leaves" in residuals for code in ("PAD903", "PAD104", "PAD904"))
    assert residuals.endswith("PAD903 and PAD104 and PAD904 together leave 0")


def test_what_two_faults_explain_is_not_laid_to_three():
    given = {"input_size": (9,), "kernel_size": 3, "stride": 2, "dilation": 2, "pads": 2}
    spec = padcheck.max_pool(**given, ceil_mode=True)  # rounds to the same size without
    lost = reference("max_pool", {**given, "dilation": 1, "pads": 0})
    assert codes(padcheck.check_callable(spec, lost)) == ["PAD104", "PAD903"]


def test_what_is_wrong_inside_goes_no_further():
    spec = padcheck.average_pool(input_size=(9, 9, 9), kernel_size=3, stride=2, pads="same_upper")
    lists = list(stacked(spec, spec.output_size, lambda op: False, lambda op: Clues()))
    assert lists == [[], [], [], []]


def test_no_op_of_another_output_size_is_a_suspect():
    spec = padcheck.average_pool(input_size=(9, 8), kernel_size=3, stride=2, pads=1, ceil_mode=True)
    seen = (4, 3)
    lists = list(stacked(spec, seen, lambda op: True, lambda op: Clues()))
    assert [min(len(one.causes) for one in several) for several in lists[:2]] == [2, 3]
    for count, several in enumerate(lists, 2):
        for suspect in several:
            assert suspect.spec.output_size == seen
            assert len(suspect.causes) == len(suspect.alone) == len(suspect.without) == count

"""A pool that averages all of its input, which the other side has as a mean."""

from __future__ import annotations

from typing import Any

import onnx
import pytest

import padcheck
from padcheck.checks.compare.means import MEAN, is_mean
from padcheck.geometry import explicit
from padcheck.records import OpKind, OpSpec
from tests.checks.compare.small import EIGHT, conv, model, node, weights

NOTHING = [0, 0, 0, 0]


def averaged(*, pooled: bool, bias: float = 0.0, **words: Any) -> onnx.ModelProto:
    words = {"kernel_shape": [8, 8], **words}
    last = (
        node("AveragePool", ["a"], ["p"], name="pool", **words)
        if pooled
        else node("ReduceMean", ["a"], ["p"], axes=[2, 3], name="mean")
    )
    nodes = [conv("one", "x", "a"), last, node("Relu", ["p"], ["r"]), node("Neg", ["r"], ["y"])]
    if bias:
        nodes[-1] = node("Abs", ["r"], ["y"])
    return model(nodes, EIGHT, ["y"], w_one=weights(6, 3, 3, 3))


@pytest.mark.parametrize("pooled", [True, False])
def test_a_mean_needs_no_partner_where_the_outputs_agree(pooled: bool) -> None:
    report = padcheck.compare(averaged(pooled=pooled), averaged(pooled=not pooled))
    assert report.exit_code == 0
    op = next(op for op in report.ops if op.op_type == "AveragePool")
    assert op.verdict == "equivalent"
    assert MEAN in op.notes


def test_where_the_outputs_differ_it_is_not_known() -> None:
    report = padcheck.compare(averaged(pooled=True), averaged(pooled=False, bias=1.0))
    op = next(op for op in report.ops if op.op_type == "AveragePool")
    assert (report.exit_code, op.verdict) == (1, "unverified")


def pool(**words: Any) -> OpSpec:
    return OpSpec(
        **{
            "kind": OpKind.AVERAGE_POOL,
            "input_size": (7, 7),
            "kernel_size": (7, 7),
            "stride": (1, 1),
            "dilation": (1, 1),
            "pads": (explicit(0, 0),) * 2,
            "channels": (4, 4),
            **words,
        },
    )


def test_what_is_a_mean() -> None:
    assert is_mean(pool())
    padded = {"kernel_size": (9, 9), "pads": (explicit(1, 1),) * 2}
    assert is_mean(pool(**padded, count_include_pad=False))
    assert not is_mean(pool(**padded, count_include_pad=True))
    assert not is_mean(pool(kernel_size=(6, 6)))
    assert not is_mean(pool(kernel_size=(6, 6), stride=(7, 7)))
    assert not is_mean(pool(kind=OpKind.MAX_POOL))
    assert not is_mean(None)

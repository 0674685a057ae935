"""An op that gives another size, and ops after it that pad by a rule of the size they get."""

from __future__ import annotations

import onnx

import padcheck
from padcheck.records import MISMATCH
from tests.checks.compare.small import conv, model, node, weights

NINE = {"x": (1, 3, 9, 9)}


def strided(*, same: bool) -> onnx.ModelProto:
    """9 to 4 to 2 with a row of pads behind; by SAME 9 to 5 to 3, with pads on both sides."""
    pads = {"auto_pad": "SAME_UPPER", "pads": None} if same else {"pads": [0, 0, 1, 1]}
    words = {key: value for key, value in pads.items() if value is not None}
    nodes = [
        node("Conv", ["x", "w_one"], ["a"], name="one", strides=[2, 2], **words),
        node("Relu", ["a"], ["b"]),
        node("Conv", ["b", "w_two"], ["c"], name="two", strides=[2, 2], **words),
        conv("three", "c", "d"),
        node("ReduceMean", ["d"], ["m"], axes=[2, 3], keepdims=1),
        conv("four", "m", "y", pads=[0, 0, 0, 0]),
    ]
    return model(
        nodes,
        NINE,
        ["y"],
        w_one=weights(8, 3, 3, 3),
        w_two=weights(8, 8, 3, 3),
        w_three=weights(8, 8, 3, 3),
        w_four=weights(9, 8, 1, 1),
    )


def test_the_op_that_gives_another_size_explains_what_follows() -> None:
    report = padcheck.compare(strided(same=False), strided(same=True))
    assert report.exit_code == 1
    assert [op.name for op in report.ops if op.verdict == MISMATCH] == ["one"]
    assert {finding.code for finding in report.findings} == {"PAD110"}
    assert report.end_to_end.explained_by == ("PAD110",)
    assert report.end_to_end.residual_relative_l2 < 1e-5
    assert all(each.verdict == "equivalent" for each in report.end_to_end.after)

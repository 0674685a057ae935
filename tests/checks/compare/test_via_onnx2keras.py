"""onnx2keras 0.0.25 on single ops: `compare` names the cause of each that it converts wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import padcheck
from padcheck.errors import FrameworkError
from padcheck.records import Report
from tests.checks.compare.one_node import conv, node, pad, pool, via
from tests.support import FIXTURES

BOTH, FIRST = (False, True), (False,)
ONE, TWO = {"pads": (1, 1, 1, 1)}, {"strides": (2, 2)}
END, START, RIGHT = {"pads": (0, 0, 1, 1)}, {"pads": (1, 1, 0, 0)}, {"pads": (0, 1, 0, 1)}
UPPER, LOWER = {"auto_pad": "SAME_UPPER"}, {"auto_pad": "SAME_LOWER"}
STAY = {"strides": (1, 1)}
END_3D, EVEN = {"pads": (0, 0, 0, 1, 1, 1)}, {"strides": (2, 2, 2)}
COUNTED = {"count_include_pad": 1}


def transposed(*kernel: int, **words: Any) -> Any:
    return conv(*kernel, op="ConvTranspose", **words)


def max_pool(*kernel: int, **words: Any) -> Any:
    return pool("MaxPool", *kernel, **words)


def mean_pool(*kernel: int, **words: Any) -> Any:
    return pool("AveragePool", *kernel, **words)


#: What is wrong: the codes, in their order, and in which orderings it converts.
WRONG: dict[str, tuple[str, tuple[bool, ...], Callable[[], Any]]] = {
    # 1-D convolutions: always SAME, without dilation and bias
    "conv 1-D": ("PAD110", FIRST, lambda: conv(3)),
    "conv 1-D s2 p1": ("PAD101", FIRST, lambda: conv(3, strides=(2,), pads=(1, 1))),
    "conv 1-D causal": ("PAD103", FIRST, lambda: conv(3, pads=(2, 0))),
    "conv 1-D bias": ("PAD904", FIRST, lambda: conv(3, pads=(1, 1), bias=True)),
    "conv 1-D d2 p2": ("PAD903 PAD110", FIRST, lambda: conv(3, dilations=(2,), pads=(2, 2))),
    "conv 1-D d2": ("PAD903 PAD110", FIRST, lambda: conv(3, dilations=(2,))),
    # the first dilation for all axes, no auto_pad
    "conv d(1,2)": ("PAD903", BOTH, lambda: conv(3, 3, dilations=(1, 2))),
    "conv d(2,1)": ("PAD903", BOTH, lambda: conv(3, 3, dilations=(2, 1))),
    "conv SAME_UPPER s2": ("PAD104", BOTH, lambda: conv(3, 3, **UPPER, **TWO)),
    "conv SAME_LOWER s2": ("PAD104", BOTH, lambda: conv(3, 3, **LOWER, **TWO)),
    "conv SAME_UPPER": ("PAD104", BOTH, lambda: conv(3, 3, **UPPER)),
    # three begins for six pads
    "conv 3-D end": ("PAD104", BOTH, lambda: conv(3, 3, 3, **END_3D, **EVEN)),
    "conv 3-D start": ("PAD105", BOTH, lambda: conv(3, 3, 3, pads=(2, 1, 1, 0, 1, 1))),
    "conv 3-D d(1,2,2)": ("PAD903", BOTH, lambda: conv(3, 3, 3, dilations=(1, 2, 2))),
    # crops only where the first begin is not 0
    "transposed end": ("PAD104", BOTH, lambda: transposed(3, 3, **END, **TWO)),
    "transposed right": ("PAD104", BOTH, lambda: transposed(3, 3, **RIGHT, **TWO)),
    "transposed SAME_UPPER": ("PAD104", BOTH, lambda: transposed(3, 3, **UPPER, **TWO)),
    "transposed SAME_LOWER": ("PAD104", BOTH, lambda: transposed(3, 3, **LOWER, **TWO)),
    "transposed output_shape": (
        "PAD402",
        BOTH,
        lambda: transposed(3, 3, output_shape=(16, 18), **TWO),
    ),
    "transposed d(1,2)": ("PAD903", BOTH, lambda: transposed(3, 3, dilations=(1, 2))),
    # zeros around a max pool
    "max s2 p1": ("PAD201", BOTH, lambda: max_pool(3, 3, **ONE, **TWO)),
    "max s2 end": ("PAD201", BOTH, lambda: max_pool(3, 3, **END, **TWO)),
    "max s2 start": ("PAD201", BOTH, lambda: max_pool(3, 3, **START, **TWO)),
    "max s2 right": ("PAD201", BOTH, lambda: max_pool(3, 3, **RIGHT, **TWO)),
    "max k2 end": ("PAD201", BOTH, lambda: max_pool(2, 2, **END, **STAY)),
    "max s1 start": ("PAD110", BOTH, lambda: max_pool(3, 3, **START, **STAY)),
    "max ceil_mode": ("PAD301", BOTH, lambda: max_pool(3, 3, ceil_mode=1, **TWO)),
    "max SAME_UPPER s2": ("PAD104", BOTH, lambda: max_pool(3, 3, **UPPER, **TWO)),
    "max SAME_UPPER": ("PAD104", BOTH, lambda: max_pool(3, 3, **UPPER, **STAY)),
    "max d2": ("PAD903", BOTH, lambda: max_pool(2, 2, dilations=(2, 2), **STAY)),
    "max 3-D": ("PAD201", BOTH, lambda: max_pool(3, 3, 3, pads=(1,) * 6, **EVEN)),
    "max 3-D end": ("PAD104", BOTH, lambda: max_pool(3, 3, 3, **END_3D, **EVEN)),
    # zeros around an average, counted; begins for ends
    "mean s2 p1": ("PAD203", BOTH, lambda: mean_pool(3, 3, **ONE, **TWO)),
    "mean s2 end": ("PAD104", BOTH, lambda: mean_pool(3, 3, **END, **TWO)),
    "mean s2 start": ("PAD105 PAD203", BOTH, lambda: mean_pool(3, 3, **START, **TWO)),
    "mean s2 right": ("PAD203", BOTH, lambda: mean_pool(3, 3, **RIGHT, **TWO)),
    "mean k2 end": ("PAD104", BOTH, lambda: mean_pool(2, 2, **END, **STAY)),
    "mean s1 start": ("PAD110", BOTH, lambda: mean_pool(3, 3, **START, **STAY)),
    "mean ceil_mode": ("PAD301", BOTH, lambda: mean_pool(3, 3, ceil_mode=1, **TWO)),
    "mean SAME_UPPER s2": ("PAD104", BOTH, lambda: mean_pool(3, 3, **UPPER, **TWO)),
    "mean SAME_UPPER": ("PAD104", BOTH, lambda: mean_pool(3, 3, **UPPER, **STAY)),
    "mean counted end": ("PAD104", BOTH, lambda: mean_pool(3, 3, **END, **TWO, **COUNTED)),
    "mean d2": ("PAD903", BOTH, lambda: mean_pool(2, 2, dilations=(2, 2), opset=19, **STAY)),
    "mean 3-D": ("PAD203", BOTH, lambda: mean_pool(3, 3, 3, pads=(1,) * 6, **EVEN)),
    "mean 3-D end": ("PAD104", BOTH, lambda: mean_pool(3, 3, 3, **END_3D, **EVEN)),
}

RIGHT_ONES: dict[str, tuple[tuple[bool, ...], Callable[[], Any]]] = {
    "conv 1-D p1": (FIRST, lambda: conv(3, pads=(1, 1))),
    "conv 1-D group 2": (FIRST, lambda: conv(3, pads=(1, 1), out=4, group=2)),
    "conv": (BOTH, lambda: conv(3, 3, bias=True, **ONE, **TWO)),
    "conv, pads all different": (BOTH, lambda: conv(3, 5, pads=(1, 2, 3, 4), strides=(2, 1))),
    "conv d2 p2": (BOTH, lambda: conv(3, 3, dilations=(2, 2), pads=(2, 2, 2, 2))),
    "conv group 2": (BOTH, lambda: conv(3, 3, into=4, out=4, group=2, bias=True, **ONE)),
    "conv group 2 d2": (BOTH, lambda: conv(3, 3, into=4, out=4, group=2, dilations=(2, 2))),
    "depthwise": (BOTH, lambda: conv(3, 3, into=4, out=4, group=4, bias=True, **ONE, **TWO)),
    "conv 3-D": (BOTH, lambda: conv(3, 3, 3, pads=(1,) * 6)),
    "transposed": (BOTH, lambda: transposed(3, 3, **TWO)),
    "transposed p1": (BOTH, lambda: transposed(4, 4, bias=True, **ONE, **TWO)),
    "transposed k2 s3": (BOTH, lambda: transposed(2, 2, strides=(3, 3))),
    "max": (BOTH, lambda: max_pool(3, 3, **ONE, **STAY)),
    "mean": (BOTH, lambda: mean_pool(3, 3, **ONE, **STAY)),
    "mean counted": (BOTH, lambda: mean_pool(3, 3, **ONE, **TWO, **COUNTED)),
    "pad": (BOTH, lambda: pad(1, 2, 3, 4)),
}


def _with_orderings(cases: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(*case[:-2], case[-1], last, id=f"{name}-{'last' if last else 'first'}")
        for name, case in cases.items()
        for last in case[-2]
    ]


def _agrees(report: Report) -> bool:
    """Whether the source with the target's semantics gives the target's output."""
    whole = report.end_to_end
    differed = any(each.verdict == "mismatch" for each in whole.outputs)
    return not differed or (bool(whole.after) and whole.after[0].verdict == "equivalent")


@pytest.mark.parametrize(("codes", "model", "last"), _with_orderings(WRONG))
def test_what_is_converted_wrongly_has_its_cause(
    codes: str, model: Callable[[], Any], last: bool
) -> None:
    report = via(model(), last=last)
    assert (report.verdict, report.exit_code) == ("mismatch", 1)
    assert " ".join(each.code for each in report.findings) == codes
    assert {each.proof.status for each in report.findings} == {"proven"}
    assert {each.proof.residual for each in report.findings} == {0.0}
    assert _agrees(report)


@pytest.mark.parametrize(("model", "last"), _with_orderings(RIGHT_ONES))
def test_what_is_converted_right_is_acquitted(model: Callable[[], Any], last: bool) -> None:
    report = via(model(), last=last)
    assert (report.verdict, report.findings) == ("equivalent", ()), str(report)


@pytest.mark.parametrize("last", BOTH, ids=["first", "last"])
@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("ValueError: `strides > 1`", lambda: conv(3, 3, dilations=(2, 2), **TWO)),
        ("ValueError: Layer y weight shape", lambda: conv(3, 3, into=4, out=8, group=4)),
        (
            "AttributeError: Cannot convert ConvTranspose2d with output_padding != 0",
            lambda: transposed(3, 3, output_padding=(1, 1), **ONE, **TWO),
        ),
        ("AssertionError", lambda: transposed(3, 3, **START, **TWO)),
        ("with groups != 1", lambda: transposed(3, 3, into=4, out=4, group=2)),
        ("with dilation_rate != 1", lambda: transposed(3, 3, dilations=(2, 2))),
        ("AttributeError: Layer is not supported", lambda: transposed(3, strides=(2,))),
        ("NotImplementedError: Not implemented", lambda: transposed(3, 3, 3)),
        ("KeyError: 'strides'", lambda: max_pool(2, 2)),
        ("KeyError: 'strides'", lambda: mean_pool(2, 2)),
        ("ValueError: `padding` should have 3", lambda: max_pool(2, strides=(2,))),
        ("ValueError: The `pool_size`", lambda: mean_pool(3, strides=(1,), pads=(1, 1))),
        ("has no converter for LpPool", lambda: pool("LpPool", 2, 2)),
        ("has no converter for GlobalMaxPool", lambda: node("GlobalMaxPool", (8, 9), [])),
        ("ValueError: Input 0", lambda: node("GlobalAveragePool", (5, 6, 7), [])),
        ("ValueError: The `1st entry", lambda: pad(-1, 0, -1, 0)),
    ],
)
def test_a_refusal_is_one_line_with_version_and_node(
    text: str, model: Callable[[], Any], last: bool
) -> None:
    with pytest.raises(FrameworkError) as caught:
        via(model(), last=last)
    line = str(caught.value)
    assert line.startswith("onnx2keras 0.0.25: node op: ")
    assert text in line
    assert "\n" not in line


def test_a_conv_of_one_axis_is_refused_channels_last() -> None:
    with pytest.raises(FrameworkError, match=r"^onnx2keras 0\.0\.25: node op: NotImplemented"):
        via(conv(3, pads=(1, 1)), last=True)


def test_a_bias_that_is_added_along_the_width() -> None:
    """Keras 3.15.1 on TensorFlow: `keras.ops.add` of a bias as long as the output is wide."""
    model = conv(3, 3, out=9, bias=True, **ONE)
    report = via(model)
    assert [each.code for each in report.findings] == ["PAD904", "PAD999"]
    (op,) = report.ops
    assert any("adds one number per element of axis 3" in note for note in op.notes)
    whole = report.end_to_end
    assert whole.explained_by == ("PAD904",)
    assert whole.after[0].verdict == "mismatch"
    assert via(model, last=True).ok


def test_a_bias_along_the_width_shows_at_the_next_op() -> None:
    report = padcheck.compare(FIXTURES / "conv_3d.onnx", via="onnx2keras")
    (finding,) = (each for each in report.findings if not each.latent)
    assert (finding.code, finding.op) == ("PAD999", "node_max_pool3d")
    assert finding.notes[0].startswith("conv3d_1, before it: BiasAdd ")
    remarks = {op.name: op.notes for op in report.ops}
    assert "does not explain the outputs: bias is lost" in remarks["node_conv3d_1"]


def test_a_network_of_one_axis_is_explained_whole() -> None:
    report = padcheck.compare(FIXTURES / "causal_1d.onnx", via="onnx2keras")
    codes = {"PAD101", "PAD103", "PAD110", "PAD903", "PAD904"}
    assert set(report.end_to_end.explained_by) == codes
    assert report.end_to_end.residual_relative_l2 < 1e-6


def test_names_that_tf2onnx_gives() -> None:
    report = padcheck.compare(FIXTURES / "cifar10_cnn.onnx", via="onnx2keras", change_ordering=True)
    assert report.ok, str(report)
    assert report.ops[0].target_name == "cifar10_cnn_1_conv_1_1_BiasAdd_0"


def test_an_edge_that_becomes_symmetric_before_a_pool() -> None:
    """ONNX has no symmetric Pad, so the source cannot be run with it."""
    report = via(pad(2, 2, 2, 2, mode="edge", kernel=2))
    assert [each.code for each in report.findings] == ["PAD204"]
    assert report.findings[0].proof.status == "proven"
    whole = report.end_to_end
    assert (whole.explained_by, whole.after) == ((), ())
    assert whole.notes[0].startswith("not proven on the whole model: ")


def test_a_pad_on_its_own_is_told_by_the_outputs() -> None:
    report = via(pad(2, 2, 2, 2, mode="edge"))
    assert (report.verdict, report.ops, report.findings) == ("mismatch", (), ())
    assert "no convolution or pool of the two was matched" in report.end_to_end.notes[0]


def test_a_mean_over_everything_may_round() -> None:
    report = via(node("GlobalAveragePool", (8, 9), []), last=True)
    assert report.verdict == "equivalent"
    assert report.end_to_end.outputs[0].bound > 0


def test_what_the_converter_says_is_noted_once() -> None:
    report = via(mean_pool(3, 3, **START, **TWO))
    assert [note for note in report.notes if "same" in note] == [
        "onnx2keras: Unable to use `same` padding. Add ZeroPadding2D layer to fix shapes."
    ]


def test_a_lost_attribute_agrees_at_no_size() -> None:
    (op,) = via(conv(3, 3, dilations=(1, 2))).ops
    assert [(axis.modulus, axis.residues) for axis in op.agrees_when] == [(1, (0,)), (1, ())]


def test_two_faults_that_the_file_tells_are_proven_together() -> None:
    report = via(conv(3, dilations=(2,), pads=(2, 2)))
    lost, pads = report.findings
    assert lost.message == "dilation is 1, expected 2"
    assert pads.message == "SAME pads another amount: (1,1), expected (2,2)"
    assert lost.notes == pads.notes
    assert any(note.startswith("proven: PAD903 + PAD110 reproduces all") for note in lost.notes)
    assert "window 0" not in str(report)


@pytest.mark.parametrize("last", BOTH, ids=["first", "last"])
def test_the_help_says_where_it_has_the_channels(last: bool) -> None:
    (finding,) = via(max_pool(3, 3, **ONE, **TWO), last=last).findings
    first = "# for channels last; this layer has them first"
    assert finding.help.startswith(first) is not last


def test_layers_go_by_the_name_that_keras_has() -> None:
    for model in (max_pool(2, 2, **TWO), conv(3, pads=(1, 1)), conv(3, 3)):
        (op,) = via(model).ops
        assert op.target_name == "y"

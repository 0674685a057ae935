"""`diagnose` on a Pad before a pool: the padding that a naive conversion loses."""

import math

import pytest

import padcheck
from tests.frameworks.onnx.reader_models import floats, ints, model, node

SYMMETRIC = (0, 0, 1, 1, 0, 0, 1, 1)
AFTER = (0, 0, 0, 0, 0, 0, 1, 1)


def padded(op_type, fill=0.0, amounts=SYMMETRIC, *, mode="constant", **attributes):
    nodes = [
        node("Pad", "x p v", "a", name="pad", mode=mode),
        node(op_type, "a", "y", name="pool", kernel_shape=[3, 3], strides=[2, 2], **attributes),
    ]
    return model(*nodes, constants=[ints("p", *amounts), floats("v", fill, dims=[])])


CASES = [
    # op type, fill, amounts: codes under SAME, codes under zeros and VALID
    ("MaxPool", 0.0, SYMMETRIC, ["PAD101", "PAD202"], []),
    ("MaxPool", 0.0, AFTER, ["PAD202"], []),
    ("MaxPool", -math.inf, SYMMETRIC, ["PAD101"], ["PAD201"]),
    ("MaxPool", -math.inf, AFTER, [], ["PAD201"]),
    ("MaxPool", 5.0, SYMMETRIC, ["PAD101", "PAD202"], ["PAD201"]),
    ("AveragePool", 0.0, SYMMETRIC, ["PAD101", "PAD203"], []),
    ("AveragePool", 0.0, AFTER, ["PAD203"], []),
    ("AveragePool", 5.0, SYMMETRIC, ["PAD101", "PAD203"], ["PAD202"]),
    ("LpPool", 0.0, SYMMETRIC, ["PAD101"], []),
    ("LpPool", 0.0, AFTER, [], []),
]


def assert_codes(report, same, zeros):
    (op,) = report.ops
    assert op.folded == ("pad",)
    assert op.verdict == ("mismatch" if same else "equivalent")
    assert list(op.lowerings["tf_same"].findings) == same
    assert list(op.lowerings["tf_zeropad_valid"].findings) == zeros
    assert op.lowerings["torch"].verdict == "equivalent"
    assert {finding.proof.status for finding in report.findings} <= {"proven"}


@pytest.mark.parametrize("static", [True, False], ids=["static", "measured"])
@pytest.mark.parametrize(("op_type", "fill", "amounts", "same", "zeros"), CASES)
def test_constants(op_type, fill, amounts, same, zeros, static):
    assert_codes(padcheck.diagnose(padded(op_type, fill, amounts), static=static), same, zeros)


@pytest.mark.parametrize("mode", ["edge", "reflect", "wrap"])
@pytest.mark.parametrize(("op_type", "fault"), [("MaxPool", "PAD202"), ("AveragePool", "PAD202")])
def test_border_modes(op_type, fault, mode):
    report = padcheck.diagnose(padded(op_type, mode=mode), static=True)
    assert_codes(report, ["PAD101", fault], [fault])


@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool"])
def test_border_modes_measured_are_never_unexplained(op_type):
    """-inf is what a repeated edge is to a maximum, so that PAD204 may be a rival."""
    for mode in ("edge", "reflect"):
        report = padcheck.diagnose(padded(op_type, mode=mode))
        codes = {finding.code for finding in report.findings}
        assert codes == {"PAD101", "PAD202"}
        rivals = [code for finding in report.findings for code in finding.proof.rivals]
        assert set(rivals) <= {"PAD204"}


def test_the_fix_pads_with_what_the_pad_holds():
    report = padcheck.diagnose(padded("MaxPool", 5.0), static=True)
    help_ = next(one.help for one in report.findings if one.lowering == "tf_same")
    assert help_ == (
        "pads = ((0, 0), (1, 1), (1, 1), (0, 0))\n"
        "x = tf.pad(x, pads, constant_values=5.0)\n"
        'x = layers.MaxPooling2D(3, strides=2, padding="valid")(x)'
    )
    report = padcheck.diagnose(padded("MaxPool"), static=True)
    help_ = next(one.help for one in report.findings if one.lowering == "tf_same")
    assert help_ == (
        'layers.ZeroPadding2D(((1, 1), (1, 1)))\nlayers.MaxPooling2D(3, strides=2, padding="valid")'
    )


def test_zeros_after_a_relu_accuse_nobody():
    nodes = [node("Relu", "x", "r"), node("Pad", "r p", "a", name="pad")]
    pool = node("MaxPool", "a", "y", name="pool", kernel_shape=[3, 3], strides=[2, 2])
    report = padcheck.diagnose(model(*nodes, pool, constants=[ints("p", *AFTER)]), static=True)
    assert report.ok
    assert report.ops[0].lowerings["tf_same"].verdict == "equivalent"


def test_a_pad_that_stays_apart_says_why():
    report = padcheck.diagnose(padded("MaxPool", pads=[1] * 4), static=True)
    assert report.ops[0].notes == (
        "Pad `pad` before it is not taken in: it pads with 0, and the op itself with -inf",
    )

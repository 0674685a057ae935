"""Pad nodes before a convolution: when they are its own pads, and when they are not.

For pools see test_reader_pool_pads.py.
"""

import onnx
import pytest
from onnx import helper

from padcheck.geometry import SAME_UPPER, explicit
from tests.frameworks.onnx.reader_models import (
    FLOAT,
    W,
    X,
    floats,
    ints,
    model,
    node,
    one,
    sites,
    tensor,
    value,
)

AMOUNTS = ints("p", 0, 0, 0, 1, 0, 0, 2, 3)
PAD = node("Pad", "x p", "a", name="pad")
CONV = node("Conv", "a w", "y", name="conv")


def padded(pad=PAD, op=CONV, constants=(AMOUNTS,), **more):
    return one(pad, op, constants=[W, *constants], **more)


def assert_apart(site, why):
    assert site.folded == ()
    assert site.notes == (f"Pad `pad` before it is not taken in: {why}",)


def test_is_taken_in():
    site = padded()
    assert site.folded == ("pad",)
    assert site.spec.input_size == (8, 8)
    assert site.spec.pads == (explicit(0, 2), explicit(1, 3))
    assert site.notes == ()


def test_adds_to_the_ops_own_pads():
    site = padded(op=node("Conv", "a w", "y", pads=[1, 1, 0, 0]))
    assert site.spec.pads == (explicit(1, 2), explicit(2, 3))


def test_with_auto_pad_valid():
    assert padded(op=node("Conv", "a w", "y", auto_pad="VALID")).spec.pad_after == (2, 3)


def test_not_with_auto_pad_same():
    site = padded(op=node("Conv", "a w", "y", auto_pad="SAME_UPPER"))
    assert site.spec.pads == (SAME_UPPER, SAME_UPPER)
    assert site.spec.input_size == (10, 12)
    assert_apart(site, "auto_pad SAME_UPPER is worked out on the padded size")


def test_chains_and_identities():
    nodes = [PAD, node("Identity", "a", "b"), node("Pad", "b q", "c", name="other")]
    site = one(
        *nodes, node("Conv", "c w", "y"), constants=[W, AMOUNTS, ints("q", *[0, 0, 1, 1] * 2)]
    )
    assert site.folded == ("other", "pad")
    assert site.spec.pads == (explicit(1, 3), explicit(2, 4))


@pytest.mark.parametrize(
    ("attributes", "opset"),
    [
        ({"paddings": [0, 0, 0, 1, 0, 0, 2, 3], "mode": "constant"}, 1),
        ({"pads": [0, 0, 0, 1, 0, 0, 2, 3], "value": 0.0}, 2),
        ({"pads": [0, 0, 0, 1, 0, 0, 2, 3]}, 10),
    ],
)
def test_amounts_as_an_attribute(attributes, opset):
    site = padded(node("Pad", "x", "a", name="pad", **attributes), constants=(), opset=opset)
    assert site.folded == ("pad",)
    assert site.spec.pads == (explicit(0, 2), explicit(1, 3))


@pytest.mark.parametrize("axes", [[2, 3], [-2, -1]])
def test_axes(axes):
    pad = node("Pad", "x p _ axes", "a", name="pad")
    site = padded(pad, constants=[ints("p", 0, 1, 2, 3), ints("axes", *axes)])
    assert site.spec.pads == (explicit(0, 2), explicit(1, 3))


@pytest.mark.parametrize("zero", [floats("v", 0.0, dims=[]), floats("v", 0.0), floats("v", -0.0)])
def test_fill_of_zero(zero):
    site = padded(node("Pad", "x p v", "a", name="pad"), constants=[AMOUNTS, zero])
    assert site.folded == ("pad",)


def test_other_fills_stay_apart():
    pad = node("Pad", "x p v", "a", name="pad")
    assert_apart(
        padded(pad, constants=[AMOUNTS, floats("v", 5.0)]),
        "it pads with 5, and the op itself with 0",
    )
    fill = value("v", elem=FLOAT)
    assert_apart(padded(pad, inputs=[X, fill]), "the value of `v` is not a known number")
    old = node("Pad", "x", "a", name="pad", pads=[0] * 7 + [1], value=1.0)
    assert_apart(padded(old, opset=2), "it pads with 1, and the op itself with 0")


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
def test_other_modes_stay_apart(mode):
    site = padded(node("Pad", "x p", "a", name="pad", mode=mode))
    assert_apart(site, f"its mode is {mode}")
    assert site.spec.input_size == (10, 12)


def test_batch_or_channels_stay_apart():
    assert_apart(
        padded(constants=[ints("p", 1, 0, 0, 0, 0, 0, 0, 0)]),
        "it pads the batch or the channels",
    )


def test_crops_stay_apart():
    site = padded(constants=[ints("p", 0, 0, -1, 0, 0, 0, 0, 0)])
    assert_apart(site, "it crops")
    assert site.spec.input_size == (7, 8)


def test_pad_that_something_else_reads_stays_apart():
    proto = model(PAD, CONV, node("Relu", "a", "z"), constants=[W, AMOUNTS], outputs=["y", "z"])
    assert_apart(sites(proto)["conv"], "something else reads it too")


def test_pad_that_is_an_output_stays_apart():
    proto = model(PAD, CONV, constants=[W, AMOUNTS], outputs=["y", "a"])
    assert_apart(sites(proto)["conv"], "something else reads it too")


def test_pad_that_a_body_reads_stays_apart():
    branch = helper.make_graph([node("Relu", "a", "o")], "g", [], [onnx.ValueInfoProto(name="o")])
    either = node("If", "c", "z", then_branch=branch, else_branch=branch)
    proto = model(
        PAD,
        CONV,
        either,
        constants=[W, AMOUNTS],
        inputs=[X, value("c", elem=9)],
        outputs=["y", "z"],
    )
    assert_apart(sites(proto)["conv"], "something else reads it too")


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        (ints("p", 1, 1), "pads: expected 8 amounts but got [1, 1]"),
        (
            ints("p", 0, 0, 1 << 40, 0, 0, 0, 0, 0),
            "pads: expected amounts of at most 1048576 but got "
            "[0, 0, 1099511627776, 0, 0, 0, 0, 0]",
        ),
        (floats("p", *[0.0] * 8), "its amounts are not ints but float32"),
    ],
)
def test_amounts_that_make_no_sense_stay_apart(amounts, why):
    assert_apart(padded(constants=[amounts]), why)


def test_amounts_from_an_input_leave_the_op_unread():
    site = padded(constants=[], inputs=[X, value("p", 8, elem=7)])
    assert site.spec is None
    assert site.reason == "Pad `pad` before it: its amounts are not constant, `p` is an input"


def test_bad_axes_stay_apart():
    pad = node("Pad", "x p _ axes", "a", name="pad")
    site = padded(pad, constants=[ints("p", 0, 1, 2, 3), ints("axes", 2, 9)])
    assert_apart(site, "axes: expected axes in [0, 4) but got [2, 9]")


def test_transposed_convolutions_read_the_padded_tensor():
    site = one(PAD, node("ConvTranspose", "a v", "y"), constants=[AMOUNTS, tensor("v", 3, 4, 3, 3)])
    assert site.folded == ()
    assert site.spec.input_size == (10, 12)


# quantized


def quantized(fill, zero_point):
    uint8 = onnx.TensorProto.UINT8
    constants = [
        AMOUNTS,
        helper.make_tensor("v", uint8, [], [fill]),
        helper.make_tensor("z", uint8, [], [zero_point]),
        tensor("s"),
        tensor("w", 4, 3, 3, 3, elem=uint8),
    ]
    nodes = [
        node("Pad", "x p v", "a", name="pad"),
        node("QLinearConv", "a s z w s z s z", "y"),
    ]
    return one(*nodes, inputs=[value("x", 1, 3, 8, 8, elem=uint8)], constants=constants)


def test_quantized_convolutions_pad_with_the_zero_point():
    assert quantized(128, 128).folded == ("pad",)
    assert quantized(0, 0).folded == ("pad",)
    assert_apart(quantized(0, 128), "it pads with 0, and the op itself with 128")

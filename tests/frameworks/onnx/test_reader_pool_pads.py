"""Pad nodes before a pool: when they are its own pads, what they hold, and the numbers."""

import math

import numpy as np
import pytest
from onnx import TensorProto, helper

from padcheck.frameworks.onnx.reader import read_model
from tests.frameworks.onnx.reader_models import FLOAT, X, floats, ints, model, node, one, value

LEAST = float(np.finfo(np.float32).min)
AMOUNTS = (0, 0, 0, 1, 0, 0, 2, 3)
POOLS = ("MaxPool", "AveragePool", "LpPool")


def pool(op_type, **attributes):
    return node(op_type, "a", "y", name="pool", **{"kernel_shape": [3, 3], **attributes})


def padded(op, fill=0.0, *, mode="constant", amounts=AMOUNTS, x=X, **more):
    pad = node("Pad", "x p v", "a", name="pad", mode=mode)
    constants = [ints("p", *amounts), floats("v", fill, dims=[])]
    return one(pad, op, inputs=[x], constants=constants, **more)


def held(site):
    assert site.folded == ("pad",)
    assert site.notes == ()
    assert site.spec.input_size == (8, 8)
    return site.spec.pad_value, site.spec.pad_mode, site.spec.count_include_pad


def assert_apart(site, why):
    assert site.folded == ()
    assert site.notes == (f"Pad `pad` before it is not taken in: {why}",)
    assert site.spec.input_size == (10, 12)


@pytest.mark.parametrize("op_type", POOLS)
def test_zeros_are_taken_in(op_type):
    site = padded(pool(op_type))
    own = (0.0, "constant", op_type == "AveragePool")
    assert held(site) == own
    assert site.spec.resolved_pads == ((0, 2), (1, 3))


@pytest.mark.parametrize("fill", [0.0, -math.inf, 5.0, -0.5])
def test_a_max_pool_holds_the_constant(fill):
    assert held(padded(pool("MaxPool"), fill))[0] == fill


@pytest.mark.parametrize("fill", [-math.inf, LEAST])
def test_minus_infinity_adds_up_with_a_max_pools_own(fill):
    site = padded(pool("MaxPool", pads=[1, 1, 0, 0]), fill)
    assert held(site)[0] == -math.inf
    assert site.spec.resolved_pads == ((1, 2), (2, 3))


def test_the_least_integer_is_minus_infinity():
    pad, uint8 = node("Pad", "x p", "a", name="pad"), TensorProto.UINT8
    x = value("x", 1, 3, 8, 8, elem=uint8)
    assert held(one(pad, pool("MaxPool"), inputs=[x], constants=[ints("p", *AMOUNTS)]))[0] == (
        -math.inf
    )


def test_zeros_add_up_with_what_a_pool_sums():
    for op in (
        pool("AveragePool", pads=[1] * 4, count_include_pad=1),
        pool("LpPool", pads=[1] * 4),
    ):
        site = padded(op)
        assert held(site)[0] == 0.0
        assert site.spec.resolved_pads == ((1, 3), (2, 4))


@pytest.mark.parametrize("mode", ["edge", "reflect", "wrap"])
@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool"])
def test_border_modes(op_type, mode):
    _, held_mode, counted = held(padded(pool(op_type), mode=mode))
    assert (held_mode, counted) == (mode, False)


def test_valid_pads_nothing():
    assert held(padded(pool("MaxPool", auto_pad="VALID"), 5.0))[0] == 5.0


@pytest.mark.parametrize(
    ("op", "more", "why"),
    [
        (
            pool("MaxPool", pads=[1] * 4),
            {},
            "it pads with 0, and the op itself with -inf",
        ),
        (pool("MaxPool"), {"fill": math.nan}, "it pads with nan"),
        (pool("MaxPool"), {"fill": math.inf}, "it pads with inf"),
        (
            pool("MaxPool", auto_pad="SAME_UPPER"),
            {},
            "auto_pad SAME_UPPER is worked out on the padded size",
        ),
        (
            pool("AveragePool", pads=[1] * 4),
            {},
            "it is counted in the average, and the op's own pads are not",
        ),
        (
            pool("AveragePool", pads=[1] * 4, count_include_pad=1),
            {"fill": 5.0},
            "it pads with 5, and the op itself with 0",
        ),
        (
            pool("AveragePool"),
            {"fill": LEAST},
            "it pads with -3.40282e+38, and no sum with that is exact",
        ),
        (pool("LpPool"), {"fill": 5.0}, "it pads with 5, and the op itself with 0"),
        (pool("LpPool"), {"mode": "edge"}, "its mode is edge"),
        (pool("MaxPool"), {"mode": "mirror"}, "its mode is mirror"),
        (
            pool("MaxPool", pads=[1] * 4),
            {"mode": "edge"},
            "its mode is edge, and the op pads itself",
        ),
        (
            pool("MaxPool", ceil_mode=1),
            {"mode": "edge"},
            "its mode is edge, which ceil_mode reads beyond",
        ),
    ],
)
def test_what_stays_apart(op, more, why):
    assert_apart(padded(op, **more), why)


def test_crops_batch_and_channels_stay_apart():
    site = padded(pool("MaxPool"), amounts=(0, 0, -1, 0, 0, 0, 0, 0))
    assert (site.folded, site.spec.input_size) == ((), (7, 8))
    assert "it crops" in site.notes[0]
    assert "the channels" in padded(pool("MaxPool"), amounts=(0, 1, 0, 0, 0, 0, 0, 0)).notes[0]


def test_a_fill_that_is_not_known_stays_apart():
    pad = node("Pad", "x p v", "a", name="pad")
    inputs, constants = [X, value("v", elem=FLOAT)], [ints("p", *AMOUNTS)]
    site = one(pad, pool("MaxPool"), inputs=inputs, constants=constants)
    assert_apart(site, "the value of `v` is not a known number")


def test_a_pad_that_something_else_reads_stays_apart():
    pad = node("Pad", "x p", "a", name="pad")
    proto = model(pad, pool("MaxPool"), constants=[ints("p", *AMOUNTS)], outputs=["y", "a"])
    assert_apart(read_model(proto).sites[0], "something else reads it too")


def test_amounts_from_an_input_leave_the_pool_unread():
    pad = node("Pad", "x p", "a", name="pad")
    site = one(pad, pool("MaxPool"), inputs=[X, value("p", 8, elem=7)], constants=[])
    assert site.spec is None
    assert site.reason == "Pad `pad` before it: its amounts are not constant, `p` is an input"


@pytest.mark.parametrize(("further", "folded"), [(5.0, ("near", "far")), (0.0, ("near",))])
def test_pads_in_a_row_hold_the_same(further, folded):
    nodes = [node("Pad", "x p f", "b", name="far"), node("Pad", "b p v", "a", name="near")]
    constants = [ints("p", *AMOUNTS), floats("f", further), floats("v", 5.0)]
    site = one(*nodes, pool("MaxPool"), constants=constants)
    assert site.folded == folded
    assert site.spec.pad_value == 5.0
    if len(folded) == 1:
        assert "it pads with 0, and a Pad after it with 5" in site.notes[0]


def test_a_constant_and_a_border_mode_in_a_row():
    nodes = [node("Pad", "x p", "b", name="far"), node("Pad", "b p", "a", name="near", mode="edge")]
    site = one(*nodes, pool("MaxPool"), constants=[ints("p", *AMOUNTS)])
    assert site.folded == ("near",)
    assert "its mode is constant, and that of a Pad after it edge" in site.notes[0]


def test_a_pad_of_nothing_leaves_the_pool_as_it_is():
    assert held(padded(pool("MaxPool"), amounts=(0,) * 8))[0] == -math.inf


@pytest.mark.parametrize("op_type", ["Relu", "Sigmoid"])
def test_zeros_around_what_is_never_negative_are_minus_infinity(op_type):
    site = after(op_type)
    assert site.folded == ("pad",)
    assert site.spec.pad_value == -math.inf
    assert site.notes == (
        f"Pad `pad` before it is read as -inf: 0 never exceeds what {op_type} gives",
    )


def test_zeros_around_what_may_be_negative_are_zeros():
    assert after("Tanh").spec.pad_value == 0.0
    assert after("Relu", fill=5.0).spec.pad_value == 5.0
    assert after("Relu", kernel_shape=[2, 3]).spec.pad_value == 0.0  # windows of pads alone
    assert after("Relu", dilations=[2, 1]).spec.pad_value == 0.0


def after(op_type, fill=0.0, **attributes):
    nodes = [
        node(op_type, "x", "r"),
        node("Identity", "r", "i"),
        node("Pad", "i p v", "a", name="pad"),
        pool("MaxPool", **attributes),
    ]
    amounts = ints("p", 0, 0, 1, 1, 0, 0, 2, 2)
    return one(*nodes, constants=[amounts, floats("v", fill, dims=[])])


# ceil_mode


def ceil(fill, amounts, *, x=X, **attributes):
    op = pool("MaxPool", strides=[2, 2], ceil_mode=1, **attributes)
    return padded(op, fill, amounts=(0, 0, *amounts[:2], 0, 0, *amounts[2:]), x=x)


def test_ceil_mode_must_not_read_a_constant_past_the_pads():
    site = ceil(0.0, (0, 0, 1, 1), kernel_shape=[4, 4])
    assert held(site)[0] == 0.0  # its last window reads a pad anyway
    site = ceil(0.0, (2, 2, 0, 0))
    assert site.notes == (
        "Pad `pad` before it is not taken in: it pads with 0, and ceil_mode reads beyond",
    )
    assert held(ceil(-math.inf, (2, 2, 0, 0)))[0] == -math.inf


def test_ceil_mode_must_not_drop_a_window_that_starts_in_pads():
    site = ceil(-math.inf, (0, 0, 3, 3), kernel_shape=[2, 2])
    assert site.folded == ()
    assert "drops a window" in site.notes[0]


def test_ceil_mode_at_an_open_size():
    x = value("x", 1, 3, "h", 8)
    assert ceil(-math.inf, (1, 1, 1, 1), x=x).folded == ("pad",)
    assert "drops a window" in ceil(-math.inf, (0, 0, 2, 0), x=x).notes[0]
    assert "reads beyond" in ceil(5.0, (1, 1, 0, 0), x=x).notes[0]


# quantized


@pytest.mark.parametrize(("fill", "folded"), [(128, ("pad",)), (0, ())])
def test_a_quantized_average_holds_the_zero_point(fill, folded):
    uint8 = TensorProto.UINT8
    constants = [
        ints("p", *AMOUNTS),
        helper.make_tensor("v", uint8, [], [fill]),
        helper.make_tensor("z", uint8, [], [128]),
        floats("s", 1.0, dims=[]),
    ]
    pad = node("Pad", "x p v", "a", name="pad")
    average = node("QLinearAveragePool", "a s z s z", "y", kernel_shape=[3, 3])
    average.domain = "com.microsoft"
    x = value("x", 1, 3, 8, 8, elem=uint8)
    site = one(pad, average, inputs=[x], constants=constants, domains=["com.microsoft"])
    assert site.folded == folded
    assert site.spec.pad_value == 0.0
    if not folded:
        assert "it pads with 0, and the op itself with 128" in site.notes[0]


def test_a_mask_is_for_the_padded_tensor():
    pad = node("Pad", "x p", "a", name="pad")
    masked = node("MaxpoolWithMask", "a m", "y", kernel_shape=[3, 3])
    masked.domain = "com.microsoft"
    inputs, constants = [X, value("m", 1, 3, 10, 12, elem=6)], [ints("p", *AMOUNTS)]
    site = one(pad, masked, inputs=inputs, constants=constants, domains=["com.microsoft"])
    assert_apart(site, "the mask is one of the padded tensor")

"""onnxruntime's own operators, as its optimizer and quantizer write them."""

import onnx
import pytest

from padcheck.geometry import SAME_UPPER, Rounding, explicit
from padcheck.records import OpKind
from tests.frameworks.onnx.reader_models import W, X, ints, model, node, one, sites, tensor, value

MICROSOFT = "com.microsoft"
NHWC = "com.ms.internal.nhwc"
NHWC_X = value("x", 1, 8, 9, 3)


def contrib(op_type, inputs, domain=MICROSOFT, x=X, constants=(), **attributes):
    return one(
        node(op_type, inputs, "y", domain=domain, **attributes),
        inputs=[x],
        constants=[W, *constants],
        domains=[domain],
    )


def test_fused_conv():
    site = contrib("FusedConv", "x w b z", constants=[tensor("b", 4)], activation="Relu",
                   pads=[1, 1, 1, 1])  # fmt: skip
    assert site.op_type == "FusedConv"
    assert site.spec.bias is True
    assert site.spec.pads == (explicit(1, 1), explicit(1, 1))
    assert site.notes == ("then it adds `z` and applies Relu",)


def test_shapes_go_on_past_fused_convs():
    nodes = [
        node("FusedConv", "x w", "a", domain=MICROSOFT, strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", "a", "b"),
        node("FusedConv", "b v", "y", domain=MICROSOFT),
    ]
    proto = model(*nodes, constants=[W, tensor("v", 4, 4, 3, 3)], domains=[MICROSOFT])
    assert sites(proto)["y"].spec.input_size == (4, 4)


def test_pad_before_a_fused_conv_is_taken_in():
    nodes = [node("Pad", "x p", "a", name="pad"), node("FusedConv", "a w", "y", domain=MICROSOFT)]
    constants = [W, ints("p", 0, 0, 1, 1, 0, 0, 2, 2)]
    site = one(*nodes, constants=constants, domains=[MICROSOFT])
    assert site.folded == ("pad",)
    assert site.spec.pads == (explicit(1, 2), explicit(1, 2))


@pytest.mark.parametrize("op_type", ["NhwcConv", "NhwcFusedConv"])
def test_channels_last_convs(op_type):
    site = contrib(op_type, "x w", x=NHWC_X, auto_pad="SAME_UPPER", strides=[2, 2])
    assert site.spec.input_size == (8, 9)
    assert site.spec.channels == (3, 4)
    assert site.spec.pads == (SAME_UPPER, SAME_UPPER)


@pytest.mark.parametrize("domain", [NHWC, MICROSOFT])
def test_channels_last_pad_is_taken_in(domain):
    op_type = "Conv" if domain == NHWC else "NhwcFusedConv"
    nodes = [node("Pad", "x p", "a", name="pad"), node(op_type, "a w", "y", domain=domain)]
    constants = [W, ints("p", 0, 1, 2, 0, 0, 3, 4, 0)]
    site = one(*nodes, inputs=[NHWC_X], constants=constants, domains=[domain])
    assert site.folded == ("pad",)
    assert site.spec.pads == (explicit(1, 3), explicit(2, 4))
    assert site.spec.input_size == (8, 9)


def test_nhwc_max_pool_and_what_follows():
    uint8 = onnx.TensorProto.UINT8
    nodes = [
        node("NhwcMaxPool", "x", "a", domain=MICROSOFT, kernel_shape=[2, 2], ceil_mode=1,
             strides=[2, 2]),
        node("NhwcMaxPool", "a", "y", domain=MICROSOFT, kernel_shape=[2, 2]),
    ]  # fmt: skip
    x = value("x", 1, 8, 9, 3, elem=uint8)
    found = sites(model(*nodes, inputs=[x], domains=[MICROSOFT]))
    assert found["a"].spec.rounding is Rounding.CEIL
    assert found["y"].spec.input_size == (4, 5)
    assert found["y"].spec.channels == (3, 3)


def test_maxpool_with_mask():
    site = contrib("MaxpoolWithMask", "x x", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    assert site.spec.kind is OpKind.MAX_POOL
    assert site.spec.pad_after == (1, 1)


@pytest.mark.parametrize(("channels_last", "x"), [(0, X), (1, value("x", 1, 8, 8, 3))])
def test_quantized_ops_say_where_their_channels_are(channels_last, x):
    parts = [tensor("s"), tensor("z")]
    conv = contrib(
        "QLinearConv", "x s z w s z s z", x=x, constants=parts, channels_last=channels_last
    )
    assert conv.spec.input_size == (8, 8)
    pool = contrib(
        "QLinearAveragePool",
        "x s z s z",
        x=x,
        constants=parts,
        channels_last=channels_last,
        kernel_shape=[2, 2],
        count_include_pad=1,
    )
    assert pool.spec.input_size == (8, 8)
    assert pool.spec.count_include_pad is True


@pytest.mark.parametrize(
    ("op_type", "kind"),
    [
        ("Conv", OpKind.CONV),
        ("MaxPool", OpKind.MAX_POOL),
        ("AveragePool", OpKind.AVERAGE_POOL),
        ("LpPool", OpKind.LP_POOL),
    ],
)
def test_the_channels_last_domain(op_type, kind):
    inputs = "x w" if kind.has_weight else "x"
    site = contrib(op_type, inputs, domain=NHWC, x=NHWC_X, kernel_shape=[3, 3])
    assert site.spec.kind is kind
    assert site.spec.input_size == (8, 9)
    assert site.spec.channels[0] == 3


def test_transposed_in_the_channels_last_domain():
    site = contrib(
        "ConvTranspose", "x v", domain=NHWC, x=NHWC_X, constants=[tensor("v", 3, 2, 3, 3)],
        auto_pad="SAME_UPPER", strides=[2, 2],
    )  # fmt: skip
    assert site.spec.output_size == (16, 18)
    assert site.notes == ()


def test_transposed_with_pads_as_an_input():
    weight = tensor("v", 3, 2, 4, 4)

    def read(*pads):
        return contrib(
            "ConvTransposeWithDynamicPads", "x v p b", strides=[2, 2],
            constants=[weight, ints("p", *pads), tensor("b", 2)],
        )  # fmt: skip

    assert read(0, 1, 2, 1).spec.pads == (explicit(0, 2), explicit(1, 1))
    assert read(0, 1, 2, 1).spec.bias is True
    assert read(0, 1).reason == "Pads: expected 4 ints of at most 1048576 but got [0, 1]"


def test_transposed_with_pads_that_are_not_constant():
    op = node("ConvTransposeWithDynamicPads", "x v p", "y", domain=MICROSOFT)
    site = one(
        op,
        inputs=[X, value("p", 4, elem=7)],
        constants=[tensor("v", 3, 2, 4, 4)],
        domains=[MICROSOFT],
    )
    assert site.reason == "Pads: expected constant pads, but `p` is an input"


def test_convolutions_with_a_state_are_told():
    site = contrib("CausalConvWithState", "x w", activation="silu")
    assert site.spec is None
    assert site.reason.startswith("com.microsoft::CausalConvWithState is not an op that padcheck")


# shapes past onnxruntime's other ops


def after(other, *, inputs=(X,), constants=(), domain=MICROSOFT):
    """The input size of a pool behind another op that makes `a`."""
    nodes = [other, node("MaxPool", "a", "y", kernel_shape=[2, 2])]
    proto = model(*nodes, inputs=inputs, constants=constants, domains=[domain])
    return sites(proto)["y"].spec


def test_shapes_go_on_past_quantized_sums_and_concatenations():
    parts = [tensor("s"), tensor("z")]
    add = node("QLinearAdd", "x s z v s z s z", "a", domain=MICROSOFT)
    spec = after(add, inputs=[X, value("v", 1, 3, 1, 1)], constants=parts)
    assert spec.input_size == (8, 8)
    concat = node("QLinearConcat", "s z x s z v s z", "a", domain=MICROSOFT, axis=1)
    spec = after(concat, inputs=[X, value("v", 1, 5, 8, 8)], constants=parts)
    assert (spec.input_size, spec.channels) == ((8, 8), (8, 8))


def test_shapes_go_on_past_blocked_layouts():
    domain = "com.microsoft.nchwc"
    nodes = [
        node("ReorderInput", "x", "a", domain=domain),
        node("Conv", "a w", "b", domain=domain, pads=[1, 1, 1, 1]),
        node("Conv", "b v", "c", domain=domain),
        node("ReorderOutput", "c", "d", domain=domain, channels=5),
        node("MaxPool", "d", "y", kernel_shape=[2, 2]),
    ]
    constants = [tensor("w", 16, 3, 3, 3), tensor("v", 16, 10, 3, 3)]  # 10 channels fill up 16
    found = sites(model(*nodes, constants=constants, domains=[domain]))
    assert found["c"].spec.input_size == (8, 8)
    assert found["y"].spec.input_size == (6, 6)


def test_a_quantized_sum_of_what_does_not_fit_is_no_crash():
    add = node("QLinearAdd", "x s z v s z s z", "a", domain=MICROSOFT)
    odd = value("v", 1, 3, 5, "w")
    assert after(add, inputs=[X, odd], constants=[tensor("s"), tensor("z")]) is not None

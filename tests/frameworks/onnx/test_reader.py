"""One windowed node at a time: what its attributes and shapes become."""

import math

import pytest

from padcheck.frameworks.onnx.reader import READER, read_model
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, Rounding, explicit
from padcheck.records import OpKind
from tests.frameworks.onnx.reader_models import X, model, node, one, sites, tensor, value


def conv(**attributes):
    return node("Conv", "x w", "y", **attributes)


def test_conv_defaults():
    site = one(conv())
    spec = site.spec
    assert (site.name, site.op_type, site.reason, site.folded) == ("y", "Conv", None, ())
    assert spec.kind is OpKind.CONV
    assert spec.input_size == (8, 8)
    assert (spec.kernel_size, spec.stride, spec.dilation) == ((3, 3), (1, 1), (1, 1))
    assert spec.pads == (explicit(0, 0), explicit(0, 0))
    assert (spec.channels, spec.group, spec.bias) == ((3, 4), 1, False)
    assert site.dynamic == (False, False)


def test_pads_are_all_begins_and_then_all_ends():
    spec = one(conv(pads=[1, 2, 3, 4])).spec
    assert spec.pads == (explicit(1, 3), explicit(2, 4))


def test_negative_pads_of_a_conv_crop():
    spec = one(conv(pads=[-1, 0, 0, -2])).spec
    assert spec.pads == (explicit(-1, 0), explicit(0, -2))
    assert spec.output_size == (5, 4)


@pytest.mark.parametrize(
    ("word", "rule"),
    [("SAME_UPPER", SAME_UPPER), ("SAME_LOWER", SAME_LOWER), ("VALID", VALID)],
)
@pytest.mark.parametrize("opset", [1, 7, 11, 19, 22])
def test_auto_pad(word, rule, opset):
    assert one(conv(auto_pad=word, strides=[2, 2]), opset=opset).spec.pads == (rule, rule)


@pytest.mark.parametrize("word", ["NOTSET", ""])
def test_auto_pad_that_says_nothing_leaves_the_pads(word):
    assert one(conv(auto_pad=word, pads=[1, 1, 1, 1])).spec.pads == (explicit(1, 1),) * 2


def test_pads_beside_auto_pad_are_left_aside_with_a_note():
    site = one(conv(auto_pad="SAME_UPPER", pads=[1, 1, 1, 1]))
    assert site.spec.pads == (SAME_UPPER, SAME_UPPER)
    assert site.notes == ("`pads` [1, 1, 1, 1] are left aside, since auto_pad is SAME_UPPER",)


def test_group_bias_strides_and_dilations():
    w = tensor("w", 6, 1, 3, 2)
    bias = tensor("b", 6)
    spec = one(
        node("Conv", "x w b", "y", group=3, strides=[2, 1], dilations=[1, 2]),
        constants=[w, bias],
    ).spec
    assert (spec.channels, spec.group, spec.bias) == ((3, 6), 3, True)
    assert (spec.kernel_size, spec.stride, spec.dilation) == ((3, 2), (2, 1), (1, 2))
    assert spec.parameters == 6 * 1 * 3 * 2 + 6


def test_bias_left_out_by_an_empty_name():
    assert one(node("Conv", "x w _", "y")).spec.bias is False


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_ranks(rank):
    x = value("x", 2, 3, *range(8, 8 + rank))
    spec = one(conv(), inputs=[x], constants=[tensor("w", 4, 3, *[3] * rank)]).spec
    assert spec.input_size == tuple(range(8, 8 + rank))


def test_weight_that_is_an_input():
    w = value("w", 4, 3, 3, 3)
    read = read_model(model(conv(), inputs=[X, w], constants=[]))
    assert read.sites[0].spec.channels == (3, 4)
    assert read.inputs == {"x": (1, 3, 8, 8), "w": (4, 3, 3, 3)}


def test_inputs_are_without_initializers():
    proto = model(conv(), inputs=[value("x", "n", 3, None, 8), value("w", 4, 3, 3, 3)])
    assert read_model(proto).inputs == {"x": ("n", 3, None, 8)}


def test_weight_that_is_computed():
    nodes = [node("Transpose", "v", "w", perm=[3, 2, 0, 1]), conv()]
    assert one(*nodes, constants=[tensor("v", 3, 3, 3, 4)]).spec.channels == (3, 4)


def test_conv_transpose():
    w = tensor("w", 3, 2, 4, 4)
    spec = one(
        node("ConvTranspose", "x w", "y", group=3, strides=[2, 2], pads=[1, 1, 1, 1]),
        constants=[w],
    ).spec
    assert spec.kind is OpKind.CONV_TRANSPOSE
    assert (spec.channels, spec.group) == ((3, 6), 3)
    assert spec.pads == (explicit(1, 1), explicit(1, 1))
    assert spec.output_size == (16, 16)


def transposed(opset=11, **attributes):
    return one(
        node("ConvTranspose", "x w", "y", **attributes),
        constants=[tensor("w", 3, 2, 3, 3)],
        opset=opset,
    )


def test_output_padding():
    spec = transposed(strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]).spec
    assert spec.output_padding == (1, 1)
    assert spec.output_size == (16, 16)


@pytest.mark.parametrize("shape", [[16, 17], [1, 2, 16, 17]])
def test_output_shape_with_or_without_batch_and_channels(shape):
    spec = transposed(strides=[2, 2], output_shape=shape).spec
    assert spec.output_shape == (16, 17)
    assert spec.output_size == (16, 17)
    assert spec.pad_before == (1, 0)  # NOTSET takes the odd element off the low end


def test_output_shape_sets_pads_aside():
    site = transposed(strides=[2, 2], output_shape=[16, 16], pads=[2, 2, 2, 2])
    assert site.notes == ("`pads` [2, 2, 2, 2] are left aside, since output_shape is given",)
    assert site.spec.resolved_pads == ((1, 0), (1, 0))


def test_transposed_same_counts_output_padding():
    spec = transposed(strides=[2, 2], auto_pad="SAME_UPPER", output_padding=[1, 1]).spec
    assert spec.output_size == (16, 16)
    assert spec.pad_before == (1, 1)  # total 2 = k - s + output_padding, half of it before


@pytest.mark.parametrize("opset", [1, 10])
def test_old_transposed_same_contradicts_itself(opset):
    site = transposed(opset, strides=[2, 2], auto_pad="SAME_UPPER")
    assert site.spec.resolved_pads == ((0, 1), (0, 1))
    assert site.notes == (
        "ConvTranspose-1's text and formula contradict each other on which end takes the odd "
        "element; read as from opset 11 on",
    )
    assert transposed(11, strides=[2, 2], auto_pad="SAME_UPPER").notes == ()
    assert transposed(opset, strides=[1, 1], auto_pad="SAME_UPPER").notes == ()


def test_max_pool():
    spec = one(
        node("MaxPool", "x", "y", kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1, pads=[1, 0] * 2)
    ).spec
    assert spec.kind is OpKind.MAX_POOL
    assert spec.pad_value == -math.inf
    assert spec.rounding is Rounding.CEIL
    assert spec.channels == (3, 3)
    assert spec.pads == (explicit(1, 1), explicit(0, 0))


@pytest.mark.parametrize("counted", [0, 1])
def test_average_pool(counted):
    spec = one(node("AveragePool", "x", "y", kernel_shape=[3, 3], count_include_pad=counted)).spec
    assert spec.kind is OpKind.AVERAGE_POOL
    assert spec.count_include_pad is bool(counted)
    assert spec.pad_value == 0


@pytest.mark.parametrize(("opset", "p"), [(1, 3.0), (2, 3), (11, 3), (18, 3), (22, 3)])
def test_lp_pool(opset, p):
    spec = one(node("LpPool", "x", "y", kernel_shape=[2, 2], p=p), opset=opset).spec
    assert (spec.kind, spec.p, spec.pad_value) == (OpKind.LP_POOL, 3, 0)


def test_lp_pool_defaults_to_two():
    assert one(node("LpPool", "x", "y", kernel_shape=[2, 2]), opset=1).spec.p == 2


@pytest.mark.parametrize("op_type", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
def test_global_pools_are_no_windowed_ops(op_type):
    assert sites(model(node(op_type, "x", "y"))) == {}


def test_conv_integer_and_qlinear_conv():
    import onnx

    uint8 = onnx.TensorProto.UINT8
    x = value("x", 1, 3, 8, 8, elem=uint8)
    w = tensor("w", 4, 3, 3, 3, elem=uint8)
    spec = one(node("ConvInteger", "x w", "y"), inputs=[x], constants=[w]).spec
    assert spec.channels == (3, 4)
    scales = [tensor("s"), tensor("z", elem=uint8)]
    bias = tensor("b", 4, elem=onnx.TensorProto.INT32)
    quantized = node("QLinearConv", "x s z w s z s z b", "y", pads=[1, 1, 1, 1])
    spec = one(quantized, inputs=[x], constants=[w, bias, *scales]).spec
    assert (spec.channels, spec.bias, spec.output_size) == ((3, 4), True, (8, 8))


@pytest.mark.parametrize("op_type", ["DeformConv", "MaxUnpool"])
def test_what_works_like_a_convolution_but_is_none_is_told(op_type):
    site = one(node(op_type, "x w x", "y", kernel_shape=[3, 3]))
    assert site.spec is None
    assert site.reason == (
        f"{op_type} is not an op that padcheck can read; known are AveragePool, Conv, "
        "ConvInteger, ConvTranspose, LpPool, MaxPool, QLinearConv"
    )


def test_custom_convolution_is_told_and_convert_is_not():
    proto = model(
        node("MyConv2D", "x w", "a", domain="my"),
        node("Convert", "x", "b", domain="my"),
        domains=["my"],
    )
    assert {name: site.op_type for name, site in sites(proto).items()} == {"a": "MyConv2D"}


# names


def test_node_names():
    found = sites(model(node("Conv", "x w", "a", name="first"), node("Conv", "x w", "y")))
    assert list(found) == ["first", "y"]


def test_names_given_twice_get_their_output():
    nodes = [node("Conv", "x w", out, name="n") for out in ("a", "b", "y")]
    assert list(sites(model(*nodes))) == ["n", "n:b", "n:y"]


def test_the_reader_protocol():
    assert READER.read(model(conv()), input_shapes={"x": [1, 3, 9, 9]})[0].spec.input_size == (9, 9)


def test_reference_of_a_file(tmp_path):
    import hashlib

    path = tmp_path / "m.onnx"
    content = model(conv()).SerializeToString()
    path.write_bytes(content)
    for spelling in (path, str(path)):
        ref = read_model(spelling).ref
        assert (ref.path, ref.format) == (str(path), "onnx")
        assert ref.sha256 == hashlib.sha256(content).hexdigest()
    assert read_model(model(conv())).ref.path is None


def test_opset_newer_than_onnx_is_noted():
    (note,) = read_model(model(conv(), opset=999)).notes
    assert note.startswith("opset 999 is newer than onnx ")

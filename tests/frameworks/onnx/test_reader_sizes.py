"""Where input sizes come from: inference, the caller, the file, or a stand-in."""

import onnx
import pytest

from padcheck.errors import UsageError
from padcheck.frameworks.onnx.reader import read_model
from tests.frameworks.onnx.reader_models import W, ints, model, node, one, sites, value


def conv(**attributes):
    return node("Conv", "x w", "y", **attributes)


def test_sizes_come_from_inference_through_other_ops():
    nodes = [
        node("Conv", "x w", "a", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", "a", "b"),
        node("Reshape", "b s", "c"),
        node("MaxPool", "c", "y", kernel_shape=[2, 2]),
    ]
    found = sites(model(*nodes, constants=[W, ints("s", 0, -1, 8, 2)]))
    assert found["y"].spec.input_size == (8, 2)
    assert found["y"].spec.channels == (4, 4)


def test_open_sizes_get_a_stand_in():
    site = one(conv(strides=[3, 2], pads=[1, 0, 2, 0]), inputs=[value("x", "n", 3, "h", 9)])
    assert site.dynamic == (True, False)
    height, width = site.spec.input_size
    assert width == 9
    assert height % 3 == 0
    assert height >= 2 * (3 + 3) + 3


def test_rank_of_an_untyped_input_comes_from_the_weight():
    site = one(conv(), inputs=[onnx.ValueInfoProto(name="x")])
    assert site.dynamic == (True, True)


def test_pool_of_an_untyped_input_takes_its_rank_from_the_kernel():
    pool = node("MaxPool", "x", "y", kernel_shape=[2, 2, 2])
    assert one(pool, inputs=[onnx.ValueInfoProto(name="x")]).dynamic == (True, True, True)


def test_negative_input_size_is_an_open_one():
    assert one(conv(), inputs=[value("x", 1, 3, -1, 8)]).dynamic == (True, False)


def test_input_shapes_fill_open_sizes():
    proto = model(conv(strides=[2, 2]), inputs=[value("x", "n", 3, "h", "w_")])
    read = read_model(proto, input_shapes={"x": (2, 3, 225, 9)})
    assert read.sites[0].spec.input_size == (225, 9)
    assert read.sites[0].dynamic == (False, False)
    assert read.inputs == {"x": (2, 3, 225, 9)}


def test_input_shapes_override_the_file_and_its_stale_shapes():
    nodes = [conv(strides=[2, 2]), node("MaxPool", "y", "z", kernel_shape=[2, 2])]
    proto = model(*nodes, outputs=["z"])
    proto.graph.value_info.append(value("y", 1, 4, 3, 3))
    proto.graph.output[0].CopyFrom(value("z", 1, 4, 2, 2))
    found = sites(proto, input_shapes={"x": [1, 3, 16, 16]})
    assert found["z"].spec.input_size == (7, 7)
    assert sites(proto)["z"].spec.input_size == (3, 3)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"q": (1, 3, 8, 8)}, "input_shapes: expected an input of the model (x) but got 'q'"),
        ({"w": (1, 3, 8, 8)}, "input_shapes: expected an input of the model (x) but got 'w'"),
        (
            {"x": (3, 8, 8)},
            "expected 4 sizes, as the model has, but got input_shapes['x']=(3, 8, 8)",
        ),
        ({"x": (1, 3, 0, 8)}, "expected int >= 1 but got input_shapes['x']=0 (type=int)"),
        ({"x": (1, 3, 8.5, 8)}, "expected int >= 1 but got input_shapes['x']=8.5 (type=float)"),
        ({"x": 8}, "expected a list of ints but got input_shapes['x']=8"),
        (
            {"x": (1, 3, 1 << 40, 8)},
            "expected sizes of at most 2147483648 but got "
            "input_shapes['x']=(1, 3, 1099511627776, 8)",
        ),
    ],
)
def test_input_shapes_that_make_no_sense(shapes, message):
    with pytest.raises(UsageError) as caught:
        read_model(model(conv()), input_shapes=shapes)
    assert str(caught.value) == message


def test_shapes_after_an_unknown_op_are_taken_from_the_file():
    nodes = [
        node("Mystery", "x", "a", domain="my"),
        node("Relu", "a", "b"),
        node("Conv", "b w", "y"),
    ]
    proto = model(*nodes, domains=["my"])
    assert sites(proto)["y"].dynamic == (True, True)
    proto.graph.value_info.append(value("a", 1, 3, 5, 6))
    assert sites(proto)["y"].spec.input_size == (5, 6)
    site = sites(proto, input_shapes={"x": (1, 3, 16, 16)})["y"]
    assert site.dynamic == (True, True)  # the file's 5 x 6 belongs to its own input size


def test_shapes_that_onnx_cannot_work_out_are_taken_from_the_file():
    nodes = [node("NonZero", "x", "i"), node("Reshape", "x i", "a"), node("Conv", "a w", "y")]
    proto = model(*nodes)
    proto.graph.value_info.append(value("a", 1, 3, 5, 6))
    assert sites(proto)["y"].spec.input_size == (5, 6)

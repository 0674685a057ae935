"""Amounts of a Pad, and shapes, that come out of other nodes."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from padcheck.geometry import explicit
from tests.frameworks.onnx.reader_models import W, ints, model, node, sites, value

AMOUNTS = ints("p", 0, 0, 0, 1, 0, 0, 2, 3)
PAD = node("Pad", "x p", "a", name="pad")
CONV = node("Conv", "a w", "y", name="conv")


def assert_apart(site, why):
    assert site.folded == ()
    assert site.notes == (f"Pad `pad` before it is not taken in: {why}",)


def legacy_amounts(*last_axis_first):
    """The subgraph that torch's exporter without dynamo writes for F.pad."""
    count = len(last_axis_first)
    constant = {
        "n": ints("", 8 - count), "given": ints("", *last_axis_first), "two": ints("", -1, 2),
        "start": ints("", -1), "end": ints("", -9223372036854775807), "axis": ints("", 0),
        "flat": ints("", -1),
    }  # fmt: skip
    nodes = [node("Constant", "", name, value=one_) for name, one_ in constant.items()]
    return [
        *nodes,
        node("ConstantOfShape", "n", "zeros", value=ints("", 0)),
        node("Concat", "given zeros", "all", axis=0),
        node("Reshape", "all two", "pairs"),
        node("Slice", "pairs start end axis start", "turned"),
        node("Transpose", "turned", "apart", perm=[1, 0]),
        node("Reshape", "apart flat", "row"),
        node("Cast", "row", "p", to=7),
    ]


def test_amounts_out_of_constants_as_torch_writes_them():
    proto = model(*legacy_amounts(1, 3, 0, 2), PAD, CONV)
    site = sites(proto)["conv"]
    assert site.folded == ("pad",)
    assert site.spec.pads == (explicit(0, 2), explicit(1, 3))


def test_shapes_go_on_past_a_computed_pad():
    after = [node("Relu", "a", "b"), node("MaxPool", "b", "y", kernel_shape=[2, 2])]
    nodes = [*legacy_amounts(1, 3, 0, 2), PAD, *after]
    assert sites(model(*nodes))["y"].spec.input_size == (10, 12)


def size_dependent():
    """Pads the last axis by its own size modulo 2, at the end."""
    return [
        node("Shape", "x", "shape"),
        node("Gather", "shape three", "size", axis=0),
        node("Mod", "size two", "rest"),
        node("Concat", "zeros rest", "p", axis=0),
        PAD,
        CONV,
    ]


SIZE_CONSTANTS = [W, ints("three", 3), ints("two", 2), ints("zeros", *[0] * 7)]


def test_amounts_that_depend_on_a_known_size():
    found = sites(
        model(*size_dependent(), constants=SIZE_CONSTANTS, inputs=[value("x", "n", 3, 8, 9)])
    )
    assert found["conv"].folded == ("pad",)
    assert found["conv"].spec.pad_after == (0, 1)


def test_amounts_that_depend_on_an_open_size():
    proto = model(
        *size_dependent(), constants=SIZE_CONSTANTS, inputs=[value("x", 1, 3, 8, "width")]
    )
    site = sites(proto)["conv"]
    assert site.spec is None
    assert site.reason == (
        "Pad `pad` before it: its amounts depend on the input size; "
        "give the shape with --input-shape"
    )
    given = sites(proto, input_shapes={"x": (1, 3, 8, 9)})["conv"]
    assert given.folded == ("pad",)
    assert given.spec.input_size == (8, 9)
    assert given.spec.pad_after == (0, 1)


def test_integer_division_rounds_toward_zero():
    nodes = [
        node("Div", "minus two", "q"),
        node("Neg", "q", "r"),
        node("Concat", "zeros r", "p", axis=0),
    ]
    constants = [W, ints("minus", -3), ints("two", 2), ints("zeros", *[0] * 7)]
    assert sites(model(*nodes, PAD, CONV, constants=constants))["conv"].spec.pad_after == (0, 1)


def test_shapes_that_are_computed_from_an_open_batch():
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape zero", "batch", axis=0),
        node("Concat", "batch rest", "s", axis=0),
        node("Reshape", "x s", "a"),
        CONV,
    ]
    constants = [W, ints("zero", 0), ints("rest", 3, 4, 16)]
    proto = model(*nodes, constants=constants, inputs=[value("x", "n", 3, 8, 8)])
    assert sites(proto)["conv"].spec.input_size == (4, 16)


@pytest.mark.parametrize(
    "bomb",
    [
        [node("ConstantOfShape", "big", "e", value=ints("", 1))],
        [node("Expand", "one big", "e")],
        [node("Tile", "one big", "e")],
        [node("Range", "zero most one_", "e")],
    ],
    ids=lambda nodes: nodes[0].op_type,
)
def test_amounts_that_would_take_terabytes(bomb):
    constants = [
        W, ints("big", 1 << 45), ints("one", 1), numpy_helper.from_array(_scalar(0), "zero"),
        numpy_helper.from_array(_scalar(1 << 45), "most"),
        numpy_helper.from_array(_scalar(1), "one_"), ints("zeros", *[0] * 7),
    ]  # fmt: skip
    nodes = [*bomb, node("ReduceSum", "e", "r", keepdims=1), node("Concat", "zeros r", "p", axis=0)]
    site = sites(model(*nodes, PAD, CONV, constants=constants))["conv"]
    assert site.spec is None
    assert site.reason == (
        f"Pad `pad` before it: its amounts are not constant, `e` would have {1 << 45} elements"
    )


def _scalar(number):
    return np.array(number, dtype=np.int64)


def test_amounts_in_external_data(tmp_path):
    proto = model(PAD, CONV, constants=[W, AMOUNTS])
    tensor_ = proto.graph.initializer[1]
    content = numpy_helper.to_array(AMOUNTS).tobytes()
    (tmp_path / "m.data").write_bytes(b"abcd" + content)
    tensor_.ClearField("int64_data")
    tensor_.data_location = onnx.TensorProto.EXTERNAL
    for key, text in {"location": "m.data", "offset": "4", "length": str(len(content))}.items():
        tensor_.external_data.add(key=key, value=text)
    path = tmp_path / "m.onnx"
    path.write_bytes(proto.SerializeToString())
    assert sites(path)["conv"].folded == ("pad",)
    (tmp_path / "m.data").unlink()
    assert sites(path)["conv"].folded == ()

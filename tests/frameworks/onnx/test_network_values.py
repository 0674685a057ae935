"""The numbers of ONNX convolutions: weights however they are stored, and what follows an op."""

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.network import open_network
from tests.frameworks.onnx.network_models import array, close, numbers
from tests.frameworks.onnx.reader_models import model, node, value

CONV = node("Conv", "x w", "c", name="conv", pads=[1, 1, 1, 1])
W = numbers(4, 3, 3, 3, seed=1)
X = numbers(1, 3, 8, 8, seed=2)


def opened(*nodes, constants=(), outputs=("y",), **more):
    held = [array("w", W), *constants]
    return open_network(model(*nodes, constants=held, outputs=outputs, **more))


def per_channel(name, *, seed=3, dims=(4, 1, 1)):
    return array(name, np.abs(numbers(4, seed=seed)).reshape(dims) + 0.5)


def check_tail(network, x=X):
    """The op, scale, offset and clip give what the model has at the tail."""
    (place,) = network.places
    values = place.values()
    made = network.run({"x": x}, [place.tail])[place.tail]
    y = network.isolate(0)(x, values.weight).astype(np.float64)
    scale = np.ones(1) if values.scale is None else values.scale
    offset = np.zeros(1) if values.offset is None else values.offset
    assert (scale.dtype, offset.dtype) == (np.float64, np.float64)
    low, high = place.epilogue.clip or (-math.inf, math.inf)
    wanted = np.clip(y * scale.reshape(-1, 1, 1) + offset.reshape(-1, 1, 1), low, high)
    assert close(made, wanted)
    return place, values


def test_a_plain_conv_has_neither_scale_nor_offset():
    place, values = check_tail(opened(node("Conv", "x w", "y", pads=[1, 1, 1, 1])))
    assert (place.data, place.output, place.tail) == ("x", "y", "y")
    assert (values.scale, values.offset, values.step) == (None, None, None)
    assert (place.epilogue.clip, place.epilogue.nodes) == (None, ())
    assert (values.weight == W).all()


ARITHMETIC = [
    node("Add", "c k", "y", name="after"),
    node("Add", "k c", "y", name="after"),
    node("Sub", "c k", "y", name="after"),
    node("Sub", "k c", "y", name="after"),
    node("Mul", "c k", "y", name="after"),
    node("Mul", "k c", "y", name="after"),
    node("Div", "c k", "y", name="after"),
]


@pytest.mark.parametrize("after", ARITHMETIC, ids=lambda one: f"{one.op_type}_{one.input[0]}")
@pytest.mark.parametrize("dims", [(4, 1, 1), (1, 4, 1, 1)], ids=str)
def test_constants_per_channel_are_taken_in(after, dims):
    network = opened(CONV, after, constants=[per_channel("k", dims=dims)])
    place, values = check_tail(network)
    assert place.tail == "y"
    assert place.output == "c"
    assert place.epilogue.nodes == ("after",)
    shifts = [("Add", "c"), ("Add", "k"), ("Sub", "c")]
    assert (values.scale is None) == ((after.op_type, after.input[0]) in shifts)


@pytest.mark.parametrize("dims", [(), (1,), (1, 1, 1)], ids=str)
def test_one_number_for_all_channels_is_taken_in(dims):
    constant = array("k", np.full(dims, 2.5))
    place, values = check_tail(opened(CONV, node("Mul", "c k", "y"), constants=[constant]))
    assert place.tail == "y"
    assert (values.scale == 2.5).all()
    assert values.scale.shape == (4,)


def test_a_chain_is_taken_in_up_to_one_clip():
    network = opened(
        CONV,
        node("Identity", "c", "c1"),
        node("Mul", "c1 k", "c2"),
        node("Add", "c2 b", "c3"),
        node("Clip", "c3 low high", "c4"),
        node("Relu", "c4", "y"),
        constants=[per_channel("k"), per_channel("b", seed=4), array("low", -1), array("high", 2)],
    )
    place, _ = check_tail(network)
    assert place.tail == "c4"
    assert place.epilogue.clip == (-1.0, 2.0)
    assert len(place.epilogue.nodes) == 4


NOT_TAKEN = {
    "a constant per pixel": ([node("Add", "c k", "y")], [array("k", numbers(8, 8))], ["y"]),
    "a constant per column": ([node("Add", "c k", "y")], [array("k", numbers(8))], ["y"]),
    "a rank that grows": ([node("Add", "c k", "y")], [array("k", numbers(1, 1, 4, 1, 1))], ["y"]),
    "two readers": (
        [node("Add", "c k", "y"), node("Relu", "c", "z")], [array("k", 1)], ["y", "z"]
    ),
    "an output of the graph": ([node("Relu", "c", "y")], [], ["y", "c"]),
    "itself twice": ([node("Add", "c c", "y")], [], ["y"]),
    "a constant divided by it": ([node("Div", "k c", "y")], [per_channel("k")], ["y"]),
    "another activation": ([node("Sigmoid", "c", "y")], [], ["y"]),
    "bounds that are the wrong way round": (
        [node("Clip", "c low high", "y")], [array("low", 2), array("high", 1)], ["y"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_does_not_belong_to_the_op_is_left(name):
    nodes, constants, outputs = NOT_TAKEN[name]
    (place,) = opened(CONV, *nodes, constants=constants, outputs=outputs).places
    assert (place.tail, place.epilogue.nodes, place.epilogue.clip) == ("c", (), None)


def normalization(opset, **attributes):
    parts = [
        array("scale", numbers(4, seed=5)),
        array("shift", numbers(4, seed=6)),
        array("mean", numbers(4, seed=7)),
        array("variance", np.abs(numbers(4, seed=8))),
    ]
    after = node("BatchNormalization", "c scale shift mean variance", "y", **attributes)
    return opened(CONV, after, constants=parts, opset=opset)


@pytest.mark.parametrize("opset", [7, 9, 14, 15])
@pytest.mark.parametrize("epsilon", [{}, {"epsilon": 1e-3}], ids=str)
def test_batch_normalization_is_folded_with_its_epsilon(opset, epsilon):
    place, values = check_tail(normalization(opset, **epsilon))
    assert place.tail == "y"
    used = np.float64(np.float32(epsilon.get("epsilon", 1e-5)))
    variance = np.abs(numbers(4, seed=8)).astype(np.float64)
    wanted = numbers(4, seed=5) / np.sqrt(variance + used)
    assert np.allclose(values.scale, wanted, rtol=1e-9)


def test_batch_normalization_in_training_is_left():
    assert normalization(15, training_mode=1).places[0].tail == "c"


def test_bounds_of_clip_6_are_attributes():
    after = node("Clip", "c", "y", min=0.0, max=6.0)
    place, _ = check_tail(opened(CONV, after, opset=9))
    assert place.epilogue.clip == (0.0, 6.0)
    (place,) = opened(CONV, node("Clip", "c", "y"), opset=9).places
    assert (place.tail, place.epilogue.clip) == ("y", None)


def test_a_bound_of_a_clip_may_be_left_out():
    (place,) = opened(CONV, node("Clip", "c _ high", "y"), constants=[array("high", 6)]).places
    assert place.epilogue.clip == (-math.inf, 6.0)


def test_an_offset_may_come_through_reshapes():
    shape = helper.make_tensor("shape", TensorProto.INT64, [4], [1, -1, 1, 1])
    network = opened(
        CONV,
        node("Reshape", "k shape", "k2"),
        node("Identity", "k2", "k3"),
        node("Add", "c k3", "y"),
        constants=[array("k", numbers(4)), shape],
    )
    _, values = check_tail(network)
    assert np.allclose(values.offset, numbers(4))


def test_a_weight_may_come_through_transpose_and_cast():
    stored = np.ascontiguousarray(W.transpose(2, 3, 1, 0)).astype(np.float16)
    network = open_network(
        model(
            node("Cast", "v", "v2", to=TensorProto.FLOAT),
            node("Transpose", "v2", "w", perm=[3, 2, 0, 1]),
            node("Conv", "x w", "y"),
            constants=[array("v", stored, np.float16)],
        )
    )
    _, values = check_tail(network)
    assert (values.weight == W.astype(np.float16).astype(np.float32)).all()


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16])
def test_weights_of_other_float_types_are_read_as_float32(kind):
    weight = helper.make_tensor("w", kind, W.shape, W.ravel().tolist())
    conv = node("Conv", "x w", "y")
    inputs = [value("x", 1, 3, 8, 8, elem=kind)]
    (place,) = open_network(model(conv, inputs=inputs, constants=[weight])).places
    read = place.values().weight
    assert read.dtype == np.float32
    assert np.allclose(read, W, rtol=1e-2)


def test_a_weight_in_a_file_of_its_own_is_read_and_run(tmp_path):
    weight = numbers(64, 3, 5, 5)
    held = model(node("Conv", "x w", "c"), node("Relu", "c", "y"), constants=[array("w", weight)])
    path = tmp_path / "model.onnx"
    onnx.save(held, path, save_as_external_data=True, location="weights", size_threshold=0)
    network = open_network(path)
    assert (network.places[0].values().weight == weight).all()
    made = network.run({"x": X}, ["c"])
    assert close(np.maximum(made["c"], 0), made["y"])
    (tmp_path / "weights").write_bytes(b"short")
    with pytest.raises(ModelError, match="node w: its values cannot be read"):
        network.places[0].values()
    (tmp_path / "weights").unlink()
    assert open_network(path).places[0].values is None


def test_a_weight_that_is_computed_has_no_values():
    inputs = [value("x", 1, 3, 8, 8), value("w", 4, 3, 3, 3)]
    after = node("Add", "c k", "y")
    held = model(CONV, after, inputs=inputs, constants=[array("k", 1)])
    (place,) = open_network(held).places
    assert (place.values, place.tail, place.shared) == (None, "c", None)


def test_sites_that_use_one_weight_say_so():
    network = opened(
        node("Conv", "x w", "a"),
        node("Identity", "w", "again"),
        node("Conv", "x again", "b"),
        node("Conv", "x v", "y"),
        constants=[array("v", W)],
        outputs=["a", "b", "y"],
    )
    assert [place.shared for place in network.places] == ["w", "w", None]


def test_a_weight_of_the_wrong_size_names_its_node():
    weight = array("w", W)
    weight.raw_data = weight.raw_data[:-4]
    (place,) = open_network(model(node("Conv", "x w", "y"), constants=[weight])).places
    with pytest.raises(ModelError, match="node w: its values cannot be read"):
        place.values()


def test_a_transposed_conv_in_groups_scales_its_output_channels():
    network = open_network(
        model(
            node("ConvTranspose", "x w", "c", group=2, strides=[2, 2]),
            node("Mul", "c k", "y"),
            inputs=[value("x", 1, 4, 5, 5)],
            constants=[array("w", numbers(4, 3, 3, 3)), array("k", numbers(6, 1, 1))],
        )
    )
    check_tail(network, numbers(1, 4, 5, 5))

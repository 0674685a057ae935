"""ONNX networks on integers: QLinearConv, ConvInteger, and QuantizeLinear around float ops."""

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto

from padcheck.frameworks.onnx.network import open_network
from padcheck.records import Change, Quantization
from tests.frameworks.onnx.network_models import array, numbers, own_changes
from tests.frameworks.onnx.reader_models import model, node, value

UINT8, INT8 = TensorProto.UINT8, TensorProto.INT8
W = np.random.default_rng(0).integers(-100, 101, (4, 3, 3, 3))
STEPS = np.array([0.01, 0.02, 0.005, 0.04])
IN = Quantization(scale=0.05, zero_point=120, low=0, high=255)
OUT = Quantization(scale=0.3, zero_point=100, low=0, high=255)
BIAS = np.array([40, -900, 333, 0])
X = np.random.default_rng(1).integers(0, 256, (1, 3, 8, 8)).astype(np.uint8)


def scales(kind="x"):
    quantization = {"x": IN, "y": OUT}[kind]
    return [
        array(f"{kind}s", quantization.scale),
        array(f"{kind}z", quantization.zero_point, np.uint8),
    ]


def qlinear():
    made = node("QLinearConv", "x xs xz w ws wz ys yz b", "y", name="q", pads=[1, 1, 1, 1])
    constants = [
        *scales("x"),
        *scales("y"),
        array("w", W, np.int8),
        array("ws", STEPS),
        array("wz", np.zeros(4), np.int8),
        array("b", BIAS, np.int32),
    ]
    inputs = [value("x", 1, 3, 8, 8, elem=UINT8)]
    return open_network(model(made, inputs=inputs, constants=constants))


def real(x=X):
    return ((x.astype(np.float32) - IN.zero_point) * np.float32(IN.scale)).astype(np.float32)


def test_a_qlinear_conv_is_read_in_real_numbers():
    network = qlinear()
    (place,) = network.places
    values = place.values()
    assert np.allclose(values.weight, W * STEPS.reshape(-1, 1, 1, 1))
    assert np.allclose(values.offset, BIAS * IN.scale * STEPS)
    assert np.allclose(values.step, STEPS)
    assert place.quantization.scale == pytest.approx(OUT.scale)
    assert replace(place.quantization, scale=OUT.scale) == OUT
    assert (place.data, place.output, place.tail) == ("x", "y", "y")


def test_callers_give_and_get_real_numbers():
    network = qlinear()
    assert [(one.dtype, one.quantization.zero_point) for one in network.inputs] == [
        ("float32", 120)
    ]
    assert [one.dtype for one in network.outputs] == ["float32"]
    made = network.run({"x": real()}, ["x", "y"])
    values = network.places[0].values()
    wanted = network.isolate(0)(real(), values.weight) + values.offset.reshape(-1, 1, 1)
    low, high = ((end - OUT.zero_point) * OUT.scale for end in (OUT.low, OUT.high))
    assert np.abs(made["y"] - np.clip(wanted, low, high)).max() <= 0.51 * OUT.scale
    assert np.allclose(made["x"], real())
    assert (network.run({"x": X})["y"] == made["y"]).all()


def test_a_qlinear_conv_altered_to_itself_is_off_by_no_more_than_a_step():
    network = qlinear()
    made = network.run({"x": X})["y"]
    altered = network.altered(own_changes(network))
    again = altered.run({"x": X})["y"]
    off = np.abs(again - made)
    assert off.max() <= 1.01 * OUT.scale
    assert (off > 0.01 * OUT.scale).mean() < 0.01
    padless = network.sites[0].spec.with_pads(((0, 0), (0, 0)))
    change = replace(own_changes(network)[0], spec=padless)
    cropped = network.altered({0: change}).run({"x": X})["y"]
    assert np.abs(cropped - made[:, :, 1:-1, 1:-1]).max() <= 1.01 * OUT.scale


def test_conv_integer_is_read_and_altered():
    network = open_network(
        model(
            node("ConvInteger", "x w xz wz", "y", pads=[1, 1, 0, 0]),
            inputs=[value("x", 1, 3, 8, 8, elem=UINT8), value("xz", elem=UINT8)],
            constants=[array("w", W + 100, np.uint8), array("wz", 100, np.uint8)],
        )
    )
    values = network.places[0].values()
    assert (values.weight == W).all()
    assert (values.step == 1).all()
    feeds = {"x": X, "xz": np.array(120, np.uint8)}
    made = network.run(feeds)["y"]
    assert made.dtype == np.int32
    again = network.altered(own_changes(network)).run(feeds)["y"]
    assert (again == made).all()


def dequantized_weight(**more):
    """A float model whose weight, input and output go through integers."""
    nodes = [
        node("QuantizeLinear", "x xs xz", "xq"),
        node("DequantizeLinear", "xq xs xz", "xr"),
        node("DequantizeLinear", "w ws wz", "wr", axis=0),
        node("Conv", "xr wr", "c", name="conv", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("QuantizeLinear", "r ys yz", "rq"),
        node("DequantizeLinear", "rq ys yz", "y"),
        *more.pop("nodes", ()),
    ]
    constants = [
        *scales("x"),
        *scales("y"),
        array("w", W, np.int8),
        array("ws", STEPS),
        array("wz", np.zeros(4), np.int8),
    ]
    return open_network(model(*nodes, constants=constants, **more))


def test_a_weight_behind_dequantize_linear_has_its_step():
    network = dequantized_weight()
    (place,) = network.places
    values = place.values()
    assert np.allclose(values.weight, W * STEPS.reshape(-1, 1, 1, 1))
    assert np.allclose(values.step, STEPS)
    assert (place.data, place.tail, place.epilogue.clip) == ("xr", "y", (0.0, np.inf))
    assert place.quantization.zero_point == OUT.zero_point
    assert len(place.epilogue.nodes) == 3


def test_what_is_quantized_after_the_op_is_rounded_when_altered():
    network = dequantized_weight()
    x = numbers(1, 3, 8, 8) * 3
    made = network.run({"x": x}, ["xr", "y"])
    altered = network.altered(own_changes(network))
    again = altered.run({"x": x}, ["y"])
    assert np.abs(again["y"] - made["y"]).max() <= 1.01 * OUT.scale
    assert (np.abs(again["y"] - made["y"]) > 0.01).mean() < 0.01
    free = replace(own_changes(network)[0], quantization=None)
    steps = network.altered({0: free}).run({"x": x})["y"] / OUT.scale
    assert np.abs(steps - np.rint(steps)).max() > 0.4


def test_integers_that_several_read_are_the_tail():
    more = [node("DequantizeLinear", "rq ys yz", "z"), node("Relu", "z", "z2")]
    network = dequantized_weight(nodes=more, outputs=("y", "z2"))
    (place,) = network.places
    assert place.tail == "rq"
    x = numbers(1, 3, 8, 8)
    made = network.run({"x": x}, ["rq"])
    assert np.allclose(made["rq"], made["y"])
    again = network.altered(own_changes(network)).run({"x": x}, ["rq"])
    assert np.abs(again["rq"] - made["rq"]).max() <= 1.01 * OUT.scale


def test_a_max_pool_of_integers():
    network = open_network(
        model(
            node("MaxPool", "x", "p", kernel_shape=[2, 2]),
            node("DequantizeLinear", "p ys yz", "y"),
            inputs=[value("x", 1, 3, 8, 8, elem=UINT8)],
            constants=scales("y"),
            opset=13,
        )
    )
    made = network.run({"x": X})["y"]
    change = Change(spec=network.sites[0].spec)
    assert np.allclose(network.altered({0: change}).run({"x": X})["y"], made)


def test_integers_from_zero_up_are_never_negative():
    unsigned = [array("z0", 0, np.uint8)]
    nodes = [
        node("QuantizeLinear", "x xs z0", "xq"),
        node("DequantizeLinear", "xq xs z0", "xr"),
        node("MaxPool", "xr", "y", kernel_shape=[2, 2]),
    ]
    network = open_network(model(*nodes, constants=[*scales("x"), *unsigned]))
    assert network.places[0].never_negative == "QuantizeLinear"

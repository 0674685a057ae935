"""One site of an ONNX model alone, against padcheck's own evaluation."""

import numpy as np
import pytest
from onnx import TensorProto

from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx.network import open_network
from padcheck.oracle import evaluate
from padcheck.probes import make_probe, probe_spec
from padcheck.records import OpKind
from tests.frameworks.onnx.network_models import MODELS, array, fixture, numbers, own_changes
from tests.frameworks.onnx.reader_models import ints, model, node, node_cases, tensor, value


def check(network, index, spec):
    """The isolated op is `spec` on an integer probe, exactly."""
    probe = make_probe(spec)
    x, weight, _ = probe.as_float32()
    seen = network.isolate(index)(x, weight).astype(np.float64)
    if spec.kind is OpKind.LP_POOL:
        seen = seen**spec.p
    expected = evaluate(spec, probe.x, probe.weight)
    assert seen.shape == expected.shape
    assert (expected.off(seen) == 0).all(), spec


@pytest.mark.parametrize("name", MODELS)
def test_sites_of_fixtures_alone_are_their_specs(name):
    network = fixture(name)
    altered = network.altered(own_changes(network))
    seen = set()
    for index, site in enumerate(network.sites):
        spec = probe_spec(site.spec)
        if (spec, bool(site.folded)) not in seen:
            seen.add((spec, bool(site.folded)))
            check(network, index, spec)
            check(altered, index, spec)
            check(network, index, spec.resized([n + 1 for n in spec.input_size]))


#: onnxruntime does not have them: convolutions that keep a state, of opset 26.
TOO_NEW = "test_causal_conv_with_state"


@pytest.fixture(scope="module")
def cases():
    return node_cases()


def test_onnx_node_tests_open_and_run_and_isolate(cases):
    kinds = set()
    for name, case in cases.items():
        network = open_network(case.model)
        (site,) = network.sites
        spec = site.spec if site.spec.kind is OpKind.LP_POOL else probe_spec(site.spec)
        check(network, 0, spec)
        kinds.add(site.op_type)
        if TOO_NEW in name or name == "test_convinteger_with_padding":
            continue
        inputs, outputs = case.data_sets[0]
        feeds = {one.name: given for one, given in zip(network.inputs, inputs, strict=True)}
        made = network.run(feeds, [network.places[0].data])
        assert made[network.outputs[0].name].shape == outputs[0].shape
    assert {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "QLinearConv"} <= kinds


@pytest.mark.parametrize("opset", [9, 10, 11, 13, 18, 22])
def test_folded_pads_are_written_in_the_opset_of_the_model(opset):
    conv = node("Conv", "p w", "y", strides=[2, 2], pads=[0, 1, 0, 0])
    if opset < 11:
        pad = node("Pad", "x", "p", pads=[0, 0, 0, 1, 0, 0, 2, 1])
        constants = [tensor("w", 4, 3, 3, 3)]
    else:
        pad = node("Pad", "x amounts", "p")
        constants = [tensor("w", 4, 3, 3, 3), ints("amounts", 0, 0, 0, 1, 0, 0, 2, 1)]
    network = open_network(model(pad, conv, constants=constants, opset=opset))
    (site,) = network.sites
    assert site.spec.resolved_pads == ((0, 2), (2, 1))
    check(network, 0, probe_spec(site.spec))


@pytest.mark.parametrize("word", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("op", ["Conv", "MaxPool", "AveragePool"])
def test_auto_pad_is_worked_out_anew_at_every_size(op, word):
    inputs = "x w" if op == "Conv" else "x"
    made = node(op, inputs, "y", auto_pad=word, kernel_shape=[3, 3], strides=[2, 2])
    network = open_network(model(made))
    for size in ((8, 8), (9, 8), (5, 7)):
        check(network, 0, probe_spec(network.sites[0].spec).resized(size))


@pytest.mark.parametrize("channels", [(4, 4, 4), (4, 8, 4), (6, 6, 2), (6, 12, 3)], ids=str)
@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
def test_groups_follow_the_channels_given(op, channels):
    c_in, c_out, group = channels
    dims = (c_out, c_in // group) if op == "Conv" else (c_in, c_out // group)
    network = open_network(
        model(
            node(op, "x w", "y", group=group, pads=[1, 0, 1, 0]),
            inputs=[value("x", 1, c_in, 8, 8)],
            constants=[tensor("w", *dims, 3, 3)],
        )
    )
    spec = network.sites[0].spec
    check(network, 0, spec)
    check(network, 0, probe_spec(spec))


def test_a_zero_around_what_is_never_negative_is_a_zero():
    network = open_network(
        model(
            node("Relu", "x", "r"),
            node("Pad", "r amounts", "p"),
            node("MaxPool", "p", "y", kernel_shape=[3, 3], strides=[2, 2]),
            constants=[ints("amounts", 0, 0, 1, 1, 0, 0, 1, 1)],
        )
    )
    assert network.sites[0].spec.pad_value == 0
    assert network.places[0].never_negative == "Relu"
    check(network, 0, probe_spec(network.sites[0].spec))


@pytest.mark.parametrize("mode", ["edge", "reflect"])
def test_border_modes_before_a_pool_are_kept(mode):
    network = open_network(
        model(
            node("Pad", "x amounts", "p", mode=mode),
            node("AveragePool", "p", "y", kernel_shape=[3, 3], strides=[2, 2]),
            constants=[ints("amounts", 0, 0, 1, 1, 0, 0, 1, 1)],
        )
    )
    assert network.sites[0].spec.pad_mode == mode
    check(network, 0, probe_spec(network.sites[0].spec))


def test_a_fused_op_alone_is_the_plain_one():
    network = open_network(
        model(
            node(
                "FusedConv", "x w b", "y", domain="com.microsoft", activation="Relu", pads=[1] * 4
            ),
            constants=[array("w", numbers(4, 3, 3, 3)), array("b", numbers(4))],
            domains=["com.microsoft"],
        )
    )
    assert network.places[0].epilogue.clip == (0.0, np.inf)
    check(network, 0, probe_spec(network.sites[0].spec))
    x = numbers(1, 3, 8, 8)
    values = network.places[0].values()
    y = network.isolate(0)(x, values.weight) + values.offset.reshape(-1, 1, 1)
    assert np.allclose(np.maximum(y, 0), network.run({"x": x})["y"], atol=1e-5)


def test_a_site_that_was_not_read_says_why():
    network = open_network(model(node("Conv", "x w", "y", strides=[0, 1])))
    assert network.places == (None,)
    with pytest.raises(FrameworkError, match="strides: expected 2 ints >= 1"):
        network.isolate(0)


def test_what_onnxruntime_refuses_names_it():
    dims, inputs = tensor("w", 1, 1, 1, 1, 1, 1), [value("x", 1, 1, 2, 2, 2, 2)]
    network = open_network(model(node("Conv", "x w", "y"), inputs=inputs, constants=[dims]))
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d"):
        network.isolate(0)(numbers(1, 1, 2, 2, 2, 2), numbers(1, 2, 1, 1, 1, 1))


def test_integers_are_probed_as_real_numbers():
    integer = TensorProto.UINT8
    network = open_network(
        model(
            node("ConvInteger", "x w z", "y", pads=[1, 1, 0, 0]),
            inputs=[value("x", 1, 3, 8, 8, elem=integer)],
            constants=[tensor("w", 4, 3, 3, 3, elem=integer), array("z", 7, np.uint8)],
        )
    )
    check(network, 0, probe_spec(network.sites[0].spec))

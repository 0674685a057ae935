"""ONNX networks with some sites replaced: what they compute, and the files they are saved to."""

import math
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.onnx.network import open_network
from padcheck.geometry import SAME_UPPER
from padcheck.oracle import evaluate
from padcheck.records import Change, Deviation, OpKind, Quantization
from tests.frameworks.onnx.network_models import (
    MODELS,
    array,
    close,
    feeds_of,
    fixture,
    numbers,
    own_change,
    own_changes,
)
from tests.frameworks.onnx.reader_models import ints, model, names, node, tensor, value
from tests.support import FIXTURES

W = numbers(4, 3, 3, 3, seed=1)
X = numbers(1, 3, 8, 8, seed=2)
OPSETS = [9, 10, 11, 13, 18, 22]


@pytest.mark.parametrize("name", MODELS)
def test_a_fixture_altered_to_itself_gives_its_own_tensors(name):
    network = fixture(name)
    feeds = feeds_of(network)
    places = [place for place in network.places if place is not None]
    tensors = [one for place in places for one in (place.data, place.output, place.tail)]
    made = network.run(feeds, tensors)
    altered = network.altered(own_changes(network))
    again = altered.run(feeds, tensors)
    assert set(again) == set(made)
    for tensor_name, expected in made.items():
        assert close(again[tensor_name], expected), tensor_name
    assert altered.sites == network.sites


def seen(network, change, x=X, index=0):
    """The tail once a site is changed."""
    place = network.places[index]
    return network.altered({index: change}).run({"x": x}, [place.tail])[place.tail]


def conv(opset=22, **attributes):
    relu = node("Relu", "c", "y")
    made = node("Conv", "x w b", "c", name="conv", **attributes)
    return open_network(
        model(made, relu, constants=[array("w", W), array("b", numbers(4))], opset=opset)
    )


def wanted(change, x=X):
    """The change by padcheck's own evaluation, in float64."""
    y = evaluate(change.spec, x.astype(np.float64), change.weight).values
    if change.offset is not None:
        y = y + change.offset.reshape(-1, *(1,) * change.spec.rank)
    return np.clip(y, *(change.clip or (-math.inf, math.inf)))


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize(
    "pads", [((1, 1), (1, 1)), ((0, 2), (3, 1)), ((-1, 2), (0, -1)), ((5, 4), (0, 0))], ids=str
)
def test_explicit_pads_of_a_conv_in_every_opset(opset, pads):
    network = conv(opset, pads=[1, 1, 1, 1])
    spec = network.sites[0].spec.with_pads(pads)
    change = Change(spec=spec, weight=W, offset=numbers(4).astype(np.float64), clip=(0.0, 6.0))
    assert close(seen(network, change), wanted(change))


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("pads", [((1, 1), (1, 1)), ((0, 1), (1, 0)), ((3, 0), (0, 4))], ids=str)
def test_explicit_pads_of_a_pool_in_every_opset(opset, op, pads):
    network = open_network(
        model(node(op, "x", "y", kernel_shape=[3, 3], strides=[2, 2]), opset=opset)
    )
    spec = network.sites[0].spec.with_pads(pads)
    zeros = spec.replace(count_include_pad=op == "AveragePool", pad_value=0.0)
    changes = [Change(spec=zeros), Change(spec=zeros, clip=(-0.5, 0.5))]
    if op == "MaxPool" or max(map(max, pads)) < 3:
        changes.append(Change(spec=spec))
    for change in changes:
        assert close(seen(network, change), wanted(change))


@pytest.mark.parametrize("opset", OPSETS)
def test_pads_that_are_nodes_go_with_the_op_they_belong_to(opset):
    pad = (
        node("Pad", "x", "p", name="pad", pads=[0, 0, 1, 1, 0, 0, 1, 1])
        if opset < 11
        else node("Pad", "x amounts", "p", name="pad")
    )
    made = node("Conv", "p w", "y", name="conv", strides=[2, 2])
    constants = [array("w", W)] + [ints("amounts", 0, 0, 1, 1, 0, 0, 1, 1)] * (opset >= 11)
    network = open_network(model(pad, made, constants=constants, opset=opset))
    change = replace(
        own_change(network.sites[0], network.places[0]),
        spec=network.sites[0].spec.with_rule(SAME_UPPER),
    )
    assert close(seen(network, change), wanted(change))
    altered = network.altered({0: change})
    assert altered.run({"x": X}, ["p"]).keys() == {"y"}  # nothing pads any more
    assert altered.sites[0].spec.resolved_pads == ((0, 1), (0, 1))


def test_a_transposed_conv_is_cropped_as_told():
    weight = numbers(3, 4, 3, 3)
    network = open_network(
        model(node("ConvTranspose", "x w", "y", strides=[2, 2]), constants=[array("w", weight)])
    )
    for crops in (((1, 1), (1, 0)), ((0, 1), (2, 2)), ((0, -1), (0, 0)), ((-2, -3), (1, 1))):
        change = Change(spec=network.sites[0].spec.with_pads(crops), weight=weight)
        assert close(seen(network, change), wanted(change)), crops


@pytest.mark.parametrize("clip", [None, (0.0, math.inf), (0.0, 6.0), (-math.inf, 1.0)], ids=str)
@pytest.mark.parametrize("opset", [9, 22])
def test_the_clip_is_the_change_s_own(clip, opset):
    network = conv(opset, pads=[1, 1, 1, 1])
    change = Change(spec=network.sites[0].spec, weight=W, clip=clip)
    made = seen(network, change)
    assert close(made, wanted(change))
    assert network.altered({0: change}).places[0].epilogue.clip == clip


def test_the_op_s_own_output_can_still_be_fetched():
    network = conv(pads=[1, 1, 1, 1])
    change = Change(spec=network.sites[0].spec, weight=2 * W, clip=(0.0, math.inf))
    altered = network.altered({0: change})
    place = altered.places[0]
    made = altered.run({"x": X}, [place.output, place.tail])
    assert place.output == "c"
    assert close(np.maximum(made["c"], 0), made["y"])


def test_outputs_are_rounded_to_a_grid():
    network = conv(pads=[1, 1, 1, 1])
    grid = Quantization(scale=0.25, zero_point=-3, low=-128, high=127)
    change = replace(own_change(network.sites[0], network.places[0]), quantization=grid)
    made = seen(network, change) / grid.scale
    assert (made == np.rint(made)).all()
    assert 0.0 <= made.min() <= made.max() <= 130
    assert np.abs(made * grid.scale - wanted(change)).max() <= 0.1251
    assert network.altered({0: change}).places[0].quantization == grid
    with pytest.raises(FrameworkError, match="ONNX opset 9 has no Round"):
        seen(conv(9), replace(change, spec=conv(9).sites[0].spec))


def test_two_changes_one_behind_the_other():
    network = open_network(
        model(
            node("Conv", "x w", "c", pads=[1, 1, 1, 1]),
            node("MaxPool", "c", "y", kernel_shape=[2, 2]),
            constants=[array("w", W)],
        )
    )
    first = Change(spec=network.sites[0].spec, weight=3 * W)
    second = Change(spec=network.sites[1].spec.with_pads(((1, 0), (1, 0))))
    both = network.altered({0: first, 1: second})
    one_by_one = network.altered({0: first}).altered({1: second})
    expected = wanted(second, wanted(first))
    for altered in (both, one_by_one):
        assert close(altered.run({"x": X})["y"], expected)
    twice = network.altered({0: first}).altered({0: replace(first, weight=W)})
    assert close(twice.run({"x": X})["y"], network.run({"x": X})["y"])


def test_a_network_is_not_touched_by_what_is_altered():
    proto = onnx.load(FIXTURES / "three_faults.onnx")
    before = proto.SerializeToString(deterministic=True)
    network = open_network(proto)
    feeds = feeds_of(network)
    expected = network.run(feeds)
    altered = network.altered(own_changes(network))
    altered.run(feeds, [network.places[0].tail])
    assert proto.SerializeToString(deterministic=True) == before
    assert all((network.run(feeds)[name] == expected[name]).all() for name in expected)
    assert altered.ref == network.ref


def test_an_output_that_changes_its_size_takes_the_graph_with_it():
    network = conv(pads=[1, 1, 1, 1])
    change = Change(spec=network.sites[0].spec.with_pads(((0, 0), (0, 0))), weight=W)
    assert seen(network, change).shape == (1, 4, 6, 6)


def test_indices_of_a_max_pool_stay():
    pool = node("MaxPool", "x", "y i", name="pool", kernel_shape=[2, 2], strides=[2, 2])
    network = open_network(model(pool, node("Identity", "i", "z"), outputs=("y", "z")))
    made = network.run({"x": X})
    change = Change(spec=network.sites[0].spec, clip=(0.0, math.inf))
    again = network.altered({0: change}).run({"x": X})
    assert (again["z"] == made["z"]).all()
    assert (again["y"] == np.maximum(made["y"], 0)).all()


def test_a_weight_that_is_computed_is_kept():
    inputs = [value("x", 1, 3, 8, 8), value("w", 4, 3, 3, 3), value("b", 4)]
    network = open_network(model(node("Conv", "x w b", "y"), inputs=inputs, constants=[]))
    feeds = {"x": X, "w": W, "b": numbers(4)}
    spec = network.sites[0].spec.with_pads(((1, 0), (0, 1)))
    made = network.altered({0: Change(spec=spec)}).run(feeds)["y"]
    assert close(made, wanted(Change(spec=spec, weight=W, offset=numbers(4))))


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_float_types_stay_what_they_are(kind):
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    network = open_network(
        model(
            node("MaxPool", "x", "c", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
            node("Clip", "c _ high", "y"),
            inputs=[value("x", 1, 3, 8, 8, elem=kind)],
            constants=[array("high", 1, dtype)],
        )
    )
    assert network.inputs[0].dtype == dtype.name
    x = X.astype(dtype)
    made = network.run({"x": x})["y"]
    zeros = network.sites[0].spec.replace(pad_value=0.0)
    for spec, wanted_ in ((network.sites[0].spec, made), (zeros, np.maximum(made, 0))):
        again = network.altered({0: Change(spec=spec, clip=(-math.inf, 1.0))}).run({"x": x})["y"]
        assert again.dtype == made.dtype == dtype
        assert (again[:, :, 1:, 1:] == made[:, :, 1:, 1:]).all()
        assert (again[:, :, 0] == wanted_[:, :, 0]).all()


def test_initializers_that_are_inputs_in_old_files():
    held = conv(9, pads=[1, 1, 1, 1])._program.whole()
    held.ir_version = 3
    held.graph.input.extend(
        onnx.helper.make_tensor_value_info(one.name, one.data_type, list(one.dims))
        for one in held.graph.initializer
    )
    network = open_network(held)
    assert [one.name for one in network.inputs] == ["x"]
    change = Change(spec=network.sites[0].spec, weight=W, clip=(0.0, math.inf))
    assert close(seen(network, change), wanted(change))


def test_what_onnx_has_no_words_for_is_refused_with_the_reason():
    network = conv(pads=[1, 1, 1, 1])
    spec = network.sites[0].spec
    for wrong, reason in (
        (spec.replace(pad_mode="symmetric"), "Pad has no mode for 'symmetric' pads"),
        (spec.replace(kind=OpKind.RESIZE, output_shape=(4, 4)), "a resize is not written"),
        (spec.replace(deviation=Deviation(bias_factor=0)), "no op computes"),
    ):
        with pytest.raises(FrameworkError, match=reason):
            network.altered({0: Change(spec=wrong, weight=W)})
    with pytest.raises(FrameworkError, match="expected a weight of"):
        network.altered({0: Change(spec=spec, weight=W[:2])})
    old = open_network(model(node("MaxPool", "x", "y", kernel_shape=[2, 2]), opset=9))
    dilated = old.sites[0].spec.replace(dilation=(2, 2))
    with pytest.raises(FrameworkError, match="ONNX opset 9: MaxPool has no `dilations`"):
        old.altered({0: Change(spec=dilated)})
    with pytest.raises(FrameworkError, match="ONNX opset 13: Pad has no mode `wrap`"):
        conv(13).altered({0: Change(spec=spec.replace(pad_mode="wrap"), weight=W)})


def test_channels_last_is_refused_with_the_reason():
    nhwc = "com.ms.internal.nhwc"
    network = open_network(
        model(
            node("Conv", "x w", "y", domain=nhwc),
            inputs=[value("x", 1, 8, 8, 3)],
            constants=[tensor("w", 4, 3, 3, 3)],
            domains=[nhwc],
        )
    )
    assert network.places[0].channels_last
    with pytest.raises(FrameworkError, match="Conv has its channels last"):
        network.altered({0: Change(spec=network.sites[0].spec, weight=W)})


def test_an_altered_network_keeps_its_sizes():
    network = conv(pads=[1, 1, 1, 1])
    altered = network.altered(own_changes(network))
    assert altered.at({"x": (1, 3, 8, 8)}) is altered
    with pytest.raises(UsageError, match="altered at"):
        altered.at({"x": (1, 3, 9, 9)})


@pytest.mark.parametrize("name", ["resnet_thin.onnx", "mobilenetv2_thin_tf_pads_legacy.onnx"])
def test_a_saved_network_is_valid_and_computes_the_same(name, tmp_path):
    network = fixture(name)
    feeds = feeds_of(network)
    altered = network.altered(own_changes(network))
    path = tmp_path / "saved.onnx"
    path.write_text("what was there")
    altered.save(path)
    onnx.checker.check_model(onnx.load(path), full_check=True)  # shapes, too
    again = open_network(path)
    assert [site.name for site in again.sites] == [site.name for site in network.sites]
    for one, other in zip(again.sites, network.sites, strict=True):
        assert one.spec.resolved_pads == other.spec.resolved_pads
    made, expected = again.run(feeds), network.run(feeds)
    assert all(close(made[key], expected[key]) for key in expected)
    assert [one.name for one in tmp_path.iterdir()] == ["saved.onnx"]


def test_what_onnx_finds_wrong_is_not_saved(tmp_path):
    held = model(node("Conv", "x w", "y", strids=[1, 1]), constants=[array("w", W)])
    held.graph.output[0].CopyFrom(value("y", 1, 4, 6, 6))
    network = open_network(held)
    path = tmp_path / "saved.onnx"
    path.write_text("what was there")
    with pytest.raises(FrameworkError, match=r"^onnx .*strids"):
        network.save(path)
    assert path.read_text() == "what was there"
    assert [one.name for one in tmp_path.iterdir()] == ["saved.onnx"]


def test_names_of_the_model_are_not_taken():
    outputs = ("padcheck1/0/weight_0_0", "y")
    held = model(
        node("Conv", "x w", "y", name="conv"),
        node("Relu", "x", outputs[0], name="conv/pad"),
        constants=[array("w", W)],
        outputs=outputs,
    )
    assert [one.name for one in names(*outputs)] == list(outputs)
    network = open_network(held)
    spec = network.sites[0].spec.with_pads(((1, -1), (1, -1)))
    made = network.altered({0: Change(spec=spec, weight=W)}).run({"x": X})
    assert close(made["y"], wanted(Change(spec=spec, weight=W)))
    assert (made[outputs[0]] == np.maximum(X, 0)).all()

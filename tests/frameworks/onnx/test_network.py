"""ONNX networks: their sites, where these stand, and the model at work."""

import math

import numpy as np
import pytest
from onnx import TensorProto, helper

from padcheck.errors import FrameworkError, ModelError, UsageError
from padcheck.frameworks.onnx.network import open_network
from padcheck.frameworks.onnx.reader import read_model
from padcheck.records import OpKind
from tests.frameworks.onnx.network_models import (
    MODELS,
    array,
    close,
    feeds_of,
    fixture,
    numbers,
    read_places,
)
from tests.frameworks.onnx.reader_models import ints, model, node, value
from tests.support import FIXTURES


@pytest.mark.parametrize("name", MODELS)
def test_sites_are_those_of_the_reader(name):
    """But for a 0 around a Relu's output, which stays 0 here and is -inf to the reader."""
    network = open_network(FIXTURES / name)
    read = read_model(FIXTURES / name)
    for mine, theirs in zip(network.sites, read.sites, strict=True):
        if mine != theirs:
            assert (mine.spec.pad_value, theirs.spec.pad_value) == (0.0, -math.inf)
            assert mine.spec == theirs.spec.replace(pad_value=0.0)
    assert network.ref == read.ref
    assert len(network.places) == len(network.sites)


@pytest.mark.parametrize("name", MODELS)
def test_every_op_of_a_fixture_has_its_place(name):
    network = fixture(name)
    assert [site.name for site in network.sites if site.spec is None] == []
    assert None not in network.places


@pytest.mark.parametrize("name", MODELS)
def test_tails_are_what_values_and_clip_say(name):
    network = fixture(name)
    feeds = feeds_of(network)
    tensors = [one for _, _, place in read_places(network) for one in (place.data, place.tail)]
    made = network.run(feeds, tensors)
    assert set(tensors) <= set(made)
    for index, site, place in read_places(network):
        x = made[place.data]
        values = place.values() if place.values is not None else None
        y = network.isolate(index)(x, None if values is None else values.weight)
        if values is not None:
            column = (-1, *(1,) * site.spec.rank)
            assert values.weight.dtype == np.float32
            assert values.weight.shape == site.spec.weight_shape
            y = y * (1 if values.scale is None else values.scale.reshape(column))
            y = y + (0 if values.offset is None else values.offset.reshape(column))
        low, high = place.epilogue.clip or (-math.inf, math.inf)
        assert close(np.clip(y, low, high), made[place.tail]), site.name


def test_a_site_knows_what_stands_before_it():
    network = fixture("inception_block.onnx")
    by_name = {site.name: index for index, site in enumerate(network.sites)}
    last = network.places[by_name[network.sites[-1].name]]
    assert network.places[0].before == frozenset()
    assert len(last.before) > 1  # it reads a Concat of branches
    assert all(other < by_name[network.sites[-1].name] for other in last.before)


def test_relu_and_relu6_are_epilogues_and_make_data_never_negative():
    mobile = fixture("mobilenetv2_thin.onnx")
    assert [place.epilogue.clip for place in mobile.places[:3]] == [(0.0, 6.0), (0.0, 6.0), None]
    assert mobile.places[1].never_negative == "Clip"
    assert mobile.places[3].never_negative is None
    resnet = fixture("resnet_thin.onnx")
    pool = next(i for i, site in enumerate(resnet.sites) if site.spec.kind is OpKind.MAX_POOL)
    assert resnet.places[pool].never_negative == "Relu"
    assert resnet.places[pool].values is None


def test_the_data_of_folded_pads_is_what_stands_before_them():
    network = fixture("mobilenetv2_thin_tf_pads.onnx")
    padded = [
        (site, place)
        for _, site, place in read_places(network)
        if site.folded and place is not None
    ]
    assert padded == [] or all(place.data != place.output for _, place in padded)
    dynamic = fixture("mobilenetv2_thin_tf_pads_dynamic.onnx")
    index = next(i for i, site in enumerate(dynamic.sites) if site.folded)
    feeds = feeds_of(dynamic)
    place, spec = dynamic.places[index], dynamic.sites[index].spec
    assert dynamic.run(feeds, [place.data])[place.data].shape[2:] == spec.input_size


def test_layouts_of_inputs_and_outputs():
    assert fixture("resnet_thin.onnx").inputs[0].channels_last is False
    assert fixture("cifar10_cnn.onnx").inputs[0].channels_last is True  # a Transpose follows
    assert fixture("decoder_transposed.onnx").outputs[0].channels_last is False
    assert fixture("resnet_thin.onnx").outputs[0].channels_last is None


def test_an_unaltered_file_gives_the_same_with_and_without_fetches():
    network = fixture("resnet_thin.onnx")
    feeds = feeds_of(network)
    plain = network.run(feeds)
    (output,) = [one.name for one in network.outputs]
    assert set(plain) == {output}
    place = network.places[4]
    more = network.run(feeds, [place.tail, "x", "no such tensor"])
    assert set(more) == {output, place.tail, "x"}
    assert close(more[output], plain[output])
    assert more["x"] is feeds["x"]


def test_at_reads_anew_and_runs_at_sizes_the_file_does_not_have():
    network = open_network(FIXTURES / "resnet_thin.onnx")
    assert network.at({"x": (1, 3, 224, 224)}) is network
    assert network.at({}) is network
    smaller = network.at({"x": (1, 3, 65, 64)})
    assert smaller.sites[0].spec.input_size == (65, 64)
    assert smaller.inputs[0].shape == (1, 3, 65, 64)
    made = smaller.run({"x": numbers(1, 3, 65, 64)}, [smaller.places[0].tail])
    assert made[smaller.places[0].tail].shape[2:] == smaller.sites[0].spec.output_size
    with pytest.raises(UsageError, match="expected an input of the model"):
        network.at({"y": (1, 3, 8, 8)})


def test_open_sizes_stay_open_until_they_are_given():
    network = open_network(FIXTURES / "resnet_thin_dynamic.onnx")
    assert network.sites[0].is_dynamic
    fixed = network.at({"x": (1, 3, 64, 64)})
    assert not any(site.is_dynamic for site in fixed.sites)
    assert fixed.at({"x": (1, 3, 64, 64)}) is fixed


def test_what_onnxruntime_refuses_names_it():
    network = fixture("resnet_thin.onnx")
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d"):
        network.run({})
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d"):
        network.run({"x": numbers(1, 4, 224, 224)})


def test_versions_name_the_runtime():
    assert set(fixture("resnet_thin.onnx").versions()) == {"onnxruntime"}


def test_what_is_no_model_is_refused(tmp_path):
    path = tmp_path / "cut.onnx"
    path.write_bytes((FIXTURES / "resnet_thin.onnx").read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"cut\.onnx: is not a binary ONNX model"):
        open_network(path)


def branch(name):
    """A body that convolves `x` of the graph around it."""
    made = node("Conv", "x w", name, name=name, kernel_shape=[3, 3])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)]
    return helper.make_graph([made], name, [], outputs)


def test_sites_in_bodies_and_calls_have_no_place():
    weight = array("w", numbers(4, 3, 3, 3))
    condition = helper.make_node(
        "If", ["c"], ["y"], then_branch=branch("a"), else_branch=branch("b")
    )
    inputs = (value("x", 1, 3, 8, 8), value("c", elem=TensorProto.BOOL))
    network = open_network(model(condition, inputs=inputs, constants=[weight]))
    assert [site.spec is not None for site in network.sites] == [True, True]
    assert network.places == (None, None)
    called = helper.make_function(
        "own", "Block", ["x", "w"], ["y"], [node("Conv", "x w", "y", pads=[1, 1, 1, 1])],
        [helper.make_opsetid("", 22)],
    )  # fmt: skip
    call = helper.make_node("Block", ["x", "w"], ["y"], domain="own")
    network = open_network(model(call, constants=[weight], domains=["own"], functions=[called]))
    assert network.places == (None,)
    x = numbers(1, 3, 8, 8)
    assert network.run({"x": x}, ["y"])["y"].shape == (1, 4, 8, 8)
    with pytest.raises(FrameworkError, match="cannot be replaced"):
        network.altered({0: None})


def test_sites_after_an_if_follow_those_in_it():
    weight = array("w", numbers(4, 3, 3, 3))
    condition = helper.make_node(
        "If", ["c"], ["h"], then_branch=branch("a"), else_branch=branch("b")
    )
    pool = node("MaxPool", "h", "y", kernel_shape=[2, 2])
    inputs = (value("x", 1, 3, 8, 8), value("c", elem=TensorProto.BOOL))
    network = open_network(model(condition, pool, inputs=inputs, constants=[weight]))
    assert network.places[2].before == {0, 1}


def test_opening_loads_no_runtime():
    import subprocess
    import sys

    code = (
        "import sys; from padcheck.frameworks.onnx.network import open_network; "
        f"n = open_network({str(FIXTURES / 'resnet_thin.onnx')!r}); "
        "print(sorted({'onnxruntime', 'tensorflow', 'torch'} & set(sys.modules)), len(n.sites))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["[]", "21"]


def test_a_zero_before_a_max_pool_is_run_as_a_zero_and_noted():
    nodes = [
        node("Pad", "x amounts", "p"),
        node("MaxPool", "p", "y", name="pool", kernel_shape=[3, 3], strides=[2, 2]),
    ]
    held = model(*nodes, constants=[ints("amounts", 0, 0, 1, 1, 0, 0, 1, 1)])
    network = open_network(held)
    x = -np.abs(numbers(1, 3, 8, 8)) - 1
    assert (network.run({"x": x})["y"][:, :, 0] == 0).all()
    assert (network.isolate(0)(x, None) == network.run({"x": x})["y"]).all()
    (note,) = network.notes
    assert note.startswith("onnxruntime's Pad_Fusion takes the 0 padded before pool for -inf")

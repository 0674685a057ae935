"""Only what some tensors of an ONNX network are computed from."""

import numpy as np
import pytest

from padcheck.frameworks.onnx.network import open_network
from padcheck.frameworks.onnx.network.program import program_of
from tests.frameworks.onnx.network_models import array, feeds_of, fixture, numbers, own_changes
from tests.frameworks.onnx.reader_models import model, node

NAMES = ["inception_block.onnx", "decoder_transposed.onnx", "causal_1d.onnx"]


@pytest.mark.parametrize("name", NAMES)
def test_every_tail_alone_is_that_of_the_whole(name):
    network = fixture(name)
    feeds = feeds_of(network)
    tails = [place.tail for place in network.places]
    whole = network.run(feeds, tails)
    for tail in tails:
        made = network.run(feeds, [tail], only=True)
        assert list(made) == [tail]
        np.testing.assert_allclose(made[tail], whole[tail], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_of_an_altered_network_as_well(name):
    network = fixture(name)
    altered = network.altered(own_changes(network))
    feeds, tail = feeds_of(network), network.places[1].tail
    one, other = (each.run(feeds, [tail], only=True)[tail] for each in (network, altered))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_outputs_inputs_and_nothing():
    network = fixture(NAMES[0])
    feeds = feeds_of(network)
    (given,), (output,) = feeds, network.outputs
    assert list(network.run(feeds, [output.name], only=True)) == [output.name]
    assert np.array_equal(network.run(feeds, [given], only=True)[given], feeds[given])
    assert network.run(feeds, only=True) == {}


def test_what_leads_elsewhere_is_not_there():
    network = open_network(
        model(
            node("Conv", "x w", "c"),
            node("Relu", "c", "d"),
            node("Conv", "d v", "y"),
            constants=[array("w", numbers(3, 3, 3, 3)), array("v", numbers(2, 3, 3, 3))],
        )
    )
    feeds = {"x": numbers(1, 3, 8, 8)}
    assert network.run(feeds, ["c"], only=True).keys() == {"c"}
    part = network._program.only(["c"])
    assert [one.op_type for one in part.nodes] == ["Conv"]
    assert list(part.weights) == ["w"]
    assert program_of(part.light(["c"])[0], None, None).outputs == ["c"]

"""A network whose numbers are as a coarser format may have rounded them."""

from __future__ import annotations

import numpy as np

from padcheck.frameworks.base import Shakeable
from padcheck.frameworks.onnx.network import open_network
from tests.checks.compare.small import EIGHT, conv, model, node, weights

X = {"x": np.ones(EIGHT["x"], np.float32)}


def resized() -> object:
    nodes = [
        conv("one", "x", "a"),
        node("Resize", ["a", "", "twice"], ["b"], mode="nearest"),
        node("Mul", ["b", "factors"], ["y"]),
    ]
    return model(
        nodes,
        EIGHT,
        ["y"],
        w_one=weights(4, 3, 3, 3),
        twice=np.array([1, 1, 2, 2], np.float32),
        factors=weights(1, 4, 1, 1),
    )


def test_what_computes_is_shaken_and_what_sizes_is_not() -> None:
    network = open_network(resized())
    assert isinstance(network, Shakeable)
    shaken = network.shaken(0.1, 0.0)
    one, other = network.run(X, ["a"]), shaken.run(X, ["a"])
    assert one["y"].shape == other["y"].shape == (1, 4, 16, 16)
    assert not np.allclose(one["a"], other["a"], rtol=1e-3)
    ratios = (other["y"] / one["y"])[..., ::2, ::2] / (other["a"] / one["a"])
    assert np.allclose(np.abs(ratios - 1), 0.1, atol=1e-3)
    assert np.array_equal(network.run(X)["y"], one["y"])


def test_another_seed_is_another_network() -> None:
    network = open_network(resized())
    first, again, other = (network.shaken(0.1, 0.0, seed).run(X)["y"] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)

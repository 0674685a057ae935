"""Small Keras nets with small whole numbers as weights, and what their sites should compute."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from padcheck.frameworks.tensorflow.network import open_network
from padcheck.oracle import evaluate


def net(shape: tuple[int | None, ...], *layers: Any, whole: bool = True) -> Any:
    """A Functional named `net`: an input called `image`, then the layers in a row."""
    x = start = keras.Input(shape, name="image")
    for layer in layers:
        x = layer(x)
    model = keras.Model(start, x, name="net")
    return with_whole_weights(model) if whole else model


def with_whole_weights(model: Any) -> Any:
    """Weights in -3..3, variances 1, so that every sum is exact."""
    rng = np.random.default_rng(7)
    for variable in model.variables:
        value = rng.integers(-3, 4, tuple(variable.shape)).astype(variable.dtype)
        variable.assign(np.ones_like(value) if "variance" in variable.path else value)
    return model


def opened(*arguments: Any, **keywords: Any) -> Any:
    return open_network(net(*arguments, **keywords))


def one(*arguments: Any, exact: bool = True) -> Any:
    """The only site of a net, its values checked against a run."""
    network = opened(*arguments)
    check(network, exact=exact)
    (site,) = network.sites
    return site


def feeds(network: Any) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        one.name: rng.integers(-4, 5, [size or 1 for size in one.shape]).astype(one.dtype)
        for one in network.inputs
    }


def check(network: Any, fed: dict[str, Any] | None = None, *, exact: bool = True) -> None:
    """Every site's output, and what leaves its epilogue, as spec and values say.

    `fed` where sizes are open; sums of floats are compared to within float32's noise.
    """
    assert network.sites
    fetches = [name for place in network.places for name in (place.data, place.output, place.tail)]
    ran = network.run(fed or feeds(network), fetches)
    for site, place in zip(network.sites, network.places, strict=True):
        assert site.spec is not None, site.reason
        x, y, tail = (
            np.moveaxis(ran[name], -1, 1) if place.channels_last else ran[name]
            for name in (place.data, place.output, place.tail)
        )
        spec = site.spec.resized(x.shape[2:])
        values = place.values() if place.values else None
        expected = evaluate(spec, x.astype(np.float64), values and values.weight).values
        same(y, expected, exact)
        if values is not None:
            line = (1, -1, *(1,) * spec.rank)
            if values.scale is not None:
                expected = expected * values.scale.reshape(line)
            if values.offset is not None:
                expected = expected + values.offset.reshape(line)
        if place.epilogue.clip is not None:
            expected = np.clip(expected, *place.epilogue.clip)
        same(tail, expected, exact)


def same(observed: Any, expected: Any, exact: bool) -> None:
    assert observed.shape == expected.shape
    if exact:
        np.testing.assert_array_equal(observed, expected.astype(np.float32))
    else:
        scale = np.abs(expected).max()
        np.testing.assert_allclose(observed, expected, rtol=0, atol=2e-5 * scale)

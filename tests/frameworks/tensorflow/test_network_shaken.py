"""A Keras model whose variables are as a coarser format may have rounded them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as keras_layers

from padcheck.frameworks.base import Shakeable
from padcheck.frameworks.tensorflow.network import open_network

K = keras_layers


def test_small_and_large_variables_are_shaken() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            K.Conv2D(4, 3, bias_initializer="ones"),
            K.Flatten(),
            K.Dense(64, bias_initializer="ones"),
        ]
    )
    network = open_network(model)
    assert isinstance(network, Shakeable)
    name = network.inputs[0].name
    zeros = {name: np.zeros((1, 8, 8, 3), np.float32)}
    tail = network.places[0].tail
    before = network.run(zeros, [tail])
    after = network.shaken(0.125, 0.0).run(zeros, [tail])
    assert set(np.unique(before[tail])) == {1}
    assert set(np.unique(after[tail])) <= {0.875, 1.125}
    (output,) = (tensor.name for tensor in network.outputs)
    assert not np.allclose(before[output], after[output], rtol=1e-2)
    assert np.array_equal(network.run(zeros)[output], before[output])

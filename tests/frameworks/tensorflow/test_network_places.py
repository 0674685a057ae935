"""Where sites stand: names, epilogues, values, neighbours."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from padcheck.frameworks.tensorflow.network import open_network
from padcheck.frameworks.tensorflow.network.reading.names import site_names
from tests.frameworks.tensorflow.keras_nets import (
    check,
    feeds,
    net,
    opened,
    with_whole_weights,
)

L = keras.layers


def leaf(name):
    return name.rpartition("/")[2]


# ---- names ----------------------------------------------------------------------------------


def test_names_are_those_of_layers():
    inner = keras.Sequential(
        [keras.Input((None, None, 4)), L.Conv2D(4, 3, name="inner"), L.MaxPooling2D(2)],
        name="stage1",
    )
    first, second = L.Conv2D(4, 3), L.Conv2D(4, 3)
    network = opened((20, 20, 3), first, second, inner, L.Conv2D(4, 1, name="depthwise"))
    names = [site.name for site in network.sites]
    pool = inner.layers[-1].name
    assert names == [first.name, second.name, "stage1/inner", f"stage1/{pool}", "depthwise"]


def test_numbers_that_are_the_users_own_stay():
    network = opened((20, 20, 3), *(L.Conv2D(3, 3, name=name) for name in ("c", "c_1", "c_1_1")))
    assert [site.name for site in network.sites] == ["c", "c_1", "c_1_1"]


def test_names_as_older_versions_of_keras_give_them():
    nodes = {
        "StatefulPartitionedCall/model/conv2d/Conv2D": "conv2d/kernel",
        "StatefulPartitionedCall/model/conv2d_1/Conv2D": "conv2d_1/kernel",
        "StatefulPartitionedCall/model/max_pooling2d/MaxPool": "",
        "StatefulPartitionedCall/model/tf.nn.conv2d_3/Conv2D": "",
    }
    assert site_names(list(nodes), nodes) == [
        "conv2d",
        "conv2d_1",
        "max_pooling2d",
        "tf.nn.conv2d_3",
    ]
    assert site_names(["Conv2D", "Conv2D_1"], {}) == ["Conv2D", "Conv2D_1"]
    assert site_names(["net/stem/Conv2D"], {}) == ["stem"]
    assert site_names([], {}) == []


def test_one_layer_twice_is_two_sites_with_one_weight():
    layer = L.Conv2D(3, 3, padding="same", name="twice")
    network = opened((8, 8, 3), layer, L.ReLU(), layer, L.Conv2D(3, 1, name="once"))
    check(network)
    assert [site.name for site in network.sites] == ["twice", "twice#2", "once"]
    first, second, third = network.places
    assert first.shared is not None
    assert first.shared == second.shared
    assert third.shared is None


def test_tensors_and_names_of_inputs_and_outputs():
    one, two = keras.Input((8, 8, 3), name="left"), keras.Input((4,), name="right")
    x = L.Conv2D(2, 3, name="conv")(one)
    y = L.Dense(3, name="scores")(L.Concatenate()([L.Flatten()(x), two]))
    network = open_network(with_whole_weights(keras.Model([one, two], {"a": y, "b": x})))
    assert [(t.name, t.shape, t.channels_last) for t in network.inputs] == [
        ("left", (None, 8, 8, 3), True),
        ("right", (None, 4), None),
    ]
    assert [(t.name, t.shape, t.channels_last) for t in network.outputs] == [
        ("a", (None, 3), None),
        ("b", (None, 6, 6, 2), True),
    ]
    fed = feeds(network)
    ran = network.run(fed, [network.places[0].data, "no such tensor"])
    assert set(ran) == {"a", "b", network.places[0].data}
    np.testing.assert_array_equal(ran[network.places[0].data], fed["left"])


def test_outputs_are_the_models_own():
    model = net((32, 32, 3), L.Conv2D(64, 5), L.Conv2D(64, 3), L.Flatten(), L.Dense(3, name="end"))
    x = np.random.default_rng(0).integers(-3, 4, (2, 32, 32, 3)).astype(np.float32)
    ran = open_network(model).run({"image": x})
    np.testing.assert_array_equal(ran["end"], np.asarray(model(x)))


# ---- epilogues ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "clip"),
    [
        (L.ReLU(), (0, math.inf)),
        (L.ReLU(6.0), (0, 6)),
        (L.ReLU(4.0), (0, 4)),
        (L.Activation("relu6"), (0, 6)),
        (L.Lambda(lambda x: tf.clip_by_value(x, -2.0, 3.0)), (-2, 3)),
        (L.Lambda(lambda x: tf.minimum(x, 5.0)), (-math.inf, 5)),
        (L.LeakyReLU(), None),
        (L.Activation("sigmoid"), None),
        (L.Activation("linear"), None),
    ],
)
def test_clips(layer, clip):
    network = opened((8, 8, 3), L.Conv2D(4, 3), layer)
    check(network)
    assert network.places[0].epilogue.clip == clip


def test_nothing_after_the_clip_belongs_to_it():
    network = opened((8, 8, 3), L.Conv2D(4, 3, activation="relu"), L.Rescaling(2.0, 1.0))
    check(network)
    (place,) = network.places
    assert [leaf(name) for name in place.epilogue.nodes] == ["BiasAdd", "Relu"]
    assert leaf(place.tail) == "Relu"


def test_a_tensor_that_two_read_ends_it():
    start = keras.Input((8, 8, 3))
    x = L.Conv2D(3, 3, padding="same", use_bias=False)(start)
    network = open_network(with_whole_weights(keras.Model(start, L.Add()([L.ReLU()(x), x]))))
    (place,) = network.places
    assert place.output == place.tail
    assert place.epilogue.nodes == ()


def test_an_output_ends_it():
    start = keras.Input((8, 8, 3))
    x = L.Conv2D(3, 3)(start)
    network = open_network(with_whole_weights(keras.Model(start, [L.ReLU()(x), x])))
    (place,) = network.places
    assert leaf(place.tail) == "BiasAdd"


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize(
    ("shape", "conv", "axis"),
    [
        ((9, 9, 3), L.Conv2D, -1),
        ((9, 3), L.Conv1D, -1),
        ((5, 5, 5, 2), L.Conv3D, -1),
        ((9, 9, 3), L.Conv2DTranspose, -1),
        ((9, 9, 3), L.SeparableConv2D, -1),
    ],
)
def test_batch_normalization(shape, conv, axis, scale):
    network = opened(shape, conv(4, 3), L.BatchNormalization(axis=axis, scale=scale), L.ReLU(6.0))
    check(network, exact=False)
    place = network.places[-1]
    assert place.epilogue.clip == (0, 6)
    values = place.values()
    assert values.scale.shape == values.offset.shape == (4,)
    assert (values.scale.dtype, values.offset.dtype) == (np.float64, np.float64)


def test_fused_batch_normalization():
    rng = np.random.default_rng(1)
    numbers = [rng.normal(size=4).astype(np.float32) for _ in range(3)]
    variance = rng.uniform(0.5, 2, 4).astype(np.float32)
    kernel = tf.constant(rng.integers(-3, 4, (3, 3, 3, 4)).astype(np.float32))

    def function(x):
        y = tf.nn.conv2d(x, kernel, 1, "SAME")
        y = tf.raw_ops.FusedBatchNormV3(
            x=y,
            scale=numbers[0],
            offset=numbers[1],
            mean=numbers[2],
            variance=variance,
            epsilon=0.01,
            is_training=False,
        )[0]
        return tf.nn.relu(y)

    network = opened((8, 8, 3), L.Lambda(function))
    check(network, exact=False)
    expected = numbers[0].astype(np.float64) / np.sqrt(
        variance.astype(np.float64) + np.float32(0.01)
    )
    np.testing.assert_allclose(network.places[0].values().scale, expected, rtol=1e-7)


def test_constants_before_and_after():
    ramp = tf.constant([1.0, -2.0, 4.0])

    def function(x):
        y = tf.nn.conv2d(x, tf.ones((3, 3, 3, 3)), 2, "SAME")
        return (5.0 - y * ramp + tf.reshape(ramp, (1, 1, 3))) / 2.0

    network = opened((8, 8, 3), L.Lambda(function))
    check(network)
    values = network.places[0].values()
    np.testing.assert_array_equal(values.scale, [-0.5, 1, -2])
    np.testing.assert_array_equal(values.offset, [3, 1.5, 4.5])


def test_a_bias_of_zeros_is_a_bias():
    model = net((8, 8, 3), L.Conv2D(4, 3, name="conv"), whole=False)
    network = open_network(model)
    np.testing.assert_array_equal(network.places[0].values().offset, np.zeros(4))
    assert network.places[0].values().scale is None
    bare = opened((8, 8, 3), L.Conv2D(4, 3, use_bias=False)).places[0].values()
    assert bare.offset is bare.scale is None


def test_what_is_constant_along_another_axis_is_no_epilogue():
    line = tf.reshape(tf.range(6.0), (6, 1))
    network = opened((8, 8, 3), L.Conv2D(4, 3, use_bias=False), L.Lambda(lambda x: x + line))
    assert network.places[0].tail == network.places[0].output


def test_a_weight_that_is_computed_has_no_values():
    start, kernel = keras.Input((8, 8, 3)), keras.Input((3, 3, 3, 4), batch_size=None)
    y = L.Lambda(lambda two: tf.nn.relu(tf.nn.conv2d(two[0], two[1][0], 1, "SAME") + 1.0))(
        [start, kernel]
    )
    network = open_network(keras.Model([start, kernel], y))
    (place,) = network.places
    assert place.values is None
    assert place.tail == place.output


# ---- neighbours -----------------------------------------------------------------------------


def test_before_and_never_negative():
    start = keras.Input((16, 16, 3))
    a = L.Conv2D(4, 3, padding="same", activation="relu", name="a")(start)
    b = L.Conv2D(4, 3, padding="same", name="b")(start)
    joined = L.Concatenate()([a, L.Activation("sigmoid")(b)])
    pool = L.MaxPooling2D(2, name="pool")(joined)
    c = L.Conv2D(4, 3, name="c")(pool)
    d = L.Conv2D(4, 1, name="d")(L.Add()([c, c]))
    network = open_network(with_whole_weights(keras.Model(start, d)))
    found = {site.name: place for site, place in zip(network.sites, network.places, strict=True)}
    index = {site.name: number for number, site in enumerate(network.sites)}
    assert found["a"].before == found["b"].before == frozenset()
    assert found["pool"].before == {index["a"], index["b"]}
    assert found["c"].before == {index["pool"]}
    assert found["d"].before == {index["c"]}
    words = {name: place.never_negative for name, place in found.items()}
    assert words == {"a": None, "b": None, "pool": "Relu", "c": "Relu", "d": None}


def test_layout_of_an_input_behind_a_transpose():
    network = opened((3, 8, 9), L.Permute((2, 3, 1)), L.Rescaling(2.0), L.Conv2D(4, 3))
    assert network.inputs[0].channels_last is False
    assert network.places[0].channels_last is True


# ---- at work --------------------------------------------------------------------------------


def test_isolated_sites():
    network = opened(
        (12, 12, 4),
        L.ZeroPadding2D(((0, 1), (0, 1))),
        L.Conv2D(4, 3, strides=2, name="conv"),
        L.DepthwiseConv2D(3, dilation_rate=2, padding="same"),
        L.Conv2DTranspose(4, 3, strides=2, padding="same"),
        L.MaxPooling2D(2),
    )
    from padcheck.oracle import evaluate

    rng = np.random.default_rng(5)
    for index, site in enumerate(network.sites):
        spec = site.spec.resized((7, 8))
        x = rng.integers(-4, 5, (1, spec.channels[0], 7, 8)).astype(np.float32)
        weight = None
        if spec.kind.has_weight:
            weight = rng.integers(-3, 4, spec.weight_shape).astype(np.float32)
        observed = network.isolate(index)(x, weight)
        np.testing.assert_array_equal(observed, evaluate(spec, x, weight).values)


def test_altered_sites():
    from padcheck.records import Change

    model = net(
        (9, 9, 3), L.Conv2D(4, 3, strides=2, padding="same", name="conv"), L.ReLU(), L.Flatten()
    )
    network = open_network(model)
    site, place = network.sites[0], network.places[0]
    values, fed = place.values(), feeds(network)
    same = Change(spec=site.spec, weight=values.weight, offset=values.offset, clip=(0, math.inf))
    before = network.run(fed)
    name = network.outputs[0].name
    np.testing.assert_array_equal(network.altered({0: same}).run(fed)[name], before[name])
    moved = Change(
        spec=site.spec.with_pads([(0, 2), (0, 2)]),
        weight=values.weight,
        offset=values.offset,
        clip=(0, math.inf),
    )
    assert not np.array_equal(network.altered({0: moved}).run(fed)[name], before[name])
    np.testing.assert_array_equal(network.run(fed)[name], before[name])

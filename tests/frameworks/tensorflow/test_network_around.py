"""What stands around an op and belongs to it: transposes, crops, pads before split channels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from padcheck.frameworks.tensorflow.network import open_network
from padcheck.geometry import VALID, explicit
from tests.frameworks.tensorflow.keras_nets import check, net, one, opened

L = keras.layers
FIRST = {"data_format": "channels_first"}


def called(function: Any, *, shape: tuple[int, ...] = (8, 9, 4)) -> Any:
    """The network of a net that calls a function of tensors, its values checked."""
    network = opened(shape, L.Lambda(function))
    check(network)
    return network


def kernel(*shape: int) -> Any:
    return tf.constant(np.random.default_rng(0).integers(-3, 4, shape), tf.float32)


def outputs_of(model: Any, network: Any) -> tuple[Any, Any]:
    """What Keras and the network give for the same integers."""
    x = np.random.default_rng(1).integers(-4, 5, (2, *model.input_shape[1:])).astype(np.float32)
    (made,) = network.at({"image": x.shape}).run({"image": x}).values()
    return np.asarray(model(x)), made


# ---- transposes -----------------------------------------------------------------------------


def test_a_depthwise_conv_of_channels_first_keeps_its_pads_and_its_bias() -> None:
    layers = (L.ZeroPadding2D(((1, 2), (0, 1)), **FIRST), L.DepthwiseConv2D(3, strides=2, **FIRST))
    network = opened((4, 8, 11), *layers)
    check(network)
    (site,), (place,) = network.sites, network.places
    assert site.spec.pads == (explicit(1, 2), explicit(0, 1))
    assert site.spec.bias is True
    assert place.values().offset is not None
    assert place.channels_last is False
    assert place.data == "input_image"


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ((2, 8, 9), (L.ZeroPadding2D(1, **FIRST), L.MaxPooling2D(3, strides=2, **FIRST))),
        ((2, 8, 9), (L.ZeroPadding2D(1, **FIRST), L.AveragePooling2D(3, strides=1, **FIRST))),
        ((2, 5, 6, 7), (L.ZeroPadding3D(1, **FIRST), L.MaxPooling3D(3, strides=2, **FIRST))),
    ],
    ids=["max", "mean", "3-D"],
)
def test_a_pool_of_channels_first_keeps_its_pads(shape: Any, layers: Any) -> None:
    site = one(shape, *layers)
    assert set(site.spec.pads) == {explicit(1, 1)}
    assert site.spec.input_size == shape[1:]
    assert len(site.folded) == 1


def test_a_dilated_conv_of_channels_first() -> None:
    site = one((2, 8, 9), L.ZeroPadding2D(2, **FIRST), L.Conv2D(3, 3, dilation_rate=2, **FIRST))
    assert (site.spec.dilation, set(site.spec.pads)) == ((2, 2), {explicit(2, 2)})


@pytest.mark.parametrize(
    ("there", "back"),
    [((0, 3, 2, 1), (0, 3, 2, 1)), ((0, 3, 1, 2), (0, 3, 1, 2))],
    ids=["axes exchanged", "not undone"],
)
def test_other_transposes_stay_outside(there: Any, back: Any) -> None:
    weight = kernel(3, 3, 8 if there[-1] == 1 else 9, 2)

    def function(x: Any) -> Any:
        y = tf.nn.conv2d(tf.transpose(x, there), weight, 1, "VALID")
        return tf.transpose(y, back)

    (place,) = called(function).places
    assert place.data.endswith("transpose")
    assert place.channels_last is True


# ---- crops ----------------------------------------------------------------------------------


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("order", ["channels_first", "channels_last"])
def test_a_crop_after_a_transposed_conv_is_its_own(order: str, use_bias: bool) -> None:
    layers = (
        L.Conv2DTranspose(3, 4, strides=2, use_bias=use_bias, data_format=order),
        L.Cropping2D(((1, 2), (0, 1)), data_format=order),
        L.ReLU(),
    )
    model = net((2, 5, 6) if order == "channels_first" else (5, 6, 2), *layers)
    network = open_network(model)
    check(network)
    (site,), (place,) = network.sites, network.places
    assert site.spec.pads == (explicit(1, 2), explicit(0, 1))
    assert (site.spec.bias, len(site.folded)) == (use_bias, 1)
    assert place.epilogue.clip == (0.0, np.inf)
    np.testing.assert_array_equal(*outputs_of(model, network))


def test_a_crop_of_a_same_transposed_conv_adds_to_what_that_crops() -> None:
    site = one((5, 6, 2), L.Conv2DTranspose(3, 4, strides=2, padding="same"), L.Cropping2D(1))
    assert site.spec.resolved_pads == ((2, 2), (2, 2))
    assert site.spec.resized((7, 8)).output_size == (12, 14)


@pytest.mark.parametrize(
    "crop",
    [
        lambda y: y[:, 1:-1, :, :2],  # channels go, too
        lambda y: y[:, 0:5, :, :],  # up to a fixed place
        lambda y: y[:, 1::2, :, :],  # every other one
        lambda y: y[:, :, 2, :],  # an axis goes
        lambda y: y[..., ::2],  # every other channel
    ],
    ids=["channels", "fixed", "stride", "axis", "channels stride"],
)
@pytest.mark.parametrize("biased", [True, False])
def test_what_is_no_crop_of_both_ends_stays_outside(crop: Any, biased: bool) -> None:
    weight, bias = kernel(3, 3, 3, 4), tf.constant([1.0, 2.0, 3.0])

    def function(x: Any) -> Any:
        y = tf.nn.conv2d_transpose(x, weight, (1, 11, 13, 3), 2, "VALID")
        return crop(tf.nn.bias_add(y, bias) if biased else y)

    (site,) = called(function, shape=(5, 6, 4)).sites
    assert site.folded == ()
    assert set(site.spec.pads) == {VALID}


def test_a_conv_whose_bias_is_read_twice_keeps_its_crop_outside() -> None:
    weight, bias = kernel(3, 3, 3, 4), tf.constant([1.0, 2.0, 3.0])

    def function(x: Any) -> Any:
        y = tf.nn.bias_add(tf.nn.conv2d_transpose(x, weight, (1, 11, 13, 3), 2, "VALID"), bias)
        return tf.reduce_sum(y) + y[:, 1:-1, 1:-1, :]

    (site,) = called(function, shape=(5, 6, 4)).sites
    assert site.folded == ()


# ---- pads before split channels -------------------------------------------------------------


def grouped(x: Any, pads: Any, *, first: bool = False) -> Any:
    """Two groups, as converters write them."""
    weight = kernel(3, 3, 2, 6)
    x = tf.pad(x, pads)
    x = tf.transpose(x, (0, 2, 3, 1)) if first else x
    pairs = zip(tf.split(x, 2, 3), tf.split(weight, 2, 3), strict=True)
    y = tf.concat([tf.nn.conv2d(one, part, 1, "VALID") for one, part in pairs], 3)
    return tf.transpose(y, (0, 3, 1, 2)) if first else y


def test_pads_before_a_split_belong_to_each_part() -> None:
    pads = ((0, 0), (1, 2), (0, 1), (0, 0))
    network = called(lambda x: grouped(x, pads))
    assert [site.spec.pads for site in network.sites] == [(explicit(1, 2), explicit(0, 1))] * 2
    assert [site.spec.input_size for site in network.sites] == [(8, 9)] * 2


def test_pads_before_a_transpose_and_a_split() -> None:
    pads = ((0, 0), (0, 0), (1, 2), (0, 1))
    network = called(lambda x: grouped(x, pads, first=True), shape=(4, 8, 9))
    assert [site.spec.pads for site in network.sites] == [(explicit(1, 2), explicit(0, 1))] * 2


def test_pads_of_the_channels_stay_before_the_split() -> None:
    pads = ((0, 0), (1, 1), (1, 1), (1, 0))
    network = called(lambda x: grouped(x, pads), shape=(8, 9, 3))
    assert [site.folded for site in network.sites] == [(), ()]


def test_pads_that_are_read_elsewhere_stay_before_the_split() -> None:
    def function(x: Any) -> Any:
        padded = tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        one, two = tf.split(padded, 2, 3)
        weight = kernel(3, 3, 2, 3)
        y = tf.nn.conv2d(one, weight, 1, "VALID") + tf.nn.conv2d(two, weight, 1, "VALID")
        return y + tf.reduce_sum(padded)

    assert [site.folded for site in called(function).sites] == [(), ()]


# ---- names and remarks ----------------------------------------------------------------------


def test_layers_without_weights_have_their_own_names() -> None:
    x = keras.Input((8, 9, 2), name="image")
    y = L.MaxPooling2D(2, name="pool_1")(x)
    y = L.Lambda(lambda z: tf.nn.avg_pool2d(z, 2, 2, "SAME"), name="mean")(y)
    assert [site.name for site in open_network(keras.Model(x, y)).sites] == ["pool_1", "mean"]


def test_a_conv_of_one_axis_in_a_lambda_is_called_as_that() -> None:
    weight = kernel(3, 2, 4)
    x = keras.Input((12, 2), name="image")
    y = L.Lambda(lambda z: tf.nn.conv1d(z, weight, 1, "SAME"), name="conv")(x)
    assert [site.name for site in open_network(keras.Model(x, y)).sites] == ["conv"]


def test_a_bias_along_another_axis_is_remarked() -> None:
    bias = tf.zeros(9)
    network = called(lambda x: tf.nn.bias_add(_first(x), bias), shape=(4, 8, 9))
    (site,) = network.sites
    assert site.spec.bias is False
    (note,) = site.notes
    assert note.endswith("adds one number per element of axis 3, and the channels are on axis 1")


def _first(x: Any) -> Any:
    y = tf.nn.conv2d(tf.transpose(x, (0, 2, 3, 1)), kernel(1, 1, 4, 9), 1, "VALID")
    return tf.transpose(y, (0, 3, 1, 2))

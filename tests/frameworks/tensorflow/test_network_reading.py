"""One op at a time: what its attributes, and what stands around it, become."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from padcheck.frameworks.tensorflow.network import open_network
from padcheck.geometry import SAME_UPPER, VALID, explicit
from padcheck.records import OpKind
from tests.frameworks.tensorflow.keras_nets import check, net, one, opened, with_whole_weights

L = keras.layers


def called(function, shape=(8, 9, 4), **variables):
    """A net that calls a function of tensors; a Lambda, as users write it."""
    return one(shape, L.Lambda(lambda x: function(x, **variables)))


# ---- convolutions ---------------------------------------------------------------------------


@pytest.mark.parametrize(("padding", "rule"), [("same", SAME_UPPER), ("valid", VALID)])
def test_conv(padding, rule):
    site = one((9, 8, 3), L.Conv2D(5, (3, 2), strides=2, padding=padding, name="stem"))
    spec = site.spec
    assert (site.name, site.op_type, site.folded, site.notes) == ("stem", "Conv2D", (), ())
    assert spec.kind is OpKind.CONV
    assert (spec.input_size, spec.kernel_size) == ((9, 8), (3, 2))
    assert (spec.stride, spec.dilation) == ((2, 2), (1, 1))
    assert spec.pads == (rule, rule)
    assert (spec.channels, spec.group, spec.bias) == ((3, 5), 1, True)
    assert site.dynamic == (False, False)


def test_conv_without_bias():
    assert one((9, 8, 3), L.Conv2D(5, 3, use_bias=False)).spec.bias is False


def test_groups_in_a_function_of_its_own():
    site = one((8, 8, 6), L.Conv2D(4, 3, groups=2, padding="same", name="grouped"))
    assert (site.name, site.spec.group, site.spec.channels) == ("grouped", 2, (6, 4))


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_dilated_conv(padding):
    spec = one((9, 10, 3), L.Conv2D(4, 3, dilation_rate=(2, 3), padding=padding)).spec
    assert spec.dilation == (2, 3)
    assert spec.resolved_pads == (((2, 2), (3, 3)) if padding == "same" else ((0, 0), (0, 0)))


def test_depthwise():
    spec = one((9, 8, 3), L.DepthwiseConv2D(3, strides=2, depth_multiplier=2, padding="same")).spec
    assert (spec.group, spec.channels, spec.weight_shape) == (3, (3, 6), (6, 1, 3, 3))
    assert spec.pads == (SAME_UPPER, SAME_UPPER)


@pytest.mark.parametrize("size", [8, 9])
def test_depthwise_dilated_by_a_batched_space(size):
    site = one((size, 8, 3), L.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="wide"))
    assert (site.name, site.spec.dilation) == ("wide", (2, 2))
    assert site.spec.resolved_pads == ((2, 2), (2, 2))


def test_separable():
    network = opened((9, 8, 3), L.SeparableConv2D(5, 3, strides=2, padding="same", name="sep"))
    check(network)
    assert [site.name for site in network.sites] == [
        "sep/separable_conv2d/depthwise",
        "sep/separable_conv2d",
    ]
    assert [site.spec.kernel_size for site in network.sites] == [(3, 3), (1, 1)]


def test_explicit_pads():
    kernel = tf.reshape(tf.range(24.0), (2, 3, 4, 1))
    pads = [[0, 0], [1, 2], [3, 0], [0, 0]]
    assert called(lambda x: tf.nn.conv2d(x, kernel, 2, pads)).spec.pads == (
        explicit(1, 2),
        explicit(3, 0),
    )


def test_conv_3d():
    spec = one((6, 7, 8, 2), L.Conv3D(3, (2, 3, 1), strides=(1, 2, 1), padding="same")).spec
    assert (spec.input_size, spec.kernel_size) == ((6, 7, 8), (2, 3, 1))
    assert spec.weight_shape == (3, 2, 2, 3, 1)


def test_channels_first():
    layer = L.Conv2D(5, 3, strides=2, padding="same", data_format="channels_first")
    network = opened((3, 9, 8), layer)
    (site,), (place,) = network.sites, network.places
    assert (site.spec.input_size, site.spec.channels) == ((9, 8), (3, 5))
    assert place.epilogue.nodes  # the bias, which is added to axis 1
    assert network.inputs[0].channels_last is place.channels_last is False
    check(network)


@pytest.mark.parametrize("padding", ["same", "valid", "causal"])
@pytest.mark.parametrize(("stride", "dilation"), [(2, 1), (1, 2)])
def test_conv_1d(padding, stride, dilation):
    layer = L.Conv1D(4, 3, strides=stride, dilation_rate=dilation, padding=padding, name="line")
    site = one((21, 3), layer)
    spec = site.spec
    assert (site.name, spec.rank, spec.input_size) == ("line", 1, (21,))
    assert (spec.stride, spec.dilation, spec.weight_shape) == ((stride,), (dilation,), (4, 3, 3))
    extent = 2 * dilation
    total = {"valid": (0, 0), "causal": (extent, 0), "same": (extent // 2, extent // 2)}
    assert spec.resolved_pads == (total[padding],)


def test_depthwise_and_separable_1d():
    network = opened((21, 3), L.DepthwiseConv1D(3, strides=2), L.SeparableConv1D(4, 3))
    check(network)
    # between the two of a separable one the lone axis stays
    assert [site.spec.input_size for site in network.sites] == [(21,), (1, 10), (1, 8)]
    assert [site.spec.group for site in network.sites] == [3, 3, 1]


# ---- transposed convolutions ----------------------------------------------------------------


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (2, 3), (4, 2), (3, 1)])
def test_conv_transpose(padding, kernel, stride):
    layer = L.Conv2DTranspose(5, kernel, strides=stride, padding=padding, name="up")
    site = one((5, 4, 3), layer)
    assert (site.name, site.spec.kind) == ("up", OpKind.CONV_TRANSPOSE)
    assert site.spec.weight_shape == (3, 5, kernel, kernel)
    if padding == "same":
        assert site.spec.pads == (SAME_UPPER, SAME_UPPER)


@pytest.mark.parametrize("added", [0, 1])
def test_conv_transpose_with_output_padding(added):
    layer = L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=added)
    assert one((5, 4, 3), layer).spec.output_size == (9 + added, 7 + added)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv_transpose_1d_and_3d(padding):
    line = one((7, 3), L.Conv1DTranspose(2, 3, strides=2, padding=padding)).spec
    assert (line.rank, line.kind) == (1, OpKind.CONV_TRANSPOSE)
    solid = one((3, 4, 5, 2), L.Conv3DTranspose(2, 3, strides=2, padding=padding)).spec
    assert solid.output_size == ((6, 8, 10) if padding == "same" else (7, 9, 11))


# ---- pools ----------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (L.MaxPooling1D, (11, 3)),
        (L.MaxPooling2D, (9, 10, 3)),
        (L.MaxPooling3D, (5, 6, 7, 2)),
        (L.AveragePooling1D, (11, 3)),
        (L.AveragePooling2D, (9, 10, 3)),
        (L.AveragePooling3D, (5, 6, 7, 2)),
    ],
)
def test_pools(layer, shape, padding):
    maximum = "Max" in layer.__name__
    spec = one(shape, layer(3, strides=2, padding=padding), exact=maximum).spec
    assert spec.kind is (OpKind.MAX_POOL if maximum else OpKind.AVERAGE_POOL)
    assert (spec.input_size, spec.kernel_size) == (shape[:-1], (3,) * (len(shape) - 1))
    assert spec.pads == ((SAME_UPPER if padding == "same" else VALID),) * spec.rank
    assert spec.pad_value == (-math.inf if maximum else 0)
    assert spec.count_include_pad is False


def test_max_pool_with_sizes_as_inputs():
    spec = called(lambda x: tf.raw_ops.MaxPoolV2(
        input=x, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME"
    )).spec  # fmt: skip
    assert (spec.kernel_size, spec.stride) == ((3, 3), (2, 2))


# ---- Pads before an op ----------------------------------------------------------------------


def test_zero_padding_is_a_convs_own():
    site = one((8, 9, 3), L.ZeroPadding2D(((1, 2), (0, 3)), name="pad"), L.Conv2D(4, 3, strides=2))
    assert site.spec.pads == (explicit(1, 2), explicit(0, 3))
    assert [name.rpartition("/")[0] for name in site.folded] == ["net_1/pad_1"]


def test_pads_in_a_row_add_up_to_explicit_ones():
    kernel = tf.ones((3, 3, 4, 1))
    pads = [[0, 0], [1, 0], [0, 1], [0, 0]]
    spec = called(lambda x: tf.nn.conv2d(tf.pad(tf.pad(x, pads), pads), kernel, 1, pads)).spec
    assert spec.pads == (explicit(3, 0), explicit(0, 3))


def test_one_pad_before_two_convs():
    start = keras.Input((8, 8, 3))
    padded = L.ZeroPadding2D(1)(start)
    network = open_network(
        with_whole_weights(
            keras.Model(start, [L.Conv2D(2, 3)(padded), L.Conv2D(2, 3, strides=2)(padded)])
        )
    )
    check(network)
    assert [site.spec.input_size for site in network.sites] == [(8, 8), (8, 8)]
    assert [site.spec.pads for site in network.sites] == [(explicit(1, 1),) * 2] * 2


def test_pad_before_same_stays_apart():
    site = one((8, 9, 3), L.ZeroPadding2D(1), L.Conv2D(4, 3, strides=2, padding="same"))
    assert (site.spec.input_size, site.spec.pads) == ((10, 11), (SAME_UPPER, SAME_UPPER))
    assert site.notes[0].endswith("is not taken in: padding SAME is worked out on the padded size")


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_mirrors_stay_apart_from_convs_and_are_a_pools_own(mode):
    pads = [[0, 0], [1, 2], [2, 0], [0, 0]]
    kernel = tf.ones((3, 3, 4, 1))
    conv = called(lambda x: tf.nn.conv2d(tf.pad(x, pads, mode), kernel, 1, "VALID"))
    assert conv.spec.input_size == (11, 11)
    assert f"it pads with {mode.lower()}, and the op itself with 0" in conv.notes[0]
    pool = called(lambda x: tf.nn.max_pool2d(tf.pad(x, pads, mode), 3, 2, "VALID")).spec
    assert (pool.input_size, pool.pads) == ((8, 9), (explicit(1, 2), explicit(2, 0)))
    assert pool.pad_mode == mode.lower()


@pytest.mark.parametrize("value", [0.0, 2.0, -5.0])
def test_constants_before_pools(value):
    pads = [[0, 0], [1, 1], [1, 1], [0, 0]]
    maximum = called(
        lambda x: tf.nn.max_pool2d(tf.pad(x, pads, constant_values=value), 3, 2, "VALID")
    ).spec
    assert (maximum.pad_value, maximum.pads) == (value, (explicit(1, 1),) * 2)
    average = one(
        (8, 9, 4),
        L.Lambda(lambda x: tf.nn.avg_pool2d(tf.pad(x, pads, constant_values=value), 3, 2, "VALID")),
        exact=False,
    ).spec
    assert (average.pad_value, average.count_include_pad) == (value, True)


@pytest.mark.parametrize("value", [-math.inf, float(np.finfo(np.float32).min)])
def test_the_least_number_before_a_max_pool_is_its_own(value):
    pads = [[0, 0], [1, 1], [1, 1], [0, 0]]
    spec = called(
        lambda x: tf.nn.max_pool2d(tf.pad(x, pads, constant_values=value), 3, 2, "VALID")
    ).spec
    assert spec.pad_value == -math.inf


def test_pad_before_a_1d_op_behind_its_reshape():
    kernel = tf.ones((3, 4, 2))
    spec = called(
        lambda x: tf.nn.conv1d(tf.pad(x, [[0, 0], [2, 1], [0, 0]]), kernel, 2, "VALID"), (9, 4)
    ).spec
    assert (spec.input_size, spec.pads) == ((9,), (explicit(2, 1),))


def test_pad_of_channels_stays_apart():
    site = called(
        lambda x: tf.nn.max_pool2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 2]]), 3, 1, "VALID")
    )
    assert site.spec.input_size == (10, 11)
    assert site.notes[0].endswith("is not taken in: it pads the batch or the channels")


def test_batched_space_around_a_strided_op_is_not_read():
    network = opened(
        (8, 8, 4),
        L.Lambda(
            lambda x: tf.batch_to_space(
                tf.nn.conv2d(
                    tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]]), tf.ones((1, 1, 4, 1)), 2, "SAME"
                ),
                [2, 2],
                [[0, 0], [0, 0]],
            )
        ),
    )
    assert network.places == (None,)
    assert "expected an op of stride 1 that neither dilates nor pads" in network.sites[0].reason


# ---- what cannot be read --------------------------------------------------------------------


def test_ops_like_windows_are_sites_with_a_reason():
    network = opened((8, 8, 4), L.Lambda(lambda x: tf.nn.fractional_avg_pool(
        x, [1.0, 1.5, 1.5, 1.0], seed=1
    )[0]))  # fmt: skip
    (site,) = network.sites
    assert (site.op_type, site.spec) == ("FractionalAvgPool", None)
    assert site.reason.startswith("FractionalAvgPool is not an op that padcheck can read; known")


def test_ops_in_the_body_of_a_loop():
    kernel = tf.ones((3, 3, 4, 4))
    network = opened(
        (8, 8, 4),
        L.Conv2D(4, 3, padding="same", name="before"),
        L.Lambda(
            lambda x: tf.while_loop(
                lambda i, _: i < 3,
                lambda i, y: (i + 1, tf.nn.conv2d(y, kernel, 1, "SAME")),
                (tf.reduce_sum(tf.zeros_like(x)), x),
            )[1],
            name="loop",
        ),
        L.MaxPooling2D(2, name="after"),
    )
    before, inner, after = network.sites
    assert (before.name, after.name) == ("before", "after")
    assert "runs" in inner.reason
    assert inner.spec is network.places[1] is None
    assert network.places[2].before == {1}


# ---- shapes ---------------------------------------------------------------------------------


def open_net():
    return net(
        (None, None, 3),
        L.Conv2D(4, 3, strides=2, padding="same", name="conv"),
        L.DepthwiseConv2D(3, dilation_rate=2, padding="same", name="wide"),
        L.Conv2DTranspose(4, 3, strides=2, padding="same", name="up"),
        L.Conv2DTranspose(4, 3, strides=2, padding="valid", name="more"),
        L.MaxPooling2D(3, 2, padding="same", name="pool"),
    )


def test_open_sizes_have_a_stand_in():
    network = open_network(open_net())
    assert [site.dynamic for site in network.sites] == [(True, True)] * 5
    assert network.inputs[0].shape == (None, None, None, 3)
    assert [site.spec.pads[0] for site in network.sites] == [
        SAME_UPPER,
        explicit(2, 2),
        SAME_UPPER,
        VALID,
        SAME_UPPER,
    ]


def test_at_fixes_them():
    network = open_network(open_net()).at({"image": (1, 11, 14, 3)})
    assert [site.spec.input_size for site in network.sites] == [
        (11, 14), (6, 7), (6, 7), (12, 14), (25, 29),
    ]  # fmt: skip
    assert not any(site.is_dynamic for site in network.sites)
    check(network)
    assert network.at({"image": (1, 11, 14, 3)}) is network
    batched = network.at({"image": (2, 11, 14, 3)})
    check(batched)


def test_pads_that_depend_on_an_open_size():
    def padded(x):
        size = tf.shape(x)[1]
        return tf.nn.max_pool2d(tf.pad(x, [[0, 0], [0, -size % 3], [0, 0], [0, 0]]), 3, 3, "VALID")

    network = opened((None, 9, 2), L.Lambda(padded))
    assert "its amounts depend on the input size; give the shape" in network.sites[0].reason
    (site,) = network.at({"image": (1, 7, 9, 2)}).sites
    assert site.spec.pads == (explicit(0, 2), explicit(0, 0))


def test_float16_weights_are_read_as_float32():
    model = net((8, 8, 3), L.Conv2D(4, 3, dtype="float16", name="half"))
    values = open_network(model).places[0].values()
    assert (values.weight.dtype, values.weight.shape) == (np.float32, (4, 3, 3, 3))
    kernel = np.asarray(model.get_layer("half").kernel).astype(np.float32)
    np.testing.assert_array_equal(values.weight, kernel.transpose(3, 2, 0, 1))

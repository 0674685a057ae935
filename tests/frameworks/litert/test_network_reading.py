"""What a .tflite network says of itself: its sites, where they stand, its inputs and outputs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.litert.network import open_network
from padcheck.frameworks.litert.network.flatwriting import packed
from padcheck.frameworks.litert.network.naming import layer_name, shortener
from padcheck.frameworks.litert.network.schema import schema
from padcheck.records import Quantization, Tensor, uniquely
from tests.frameworks.litert.network_models import (
    converted,
    feeds,
    images,
    model,
    network,
    traced,
    volumes,
)

IMAGES = {
    "stem": "conv(n=17x15, k=3x3, s=2x2, pads=(1,1)x(1,1))",
    "dw": "conv(n=9x8, k=3x3, d=2x2, pads=(1,0)x(0,1), group=8)",
    "dil": "conv(n=6x5, k=3x3, d=2x2, pads=(2,2)x(2,2))",
    "mp": "max_pool(n=6x5, k=3x3, s=2x2, pads=(0,1)x(1,1))",
    "convolution1": "conv(n=3x3, k=3x3, pads=(1,1)x(1,1), group=2)",
    "ap": "average_pool(n=3x3, k=2x2, pads=(0,1)x(0,1))",
    "tr": "conv_transpose(n=3x3, k=3x3, s=2x2, crops=(0,1)x(0,1))",
    "last": "conv(n=6x6, k=1x3, pads=(0,0)x(0,0))",
}

SIGNALS = {
    "c1": "conv(n=20, k=3, s=2, pads=(0,1))",
    "c2": "conv(n=10, k=3, d=2, pads=(4,0))",
    "mp1": "max_pool(n=10, k=3, s=2, pads=(0,1))",
    "s1": "conv(n=5, k=3, pads=(1,1), group=8)",
    "s1#2": "conv(n=5, k=1, pads=(0,0))",
    "ap1": "average_pool(n=5, k=2, pads=(0,1))",
    "t1": "conv_transpose(n=5, k=3, s=2, crops=(0,1))",
    "c3": "conv(n=10, k=3, pads=(0,0))",
}

VOLUMES = {
    "c3d": "conv(n=6x7x8, k=3x3x3, s=1x2x2, pads=(1,1)x(1,1)x(0,1))",
    "t3d": "conv_transpose(n=6x4x4, k=3x3x3, s=2x2x2, crops=(0,1)x(0,1)x(0,1))",
}

PADDED = [
    "conv(n=12x11, k=3x3, s=2x1, pads=(1,2)x(0,1))",
    "conv(n=7x10, k=3x3, pads=(1,2)x(2,1), group=4)",
    "conv(n=8x11, k=3x3, pads=(1,1)x(2,1))",
    "max_pool(n=8x12, k=3x3, s=2x2, pads=(1,1)x(1,0))",
    "average_pool(n=4x6, k=2x2, pads=(1,1)x(1,1), count_include_pad)",
    "max_pool(n=5x7, k=2x2, pads=(1,1)x(1,1))",
    "conv_transpose(n=6x8, k=3x3, s=2x2, crops=(1,1)x(1,1))",
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("images", IMAGES),
        ("int8", IMAGES),
        ("int8_io", IMAGES),
        ("signals", SIGNALS),
        ("signals_int8", SIGNALS),
        ("volumes", VOLUMES),
    ],
)
def test_sites_in_order_with_the_layers_names(name: str, expected: dict[str, str]) -> None:
    assert {site.name: str(site.spec) for site in network(name).sites} == expected


def test_pads_before_an_op_are_its_own() -> None:
    opened = network("padded")
    assert [str(site.spec) for site in opened.sites] == PADDED
    specs = [site.spec for site in opened.sites if site.spec is not None]
    assert [spec.pad_mode for spec in specs[:3]] == ["constant", "reflect", "symmetric"]
    assert [spec.pad_value for spec in specs] == [5.0, 0.0, 0.0, -math.inf, 0.0, 0.0, 0.0]
    assert [len(site.folded) for site in opened.sites] == [1, 1, 1, 1, 1, 1, 0]
    assert network("images").sites[1].folded == ("dw", "zp")


def test_constants_and_clips_after_an_op_are_its_epilogue() -> None:
    clips = [place.epilogue.clip for place in network("padded").places if place]
    assert clips == [(0.0, 4.0), None, None, None, None, None, (-0.5, 0.5)]
    places = network("images").places
    clips = [place.epilogue.clip for place in places if place]
    relu = (0.0, math.inf)
    assert clips == [(0.0, 6.0), relu, None, None, None, None, relu, None]
    tails = [place.tail for place in places if place]
    assert tails[0].split(";")[0].endswith("relu6_1/Relu6")
    assert tails[6].endswith("tr_1/Relu")


@pytest.mark.parametrize("name", ["images", "int8", "signals"])
def test_a_chain_of_sites(name: str) -> None:
    places = network(name).places
    assert [sorted(place.before) for place in places if place] == [
        [],
        *([index] for index in range(len(places) - 1)),
    ]
    assert not any(place.shared for place in places if place)
    assert all(place.channels_last for place in places if place)


def test_what_leads_to_a_site() -> None:
    words = [place.never_negative for place in network("images").places if place]
    assert words == [None, "RELU6", "RELU", None, None, None, None, "RELU"]

    def branches(x):
        import tensorflow as tf

        weight = tf.constant(np.ones((3, 3, 4, 4), np.float32))
        y = tf.nn.conv2d(x, weight, 1, "SAME")
        z = tf.nn.conv2d(y, weight, 1, "SAME")
        return tf.nn.max_pool2d(tf.nn.sigmoid(y + z), 2, 2, "VALID")

    opened = open_network(traced(branches, (1, 8, 8, 4)))
    places = [place for place in opened.places if place]
    assert [sorted(place.before) for place in places] == [[], [0], [0, 1]]
    assert places[0].shared == places[1].shared is not None
    assert places[2].never_negative == "LOGISTIC"


def test_inputs_and_outputs_are_the_signatures() -> None:
    opened = network("images")
    assert opened.inputs == (
        Tensor(name="image", shape=(None, 17, 15, 3), dtype="float32", channels_last=True),
    )
    assert [one.name for one in opened.outputs] == ["output_0"]
    assert opened.notes == ()
    (image,) = network("uint8_io").inputs
    assert image.dtype == "float32"
    assert image.quantization is not None
    assert (image.quantization.low, image.quantization.high) == (0, 255)
    without = open_network(traced(lambda x: (x + 1.0, x * 2.0), (2, 3)))
    assert [one.name for one in without.inputs] == ["x"]
    assert without.outputs == (
        Tensor(name="Identity", shape=(2, 3)),
        Tensor(name="Identity_1", shape=(2, 3)),
    )


def test_quantization_is_that_of_the_tail() -> None:
    place = network("int8").places[0]
    assert place is not None
    assert isinstance(place.quantization, Quantization)
    assert (place.quantization.zero_point, place.quantization.low) == (-128, -128)
    assert network("images").places[0].quantization is None  # type: ignore[union-attr]


def open_sizes() -> bytes:
    import keras
    from keras import layers

    x = data = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(4, 3, 2, padding="same", name="a")(x)
    x = layers.Conv2D(4, 3, dilation_rate=2, padding="same", name="b")(x)
    x = layers.Conv2DTranspose(4, 3, 2, padding="same", name="c")(x)
    return converted(keras.Model(data, layers.MaxPooling2D(2, name="d")(x)))


def test_sizes_that_are_left_open() -> None:
    data = open_sizes()
    opened = open_network(data)
    assert opened.inputs[0].shape == (None, None, None, 3)
    first, dilated, turned, pool = opened.sites
    assert (first.name, first.dynamic) == ("a", (True, True))
    assert dilated.reason is not None
    assert "its amounts depend on the input size; give the shape with" in dilated.reason
    assert str(turned.spec).startswith("conv_transpose(")
    assert pool.is_dynamic
    with pytest.raises(FrameworkError, match="depend on the input size"):
        opened.isolate(1)
    fixed = [
        "conv(n=20x13, k=3x3, s=2x2, pads=(0,1)x(1,1))",
        "conv(n=10x7, k=3x3, d=2x2, pads=(2,2)x(2,2))",
        "conv_transpose(n=10x7, k=3x3, s=2x2, crops=(0,1)x(0,1))",
        "max_pool(n=20x14, k=2x2, s=2x2, pads=(0,0)x(0,0))",
    ]
    for at in (
        opened.at({"image": (1, 20, 13, 3)}),
        open_network(data, {"image": (1, 20, 13, 3)}),
        opened.at({"image": (1, 8, 8, 3)}).at({"image": (1, 20, 13, 3)}),
    ):
        assert [str(site.spec) for site in at.sites] == fixed
        assert not any(site.is_dynamic for site in at.sites)
        assert at.inputs[0].shape == (1, 20, 13, 3)
        assert at.run(feeds(at))["output_0"].shape == (1, 10, 7, 4)


def test_at_the_shapes_it_has_a_network_is_itself() -> None:
    opened = network("images")
    assert opened.at({}) is opened
    assert opened.at({"image": (1, 17, 15, 3)}) is opened
    assert opened.at({"image": (2, 17, 15, 3)}) is not opened


@pytest.mark.parametrize(
    ("shapes", "problem"),
    [
        ({"sound": (1, 17, 15, 3)}, r"expected an input of the model \(image\), not 'sound'"),
        ({"image": (1, 17, 15)}, r"expected 4 sizes, as the model has, but got .*\(1, 17, 15\)"),
        ({"image": (1, 17, 15, 0)}, r"expected int >= 1 but got input_shapes\['image'\]=0"),
        ({"image": 3}, r"expected a list of ints but got input_shapes\['image'\]=3"),
        ({"image": (1, 1 << 15, 1 << 15, 3)}, r"expected at most 268435456 elements"),
    ],
)
def test_shapes_that_make_no_sense(shapes: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        network("images").at(shapes)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=problem):
        open_network(model("images"), shapes)  # type: ignore[arg-type]


def test_a_shape_that_the_interpreter_refuses() -> None:
    with pytest.raises(FrameworkError, match=r"^litert 2\.\d+\.\d+: RuntimeError: .*CONV_2D"):
        network("images").at({"image": (1, 17, 15, 4)})


def test_shapes_that_the_file_leaves_out_are_the_interpreters() -> None:
    made = schema().ModelT.InitFromPackedBuf(model("volumes"), 0)
    graph = made.subgraphs[0]
    for tensor in graph.tensors:
        is_fed = tensor is graph.tensors[graph.inputs[0]]
        if not is_fed and made.buffers[tensor.buffer].data is None:
            tensor.shape = None
        tensor.shapeSignature = None
    opened = open_network(packed(made))
    assert [str(site.spec) for site in opened.sites] == list(VOLUMES.values())


def test_a_pool_of_squares_divides_by_its_taps() -> None:
    options = {"padding": 1, "filterHeight": 2, "filterWidth": 3, "strideH": 1, "strideW": 2}
    for padding, reason in [
        (1, None),
        (0, "padding: it divides by the number of inputs in each window, as no Lp pool does"),
    ]:
        opened = open_network(pool_of_squares({**options, "padding": padding}))
        (site,) = opened.sites
        assert site.reason == reason
        if reason is None:
            assert str(site.spec) == "lp_pool(n=4x5, k=2x3, s=1x2, pads=(0,0)x(0,0))"
            x = np.arange(20.0, dtype=np.float32).reshape(1, 1, 4, 5)
            first = opened.isolate(0)(x, None)[0, 0, 0, 0]
            assert np.isclose(first, np.sqrt(np.mean(x[0, 0, :2, :3] ** 2)))
            assert site.spec is not None
            assert site.spec.deviation is not None
            assert np.allclose(site.spec.deviation.scale, 6**-0.5)


def pool_of_squares(options: dict[str, int]) -> bytes:
    """L2_POOL_2D, which no converter of today writes."""
    from padcheck.frameworks.litert.network.flatwriting import Writer, new_model

    made = new_model()
    writer = Writer(made)
    x = writer.tensor("x", (1, 4, 5, 1))
    y = writer.tensor("y", (1, 3, 2, 1) if options["padding"] else (1, 4, 3, 1))
    writer.op("L2_POOL_2D", [x], y, schema().Pool2DOptionsT(**options), "Pool2DOptions")
    writer.graph.inputs, writer.graph.outputs = [x], [y]
    writer.graph.operators = writer.operators
    return packed(made)


@pytest.mark.parametrize(
    ("output", "weight", "expected"),
    [
        ("model/conv1/Relu;model/conv1/BiasAdd;model/conv1/Conv2D", None, "model/conv1"),
        ("model/act/Relu;model/bn/add_1;model/conv1/convolution", None, "model/conv1"),
        ("StatefulPartitionedCall:0", "model/last/Conv2D", "model/last"),
        ("StatefulPartitionedCall/model/x/Conv2D", None, "model/x"),
        ("model/dw/depthwise1", "model/dw/depthwise", "model/dw"),
        ("s/separable_conv2d/depthwise1", None, "s"),
        ("net/conv2d_transpose_1/conv_transpose1", None, "net/conv2d_transpose_1"),
        ("Identity", "arith.constant1", "CONV_2D_3"),
        ("conv2d_transpose:0", None, "conv2d_transpose"),
    ],
)
def test_a_layers_name(output: str, weight: str | None, expected: str) -> None:
    assert layer_name(output, weight, "CONV_2D_3") == expected


def test_names_lose_what_they_share() -> None:
    names = ["net/a_1", "net/stage_1/b_1", "convolution"]
    shortened = shortener(names)
    assert [shortened(name) for name in names] == ["a", "stage/b", "convolution"]
    assert shortener(["functional_1/a_1"])("functional_1/a_1") == "a"
    assert shortener(["block/a_1"])("block/a_1") == "block/a_1"
    assert uniquely(["a", "a", "a#2", "a"]) == ["a", "a#2", "a#2#2", "a#3"]


def test_the_models_own_file(tmp_path) -> None:
    import hashlib

    data = converted(volumes())
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    opened = open_network(path)
    assert opened.ref.path == str(path)
    assert (opened.ref.format, opened.ref.sha256) == ("tflite", hashlib.sha256(data).hexdigest())
    assert (open_network(data).ref.path, open_network(data).ref.sha256) == (None, None)
    assert images() is images()

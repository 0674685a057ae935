"""A .tflite network at work: its sites compute what their specs say, its numbers are right."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.litert.network import open_network
from padcheck.oracle import evaluate
from tests.frameworks.litert.network_models import (
    MAKERS,
    feeds,
    in_integers,
    integers,
    model,
    network,
    tail_of,
    traced,
)
from tests.support import ROOT

INTEGERS = ("int8", "int8_io", "uint8_io", "int16", "signals_int8")
FLOATS = tuple(name for name in MAKERS if name not in (*INTEGERS, "hybrid"))


@pytest.mark.parametrize("more", [0, 3], ids=["its size", "another size"])
@pytest.mark.parametrize("name", MAKERS)
def test_an_isolated_op_is_its_spec(name: str, more: int) -> None:
    opened = network(name)
    for index, site in enumerate(opened.sites):
        assert site.spec is not None
        x, weight = integers(site, more)
        spec = site.spec.resized(x.shape[2:])
        observed = opened.isolate(index)(
            x.astype(np.float32), None if weight is None else weight.astype(np.float32)
        )
        expected = evaluate(spec, x, weight)
        assert observed.shape == expected.shape, site.name
        assert not np.any(np.rint(expected.off(observed))), site.name


def test_an_isolated_op_takes_other_channels() -> None:
    opened = network("images")
    names = [site.name for site in opened.sites]
    rng = np.random.default_rng(0)
    for name, channels, shape in [
        ("stem", 5, (2, 5, 3, 3)),
        ("dw", 3, (6, 1, 3, 3)),
        ("convolution1", 4, (6, 1, 3, 3)),
        ("tr", 1, (1, 2, 3, 3)),
        ("last", 2, (1, 2, 1, 3)),
    ]:
        index = names.index(name)
        spec = opened.sites[index].spec
        assert spec is not None
        x = rng.integers(-4, 5, (1, channels, *spec.input_size))
        weight = rng.integers(-4, 5, shape)
        if name == "convolution1":
            weight = weight[:4, :, :, :].repeat(2, axis=1)  # two groups of two
        group = 1 if name == "tr" else channels // weight.shape[1]
        outputs = weight.shape[1] if name == "tr" else weight.shape[0]
        spec = spec.replace(channels=(channels, outputs), group=group)
        observed = opened.isolate(index)(x.astype(np.float32), weight.astype(np.float32))
        expected = evaluate(spec, x, weight).values
        assert np.array_equal(np.rint(observed), expected), name


def test_what_an_isolated_op_cannot_take_is_refused() -> None:
    isolated = network("images").isolate(7)  # a window of (1, 3), VALID
    weight = np.ones((3, 5, 1, 3), np.float32)
    for x, kernel, problem in [
        (np.ones((1, 5, 6), np.float32), weight, "expected x of 4 axes"),
        (np.ones((1, 5, 6, 6), np.float32), None, "a weight for a convolution"),
        (np.ones((1, 5, 6, 6), np.float32), weight[..., :1], r"weight of shape \(3, 5, 1, 3\)"),
        (np.ones((1, 5, 6, 2), np.float32), weight, "there is no output"),
    ]:
        with pytest.raises(FrameworkError, match=rf"^litert 2\..*{problem}"):
            isolated(x, kernel)


@pytest.mark.parametrize("name", FLOATS)
def test_numbers_make_the_tail_of_the_data(name: str) -> None:
    opened = network(name)
    given = feeds(opened)
    wanted = [name for one in opened.places if one for name in (one.data, one.output, one.tail)]
    found = opened.run(given, wanted)
    for site, place in zip(opened.sites, opened.places, strict=True):
        assert place is not None
        assert site.spec is not None
        tail = np.moveaxis(found[place.tail], -1, 1)
        assert found[place.output].shape == found[place.tail].shape
        expected = tail_of(site, place, found[place.data])
        assert tail.shape == expected.shape, site.name
        assert np.abs(tail - expected).max() <= 1e-6 * max(1.0, np.abs(expected).max()) * 8


def test_data_of_floats_is_rounded_where_it_meets_a_weight_of_integers() -> None:
    opened = network("hybrid")
    assert opened.notes == (
        "3 ops have their weight in integers alone; LiteRT rounds the data to 8 bits as it runs",
    )
    found = opened.run(feeds(opened), [n for p in opened.places if p for n in (p.data, p.tail)])
    for site, place in zip(opened.sites, opened.places, strict=True):
        assert place is not None
        assert place.values is not None
        weight = np.abs(place.values().weight)
        axes = (0, 2, 3) if site.op_type == "TRANSPOSE_CONV" else (1, 2, 3)
        bound = weight.sum(axis=axes).max() * np.ptp(found[place.data]) / 127
        expected = tail_of(site, place, found[place.data])
        assert np.abs(np.moveaxis(found[place.tail], -1, 1) - expected).max() <= bound


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_make_the_tail_within_half_a_step(name: str) -> None:
    opened = network(name)
    found = opened.run(feeds(opened), [n for p in opened.places if p for n in (p.data, p.tail)])
    for site, place in zip(opened.sites, opened.places, strict=True):
        assert place is not None
        quantization = place.quantization
        assert quantization is not None
        expected = tail_of(site, place, found[place.data])
        ends = (quantization.low, quantization.high)
        least, most = ((end - quantization.zero_point) * quantization.scale for end in ends)
        difference = np.abs(
            np.moveaxis(found[place.tail], -1, 1) - np.clip(expected, least, most)
        ).max()
        steps = 2.0 if place.epilogue.nodes or name == "int16" else 0.51  # rounded in between
        assert difference <= steps * quantization.scale, site.name


def test_weights_of_integers_tell_their_step() -> None:
    for name, has_step in [("images", False), ("half", False), ("hybrid", True), ("int8", True)]:
        place = network(name).places[0]
        assert place is not None
        assert place.values is not None
        values = place.values()
        assert (values.step is not None) == has_step, name
        if values.step is not None:
            assert values.step.shape == values.weight.shape[:1]
            steps = values.weight / values.step.reshape(-1, 1, 1, 1)
            assert np.abs(steps - np.rint(steps)).max() < 1e-4
    exact = network("images").places[0]
    stored = network("int8").places[0]
    assert exact is not None
    assert exact.values is not None
    assert stored is not None
    assert stored.values is not None
    weights = [one.values().weight for one in (exact, stored)]  # type: ignore[misc]
    step = stored.values().step
    assert step is not None
    assert (np.abs(weights[0] - weights[1]) <= 0.51 * step.reshape(-1, 1, 1, 1)).all()


@pytest.mark.parametrize("name", MAKERS)
def test_outputs_are_the_interpreters_own(name: str) -> None:
    from ai_edge_litert.interpreter import Interpreter

    opened = network(name)
    given = feeds(opened)
    bare = Interpreter(model_content=model(name))
    bare.allocate_tensors()
    for detail, values in zip(bare.get_input_details(), given.values(), strict=True):
        scale, zero = detail["quantization"]
        if scale:
            values = np.clip(np.rint(values / scale) + zero, *_ends(detail["dtype"]))
        bare.set_tensor(detail["index"], values.astype(detail["dtype"]))
    bare.invoke()
    (output,) = bare.get_output_details()
    expected = bare.get_tensor(output["index"]).astype(np.float64)
    scale, zero = output["quantization"]
    if scale:
        expected = (expected - zero) * scale
    ((name_out, observed),) = opened.run(given).items()
    assert name_out == opened.outputs[0].name
    assert observed.dtype == np.float32
    assert np.allclose(observed, expected, rtol=1e-6, atol=0)


def _ends(dtype: type) -> tuple[int, int]:
    kind = np.iinfo(dtype)
    return kind.min, kind.max


def test_another_batch_is_taken() -> None:
    opened = network("images")
    one = feeds(opened)["image"]
    both = opened.run({"image": np.concatenate([one, 2 * one])})["output_0"]
    assert both.shape[0] == 2
    assert np.allclose(both[:1], opened.run({"image": one})["output_0"], rtol=1e-5, atol=1e-7)


def test_feeds_and_fetches_that_are_not_there() -> None:
    opened = network("images")
    with pytest.raises(UsageError, match="expected a feed for input `image`"):
        opened.run({})
    with pytest.raises(UsageError, match="expected a tensor of the model but got 'nothing'"):
        opened.run(feeds(opened), ["nothing"])
    with pytest.raises(FrameworkError, match=r"^litert 2\.\d+\.\d+: \w+Error: "):
        opened.run({"image": np.ones((1, 17, 15, 4), np.float32)})


def test_an_unread_site_is_not_isolated() -> None:
    import tensorflow as tf

    weight = tf.ones((3, 3, 4, 4))

    def net(x: tf.Tensor) -> tf.Tensor:
        def body(i: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return i + 1, tf.nn.conv2d(y, weight, 1, "SAME")

        return tf.while_loop(lambda i, _: i < 3, body, (0, x))[1]

    opened = open_network(traced(net, (1, 8, 8, 4)))
    (site,) = opened.sites
    assert opened.places == (None,)
    assert site.reason == "it is in the body of another op, or in a graph of its own"
    with pytest.raises(FrameworkError, match="it is in the body of another op"):
        opened.isolate(0)


def test_a_fill_counts_in_steps_of_its_tensor() -> None:
    import keras
    import tensorflow as tf
    from keras import layers

    class Filled(layers.Layer):
        def call(self, x: tf.Tensor) -> tf.Tensor:
            return tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], constant_values=1.0)

    net = keras.Sequential(
        [
            keras.Input((12, 11, 2)),
            Filled(),
            layers.Conv2D(4, 3),
            layers.ReLU(),
            layers.ZeroPadding2D(1),
            layers.MaxPooling2D(3, 2),
        ]
    )
    opened = open_network(in_integers(net))
    conv, pool = opened.sites
    place = opened.places[0]
    assert conv.spec is not None
    assert pool.spec is not None
    assert place is not None
    data = opened.run(feeds(opened), [place.data])[place.data]
    steps = np.unique(np.diff(np.unique(data)))
    assert abs(conv.spec.pad_value - 1.0) <= steps.min()
    assert conv.spec.pad_value != 0
    assert pool.spec.pad_value == -np.inf  # 0 is the least that a Relu's integers stand for


def test_loads_no_tensorflow_and_writes_nothing(tmp_path: object) -> None:
    script = (
        "import sys, numpy as np\n"
        "from padcheck.frameworks.litert.network import open_network\n"
        "opened = open_network(sys.argv[1])\n"
        "given = {'image': np.ones((1, 17, 15, 3), np.float32)}\n"
        "opened.run(given); opened.run(given, [opened.places[0].tail])\n"
        "opened.isolate(0)(np.ones((1, 3, 9, 9), np.float32), np.ones((2, 3, 3, 3), np.float32))\n"
        "opened.at({'image': (2, 17, 15, 3)})\n"
        "print(sorted({'tensorflow', 'keras', 'torch', 'onnx'} & set(sys.modules)))\n"
    )
    from pathlib import Path

    path = Path(str(tmp_path)) / "net.tflite"
    path.write_bytes(model("images"))
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_versions() -> None:
    import ai_edge_litert

    assert network("images").versions() == {"ai_edge_litert": ai_edge_litert.__version__}

"""A frozen graph runs as it does for its user, and tells what is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as keras_layers

from padcheck.errors import FrameworkError
from padcheck.frameworks.tensorflow.network.running import GraphRunner
from tests.frameworks.tensorflow.frozen import frozen, layers, run
from tests.support import ROOT

K = keras_layers


def integers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def runner(graph_def: Any) -> GraphRunner:
    return GraphRunner(graph_def, {"image": "x"}, {"answer": "Identity"})


@pytest.fixture(scope="module")
def two_convs() -> Any:
    """Two convs on integers, the second one's weight over 4 KiB."""
    first, second = tf.constant(integers(3, 3, 2, 16)), tf.constant(integers(3, 3, 16, 32, seed=1))

    def body(x: Any) -> Any:
        y = tf.nn.relu(tf.nn.conv2d(x, first, 2, "SAME", name="first"), name="between")
        return tf.nn.conv2d(y, second, 1, "VALID", name="second") + tf.range(32.0)

    return frozen(body, (None, 9, 9, 2))


def test_gives_outputs_by_their_users_names(two_convs: Any) -> None:
    x = integers(2, 9, 9, 2, seed=2)
    made = runner(two_convs).run({"image": x})
    assert list(made) == ["answer"]
    assert np.array_equal(made["answer"], run(two_convs, x))


def test_gives_the_tensors_asked_for_and_leaves_out_what_is_not_there(two_convs: Any) -> None:
    x = integers(1, 9, 9, 2, seed=3)
    runs = runner(two_convs)
    made = runs.run({"image": x}, ["between", "between:0", "nowhere", "between:1", "x"])
    assert set(made) == {"answer", "between", "between:0", "x"}
    assert np.array_equal(made["between"], run(two_convs, x, "between"))
    assert np.array_equal(made["between:0"], made["between"])
    assert np.array_equal(made["x"], x)
    assert np.array_equal(runs.run({"image": x})["answer"], made["answer"])


def test_large_weights_can_be_asked_for(two_convs: Any) -> None:
    made = runner(two_convs).run({"image": integers(1, 9, 9, 2)}, ["second/filter"])
    assert np.array_equal(made["second/filter"], integers(3, 3, 16, 32, seed=1))


def test_computes_what_keras_computes() -> None:
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2((64, 64, 3), alpha=0.35, weights=None, classes=10)
    graph_def = frozen(lambda x: model(x, training=False), (None, 64, 64, 3))
    x = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
    observed, expected = runner(graph_def).run({"image": x})["answer"], model(x).numpy()
    assert np.abs(observed - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 2, 3)), 2, "SAME", "NCHW"), (1, 2, 8, 9)),
        (lambda x: tf.nn.space_to_depth(x, 2, "NCHW"), (1, 2, 8, 6)),
        (lambda x: tf.nn.avg_pool3d(x, 2, 1, "VALID", "NCDHW"), (1, 2, 4, 5, 6)),
    ],
)
def test_runs_channels_first(body: Any, shape: tuple[int, ...]) -> None:
    x = integers(*shape)
    last = np.moveaxis(x, 1, -1)
    names = {"NCHW": "NHWC", "NCDHW": "NDHWC"}
    code = body.__code__
    swapped = code.replace(co_consts=tuple(names.get(c, c) for c in code.co_consts))
    same = type(body)(swapped, body.__globals__)
    observed = runner(frozen(body, shape)).run({"image": x})["answer"]
    assert np.array_equal(observed, np.moveaxis(same(tf.constant(last)).numpy(), -1, 1))


def test_runs_a_fused_grouped_conv_without_onednn() -> None:
    """Grappler fuses a grouped conv with its bias, and no kernel has it [tensorflow 2.21.0]."""
    code = """
import numpy as np, tensorflow as tf
from padcheck.frameworks.tensorflow.network.running import GraphRunner
from tests.frameworks.tensorflow.frozen import frozen

def body(x):
    y = tf.nn.conv2d(x, tf.ones((3, 3, 2, 4)), 1, "VALID")
    return tf.nn.relu(tf.nn.bias_add(y, [1.0, 2.0, 3.0, 4.0]))

runner = GraphRunner(frozen(body, (1, 5, 5, 4)), {"x": "x"}, {"y": "Identity"})
for _ in range(2):
    y = runner.run({"x": np.ones((1, 5, 5, 4), np.float32)})["y"]
print(y.shape, y[0, 0, 0].tolist())
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONPATH": str(ROOT)},
        timeout=300,
    )
    assert told.stdout == "(1, 3, 3, 4) [19.0, 20.0, 21.0, 22.0]\n", told.stderr


def test_other_input_types() -> None:
    x = np.arange(32, dtype=np.uint8).reshape(1, 4, 4, 2)
    graph_def = frozen(lambda x: tf.cast(x, tf.float32) * 2, (None, 4, 4, 2), tf.uint8)
    assert np.array_equal(runner(graph_def).run({"image": x})["answer"], 2.0 * x)


def test_an_input_that_is_not_there(two_convs: Any) -> None:
    with pytest.raises(FrameworkError, match=r"expected inputs image but got picture$"):
        runner(two_convs).run({"picture": integers(1, 9, 9, 2)})


def test_what_tensorflow_says_is_passed_on_in_one_line(two_convs: Any) -> None:
    with pytest.raises(FrameworkError, match=rf"^tensorflow {tf.__version__}: ") as caught:
        runner(two_convs).run({"image": integers(1, 9, 9, 3)})
    with pytest.raises(FrameworkError, match="must feed a value for placeholder"):
        runner(two_convs).run({})
    assert "\n" not in str(caught.value)


def test_a_broken_graph_is_refused_at_its_first_run() -> None:
    graph_def = layers(K.Conv2D(3, 3), shape=(None, 8, 8, 2))
    graph_def.node[-1].input[0] = "nowhere"
    runs = runner(graph_def)
    with pytest.raises(FrameworkError, match="nowhere"):
        runs.run({"image": integers(1, 8, 8, 2)})


def test_the_graph_stays_as_it_is(two_convs: Any) -> None:
    before = two_convs.SerializeToString(deterministic=True)
    runner(two_convs).run({"image": integers(1, 9, 9, 2)}, ["between"])
    assert two_convs.SerializeToString(deterministic=True) == before


def test_tells_nothing_on_its_own(two_convs: Any, capfd: pytest.CaptureFixture[str]) -> None:
    runner(two_convs).run({"image": integers(1, 9, 9, 2)}, ["between"])
    assert capfd.readouterr() == ("", "")


def test_gives_a_tensor_that_fusing_loses() -> None:
    """Grappler fuses what BiasAdd gives with x * sigmoid(x), asked for or not [2.21.0]."""
    bias, weight = tf.ones(32), tf.constant(integers(3, 3, 3, 32) / 8)

    def body(x: Any) -> Any:
        y = tf.nn.bias_add(tf.nn.conv2d(x, weight, 2, "SAME"), bias, name="biased")
        return tf.multiply(y, tf.sigmoid(y), name="swish")

    made = runner(frozen(body, (1, 64, 64, 3))).run({"image": integers(1, 64, 64, 3)}, ["biased"])
    y = made["biased"]
    assert made["answer"] == pytest.approx(y / (1 + np.exp(-y)), rel=1e-4, abs=1e-5)

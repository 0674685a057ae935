"""A site replaced in its graph computes the change, and nothing else is another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers as keras_layers

from padcheck.errors import FrameworkError
from padcheck.frameworks import dialect
from padcheck.frameworks.tensorflow.network.altering import Edit, alter
from padcheck.frameworks.tensorflow.network.running import GraphRunner
from padcheck.geometry import SAME_UPPER
from padcheck.oracle import evaluate
from padcheck.probes import equals, make_probe
from padcheck.records import Change, Deviation, OpKind, OpSpec, Quantization
from tests.frameworks.grid import AVERAGE, CONV, FILLED, GRID, MAX, TRANSPOSED, name_of, op
from tests.frameworks.tensorflow.frozen import frozen, layers, nodes, run, weights

K = keras_layers
DIALECT = dialect("tf_pad_valid", framework_name="tensorflow")
COMPUTABLE = [spec for spec in [*GRID, *FILLED] if DIALECT.lower(spec, "tf_pad_valid").spec]


def stub(spec: OpSpec, *, channels_last: bool = True, dtype: Any = tf.float32) -> Any:
    """A graph from `x` to `tail` to `Identity`, of the op's input."""
    channels = spec.channels[0]
    image = (*spec.input_size, channels) if channels_last else (channels, *spec.input_size)
    return frozen(lambda x: tf.nn.relu(x * 2, name="tail") + 0, (None, *image), dtype)


def edit(change: Change, **more: Any) -> Edit:
    named = {"data": "x", "tail": "tail", "output": "tail", "channels_last": True} | more
    return Edit(**named, rank=change.spec.rank, change=change)


def ran(graph_def: Any, x: np.ndarray, *, channels_last: bool = True) -> np.ndarray:
    """The output (N, C, *spatial) for x (N, C, *spatial)."""
    image = np.moveaxis(x, 1, -1) if channels_last else x
    y = GraphRunner(graph_def, {"x": "x"}, {"y": "Identity"}).run({"x": image})["y"]
    return np.moveaxis(y, -1, 1) if channels_last else y


def expected_of(change: Change, x: np.ndarray) -> Any:
    return evaluate(change.spec, x.astype(np.int64), change.weight, change.offset)


@pytest.mark.parametrize("spec", COMPUTABLE, ids=name_of)
def test_computes_any_op(spec: OpSpec) -> None:
    probe = make_probe(spec, batch=2)
    x, weight, bias = probe.as_float32()
    made = alter(stub(spec), [edit(Change(spec=spec, weight=weight, offset=bias))])
    observed = ran(made, x)
    if spec.kind is OpKind.LP_POOL:  # the oracle gives the power
        observed = observed.astype(np.float64) ** spec.p
    assert equals(observed, evaluate(spec, probe.x, probe.weight, probe.bias))


@pytest.mark.parametrize(
    "spec",
    [
        op(CONV, (6, 7), 3, 2, pads=((1, 0), (0, 2)), bias=True),
        op(CONV, 9, 3, 2, pads=(1, 0)),
        op(CONV, (4, 5, 6), 2, 1, pads=SAME_UPPER),
        op(TRANSPOSED, (4, 5), 3, 2, pads=((1, 0), (0, 1))),
        op(AVERAGE, (6, 7), 3, 2, pads=(1, 1)),
    ],
    ids=name_of,
)
def test_channels_first(spec: OpSpec) -> None:
    probe = make_probe(spec, batch=2)
    x, weight, bias = probe.as_float32()
    change = Change(spec=spec, weight=weight, offset=bias)
    made = alter(stub(spec, channels_last=False), [edit(change, channels_last=False)])
    observed = ran(made, x, channels_last=False)
    assert equals(observed, evaluate(spec, probe.x, probe.weight, probe.bias))


def convolved(*stack: Any, **conv: Any) -> Any:
    """Keras layers from `x`, a conv on integers the last."""
    conv = {"filters": 3, "kernel_size": 3, "strides": 2} | conv
    last = K.Conv2D(**conv, kernel_initializer=_integers, bias_initializer=_integers)
    return layers(*stack, last, shape=(None, 8, 9, 2))


def _integers(shape: Any, dtype: Any = None) -> Any:
    rng = np.random.default_rng(len(shape))
    return tf.constant(rng.integers(-4, 5, tuple(shape)).astype(np.float32))


def bias_of(graph_def: Any) -> np.ndarray:
    (name,) = (node.name for node in graph_def.node if "Reshape/ReadVariableOp/res" in node.name)
    return tf.make_ndarray(nodes(graph_def)[name].attr["value"].tensor)


def name_ending(graph_def: Any, end: str) -> str:
    (name,) = (node.name for node in graph_def.node if node.name.endswith(end))
    return str(name)


@pytest.mark.parametrize(
    ("stack", "conv", "pads"),
    [
        ((), {"padding": "same"}, SAME_UPPER),
        ((K.ZeroPadding2D(1),), {"activation": "relu"}, (1, 1)),
    ],
)
def test_its_own_spec_reproduces_a_site(stack: Any, conv: Any, pads: Any) -> None:
    graph_def = convolved(*stack, **conv)
    tail = nodes(graph_def)["Identity"].input[0]
    change = Change(
        spec=op(CONV, (8, 9), 3, 2, pads=pads),
        weight=np.moveaxis(weights(graph_def), (-1, -2), (0, 1)),
        offset=bias_of(graph_def),
        clip=(0, math.inf) if conv.get("activation") else None,
    )
    made = alter(graph_def, [edit(change, tail=tail, output=name_ending(graph_def, "convolution"))])
    x = np.random.default_rng(0).integers(-9, 10, (2, 8, 9, 2)).astype(np.float32)
    assert np.array_equal(run(made, x), run(graph_def, x))


def test_another_spec_is_seen_downstream() -> None:
    """SAME made torch's pads, before a pool that stays."""
    graph_def = layers(
        K.Conv2D(3, 3, 2, padding="same", kernel_initializer=_integers),
        K.MaxPooling2D(2),
        shape=(None, 8, 9, 2),
    )
    spec = op(CONV, (8, 9), 3, 2, pads=(1, 1))
    weight = np.moveaxis(weights_of_conv(graph_def), (-1, -2), (0, 1))
    tail = name_ending(graph_def, "BiasAdd")
    made = alter(graph_def, [edit(Change(spec=spec, weight=weight), tail=tail)])
    x = make_probe(spec).x
    conv = evaluate(spec, x, weight.astype(np.int64)).values
    pooled = evaluate(op(MAX, (4, 5), 2, 2, channels=(3, 3)), conv)
    assert equals(ran(made, x.astype(np.float32)), pooled)


def weights_of_conv(graph_def: Any) -> np.ndarray:
    name = name_ending(graph_def, "convolution/ReadVariableOp/resource")
    return tf.make_ndarray(nodes(graph_def)[name].attr["value"].tensor)


def test_what_only_served_the_site_is_gone() -> None:
    graph_def = convolved(K.ZeroPadding2D(1), activation="relu")
    tail = nodes(graph_def)["Identity"].input[0]
    spec = op(MAX, (8, 9), 3, 2, channels=(2, 2))
    made = alter(graph_def, [edit(Change(spec=spec), tail=tail)])
    kept = {node.name for node in made.node if not node.name.startswith(f"{tail}/altered/")}
    assert kept == {"x", tail, "Identity", "NoOp"}
    x = np.random.default_rng(0).integers(-9, 10, (1, 2, 8, 9)).astype(np.float32)
    assert equals(ran(made, x), evaluate(spec, x.astype(np.int64)))


def test_what_someone_else_reads_stays() -> None:
    def body(x: Any) -> Any:
        padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], name="padded")
        tail = tf.nn.max_pool2d(padded, 3, 1, "VALID", name="tail")
        return tail + padded[:, 1:-1, 1:-1]

    graph_def = frozen(body, (None, 5, 6, 2))
    spec = op(MAX, (5, 6), 3, 1, pads=(1, 1))
    made = alter(graph_def, [edit(Change(spec=spec))])
    x = make_probe(spec).x
    observed = ran(made, x.astype(np.float32))
    assert np.array_equal(observed, evaluate(spec, x).values + x)


def test_what_the_change_reads_stays() -> None:
    graph_def = frozen(
        lambda x: tf.nn.max_pool2d(-x, 2, 1, "VALID", name="tail") + 0.0, (None, 5, 6, 2)
    )
    spec = op(MAX, (5, 6), 3, 2, pads=(1, 1))
    made = alter(graph_def, [edit(Change(spec=spec), data="Neg")])
    x = make_probe(spec).x
    assert equals(ran(made, -x.astype(np.float32)), evaluate(spec, x))


def test_what_is_to_be_kept_stays() -> None:
    graph_def = convolved(padding="same", activation="relu")
    tail, output = nodes(graph_def)["Identity"].input[0], name_ending(graph_def, "convolution")
    change = Change(spec=op(MAX, (8, 9), 3, 2, pads=SAME_UPPER, channels=(2, 2)))
    assert output not in nodes(alter(graph_def, [edit(change, tail=tail, output=output)]))
    kept = alter(graph_def, [edit(change, tail=tail, output=output)], keep=[f"{output}:0"])
    x = np.random.default_rng(0).normal(size=(1, 8, 9, 2)).astype(np.float32)
    assert np.array_equal(run(kept, x, output), run(graph_def, x, output))


def chained() -> Any:
    def body(x: Any) -> Any:
        y = tf.nn.max_pool2d(x, 2, 1, "VALID", name="first")
        return tf.nn.max_pool2d(y, 2, 1, "VALID", name="second")

    return frozen(body, (None, 6, 7, 2))


def test_two_sites_one_after_the_other_in_any_order() -> None:
    first, second = op(MAX, (6, 7), 3, 1, pads=(1, 1)), op(MAX, (6, 7), 2, 2)
    edits = [
        edit(Change(spec=second), data="first:0", tail="second", output="second"),
        edit(Change(spec=first), data="x", tail="first:0", output="first"),
    ]
    x = make_probe(first).x
    expected = evaluate(second, evaluate(first, x).values)
    for order in (edits, edits[::-1]):
        assert equals(ran(alter(chained(), order), x.astype(np.float32)), expected)


def test_a_site_altered_twice() -> None:
    graph_def, spec = chained(), op(MAX, (6, 7), 2, 1)
    for spec in (op(MAX, (6, 7), 3, 1), op(MAX, (6, 7), 2, 1)):
        graph_def = alter(graph_def, [edit(Change(spec=spec), tail="first", output="first")])
    x = make_probe(spec).x
    after = op(MAX, (5, 6), 2, 1)
    expected = evaluate(after, evaluate(spec, x).values)
    assert equals(ran(graph_def, x.astype(np.float32)), expected)
    assert len(graph_def.node) == len(nodes(graph_def))


@pytest.mark.parametrize("clip", [(0, math.inf), (0, 6), (-3, 5), (-math.inf, 2)])
def test_clips_after_the_offset(clip: tuple[float, float]) -> None:
    spec = op(MAX, (6, 7), 2, 1)
    x = make_probe(spec).x % 16 - 8
    offset = np.array([3.0, -4.0])
    made = alter(stub(spec), [edit(Change(spec=spec, offset=offset, clip=clip))])
    expected = np.clip(evaluate(spec, x).values + offset.reshape(1, 2, 1, 1), *clip)
    assert np.array_equal(ran(made, x.astype(np.float32)), expected)


def test_rounds_to_the_quantization() -> None:
    spec = op(MAX, (6, 7), 1, 1)
    quantization = Quantization(scale=0.5, zero_point=-3, low=-8, high=7)
    x = np.linspace(-7, 8, 84, dtype=np.float32).reshape(1, 2, 6, 7)
    made = alter(stub(spec), [edit(Change(spec=spec, quantization=quantization))])
    stored = np.clip(np.rint(x / np.float32(0.5)) - 3, -8, 7)
    assert np.array_equal(ran(made, x), (stored + 3) * 0.5)


def test_half_stays_half() -> None:
    spec = op(CONV, (5, 6), 3, 1, pads=(1, 1))
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (1, 2, 5, 6)).astype(np.float16)
    weight = rng.integers(-3, 4, spec.weight_shape).astype(np.float32)
    made = alter(stub(spec, dtype=tf.float16), [edit(Change(spec=spec, weight=weight))])
    observed = ran(made, x)
    assert observed.dtype == np.float16
    assert equals(observed, evaluate(spec, x.astype(np.int64), weight.astype(np.int64)))


def test_the_graph_stays_as_it_is() -> None:
    graph_def = chained()
    before = graph_def.SerializeToString(deterministic=True)
    alter(graph_def, [edit(Change(spec=op(MAX, (6, 7), 2, 1)), tail="first", output="first")])
    assert graph_def.SerializeToString(deterministic=True) == before


CONV_SPEC = op(CONV, (6, 7), 3, 1)


@pytest.mark.parametrize(
    ("change", "more", "reason"),
    [
        (Change(spec=CONV_SPEC), {}, r"expected a weight of shape \(3, 2, 3, 3\)$"),
        (
            Change(spec=CONV_SPEC, weight=np.zeros((3, 2, 3, 2))),
            {},
            r"expected a weight of shape \(3, 2, 3, 3\) but got \(3, 2, 3, 2\)$",
        ),
        (
            Change(spec=op(MAX, (4, 5), 3, 1, 1, ((0, 0), (0, 6)), pad_mode="symmetric")),
            {},
            "symmetric pads of an input of 5 are 5 wide at most, here 6",
        ),
        (Change(spec=op(MAX, (4, 5), 6, 1)), {}, "there is no output"),
        (
            Change(spec=op(MAX, (4, 5), 2, 1).replace(deviation=Deviation(dtype="float16"))),
            {},
            "a deviating op",
        ),
        (Change(spec=op(MAX, (4, 5), 2, 1)), {"data": "nowhere"}, "no tensor `nowhere`"),
        (Change(spec=op(MAX, (4, 5), 2, 1)), {"tail": "nowhere"}, "no tensor `nowhere`"),
    ],
)
def test_what_cannot_be_changed_is_refused(change: Change, more: Any, reason: str) -> None:
    with pytest.raises(FrameworkError, match=rf"^tensorflow {tf.__version__}: .*{reason}"):
        alter(stub(CONV_SPEC), [edit(change, **more)])


def test_two_changes_of_one_tensor_are_refused() -> None:
    change = edit(Change(spec=op(MAX, (6, 7), 2, 1)))
    with pytest.raises(FrameworkError, match="two changes of one tensor"):
        alter(stub(CONV_SPEC), [change, change])

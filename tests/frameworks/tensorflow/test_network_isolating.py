"""A site taken out of its graph computes the op that stands there, at any size."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers as keras_layers

from padcheck.errors import FrameworkError
from padcheck.frameworks.tensorflow.network.isolating import isolate
from padcheck.geometry import CAUSAL, SAME_UPPER
from padcheck.oracle import evaluate
from padcheck.probes import equals, make_probe
from padcheck.records import OpKind, OpSpec
from tests.frameworks.grid import AVERAGE, CONV, MAX, TRANSPOSED, op
from tests.frameworks.tensorflow.frozen import frozen, layers, nodes, weight_of, windowed
from tests.support import ROOT

Isolated = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Case:
    """A graph of `x` whose one site is `spec`, at the sizes of `others`, too."""

    name: str
    graph_def: Callable[[], Any]
    spec: OpSpec
    channels_last: bool = True
    others: tuple[tuple[int, ...], ...] = ()


def function(body: Callable[[Any], Any], shape: tuple[int | None, ...]) -> Callable[[], Any]:
    return lambda: frozen(body, shape)


def layer(stack: Callable[[], Any], *shape: int | None) -> Callable[[], Any]:
    return lambda: layers(stack(), shape=(None, *shape))


def kernel(*shape: int) -> Any:
    return tf.constant(np.random.default_rng(0).integers(-4, 5, shape).astype(np.float32))


def nested(*pads: tuple[int, int]) -> list[tuple[int, int]]:
    return [(0, 0), *pads, (0, 0)]


def first_nested(*pads: tuple[int, int]) -> list[tuple[int, int]]:
    return [(0, 0), (0, 0), *pads]


K = keras_layers
#: Two input channels and three output channels are `op`'s own.
DEEP = {"group": 2, "channels": (2, 4)}

CASES = [
    Case(
        "conv SAME",
        layer(lambda: K.Conv2D(3, 3, 2, padding="same"), 8, 9, 2),
        op(CONV, (8, 9), 3, 2, pads=SAME_UPPER),
        others=((7, 8), (1, 2), (2, 1)),
    ),
    Case(
        "conv VALID, its own channels many",
        layer(lambda: K.Conv2D(32, (3, 2), (2, 1)), 8, 9, 16),
        op(CONV, (8, 9), (3, 2), (2, 1)),
        others=((3, 2), (10, 5)),
    ),
    Case(
        "conv EXPLICIT",
        function(
            lambda x: tf.nn.conv2d(x, kernel(3, 3, 2, 3), 2, nested((1, 0), (0, 2))),
            (None, 8, 9, 2),
        ),
        op(CONV, (8, 9), 3, 2, pads=((1, 0), (0, 2))),
        others=((2, 1), (7, 8)),
    ),
    Case(
        "ZeroPadding2D + VALID",
        lambda: layers(K.ZeroPadding2D(((1, 2), (3, 0))), K.Conv2D(3, 3, 2), shape=(None, 8, 9, 2)),
        op(CONV, (8, 9), 3, 2, pads=((1, 2), (3, 0))),
        others=((1, 1), (9, 9)),
    ),
    Case(
        "Pad with 5",
        function(
            lambda x: tf.nn.conv2d(
                tf.pad(x, nested((1, 1), (1, 1)), constant_values=5.0),
                kernel(3, 3, 2, 3),
                1,
                "VALID",
            ),
            (None, 6, 7, 2),
        ),
        op(CONV, (6, 7), 3, 1, pads=(1, 1), pad_value=5.0),
    ),
    Case(
        "MirrorPad",
        function(
            lambda x: tf.nn.conv2d(
                tf.pad(x, nested((1, 2), (2, 0)), "REFLECT"), kernel(3, 3, 2, 3), 2, "VALID"
            ),
            (None, 6, 7, 2),
        ),
        op(CONV, (6, 7), 3, 2, pads=((1, 2), (2, 0)), pad_mode="reflect"),
        others=((3, 3),),
    ),
    Case(
        "dilated conv",
        layer(lambda: K.Conv2D(3, 3, padding="same", dilation_rate=2), 8, 9, 2),
        op(CONV, (8, 9), 3, 1, 2, SAME_UPPER),
        others=((5, 6),),
    ),
    Case(
        "dilated by space to batch, SAME",
        function(lambda x: tf.nn.atrous_conv2d(x, kernel(3, 3, 2, 3), 2, "SAME"), (None, 8, 9, 2)),
        op(CONV, (8, 9), 3, 1, 2, SAME_UPPER),
        others=((9, 8), (5, 11), (2, 1)),
    ),
    Case(
        "depthwise",
        layer(lambda: K.DepthwiseConv2D(3, 2, padding="same", depth_multiplier=2), 8, 9, 2),
        op(CONV, (8, 9), 3, 2, pads=SAME_UPPER, **DEEP),
        others=((7, 7),),
    ),
    Case(
        "depthwise of many channels",
        layer(lambda: K.DepthwiseConv2D((3, 2)), 8, 9, 24),
        op(CONV, (8, 9), (3, 2), group=2, channels=(2, 2)),
    ),
    Case(
        "depthwise, dilated by space to batch",
        layer(lambda: K.DepthwiseConv2D(3, padding="same", dilation_rate=2), 9, 8, 2),
        op(CONV, (9, 8), 3, 1, 2, SAME_UPPER, group=2, channels=(2, 2)),
        others=((8, 9), (4, 4), (13, 2)),
    ),
    Case(
        "depthwise, dilated by space to batch, VALID",
        layer(lambda: K.DepthwiseConv2D(3, dilation_rate=3), 9, 10, 2),
        op(CONV, (9, 10), 3, 1, 3, group=2, channels=(2, 2)),
        others=((10, 8), (7, 12)),
    ),
    Case(
        "grouped",
        function(
            lambda x: tf.nn.conv2d(x, kernel(3, 3, 2, 4), [1, 1, 2, 1], "SAME"), (None, 8, 9, 4)
        ),
        op(CONV, (8, 9), 3, (1, 2), pads=SAME_UPPER, group=2, channels=(4, 4)),
        others=((4, 4),),
    ),
    Case(
        "Conv1D SAME",
        layer(lambda: K.Conv1D(3, 3, 2, padding="same"), 12, 2),
        op(CONV, 12, 3, 2, pads=SAME_UPPER),
        others=((11,), (1,)),
    ),
    Case(
        "Conv1D causal",
        layer(lambda: K.Conv1D(3, 3, padding="causal"), 12, 2),
        op(CONV, 12, 3, 1, pads=CAUSAL),
        others=((5,),),
    ),
    Case(
        "Conv1D dilated by space to batch",
        layer(lambda: K.Conv1D(3, 3, padding="same", dilation_rate=2), 12, 2),
        op(CONV, 12, 3, 1, 2, SAME_UPPER),
        others=((11,), (3,)),
    ),
    Case(
        "1-D on the second axis, its weight 4-D",
        function(
            lambda x: tf.squeeze(
                tf.nn.conv2d(tf.expand_dims(x, 2), kernel(3, 1, 2, 3), [1, 2, 1, 1], "SAME"), 2
            ),
            (None, 9, 2),
        ),
        op(CONV, 9, 3, 2, pads=SAME_UPPER),
        others=((8,),),
    ),
    Case(
        "DepthwiseConv1D",
        layer(lambda: K.DepthwiseConv1D(3, 2, padding="same", depth_multiplier=2), 10, 2),
        op(CONV, 10, 3, 2, pads=SAME_UPPER, **DEEP),
        others=((9,),),
    ),
    Case(
        "Conv3D",
        layer(lambda: K.Conv3D(3, (3, 2, 3), (2, 1, 2), padding="same"), 5, 6, 4, 2),
        op(CONV, (5, 6, 4), (3, 2, 3), (2, 1, 2), pads=SAME_UPPER),
        others=((4, 5, 5),),
    ),
    Case(
        "ZeroPadding3D + VALID",
        lambda: layers(
            K.ZeroPadding3D(((1, 0), (0, 1), (1, 1))), K.Conv3D(3, 3, 2), shape=(None, 5, 6, 4, 2)
        ),
        op(CONV, (5, 6, 4), 3, 2, pads=((1, 0), (0, 1), (1, 1))),
        others=((4, 4, 4),),
    ),
    Case(
        "Conv2DTranspose SAME",
        layer(lambda: K.Conv2DTranspose(3, 3, 2, padding="same"), 4, 5, 2),
        op(TRANSPOSED, (4, 5), 3, 2, pads=SAME_UPPER),
        others=((5, 4), (1, 1)),
    ),
    Case(
        "Conv2DTranspose SAME, longer strides",
        layer(lambda: K.Conv2DTranspose(3, 2, 3, padding="same"), 4, 5, 2),
        op(TRANSPOSED, (4, 5), 2, 3, pads=SAME_UPPER),
        others=((5, 4),),
    ),
    Case(
        "Conv2DTranspose VALID, longer strides",
        layer(lambda: K.Conv2DTranspose(3, 2, 3), 4, 5, 2),
        op(TRANSPOSED, (4, 5), 2, 3, pads=((0, -1), (0, -1))),
        others=((5, 4), (1, 2)),
    ),
    Case(
        "Conv2DTranspose with output_padding",
        layer(lambda: K.Conv2DTranspose(3, 3, 2, padding="same", output_padding=0), 4, 5, 2),
        op(TRANSPOSED, (4, 5), 3, 2, pads=((1, 1), (1, 1))),
        others=((5, 4), (2, 9)),
    ),
    Case(
        "Conv2DTranspose of open sizes",
        layer(lambda: K.Conv2DTranspose(3, 3, 2), None, None, 2),
        op(TRANSPOSED, (4, 5), 3, 2),
        others=((5, 4), (1, 2)),
    ),
    Case(
        "Conv2DTranspose, batch told by nothing that it reads",
        function(
            lambda x: tf.nn.conv2d_transpose(x, kernel(3, 3, 3, 2), (2, 9, 11, 3), 2, "VALID"),
            (2, 4, 5, 2),
        ),
        op(TRANSPOSED, (4, 5), 3, 2),
        others=((5, 4),),
    ),
    Case(
        "Conv1DTranspose",
        layer(lambda: K.Conv1DTranspose(3, 3, 2), 6, 2),
        op(TRANSPOSED, 6, 3, 2),
        others=((5,),),
    ),
    Case(
        "Conv3DTranspose",
        layer(lambda: K.Conv3DTranspose(3, 3, 2, padding="same"), 3, 4, 2, 2),
        op(TRANSPOSED, (3, 4, 2), 3, 2, pads=SAME_UPPER),
        others=((2, 2, 3),),
    ),
    Case(
        "max pool SAME",
        layer(lambda: K.MaxPooling2D(3, 2, padding="same"), 8, 9, 2),
        op(MAX, (8, 9), 3, 2, pads=SAME_UPPER),
        others=((7, 8), (1, 1)),
    ),
    Case(
        "PadV2 of -inf + max pool",
        function(
            lambda x: tf.nn.max_pool2d(
                tf.pad(x, nested((1, 1), (0, 1)), constant_values=-math.inf), 3, 2, "VALID"
            ),
            (None, 8, 9, 2),
        ),
        op(MAX, (8, 9), 3, 2, pads=((1, 1), (0, 1))),
        others=((7, 2),),
    ),
    Case(
        "Pad of 0 + max pool",
        lambda: layers(K.ZeroPadding2D(1), K.MaxPooling2D(3, 2), shape=(None, 8, 9, 2)),
        op(MAX, (8, 9), 3, 2, pads=(1, 1), pad_value=0.0),
    ),
    Case(
        "dilated max pool",
        function(
            lambda x: tf.nn.pool(x, (2, 3), "MAX", padding="VALID", dilations=(2, 2)),
            (None, 8, 9, 2),
        ),
        op(MAX, (8, 9), (2, 3), 1, 2),
        others=((7, 8), (3, 5)),
    ),
    Case(
        "average pool SAME",
        layer(lambda: K.AveragePooling2D(3, 2, padding="same"), 8, 9, 2),
        op(AVERAGE, (8, 9), 3, 2, pads=SAME_UPPER),
        others=((7, 8),),
    ),
    Case(
        "average divided by its averaged mask",
        function(
            lambda x: (
                tf.nn.avg_pool2d(tf.pad(x, nested((1, 1), (0, 1))), 3, 2, "VALID")
                / tf.nn.avg_pool2d(tf.pad(tf.ones_like(x), nested((1, 1), (0, 1))), 3, 2, "VALID")
            ),
            (None, 8, 9, 2),
        ),
        op(AVERAGE, (8, 9), 3, 2, pads=((1, 1), (0, 1))),
        others=((7, 6),),
    ),
    Case(
        "1-D max pool",
        layer(lambda: K.MaxPooling1D(3, 2, padding="same"), 9, 2),
        op(MAX, 9, 3, 2, pads=SAME_UPPER),
        others=((8,),),
    ),
    Case(
        "3-D average pool",
        layer(lambda: K.AveragePooling3D(2, 2, padding="same"), 5, 4, 3, 2),
        op(AVERAGE, (5, 4, 3), 2, 2, pads=SAME_UPPER),
    ),
    Case(
        "channels first, EXPLICIT",
        function(
            lambda x: tf.nn.conv2d(
                x,
                kernel(3, 2, 2, 3),
                [1, 1, 2, 1],
                first_nested((1, 0), (0, 2)),
                data_format="NCHW",
                dilations=[1, 1, 1, 2],
            ),
            (None, 2, 8, 9),
        ),
        op(CONV, (8, 9), (3, 2), (2, 1), (1, 2), ((1, 0), (0, 2))),
        channels_last=False,
        others=((9, 8),),
    ),
    Case(
        "channels first, depthwise by space to batch",
        function(
            lambda x: tf.nn.depthwise_conv2d(
                x, kernel(3, 3, 2, 2), [1] * 4, "SAME", data_format="NCHW", dilations=(2, 2)
            ),
            (None, 2, 8, 9),
        ),
        op(CONV, (8, 9), 3, 1, 2, SAME_UPPER, **DEEP),
        channels_last=False,
        others=((7, 4),),
    ),
    Case(
        "channels first, Pad + Conv3D",
        function(
            lambda x: tf.nn.conv3d(
                tf.pad(x, first_nested((1, 0), (0, 1), (1, 1))),
                kernel(3, 3, 3, 2, 3),
                [1, 1, 2, 1, 2],
                "VALID",
                data_format="NCDHW",
            ),
            (None, 2, 5, 6, 4),
        ),
        op(CONV, (5, 6, 4), 3, (2, 1, 2), pads=((1, 0), (0, 1), (1, 1))),
        channels_last=False,
        others=((4, 4, 4),),
    ),
    Case(
        "channels first, transposed",
        layer(
            lambda: K.Conv2DTranspose(3, 3, (2, 3), padding="same", data_format="channels_first"),
            2,
            4,
            5,
        ),
        op(TRANSPOSED, (4, 5), 3, (2, 3), pads=SAME_UPPER),
        channels_last=False,
        others=((5, 4),),
    ),
    Case(
        "channels first, 1-D",
        layer(lambda: K.Conv1D(3, 3, 2, padding="same", data_format="channels_first"), 2, 9),
        op(CONV, 9, 3, 2, pads=SAME_UPPER),
        channels_last=False,
        others=((8,),),
    ),
    Case(
        "channels first, max pool",
        function(
            lambda x: tf.raw_ops.MaxPool(
                input=x,
                ksize=[1, 1, 3, 2],
                strides=[1, 1, 2, 1],
                padding="SAME",
                data_format="NCHW",
            ),
            (None, 2, 8, 9),
        ),
        op(MAX, (8, 9), (3, 2), (2, 1), pads=SAME_UPPER),
        channels_last=False,
    ),
    Case(
        "float64",
        lambda: frozen(lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"), (None, 8, 9, 2), tf.float64),
        op(MAX, (8, 9), 3, 2, pads=SAME_UPPER),
    ),
]

#: What stands after a site and is no part of it.
AFTER = ("BiasAdd", "Add", "AddV2", "Relu", "Identity", "NoOp", "Const", "Placeholder")


def isolated(case: Case) -> Isolated:
    graph_def = case.graph_def()
    index = nodes(graph_def)
    ops = [node for node in graph_def.node if node.op not in AFTER]
    output = next(name for name in index["Identity"].input if not name.startswith("^"))
    while index[output].op in AFTER:
        output = index[output].input[0]
    return isolate(
        graph_def,
        data="x",
        weight=None
        if case.spec.kind in (OpKind.MAX_POOL, OpKind.AVERAGE_POOL)
        else weight_of(graph_def),
        output=output,
        rank=case.spec.rank,
        kind=case.spec.kind,
        channels_last=case.channels_last,
        nodes=[node.name for node in ops],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_computes_its_op_at_every_size(case: Case) -> None:
    site = isolated(case)
    for size in (case.spec.input_size, *case.others, case.spec.input_size):
        spec = case.spec.resized(size)
        probe = make_probe(spec)
        x, weight, _ = probe.as_float32()
        observed = site(x, weight)
        assert observed.dtype == np.float32
        assert equals(observed, evaluate(spec, probe.x, probe.weight)), spec


@pytest.mark.parametrize(
    ("padding", "spec"),
    [
        ("VALID", op(TRANSPOSED, (4, 5), 3, 2)),
        ("SAME", op(TRANSPOSED, (4, 5), 3, 2, pads=SAME_UPPER)),
        ("VALID", op(TRANSPOSED, (4, 5), 1, 2, pads=((0, -1), (0, -1)))),
    ],
)
def test_an_output_shape_worked_out_of_the_models_input_is_keras_own(
    padding: str, spec: OpSpec
) -> None:
    def body(x: Any) -> Any:
        shape = tf.concat([tf.shape(x)[:1], tf.shape(x)[1:3] * 2 + more, [3]], 0)
        filters = kernel(*spec.kernel_size, 3, 2)
        return tf.nn.conv2d_transpose(tf.nn.relu(x), filters, shape, 2, padding)

    more = [size - 2 * n for size, n in zip(spec.output_size, spec.input_size, strict=True)]
    graph_def = frozen(body, (None, None, None, 2))
    node = windowed(graph_def)
    site = isolate(
        graph_def,
        data="Relu",
        weight=weight_of(graph_def),
        output=node.name,
        rank=2,
        kind=OpKind.CONV_TRANSPOSE,
        channels_last=True,
        nodes=[node.name],
    )
    probe = make_probe(spec)
    x, weight, _ = probe.as_float32()
    assert equals(site(x, weight), evaluate(spec, probe.x, probe.weight))


def test_an_op_of_no_output_is_refused_before_it_ends_the_process() -> None:
    for graph_def, kind in (
        (layers(K.MaxPooling2D(9), shape=(None, 16, 16, 2)), OpKind.MAX_POOL),
        (layers(K.Conv2D(3, 9), shape=(None, 16, 16, 2)), OpKind.CONV),
    ):
        op = windowed(graph_def)
        site = isolate(
            graph_def,
            data="x",
            weight=weight_of(graph_def),
            output=op.name,
            rank=2,
            kind=kind,
            channels_last=True,
            nodes=[op.name],
        )
        x, weight = np.ones((1, 2, 8, 16), np.float32), np.ones((3, 2, 9, 9), np.float32)
        with pytest.raises(FrameworkError, match=r"^tensorflow .*: the padded input is shorter"):
            site(x, weight if kind is OpKind.CONV else None)


def test_a_site_that_reads_more_than_its_data_is_refused() -> None:
    graph_def = frozen(lambda x: tf.nn.max_pool2d(tf.nn.relu(x) + x, 2, 2, "SAME"), (1, 4, 4, 2))
    op = windowed(graph_def)
    with pytest.raises(FrameworkError, match="cannot be taken alone: it reads `x`, too"):
        isolate(
            graph_def,
            data="Relu",
            weight=None,
            output=op.name,
            rank=2,
            kind=OpKind.MAX_POOL,
            channels_last=True,
            nodes=["add", op.name],
        )


def test_what_tensorflow_says_is_passed_on_with_its_version() -> None:
    site = isolated(CASES[0])
    with pytest.raises(FrameworkError, match=rf"^tensorflow {tf.__version__}: .*depth") as caught:
        site(np.ones((1, 3, 8, 8), np.float32), np.ones((3, 2, 3, 3), np.float32))
    assert "Traceback" not in str(caught.value)
    assert "most recent call" not in str(caught.value)


def test_the_graph_stays_as_it_is() -> None:
    graph_def = layers(K.ZeroPadding2D(1), K.Conv2D(3, 3), shape=(None, 8, 8, 2))
    before = graph_def.SerializeToString(deterministic=True)
    op = windowed(graph_def)
    site = isolate(
        graph_def,
        data="x",
        weight=weight_of(graph_def),
        output=op.name,
        rank=2,
        kind=OpKind.CONV,
        channels_last=True,
        nodes=[op.name],
    )
    site(np.ones((1, 2, 8, 8), np.float32), np.ones((3, 2, 3, 3), np.float32))
    assert graph_def.SerializeToString(deterministic=True) == before


def test_channels_first_runs_without_onednn() -> None:
    """No CPU kernel but oneDNN's is channels first [tensorflow 2.21.0]."""
    test = f"{__file__}::test_computes_its_op_at_every_size"
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "channels", test],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0"},
        timeout=300,
    )
    assert told.returncode == 0, told.stdout

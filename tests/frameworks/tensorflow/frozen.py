"""Functions and Keras layers as frozen graphs, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from padcheck.frameworks.tensorflow.network.windowed import WINDOWED

Shape = Sequence[int | None]


def frozen(function: Callable[[Any], Any], shape: Shape, dtype: Any = tf.float32) -> Any:
    """The GraphDef of a function of `x`, its variables constants; its output is `Identity`."""
    traced = tf.function(function).get_concrete_function(tf.TensorSpec(shape, dtype, name="x"))
    return convert_variables_to_constants_v2(traced).graph.as_graph_def()


def layers(*stack: Any, shape: Shape) -> Any:
    """The GraphDef of Keras layers."""
    model = keras.Sequential([keras.Input(shape[1:]), *stack])
    return frozen(lambda x: model(x, training=False), shape)


def nodes(graph_def: Any) -> dict[str, Any]:
    return {node.name: node for node in graph_def.node}


def windowed(graph_def: Any) -> Any:
    """The one windowed op."""
    (op,) = (node for node in graph_def.node if node.op in WINDOWED)
    return op


def weight_of(graph_def: Any) -> str | None:
    """The constant that the windowed op's filter comes from."""
    op, index = windowed(graph_def), nodes(graph_def)
    place = WINDOWED[op.op][2]
    if place is None:
        return None
    name = op.input[place]
    while index[name].op != "Const":
        name = index[name].input[0]
    return str(name)


def weights(graph_def: Any) -> np.ndarray:
    """The numbers of `weight_of`."""
    return tf.make_ndarray(nodes(graph_def)[weight_of(graph_def)].attr["value"].tensor)


def run(graph_def: Any, x: np.ndarray, tensor: str = "Identity") -> np.ndarray:
    """One tensor, by TensorFlow alone."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run(f"{tensor}:0", {"x:0": x})

"""A change as a GraphDef of its own: the ops of `tf_compute`, traced."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.tensorflow.network.session import refused, translated
from padcheck.frameworks.tf_code import PADDED, no_output, no_words
from padcheck.frameworks.tf_compute import compute, laid_out
from padcheck.frameworks.tf_ops import tensorflow
from padcheck.records import Change, OpKind, Quantization

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DATA", "TAIL", "WEIGHT", "change_graph"]

#: The names of the placeholders for what the op reads and for its weight, and of what leaves it.
DATA, WEIGHT, TAIL = "data", "weight", "tail"


def change_graph(
    change: Change, *, dtype: int, channels_last: bool
) -> tuple[Any, np.ndarray | None]:
    """The GraphDef from DATA to TAIL, both of `dtype`, and what WEIGHT is to hold.

    op(x, weight) + offset, the clip, then rounding to the quantization, in float32, at the input
    size of `change.spec`. Raises FrameworkError for what TensorFlow has no words for.
    """
    spec = change.spec
    reason = _no_words(change) or no_words(spec, PADDED) or no_output(spec, PADDED)
    if reason is not None:
        raise refused(reason)
    tf = tensorflow()
    to_last = [0, *range(2, spec.rank + 2), 1]
    to_first = [0, spec.rank + 1, *range(1, spec.rank + 1)]
    image = [*spec.input_size, spec.channels[0]]
    shape = image if channels_last else [image[-1], *image[:-1]]
    kernel = None if change.weight is None else laid_out(spec, change.weight)
    with translated(), tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.as_dtype(dtype), [None, *shape], name=DATA)
        y = x if channels_last else tf.transpose(x, to_last)
        y = _epilogue(change, _op(change, tf.cast(y, tf.float32), kernel))
        y = tf.cast(y if channels_last else tf.transpose(y, to_first), x.dtype)
        tf.identity(y, name=TAIL)
        return graph.as_graph_def(), kernel


def _no_words(change: Change) -> str | None:
    spec = change.spec
    if spec.kind is OpKind.RESIZE:
        return "a resize is no windowed op"
    if spec.deviation is not None:
        return "a deviating op is no op of TensorFlow's"
    if spec.kind.has_weight and change.weight is None:
        return f"expected a weight of shape {spec.weight_shape}"
    if change.weight is not None and change.weight.shape != spec.weight_shape:
        return f"expected a weight of shape {spec.weight_shape} but got {change.weight.shape}"
    return None


def _op(change: Change, x: Any, kernel: np.ndarray | None) -> Any:
    import numpy as np

    tf, weight = tensorflow(), None
    if kernel is not None:  # a placeholder, lest the graph hold it
        weight = tf.compat.v1.placeholder(tf.float32, kernel.shape, name=WEIGHT)
    y = compute(change.spec, PADDED, x, weight, None)
    if change.spec.kind is OpKind.LP_POOL:
        y = y ** (1 / change.spec.p)  # `compute` gives the power
    return y if change.offset is None else tf.nn.bias_add(y, np.asarray(change.offset, np.float32))


def _epilogue(change: Change, y: Any) -> Any:
    if change.clip is not None:
        y = _clipped(y, *change.clip)
    return y if change.quantization is None else _rounded(y, change.quantization)


def _clipped(y: Any, low: float, high: float) -> Any:
    tf = tensorflow()
    if (low, high) == (0, math.inf):
        return tf.nn.relu(y)
    if (low, high) == (0, 6):
        return tf.nn.relu6(y)
    if high < math.inf:
        y = tf.minimum(y, high)
    return tf.maximum(y, low) if low > -math.inf else y


def _rounded(y: Any, quantization: Quantization) -> Any:
    """scale * (clip(round(y / scale) + zero_point, low, high) - zero_point); ties to even."""
    tf = tensorflow()
    zero = quantization.zero_point
    stored = tf.round(y / quantization.scale) + zero
    stored = tf.clip_by_value(stored, float(quantization.low), float(quantization.high))
    return (stored - zero) * quantization.scale

"""A function of TensorFlow through tf2onnx, in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework, translated

if TYPE_CHECKING:
    import onnx

__all__ = ["OPSETS", "converted", "version"]

#: The lowest and the highest opset it writes that onnxruntime reads, "supported and tested" from
#: 14 on: https://github.com/onnx/tensorflow-onnx#supported-versions [1.17.0].
OPSETS = (7, 18)

#: tf2onnx is no extra of padcheck's: its pins are its own.
EXTRA = "tensorflow"


def version() -> str:
    """Its version; loads it."""
    return str(import_framework("tf2onnx", extra=EXTRA).__version__)


def converted(
    function: Callable[..., Any], shape: tuple[int | None, ...], *, opset: int
) -> onnx.ModelProto:
    """`function`, a Keras model among others, of one tensor of `shape`, None where it is open.

    By `from_function`: `from_keras` looks up the output of a Sequential of Keras 3 by a name
    that the graph does not have, and raises KeyError [tf2onnx 1.17.0, keras 3.15.1].

    Raises FrameworkError, with its version, for what tf2onnx raises, and for an op that it leaves
    in the model with no more than a line in its log.
    """
    tf = import_framework("tensorflow", extra=EXTRA)
    tf2onnx = import_framework("tf2onnx", extra=EXTRA)
    with translated("tf2onnx", version()):
        # Names end in a count that goes on from model to model, and errors tell names.
        tf2onnx.utils.INTERNAL_NAME = 0
        traced = tf.function(function, autograph=False)
        signature = [tf.TensorSpec(shape, tf.float32, name="x")]
        proto: onnx.ModelProto
        proto, _ = tf2onnx.convert.from_function(traced, signature, opset=opset)
        left = _left(proto)
        if left is not None:
            raise NotImplementedError(f"Tensorflow op {left} is not supported")  # the log's words
    return proto


def _left(model: onnx.ModelProto) -> str | None:
    """The first op that ONNX does not have."""
    import onnx

    ops = (node.op_type for node in model.graph.node if not node.domain)
    return next((op for op in ops if not onnx.defs.has(op)), None)

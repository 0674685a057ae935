"""Keras layers through tf2onnx, run by onnxruntime without optimizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.checks.grade.grader import Built, Script
from padcheck.checks.grade.subjects.from_keras import (
    FromKeras,
    input_shape,
    keras_versions,
    layers,
    on_arrays,
    refusals,
)
from padcheck.frameworks.keras.layer import layer_code
from padcheck.frameworks.onnx.sessions import session, session_code
from padcheck.frameworks.tf2onnx.conversion import OPSETS, converted, version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.records.case import Case

__all__ = ["Tf2OnnxGrader"]


class Tf2OnnxGrader(FromKeras):
    """The model is channels last, as Keras has it, and its opset the nearest that tf2onnx has."""

    def versions(self) -> dict[str, str]:
        """Of tf2onnx, of TensorFlow and Keras, whose layers they are, and of what runs it."""
        return {"tf2onnx": version(), **keras_versions()}

    def asks(self, case: Case) -> Case | str:
        """The case at an opset that tf2onnx writes, or why there is no layer."""
        asked = super().asks(case)
        if isinstance(asked, str):
            return asked
        lowest, highest = OPSETS
        return asked.replace(opset=min(max(case.opset, lowest), highest))

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """The converted layers, their batch open as Keras has it; the layers themselves."""
        with refusals():
            model = layers(case, weight, bias)
            proto = converted(model, input_shape(case), opset=case.opset)
            run = session(proto, optimized=False)
        return Built(run=on_arrays(run), layer=on_arrays(model))

    def script(self, case: Case) -> Script:
        """As a user converts."""
        shape = input_shape(case)
        return Script(
            imports=(
                "import keras",
                "import onnxruntime",
                "import tensorflow as tf",
                "import tf2onnx",
            ),
            lines=(
                *layer_code(case.spec, dynamic=case.dynamic),
                f"signature = [tf.TensorSpec({shape}, tf.float32)]",
                "function = tf.function(model)",
                "model, _ = tf2onnx.convert.from_function(",
                f"    function, signature, opset={case.opset}",
                ")",
                "x = np.ascontiguousarray(np.moveaxis(x, 1, -1))",
                *session_code(optimized=False),
                "y = np.moveaxis(y, -1, 1)",
            ),
        )

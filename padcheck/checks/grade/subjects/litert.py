"""Keras layers through TensorFlow's converter, on LiteRT's kernels."""

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
from padcheck.frameworks.litert.converting import converted, kernels, version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.records.case import Case

__all__ = ["LiteRTGrader", "default_kernels", "reference_kernels"]


class LiteRTGrader(FromKeras):
    """`reference`: on the reference kernels, else on the default ones: XNNPACK where it takes
    the op.
    """

    def __init__(self, *, reference: bool) -> None:
        self._reference = reference

    def versions(self) -> dict[str, str]:
        """Of LiteRT, and of TensorFlow and Keras, whose converter and layers they are."""
        return {"litert": version(), **keras_versions()}

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """The converted layers, their batch open as Keras has it; the layers themselves."""
        with refusals():
            model = layers(case, weight, bias)
            run = kernels(converted(model, input_shape(case)), reference=self._reference)
        return Built(run=on_arrays(run), layer=on_arrays(model))

    def script(self, case: Case) -> Script:
        """As a user converts: the ops are those of `build`."""
        kernels = "BUILTIN_REF" if self._reference else "AUTO"
        return Script(
            imports=(
                "import keras",
                "import tensorflow as tf",
                "from ai_edge_litert.interpreter import Interpreter, OpResolverType",
            ),
            lines=(
                *layer_code(case.spec, dynamic=case.dynamic),
                "converted = tf.lite.TFLiteConverter.from_keras_model(model).convert()",
                f"kernels = OpResolverType.{kernels}",
                "runner = Interpreter(",
                "    model_content=converted, experimental_op_resolver_type=kernels",
                ")",
                "values = np.moveaxis(x, 1, -1)",
                'taken = runner.get_input_details()[0]["index"]',
                "runner.resize_tensor_input(taken, values.shape)",
                "runner.allocate_tensors()",
                "runner.set_tensor(taken, values)",
                "runner.invoke()",
                'given = runner.get_output_details()[0]["index"]',
                "y = np.moveaxis(runner.get_tensor(given), -1, 1)",
            ),
        )


def default_kernels() -> LiteRTGrader:
    """The default kernels."""
    return LiteRTGrader(reference=False)


def reference_kernels() -> LiteRTGrader:
    """The reference kernels."""
    return LiteRTGrader(reference=True)

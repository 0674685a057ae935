"""onnx2tf: its Keras 2 model, which is channels last where onnx2tf made it so."""

from __future__ import annotations

from padcheck.checks.grade.subjects.callables import OnnxConverter
from padcheck.checks.grade.subjects.origins import Origin
from padcheck.frameworks.onnx2tf.conversion import BATCH, converted, forget, load

__all__ = ["Onnx2TfGrader"]

_ORIGIN = Origin(
    name="onnx2tf",
    package="onnx2tf",
    call=lambda case: "onnx2tf.convert(onnx_graph=model, disable_model_save=True)",
    distributions=("onnx2tf", "tensorflow", "tf-keras"),
    load=load,
    imports=("import onnx2tf",),
    lines=(
        "for value in (*model.graph.input, *model.graph.output):",
        f"    value.type.tensor_type.shape.dim[0].dim_value = {BATCH}",
    ),
)


class Onnx2TfGrader(OnnxConverter):
    """The layout is told by the shapes that each model declares.

    Names of layers, which errors tell, are counted anew for each model.
    """

    def __init__(self) -> None:
        super().__init__(converted, "onnx2tf", origin=_ORIGIN, tidy=forget, tidy_after=1)

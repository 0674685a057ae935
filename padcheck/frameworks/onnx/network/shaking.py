"""A program whose plain numbers are as a coarser format may have rounded them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx.network.program import NUMPY_TYPES, Program, array_of_weight
from padcheck.frameworks.shaking import Shaker

if TYPE_CHECKING:
    from padcheck.frameworks.onnx.network.program import Weight

__all__ = ["shaken_program"]

#: Ops that compute with their operands; others take a size, a limit or an index from them.
_COMPUTES = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Where", "Concat", "Gather", "Identity", "PRelu"),
        *("MatMul", "Gemm", "Einsum", "Conv", "ConvTranspose", "RNN", "GRU", "LSTM"),
        *("BatchNormalization", "GroupNormalization", "InstanceNormalization"),
        *("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"),
    }
)


def shaken_program(program: Program, of_itself: float, of_largest: float, seed: int) -> Program:
    """The program with the floats of the file changed as `Shaker` does, single numbers and
    what something takes that does not compute with it left out.

    Raises FrameworkError for a weight that cannot be read.
    """
    import numpy as np

    fixed = {name for node in program.nodes if node.op_type not in _COMPUTES for name in node.input}
    shaker = Shaker(of_itself, of_largest, seed)
    weights: dict[str, Weight] = dict(program.weights)
    for name, weight in program.weights.items():
        if name in fixed or isinstance(weight, np.ndarray) or weight.data_type not in NUMPY_TYPES:
            continue  # an array was brought by a Change
        try:
            array = array_of_weight(weight, program.folder)
        except (ValueError, OSError) as error:
            raise FrameworkError(f"ONNX: weight {name}: {error}") from error
        if array.dtype.kind == "f" and array.size > 1:
            weights[name] = shaker.shaken(array)
    return replace(program, weights=weights, path=None)

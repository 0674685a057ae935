"""A program whose plain numbers are as a coarser format may have rounded them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx.network.program import NUMPY_TYPES, Program, array_of_weight
from padcheck.frameworks.shaking import shaken_array

if TYPE_CHECKING:
    from padcheck.frameworks.onnx.network.program import Weight

__all__ = ["shaken_program"]

#: Ops that compute with their operands; others take a size, a limit or an index from them.
_COMPUTES = frozenset(
    "Add BatchNormalization Concat Conv ConvTranspose Div Einsum GRU Gather Gemm "
    "GroupNormalization Identity InstanceNormalization LSTM LayerNormalization MatMul Mul PRelu "
    "RMSNormalization RNN SimplifiedLayerNormalization Sub Where".split()
)


def shaken_program(program: Program, of_itself: float, of_largest: float) -> Program:
    """The program with every weight of floats changed as `shaken_array` does, except where
    something takes it that does not compute with it. Single numbers stay.

    Raises FrameworkError for a weight that cannot be read.
    """
    fixed = {
        name for node in program.nodes if node.op_type not in _COMPUTES for name in node.input
    }
    generator = np.random.default_rng(0)
    weights: dict[str, Weight] = {}
    for name, weight in program.weights.items():
        weights[name] = weight
        if name in fixed or not (isinstance(weight, np.ndarray) or _is_plain(weight.data_type)):
            continue
        try:
            array = array_of_weight(weight, program.folder)
        except (ValueError, OSError) as error:
            raise FrameworkError(f"ONNX: weight {name}: {error}") from error
        if array.dtype.kind == "f" and array.size > 1:
            weights[name] = shaken_array(array, generator, of_itself, of_largest)
    return replace(program, weights=weights, path=None)


def _is_plain(data_type: int) -> bool:
    return data_type in NUMPY_TYPES

"""A frozen graph whose variables are as a coarser format may have rounded them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from padcheck.frameworks.shaking import Shaker
from padcheck.frameworks.tensorflow.network.freezing import Frozen
from padcheck.frameworks.tf_ops import tensorflow

__all__ = ["shaken_frozen"]


def shaken_frozen(frozen: Frozen, of_itself: float, of_largest: float, seed: int) -> Frozen:
    """The graph with the floats that were variables, and the large constants, changed as `Shaker`
    does; single numbers stay.
    """
    shaker = Shaker(of_itself, of_largest, seed)
    graph_def = type(frozen.graph_def)()
    graph_def.CopyFrom(frozen.graph_def)
    for node in graph_def.node:
        if node.op == "Const" and node.name in frozen.variables:
            array = tensorflow().make_ndarray(node.attr["value"].tensor)
            if _is_shaken(array):
                made = tensorflow().make_tensor_proto(shaker.shaken(array))
                node.attr["value"].tensor.CopyFrom(made)
    weights = {
        name: shaker.shaken(array) if _is_shaken(array) else array
        for name, array in frozen.weights.items()
    }
    return replace(frozen, graph_def=graph_def, weights=weights)


def _is_shaken(array: Any) -> bool:
    return bool(array.dtype.kind == "f" and array.size > 1)

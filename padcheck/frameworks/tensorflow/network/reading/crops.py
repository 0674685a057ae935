"""A StridedSlice that crops: what it leaves out at either end of each axis."""

from __future__ import annotations

from typing import Any

from padcheck.frameworks.tensorflow.network.graph import Graph
from padcheck.frameworks.tensorflow.network.reordered import OTHER_MASKS

__all__ = ["crop_of"]


def crop_of(graph: Graph, node: Any, rank: int) -> list[tuple[int, int]] | None:
    """(before, after) for each of `rank` axes; None for a node that crops otherwise, or not at all.

    Every end is counted from itself, so that the crop is the same at every size: `x[:, 1:-1]`.
    Source: StridedSlice; a bit of a mask stands for an end that is left as it is.
    """
    if node.op != "StridedSlice" or any(node.attr[name].i for name in OTHER_MASKS):
        return None
    numbers = [graph.constant(name.removesuffix(":0")) for name in node.input[1:4]]
    if any(array is None or array.ndim != 1 or array.size > rank for array in numbers):
        return None
    begins, ends, steps = (array.tolist() for array in numbers if array is not None)
    if set(steps) != {1}:
        return None
    pairs = [(0, 0)] * rank
    for axis, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        opened = [node.attr[name].i >> axis & 1 for name in ("begin_mask", "end_mask")]
        before, after = 0 if opened[0] else begin, 0 if opened[1] else -end
        if before < 0 or not (opened[1] or after > 0):
            return None
        pairs[axis] = (before, after)
    return pairs

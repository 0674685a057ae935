"""Transposes around an op: channels moved before it, and moved back after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.frameworks.tensorflow.network.graph import Graph

__all__ = ["Moved", "transposes_around"]


@dataclass(frozen=True, slots=True)
class Moved:
    """The spatial axes of what stands before the first Transpose, and where its channels are."""

    after: Any
    axes: tuple[int, ...]
    channels_last: bool


def transposes_around(
    graph: Graph, before: Any, output: str, axes: Sequence[int | None], *, channels_last: bool
) -> Moved | None:
    """What undoes the Transpose `before` an op; None where nothing does.

    `axes` and `channels_last` are those of the op, `output` is its output.

    1. The only reader of the output is a Transpose, the inverse of the first.
    2. The batch stays first, the spatial axes in their order, and the channels are first or last.
    """
    after = graph.only_reader(output)
    if after is None or after.op != "Transpose" or None in axes:
        return None
    there, back = _order(graph, before), _order(graph, after)
    rank = len(axes) + 2
    if there is None or back is None or not len(there) == len(back) == rank:
        return None
    if [there[axis] for axis in back] != list(range(rank)):  # rule 1
        return None
    channels = there[rank - 1 if channels_last else 1]
    moved = tuple(there[axis] for axis in axes if axis is not None)
    if there[0] != 0 or channels not in (1, rank - 1) or list(moved) != sorted(moved):  # rule 2
        return None
    return Moved(after, moved, channels == rank - 1)


def _order(graph: Graph, node: Any) -> list[int] | None:
    """Output axis -> input axis; None where that is no constant."""
    order = graph.constant(node.input[1].removesuffix(":0"))
    return None if order is None or order.ndim != 1 else [int(axis) for axis in order]

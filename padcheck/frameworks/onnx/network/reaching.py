"""What some values of a graph are computed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

__all__ = ["reaching", "taken"]


def taken(node: onnx.NodeProto) -> Iterator[str]:
    """What a node reads, in its bodies, too (with names that are the bodies' own)."""
    yield from filter(None, node.input)
    for attribute in node.attribute:
        graphs = [attribute.g] if attribute.HasField("g") else []
        for graph in (*graphs, *attribute.graphs):
            for inner in graph.node:
                yield from taken(inner)
            yield from (one.name for one in graph.output)


def reaching(
    nodes: Sequence[onnx.NodeProto], names: Iterable[str]
) -> tuple[list[onnx.NodeProto], set[str]]:
    """The nodes, of some in the order of a graph, that the values `names` are computed from, and
    all that these nodes read.
    """
    wanted = set(names)
    kept = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            kept.append(node)
            wanted.update(taken(node))
    return kept[::-1], wanted

"""The main graph as wires: who reads a value, and which values the file itself names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from padcheck.frameworks.onnx.reading.building import domain_name
from padcheck.frameworks.onnx.reading.graph import Entry, Scope

if TYPE_CHECKING:
    import onnx

__all__ = ["Wiring"]


class Wiring:
    """The readers of each value of a graph's own scope.

    `names` are the values that the file's main graph names, so that a runtime can give them;
    what comes into being inside of a function's call is not among them.
    """

    def __init__(self, root: Scope, graph: onnx.GraphProto) -> None:
        self.root = root
        self.names = _names(root, graph)
        self._readers: dict[str, list[Entry]] = defaultdict(list)
        for entry in root.entries:
            for name in filter(None, entry.inputs):
                self._readers[name].append(entry)

    def readers(self, name: str) -> list[Entry]:
        """The entries that take a value as an input, in order."""
        return self._readers.get(name, [])

    def only_reader(self, name: str) -> Entry | None:
        """The one entry that takes a value, if nothing else does and it is no graph output."""
        readers = self.readers(name)
        return readers[0] if len(readers) == 1 and self.root.uses[name] == 1 else None

    def single(self, entry: Entry) -> bool:
        """Whether an entry has one output, and the file names it."""
        return sum(map(bool, entry.outputs)) == 1 and entry.output in self.names


def _names(root: Scope, graph: onnx.GraphProto) -> frozenset[str]:
    """Inputs, initializers, and what comes out of nodes that are no calls of functions."""
    names = {*root.inputs, *(one.name for one in graph.initializer)}
    for node in graph.node:
        known = next((root.producers[out] for out in node.output if out in root.producers), None)
        if known is None:
            names.update(out for out in node.output if out in root.constants)
        elif known.op_type == node.op_type and known.domain == domain_name(node.domain):
            names.update(filter(None, node.output))
    return frozenset(names)

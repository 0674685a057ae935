"""Windowed ops in functions that a graph runs itself: bodies of While, branches of If."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from padcheck.frameworks.tensorflow.network.graph import Graph
from padcheck.frameworks.tensorflow.network.reading.operators import operator_of, refusal_of

__all__ = ["Inner", "inner_ops"]


@dataclass(frozen=True, slots=True)
class Inner:
    """An op in a body; `path` starts with the node that runs it."""

    path: str
    node: Any
    runner: Any


def inner_ops(graph: Graph, node: Any) -> Iterator[Inner]:
    """The windowed ops of all functions that a node runs, and those run by them, each once."""
    functions = {one.signature.name: one for one in graph.frozen.graph_def.library.function}
    waiting = [(node.name, name) for name in _run_by(node)]
    seen: set[str] = set()
    while waiting:
        path, name = waiting.pop(0)
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for inner in functions[name].node_def:
            if operator_of(inner) is not None or refusal_of(inner) is not None:
                yield Inner(f"{path}/{inner.name}", inner, node)
            waiting += [(f"{path}/{inner.name}", one) for one in (inner.op, *_run_by(inner))]


def _run_by(node: Any) -> list[str]:
    names = []
    for value in node.attr.values():
        if value.HasField("func"):
            names.append(value.func.name)
        names += [one.name for one in value.list.func]
    return names

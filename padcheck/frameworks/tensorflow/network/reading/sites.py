"""The sites of a graph in topological order, each with its place and what isolates it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from padcheck.errors import GeometryError, ModelError
from padcheck.frameworks.tensorflow.network.graph import Graph
from padcheck.frameworks.tensorflow.network.reading.bodies import inner_ops
from padcheck.frameworks.tensorflow.network.reading.epilogue import Tail, stray_bias, tail_of
from padcheck.frameworks.tensorflow.network.reading.flow import (
    sites_before,
    words_for_never_negative,
)
from padcheck.frameworks.tensorflow.network.reading.names import site_names
from padcheck.frameworks.tensorflow.network.reading.operators import operator_of, refusal_of
from padcheck.frameworks.tensorflow.network.reading.specs import Graphs, Reading, read_node
from padcheck.frameworks.tensorflow.network.reading.values import reader_of
from padcheck.records import Epilogue, Place, Site, printable

__all__ = ["ReadSite", "read_sites"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadSite:
    """A site; `reading` and `place` are None where it could not be read."""

    site: Site
    node: str
    reading: Reading | None = None
    place: Place | None = None

    @property
    def nodes(self) -> tuple[str, ...]:
        """The op's node, and those taken in with it."""
        return (self.node, *(self.reading.around.nodes if self.reading else ()))


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A windowed op: where it stands, and why it cannot be read, if so."""

    path: str
    node: Any
    reading: Reading | None = None
    reason: str | None = None


def read_sites(graphs: Graphs) -> tuple[ReadSite, ...]:
    """Every windowed op that the outputs depend on; one that cannot be read has a reason."""
    graph = graphs.full
    found: list[_Found] = []
    numbers: dict[str, list[int]] = {}
    for name in graph.order:
        node = graph.nodes[name]
        before = len(found)
        if operator_of(node) is not None or refusal_of(node) is not None:
            found.append(_read(graphs, node))
        else:
            found += _in_bodies(graph, node)
        if len(found) > before:
            numbers[name] = list(range(before, len(found)))
    return tuple(_completed(graph, found, numbers))


def _read(graphs: Graphs, node: Any) -> _Found:
    operator = operator_of(node)
    if operator is None:
        return _Found(node.name, node, reason=refusal_of(node))
    try:
        return _Found(node.name, node, read_node(graphs, node, operator))
    except (ModelError, GeometryError) as error:
        return _Found(node.name, node, reason=str(error))


def _in_bodies(graph: Graph, node: Any) -> list[_Found]:
    return [
        _Found(
            inner.path,
            inner.node,
            reason=f"it is in a function that {node.op} `{printable(node.name)}` runs",
        )
        for inner in inner_ops(graph, node)
    ]


def _completed(graph: Graph, found: list[_Found], numbers: dict[str, list[int]]) -> list[ReadSite]:
    origins = [_origin(graph, one.reading) for one in found]
    uses = Counter(origins)
    variables = {
        one.path: graph.frozen.variables.get(origin or "", "")
        for one, origin in zip(found, origins, strict=True)
    }
    names = site_names([one.path for one in found], variables, graph.frozen.layers)
    before, words = sites_before(graph, numbers), words_for_never_negative(graph)
    sites = []
    for one, name, origin in zip(found, names, origins, strict=True):
        op_type = printable(one.node.op)
        if one.reading is None:
            site = Site(name=name, op_type=op_type, reason=one.reason)
            sites.append(ReadSite(site, one.node.name))
            continue
        tail = _tail(graph, one.reading)
        reading = replace(one.reading, spec=_with_bias(one.reading, tail))
        remark = stray_bias(graph, tail, _channel_axis(reading))
        data = reading.around.data
        source = data.partition(":")[0]
        place = Place(
            data=data,
            output=reading.around.output,
            tail=tail.name,
            channels_last=reading.channels_last,
            values=reader_of(graph, reading, tail),
            shared=origin if uses[origin] > 1 else None,
            epilogue=Epilogue(clip=tail.clip, nodes=tail.nodes),
            before=before.get(source, frozenset()),
            never_negative=words.get(source) if ":" not in data else None,
        )
        site = Site(
            name=name,
            op_type=op_type,
            spec=reading.spec,
            folded=tuple(map(printable, reading.around.folded)),
            dynamic=reading.dynamic,
            notes=(*reading.around.notes, *([remark] if remark is not None else [])),
        )
        sites.append(ReadSite(site, one.node.name, reading, place))
    return sites


def _origin(graph: Graph, reading: Reading | None) -> str | None:
    """What holds the weight."""
    if reading is None or reading.weight is None:
        return None
    return graph.origin(reading.weight)


def _tail(graph: Graph, reading: Reading) -> Tail:
    """A pool, and a convolution whose weight is no constant, is not scaled or shifted."""
    spec = reading.spec
    known = reading.weight is not None and graph.is_constant(reading.weight)
    return tail_of(
        graph, reading.around.output, spec.channels[1] if known else None, _channel_axis(reading)
    )


def _channel_axis(reading: Reading) -> int:
    return reading.spec.rank + 1 if reading.channels_last else 1


def _with_bias(reading: Reading, tail: Tail) -> Any:
    """The spec, with a bias where the first thing after the op adds one number per channel."""
    return reading.spec.replace(bias=bool(tail.steps) and tail.steps[0].adds)

"""A .tflite model that was read, and at work: the Network of `frameworks/base.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.litert.network.altering import altered_model
from padcheck.frameworks.litert.network.flatbuffer import read_flatbuffer
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.interpreting import measured
from padcheck.frameworks.litert.network.isolating import isolated
from padcheck.frameworks.litert.network.loading import Content, load_content
from padcheck.frameworks.litert.network.places import read_places, rounding_notes
from padcheck.frameworks.litert.network.ports import ports_of, shaped, tensors_of
from padcheck.frameworks.litert.network.running import run
from padcheck.frameworks.litert.network.schema import version
from padcheck.frameworks.litert.network.sites import SiteReading, read_sites
from padcheck.frameworks.litert.network.views import Views
from padcheck.records import Change, ModelRef, Place, Site, Tensor

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LiteRTNetwork", "open_network"]

Shapes = Mapping[str, Sequence[int]]


def open_network(
    model: str | os.PathLike[str] | bytes, input_shapes: Shapes | None = None
) -> LiteRTNetwork:
    """Reads a .tflite file, or its bytes; loads no TensorFlow.

    `input_shapes` gives whole shapes, batch and channels included, by input name.
    Raises ModelError for what is no readable model, UsageError for input shapes that it has no
    use for, FrameworkError where the interpreter refuses these, and MissingFramework where
    ai-edge-litert is not installed.
    """
    return _opened(load_content(model), input_shapes or {})


def _opened(
    content: Content, shapes: Shapes, *, original: LiteRTNetwork | None = None
) -> LiteRTNetwork:
    model = read_flatbuffer(content.data, content.where)
    graph = Graph(model)
    ports = ports_of(graph)
    sizes = shaped(graph, ports, shapes)
    notes: tuple[str, ...] = ()
    if sizes is not None:
        graph = measured(graph, sizes)
    sites = read_sites(graph)
    if sizes is None and any(one.is_shapeless for one in sites):
        graph, sites, notes = _measured(graph, sites)
    notes += rounding_notes(graph, sites)
    return LiteRTNetwork(content, graph, sites, notes, original=original)


def _measured(
    graph: Graph, sites: tuple[SiteReading, ...]
) -> tuple[Graph, tuple[SiteReading, ...], tuple[str, ...]]:
    """The sites anew with the interpreter's shapes, where those of the file will not do."""
    sizes = {index: graph.tensor(index).sizes for index in graph.subgraph.inputs}
    if any(None in graph.tensor(index).dims[1:] for index in sizes):
        return graph, sites, ()
    try:
        graph = measured(graph, sizes)
    except FrameworkError as error:
        note = f"the file does not tell every shape, and the interpreter does not either: {error}"
        return graph, sites, (note,)
    return graph, read_sites(graph), ()


class LiteRTNetwork:
    """See `padcheck.frameworks.base.Network`."""

    def __init__(
        self,
        content: Content,
        graph: Graph,
        sites: tuple[SiteReading, ...],
        notes: tuple[str, ...] = (),
        *,
        original: LiteRTNetwork | None = None,
    ) -> None:
        self._content = content
        self._graph = graph
        self._readings = sites
        self._views: Views = Views(graph, None if original is None else original._views)
        self._ports = ports_of(graph)
        self.ref: ModelRef = content.ref
        self.inputs: tuple[Tensor, ...] = tensors_of(graph, self._ports.inputs)
        self.outputs: tuple[Tensor, ...] = tensors_of(graph, self._ports.outputs)
        self.sites: tuple[Site, ...] = tuple(one.site for one in sites)
        if original is not None and len(original.sites) == len(sites):
            pairs = zip(self.sites, original.sites, strict=True)
            self.sites = tuple(replace(site, name=old.name) for site, old in pairs)
        self.places: tuple[Place | None, ...] = read_places(graph, sites, self._views)
        self.notes: tuple[str, ...] = notes

    def versions(self) -> dict[str, str]:
        """{"ai_edge_litert": version}."""
        return {"ai_edge_litert": version()}

    def at(self, shapes: Shapes) -> LiteRTNetwork:
        """The network at other input shapes, by name; sizes are the interpreter's own."""
        if shaped(self._graph, self._ports, shapes, only_new=True) is None:
            return self
        given = {name: self._graph.dims(index) for name, index in self._ports.inputs}
        kept = {
            name: [size if size is not None else 1 for size in dims]
            for name, dims in given.items()
            if dims is not None
        }
        return _opened(self._content, {**kept, **shapes})

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str] = (), *, only: bool = False
    ) -> dict[str, np.ndarray]:
        """Every output and the tensors asked for, by name; as `running.run`. All is computed."""
        return run(self._graph, self._ports, self._views, feeds, fetches)

    def isolate(self, index: int) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
        """The op of one site in a float32 model of its own, on the default kernels."""
        reading = self._readings[index].reading
        if reading is None:
            site = self._readings[index].site
            raise FrameworkError(f"litert {version()}: {site.name}: {site.reason}")
        return isolated(reading)

    def altered(self, changes: Mapping[int, Change]) -> LiteRTNetwork:
        """The network with some sites replaced; float models only."""
        if not changes:
            return self
        for index in changes:
            if not 0 <= index < len(self._readings):
                raise UsageError(f"expected a site in [0, {len(self._readings)}) but got {index}")
        data = altered_model(self._graph, self._readings, changes)
        made = Content(data, self.ref, self._content.where)
        shapes = {
            name: [size if size is not None else 1 for size in self._graph.dims(index) or ()]
            for name, index in self._ports.inputs
        }
        return _opened(made, shapes if self._graph.measured is not None else {}, original=self)

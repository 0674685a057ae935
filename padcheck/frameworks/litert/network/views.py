"""The tensors that can be fetched: those of the model, and some without an axis of size 1."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.frameworks.litert.network.graph import Graph

__all__ = ["View", "Views"]


@dataclass(frozen=True, slots=True)
class View:
    """A tensor of the graph; `axis` is taken out of it, None for none."""

    tensor: int
    axis: int | None = None


class Views:
    """Name -> what is fetched for it; `known` are those of the network that this one is made of."""

    def __init__(self, graph: Graph, known: Views | None = None) -> None:
        self._graph = graph
        self._views = {name: View(index) for index, name in enumerate(graph.names)}
        self._views.update(known._views if known is not None else {})

    def name(self, tensor: int, rank: int, unit: int | None) -> str:
        """A tensor's name; that of a view where the tensor has one axis more than `rank` + 2.

        `unit` is the spatial axis that an op put in for the sake of 2-D kernels.
        """
        name = self._graph.names[tensor]
        dims = self._graph.dims(tensor)
        if unit is None or dims is None or len(dims) != rank + 3:
            return name
        view = f"{name} without axis {unit + 1}"
        self._views[view] = View(tensor, unit + 1)
        return view

    def get(self, name: str) -> View | None:
        """What is behind a name, None for a name that the network has not."""
        return self._views.get(name)

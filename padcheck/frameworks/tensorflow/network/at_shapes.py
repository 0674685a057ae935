"""A frozen graph read at some input shapes: its sites, and what goes in and comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from padcheck.errors import ModelError, UsageError
from padcheck.frameworks.tensorflow.network.freezing import Frozen
from padcheck.frameworks.tensorflow.network.graph import Graph, Shape
from padcheck.frameworks.tensorflow.network.quiet import load_tensorflow
from padcheck.frameworks.tensorflow.network.reading.flow import axis_at_input
from padcheck.frameworks.tensorflow.network.reading.sites import ReadSite, read_sites
from padcheck.frameworks.tensorflow.network.reading.specs import Graphs
from padcheck.geometry import at_least
from padcheck.records import Place, Tensor

__all__ = ["ReadGraph", "read_at"]

#: Sizes past this are no input's.
MAX_SIZE = (1 << 31) - 1

#: What stands in for open sizes, by the rank of the input, while what a graph works out of shapes
#: is read; the next ones where TensorFlow refuses the graph at the first.
STAND_INS = {3: (256, 224, 1024), 5: (32, 64, 16)}
OTHER_STAND_INS = (224, 256, 320)


@dataclass(frozen=True, slots=True, eq=False)
class ReadGraph:
    """What a network has at its input shapes."""

    sites: tuple[ReadSite, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_at(frozen: Frozen, shapes: Mapping[str, Sequence[int]], where: str) -> ReadGraph:
    """Reads the graph, the batch 1 where it is open, other open sizes left open.

    Raises UsageError for a shape that the model has no use for, and ModelError where TensorFlow
    refuses the graph.
    """
    declared = {name: declared_shape(frozen, tensor) for name, tensor in frozen.inputs.items()}
    unknown = [name for name in shapes if name not in declared]
    if unknown:
        raise UsageError(
            f"input_shapes: expected an input of the model ({', '.join(declared)}) but got "
            f"{unknown[0]!r}"
        )
    actual = {
        name: _given(name, shapes[name], shape) if name in shapes else shape
        for name, shape in declared.items()
    }
    known = {name: _one_batch(shape) for name, shape in actual.items() if shape is not None}
    given = Graph(frozen, known, where)
    full = _stood_in(frozen, known, where) or given
    sites = read_sites(Graphs(given, full))
    places = [one.place for one in sites if one.place is not None]
    return ReadGraph(
        sites,
        inputs=_inputs(full, actual, places),
        outputs=_outputs(given, places, open_batch=any(_is_open(one) for one in actual.values())),
    )


def declared_shape(frozen: Frozen, tensor: str) -> Shape | None:
    """The sizes of a placeholder, None where open."""
    for node in frozen.graph_def.node:
        if node.name == tensor:
            shape = node.attr["shape"].shape
            if shape.unknown_rank:
                return None
            return tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)
    return None


def _given(name: str, shape: Sequence[int], declared: Shape | None) -> Shape:
    try:
        sizes = tuple(at_least(f"input_shapes[{name!r}]", size, 1) for size in shape)
    except TypeError:
        raise UsageError(
            f"expected a list of ints but got input_shapes[{name!r}]={shape!r}"
        ) from None
    if any(size > MAX_SIZE for size in sizes):
        raise UsageError(
            f"expected sizes of at most {MAX_SIZE} but got input_shapes[{name!r}]={sizes}"
        )
    if declared is None:
        return sizes
    fits = len(declared) == len(sizes) and all(
        fixed in (None, size) for fixed, size in zip(declared, sizes, strict=True)
    )
    if not fits:
        fixed = ", ".join("?" if size is None else str(size) for size in declared)
        raise UsageError(
            f"expected sizes as the model has, ({fixed}), but got input_shapes[{name!r}]={sizes}"
        )
    return sizes


def _is_open(shape: Shape | None) -> bool:
    return shape is None or (len(shape) > 0 and shape[0] is None)


def _one_batch(shape: Shape) -> Shape:
    return (1, *shape[1:]) if _is_open(shape) else shape


def _stood_in(frozen: Frozen, known: Mapping[str, Shape], where: str) -> Graph | None:
    """The graph with a stand-in for every open size; None where none is open, or none does."""
    if all(None not in shape for shape in known.values()):
        return None
    for attempt in range(len(OTHER_STAND_INS)):
        shapes = {}
        for name, shape in known.items():
            size = STAND_INS.get(len(shape), OTHER_STAND_INS)[attempt]
            shapes[name] = tuple(size if one is None else one for one in shape)
        try:
            return Graph(frozen, shapes, where)
        except ModelError:
            continue
    return None


def _inputs(
    graph: Graph, shapes: Mapping[str, Shape | None], places: Sequence[Place]
) -> tuple[Tensor, ...]:
    layouts = _layouts(graph, places)
    return tuple(
        Tensor(
            name=name,
            shape=shapes[name],
            dtype=_dtype(graph, tensor),
            channels_last=layouts.get(tensor),
        )
        for name, tensor in graph.frozen.inputs.items()
    )


def _layouts(graph: Graph, places: Sequence[Place]) -> dict[str, bool | None]:
    """Input -> whether its channels are last, by the sites that read it; None where they differ."""
    layouts: dict[str, bool | None] = {}
    for place in places:
        rank = len(graph.shape(place.data) or ())
        found = axis_at_input(graph, place.data, rank - 1 if place.channels_last else 1)
        if found is None:
            continue
        source, axis = found
        layout = {1: False, len(graph.shape(source) or ()) - 1: True}.get(axis)
        layouts[source] = layout if layouts.get(source, layout) == layout else None
    return layouts


def _outputs(graph: Graph, places: Sequence[Place], *, open_batch: bool) -> tuple[Tensor, ...]:
    """The layout is known of what a site gives, through what works on each number alone."""
    tails = {place.tail: place for place in places}
    outputs = []
    for name, tensor in graph.frozen.outputs.items():
        place = tails.get(graph.root(tensor))
        shape = graph.shape(tensor)
        if shape and open_batch:
            shape = (None, *shape[1:])
        last = None if place is None else place.channels_last
        outputs.append(
            Tensor(name=name, shape=shape, dtype=_dtype(graph, tensor), channels_last=last)
        )
    return tuple(outputs)


def _dtype(graph: Graph, tensor: str) -> str:
    return str(load_tensorflow().as_dtype(graph.dtype(tensor)).name)

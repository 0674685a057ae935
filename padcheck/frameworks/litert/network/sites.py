"""The windowed operators of a model, read one by one: a Site each, and what it was read from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from padcheck.errors import GeometryError, ModelError
from padcheck.frameworks.litert.network.attributes import CLIPS, Attributes, read_attributes
from padcheck.frameworks.litert.network.epilogue import Ending, read_ending
from padcheck.frameworks.litert.network.folding import Chain, fold
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.naming import layer_name, shortener
from padcheck.frameworks.litert.network.operators import Windowed, refusal_of, windowed_of
from padcheck.frameworks.litert.network.records import OperatorInfo, Subgraph
from padcheck.frameworks.litert.network.units import unit_axes
from padcheck.frameworks.litert.network.windows import (
    Shapeless,
    WindowReading,
    read_window,
    weight_kernel,
)
from padcheck.records import Site, uniquely

__all__ = ["Reading", "SiteReading", "read_sites"]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A site's operator with all that was found out about it."""

    operator: OperatorInfo
    windowed: Windowed
    attributes: Attributes
    chain: Chain
    window: WindowReading
    ending: Ending

    @property
    def weight(self) -> int:
        """The weight's tensor, -1 for a pool."""
        return self.operator.input(self.windowed.weight) if self.windowed.weight is not None else -1

    @property
    def bias(self) -> int:
        """The bias's tensor, -1 where there is none."""
        return self.operator.input(self.windowed.bias) if self.windowed.bias is not None else -1


@dataclass(frozen=True, slots=True, eq=False)
class SiteReading:
    """A site; `reading` is None where it could not be read.

    `is_shapeless`: whether only a shape was missing, or the file's shapes contradict the op.
    """

    site: Site
    reading: Reading | None = None
    is_shapeless: bool = False


def read_sites(graph: Graph) -> tuple[SiteReading, ...]:
    """The sites of the main graph in order, then those of the others, with a reason each."""
    units = unit_axes(graph)
    operators = [one for one in graph.operators if _is_windowed(one)]
    found = [_unnamed(graph, one, units) for one in operators]
    paths = [_name(graph.subgraph, one) for one in operators]
    shortened = shortener(paths)
    named = [
        SiteReading(
            replace(one.site, name=name, folded=tuple(map(shortened, one.site.folded))),
            one.reading,
            one.is_shapeless,
        )
        for one, name in zip(found, uniquely(map(shortened, paths)), strict=True)
    ]
    elsewhere = [
        Site(name=f"{subgraph.name}/{_name(subgraph, one)}", op_type=one.name, reason=_ELSEWHERE)
        for subgraph in graph.model.subgraphs[1:]
        for one in subgraph.operators
        if _is_windowed(one)
    ]
    return (*named, *map(SiteReading, elsewhere))


_ELSEWHERE = "it is in the body of another op, or in a graph of its own"


def _is_windowed(operator: OperatorInfo) -> bool:
    return windowed_of(operator) is not None or refusal_of(operator) is not None


def _name(subgraph: Subgraph, operator: OperatorInfo) -> str:
    windowed = windowed_of(operator)
    weight = operator.input(windowed.weight) if windowed and windowed.weight is not None else -1
    output = subgraph.tensors[operator.output].name if operator.outputs else ""
    fallback = f"{operator.name}_{operator.index}"
    return layer_name(output, subgraph.tensors[weight].name if weight >= 0 else None, fallback)


def _unnamed(graph: Graph, operator: OperatorInfo, units: dict[int, int]) -> SiteReading:
    windowed = windowed_of(operator)
    if windowed is None:
        return SiteReading(Site(name="", op_type=operator.name, reason=refusal_of(operator)))
    try:
        reading = _read(graph, operator, windowed, units)
    except (ModelError, GeometryError) as error:
        site = Site(name="", op_type=operator.name, reason=str(error))
        return SiteReading(site, None, isinstance(error, Shapeless))
    notes = list(reading.chain.notes)
    if reading.attributes.activation not in ("NONE", *CLIPS):
        notes.append(f"then it applies {reading.attributes.activation}")
    site = Site(
        name="",
        op_type=operator.name,
        spec=reading.window.spec,
        folded=tuple(_folded_name(graph, one) for one in reading.chain.taken_in),
        dynamic=reading.window.dynamic,
        notes=tuple(notes),
    )
    return SiteReading(site, reading, _contradicts(graph, reading))


def _folded_name(graph: Graph, operator: OperatorInfo) -> str:
    name = graph.names[operator.output].split(";")[0]
    return layer_name(name, None, name)


def _read(
    graph: Graph, operator: OperatorInfo, windowed: Windowed, units: dict[int, int]
) -> Reading:
    """Raises ModelError and GeometryError for what cannot be read."""
    if operator.input(windowed.data) < 0:
        raise ModelError("expected a tensor but it is left out", field="input")
    if len(operator.outputs) != 1:
        raise ModelError(f"expected 1 but got {len(operator.outputs)}", field="outputs")
    attributes = read_attributes(operator, windowed)
    kernel = attributes.kernel or weight_kernel(graph, operator, windowed)
    unit = _unit(graph, operator, windowed, kernel, units)
    chain = fold(graph, operator, windowed, attributes, unit)
    window = read_window(graph, operator, windowed, attributes, chain)
    channels = window.spec.channels[1]
    ending = read_ending(graph, attributes, chain, channels, affine=window.spec.kind.has_weight)
    return Reading(operator, windowed, attributes, chain, window, ending)


def _unit(
    graph: Graph,
    operator: OperatorInfo,
    windowed: Windowed,
    kernel: tuple[int, ...],
    units: dict[int, int],
) -> int | None:
    """The axis that was put in before this op, where the op leaves it alone."""
    axis = units.get(operator.input(windowed.data))
    if axis is None or windowed.rank != 2 or kernel[axis] != 1:
        return None
    dims = graph.dims(operator.output)
    return axis if dims is not None and len(dims) == 4 and dims[axis + 1] == 1 else None


def _contradicts(graph: Graph, reading: Reading) -> bool:
    """Whether the file gives the output another size than the op does."""
    dims, spec = graph.dims(reading.operator.output), reading.window.spec
    if reading.chain.block or any(reading.window.dynamic) or dims is None:
        return False
    sizes = [size for axis, size in enumerate(dims[1:-1]) if axis != reading.chain.unit]
    return any(
        size is not None and size != made
        for size, made in zip(sizes, spec.output_size, strict=False)
    )

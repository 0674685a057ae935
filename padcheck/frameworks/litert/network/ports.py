"""The inputs and outputs of a model, with their names and shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from padcheck.errors import ModelError, UsageError
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.records import Dims
from padcheck.frameworks.litert.network.running import Ports
from padcheck.geometry import at_least
from padcheck.records import Tensor

__all__ = ["ports_of", "shaped", "tensors_of"]

#: How many names an error message lists.
LISTED = 8

#: The most elements an input may have; 1 GiB of floats.
MAX_ELEMENTS = 1 << 28


def ports_of(graph: Graph) -> Ports:
    """Names from the signature where there is exactly one, else those of the tensors.

    Raises ModelError for an input of more than MAX_ELEMENTS.
    """
    subgraph, names = graph.subgraph, graph.names
    for index in subgraph.inputs:
        if math.prod(graph.tensor(index).sizes) > MAX_ELEMENTS:
            problem = f"expected at most {MAX_ELEMENTS} elements"
            raise ModelError(problem, where=graph.where, node=names[index], field="shape")
    inputs = {index: names[index] for index in subgraph.inputs}
    outputs = [(names[index], index) for index in dict.fromkeys(subgraph.outputs)]
    signatures = graph.model.signatures
    if len(signatures) == 1 and signatures[0].subgraph == 0:
        named = {index: name for name, index in signatures[0].inputs}
        if set(named) == set(inputs) and len(set(named.values())) == len(named):
            inputs = {index: named[index] for index in inputs}
        given = signatures[0].outputs
        if {index for _, index in given} == set(subgraph.outputs):
            outputs = list(dict(given).items())
    return Ports(tuple((name, index) for index, name in inputs.items()), tuple(outputs))


def tensors_of(graph: Graph, ports: Sequence[tuple[str, int]]) -> tuple[Tensor, ...]:
    """As a caller sees them: real numbers where integers stand for them."""
    made = []
    for name, index in ports:
        tensor, dims = graph.tensor(index), graph.dims(index)
        made.append(
            Tensor(
                name=name,
                shape=dims,
                dtype=tensor.type if tensor.quantization is None else "float32",
                channels_last=True if dims is not None and len(dims) > 2 else None,
                quantization=tensor.quantization,
            )
        )
    return tuple(made)


def shaped(
    graph: Graph,
    ports: Ports,
    shapes: Mapping[str, Sequence[int]],
    *,
    only_new: bool = False,
) -> dict[int, tuple[int, ...]] | None:
    """The shape of every input at the shapes given, by tensor; None where none is given.

    An open size that is not given is 1. `only_new`: None, too, where all are as they were.
    Raises UsageError for an input that the model has not, and a shape of another rank.
    """
    known = dict(ports.inputs)
    unknown = next((name for name in shapes if name not in known), None)
    if unknown is not None:
        names = list(known)
        shown = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
        raise UsageError(f"input_shapes: expected an input of the model ({shown}), not {unknown!r}")
    given = {known[name]: _given(graph, name, known[name], shape) for name, shape in shapes.items()}
    if not given or (only_new and all(_same(graph.dims(one), given[one]) for one in given)):
        return None
    sizes = {}
    for index in graph.subgraph.inputs:
        dims = graph.dims(index) or ()
        sizes[index] = given.get(index, tuple(1 if size is None else size for size in dims))
    return sizes


def _same(dims: Dims | None, shape: tuple[int, ...]) -> bool:
    """Whether a shape is what was read; an open batch was read as 1."""
    if dims is None:
        return False
    batch = tuple(1 if size is None else size for size in dims[:1])
    return batch + dims[1:] == shape


def _given(graph: Graph, name: str, index: int, shape: Sequence[int]) -> tuple[int, ...]:
    try:
        sizes = tuple(at_least(f"input_shapes[{name!r}]", size, 1) for size in shape)
    except TypeError:
        raise UsageError(
            f"expected a list of ints but got input_shapes[{name!r}]={shape!r}"
        ) from None
    rank = len(graph.tensor(index).sizes)
    if len(sizes) != rank and rank > 0:
        raise UsageError(
            f"expected {rank} sizes, as the model has, but got input_shapes[{name!r}]={sizes}"
        )
    if math.prod(sizes) > MAX_ELEMENTS:
        raise UsageError(
            f"expected at most {MAX_ELEMENTS} elements but got input_shapes[{name!r}]={sizes}"
        )
    return sizes

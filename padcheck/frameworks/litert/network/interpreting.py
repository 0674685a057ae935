"""LiteRT's interpreter at work on a model: made, sized, fed and read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.schema import version
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.quiet import muted

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NAME", "allocate", "check_memory", "interpreter", "measured", "sized"]

NAME = "litert"

#: The most elements of one tensor; 2 GiB of floats.
MAX_ELEMENTS = 1 << 29


def interpreter(data: bytes, *, delegates: bool = True, keep: bool = False) -> Any:
    """An interpreter of one thread.

    `delegates`: as a user runs it, XNNPACK where it takes an op; else LiteRT's own kernels.
    `keep`: every tensor keeps its memory, so that it can be read. The greeting of the delegate,
    which it writes on file descriptor 2 [2.3.0], is left out.
    """
    module = import_framework("ai_edge_litert.interpreter", extra="litert")
    resolvers = module.OpResolverType
    with muted():
        return module.Interpreter(
            model_content=data,
            num_threads=1,
            experimental_preserve_all_tensors=keep,
            experimental_op_resolver_type=(
                resolvers.AUTO if delegates else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
        )


def sized(made: Any, graph: Graph, shapes: Mapping[int, tuple[int, ...]]) -> None:
    """Gives the inputs their shapes and allocates; raises what the interpreter raises."""
    for index, shape in shapes.items():
        if shape != graph.tensor(index).sizes:
            made.resize_tensor_input(index, shape)
    allocate(made)


def allocate(made: Any) -> None:
    """Allocates an interpreter's tensors without a word on file descriptor 2."""
    with muted():
        made.allocate_tensors()


def check_memory(graph: Graph, shapes: Mapping[int, tuple[int, ...]]) -> None:
    """Raises FrameworkError for a tensor of more than MAX_ELEMENTS."""
    declared = [tensor.sizes for tensor in graph.subgraph.tensors]
    largest = max(map(math.prod, (*shapes.values(), *declared)), default=0)
    if largest > MAX_ELEMENTS:
        raise FrameworkError(
            f"{NAME} {version()}: a tensor of {largest} elements is more than is computed at once"
        )


def measured(graph: Graph, shapes: Mapping[int, tuple[int, ...]]) -> Graph:
    """The graph at these input shapes, by tensor, as the interpreter has it.

    A model with tensors that are only sized while it runs is run on zeros. Raises
    FrameworkError for whatever the interpreter raises.
    """
    check_memory(graph, shapes)
    late = _sized_late(graph)
    with translated(NAME, version()):
        made = interpreter(graph.model.data, delegates=False, keep=bool(late))
        sized(made, graph, shapes)
        computed = {}
        if late:
            for detail in made.get_input_details():
                made.set_tensor(detail["index"], _zeros(detail))
            made.invoke()
            computed = {index: made.get_tensor(index) for index in late & graph.from_sizes()}
        count = len(graph.subgraph.tensors)
        found = {
            detail["index"]: tuple(int(size) for size in detail["shape"])
            for detail in made.get_tensor_details()
            if detail["index"] < count
        }
    return Graph(graph.model, measured=found, computed=computed)


def _zeros(detail: Mapping[str, Any]) -> np.ndarray:
    import numpy as np

    return np.zeros(detail["shape"], detail["dtype"])


def _sized_late(graph: Graph) -> set[int]:
    """The whole numbers that ops compute and others read, as sizes are."""
    return {
        index
        for operator in graph.operators
        for index in graph.real_inputs(operator)
        if index in graph.producers and graph.tensor(index).type in ("int32", "int64")
    }

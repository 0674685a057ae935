"""The main graph with what lies around each tensor: who makes it, who reads it, what it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.litert.network.records import (
    Dims,
    Model,
    OperatorInfo,
    Subgraph,
    TensorInfo,
)
from padcheck.frameworks.litert.network.tensors import is_constant, real_array, stored_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Graph"]


class Graph:
    """Subgraph 0 of a model.

    `measured` are the interpreter's own shapes, by tensor, and `computed` the numbers of what it
    works out from these alone.
    """

    def __init__(
        self,
        model: Model,
        *,
        measured: Mapping[int, tuple[int, ...]] | None = None,
        computed: Mapping[int, NDArray[Any]] | None = None,
    ) -> None:
        self.model = model
        self.where = model.where
        self.subgraph: Subgraph = model.subgraphs[0]
        self.operators = self.subgraph.operators
        self.names = _unique_names(self.subgraph)
        self.measured = measured
        self._computed = computed or {}
        self._outputs = frozenset(self.subgraph.outputs)
        self.producers: dict[int, OperatorInfo] = {}
        self._uses: Counter[int] = Counter()
        self._readers: dict[int, OperatorInfo] = {}
        for operator in self.operators:
            for index in operator.outputs:
                self.producers[index] = operator
            for index in operator.inputs:
                self._uses[index] += 1
                self._readers[index] = operator

    def tensor(self, index: int) -> TensorInfo:
        """The tensor at an index that the model has."""
        return self.subgraph.tensors[index]

    def dims(self, index: int) -> Dims | None:
        """The shape of a tensor; None where the file gives none."""
        if self.measured is not None and index in self.measured:
            return self.measured[index]
        tensor = self.tensor(index)
        if not tensor.sizes and self.producers.get(index) is not None:
            return None  # a scalar, or a shape that the converter left out
        return tensor.dims

    def real_inputs(self, operator: OperatorInfo) -> Iterator[int]:
        """The inputs of an operator that are there."""
        return (index for index in operator.inputs if index >= 0)

    def only_reader(self, index: int) -> OperatorInfo | None:
        """The one operator that reads a tensor, None where others see it too."""
        if self._uses[index] != 1 or index in self._outputs:
            return None
        return self._readers[index]

    def uses(self, index: int) -> int:
        """How often a tensor is read."""
        return self._uses[index]

    def constant(self, index: int) -> NDArray[Any] | None:
        """The stored numbers of a constant, or of what follows from sizes; None for the others."""
        if index in self._computed:
            return self._computed[index]
        if index < 0 or not is_constant(self.model, self.tensor(index)):
            return None
        return stored_array(self.model, self.tensor(index))

    def from_sizes(self) -> set[int]:
        """The tensors that ops compute from sizes and constants, and from nothing that is fed."""
        found: set[int] = set()
        for operator in self.operators:
            if operator.name == "SHAPE" or all(
                index in found or is_constant(self.model, self.tensor(index))
                for index in self.real_inputs(operator)
            ):
                found.update(operator.outputs)
        return found

    def source(self, index: int) -> TensorInfo | None:
        """The constant that a tensor holds, perhaps behind a DEQUANTIZE; None for what is none."""
        if index < 0:
            return None
        producer = self.producers.get(index)
        sizes = self.tensor(index).sizes
        if producer is not None and producer.name == "DEQUANTIZE":
            index = producer.input(0)
        if index < 0 or index in self.producers or not is_constant(self.model, self.tensor(index)):
            return None
        return self.tensor(index) if self.tensor(index).sizes == sizes else None

    def real(self, index: int) -> NDArray[Any] | None:
        """The real numbers of a constant in float64, None for what is none."""
        source = self.source(index)
        return None if source is None else real_array(self.model, source)


def _unique_names(graph: Subgraph) -> tuple[str, ...]:
    """The tensors' names; with the index, where another one before has the same."""
    names: list[str] = []
    seen: set[str] = set()
    for tensor in graph.tensors:
        name = tensor.name
        while name in seen:
            name = f"{name}#{tensor.index}"
        seen.add(name)
        names.append(name)
    return tuple(names)

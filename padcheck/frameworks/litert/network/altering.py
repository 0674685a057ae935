"""A model with some sites replaced, as the bytes of a new one; float models only.

1. Where the geometry stays, the operator stays, with another weight, bias and activation, and
   so do the pads around it. Else the site is written anew, from its data to its tail.
2. The constants and clips after the op are bypassed: `Change` holds what they come to.
3. No tensor changes its name or number; new ones are added behind.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.litert.network import emitting
from padcheck.frameworks.litert.network.flatbuffer import guarded
from padcheck.frameworks.litert.network.flatwriting import Writer, packed
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.schema import schema, version
from padcheck.frameworks.litert.network.sites import Reading, SiteReading
from padcheck.frameworks.litert.network.stage import (
    Stage,
    clip_stages,
    emitted,
    expand_stage,
    offset_stage,
    squeeze_stage,
)
from padcheck.frameworks.litert.network.stages import spec_stages
from padcheck.frameworks.litert.network.values import own_layout
from padcheck.frameworks.loading import translated
from padcheck.records import Change, OpKind

if TYPE_CHECKING:
    pass

__all__ = ["altered_model"]


def altered_model(
    graph: Graph, sites: Sequence[SiteReading], changes: Mapping[int, Change]
) -> bytes:
    """The new model's bytes; raises FrameworkError, with the reason, for what cannot be."""
    with guarded(graph.where):
        model = schema().ModelT.InitFromPackedBuf(graph.model.data, 0)
    if any(buffer.offset > 1 for buffer in model.buffers):
        raise _error("a .tflite file of 2 GiB or more cannot be rewritten")
    work = _Work(graph, model)
    for index, change in changes.items():
        reading = sites[index].reading
        if reading is None:
            raise _error(f"{sites[index].site.name}: {sites[index].site.reason}")
        work.change(sites[index].site.name, reading, change)
    with translated("litert", version()):
        return work.packed()


def _error(problem: str) -> FrameworkError:
    return FrameworkError(f"litert {version()}: {problem}")


class _Work:
    """The model being rewritten."""

    def __init__(self, graph: Graph, model: Any) -> None:
        self._graph = graph
        self._model = model
        self._writer = Writer(model)
        self._old = list(model.subgraphs[0].operators)
        #: Operator -> what stands in its place.
        self._replaced: dict[int, list[Any]] = {}

    def packed(self) -> bytes:
        """The bytes."""
        operators = []
        for index, operator in enumerate(self._old):
            operators += self._replaced.get(index, [operator])
        self._model.subgraphs[0].operators = operators
        self._drop_unread()
        return packed(self._model)

    def _drop_unread(self) -> None:
        """Constants that no operator reads any more lose their numbers."""
        kept: set[int] = {0}
        dropped: set[int] = set()
        for graph in self._model.subgraphs:
            read = {int(one) for operator in graph.operators for one in operator.inputs}
            read.update(int(one) for one in graph.outputs)
            for index, tensor in enumerate(graph.tensors):
                (kept if index in read else dropped).add(tensor.buffer)
        for metadata in self._model.metadata or []:
            kept.add(metadata.buffer)
        for index in dropped - kept:
            self._model.buffers[index].data = None

    def change(self, name: str, reading: Reading, change: Change) -> None:
        """Replaces one site; raises FrameworkError for one whose numbers are integers."""
        self._check(name, reading, change)
        own = reading.window.spec
        for operator in reading.ending.operators:  # rule 2
            self._replaced[operator.index] = []
        if change.spec.replace(bias=own.bias) == own:  # rule 1
            self._in_place(name, reading, change)
        else:
            self._anew(name, reading, change)

    def _check(self, name: str, reading: Reading, change: Change) -> None:
        source = self._graph.source(reading.weight)
        types = {self._graph.tensor(one).type for one in (reading.chain.data, reading.ending.tail)}
        if types != {"float32"} or (source is not None and source.scales is not None):
            raise _error(f"{name}: a .tflite file of integers cannot be rewritten")
        if change.quantization is not None:
            raise _error(f"{name}: a .tflite file of floats cannot be made to round to integers")
        if change.spec.rank != reading.window.spec.rank:
            raise _error(f"{name}: expected an op on {reading.window.spec.rank} axes")
        if change.spec.kind.has_weight and change.weight is None:
            raise _error(f"{name}: expected a weight")
        if not change.spec.kind.has_weight and change.offset is not None:
            raise _error(f"{name}: expected no offset for a pool")

    def _in_place(self, name: str, reading: Reading, change: Change) -> None:
        chain, tail = reading.chain, reading.ending.tail
        made = copy.copy(self._old[reading.operator.index])
        made.builtinOptions = copy.copy(made.builtinOptions)
        rest: list[Stage] = []
        shape = self._shape(chain.output)
        if change.weight is not None:
            made.inputs = self._constants(reading, change)
            if change.spec.kind is OpKind.CONV_TRANSPOSE and change.offset is not None:
                rest.append(offset_stage(shape, change.offset))
        word = emitting.activation_word(change.clip)
        fused = word is not None and hasattr(made.builtinOptions, "fusedActivationFunction")
        fused = fused and change.spec.kind is not OpKind.CONV_TRANSPOSE
        if hasattr(made.builtinOptions, "fusedActivationFunction"):
            code = emitting.activation_code(word if fused and word is not None else "NONE")
            made.builtinOptions.fusedActivationFunction = code
        if not fused:
            rest += clip_stages(shape, change.clip)
        if len(shape) > len(self._shape(tail)):
            rest.append(squeeze_stage(shape, chain.unit or 0))
        end = tail
        if rest:
            end = chain.output if chain.output != tail else self._writer.tensor(f"{name}/y", shape)
        self._writer.operators = []
        emitted(self._writer, rest, end, name, tail)
        last = chain.after[-1].index if chain.after else reading.operator.index
        self._replaced[reading.operator.index] = [made]
        if chain.after:
            self._replaced[last] = [copy.copy(self._old[last])]
        self._replaced[last][0].outputs = [end]
        self._replaced[last] += self._writer.operators

    def _constants(self, reading: Reading, change: Change) -> list[int]:
        """The inputs of the operator with another weight and bias."""
        import numpy as np

        assert change.weight is not None
        windowed, inputs = reading.windowed, list(reading.operator.inputs)
        kernel = own_layout(change.weight, windowed, reading.chain.unit)
        weight = self._writer.constant(f"{self._graph.names[reading.weight]}/changed", kernel)
        if change.spec.kind is OpKind.CONV_TRANSPOSE:
            return [inputs[0], weight, inputs[2]]
        offset = np.zeros(change.spec.channels[1]) if change.offset is None else change.offset
        bias = self._writer.constant("bias", np.asarray(offset, dtype=np.float32))
        return [inputs[0], weight, bias]

    def _anew(self, name: str, reading: Reading, change: Change) -> None:
        chain, tail = reading.chain, reading.ending.tail
        if any(reading.window.dynamic):
            raise _error(f"{name}: its input size is open; give the shape of the model's input")
        data, spec = self._shape(chain.data), change.spec
        stages: list[Stage] = []
        if chain.unit is not None and len(data) == 3:
            stages.append(expand_stage(data, chain.unit))
        stages += spec_stages(spec, data[0], change.weight, change.offset, unit=chain.unit)
        shape = stages[-1].shape
        if spec.kind is OpKind.CONV_TRANSPOSE and change.offset is not None:
            stages.append(offset_stage(shape, change.offset))
        stages += clip_stages(shape, change.clip)
        if len(shape) > len(self._shape(tail)):
            stages.append(squeeze_stage(shape, chain.unit or 0))
        for operator in (*chain.before, *chain.after):
            if self._graph.only_reader(operator.output) is not None or operator in chain.after:
                self._replaced[operator.index] = []
        self._writer.operators = []
        emitted(self._writer, stages, chain.data, name, tail)
        self._replaced[reading.operator.index] = self._writer.operators

    def _shape(self, tensor: int) -> tuple[int, ...]:
        """A tensor's shape, 1 for an open size."""
        return tuple(1 if size is None else size for size in self._graph.dims(tensor) or ())

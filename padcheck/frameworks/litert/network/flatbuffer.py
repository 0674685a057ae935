"""Reads the bytes of a .tflite file into plain data, through the schema's own accessors.

1. Nothing is trusted: what leaves the file, and whatever the accessors raise on the way, is a
   ModelError. Every table is visited once per reference, and the references are counted, so
   that a small file cannot make them many.
2. Operators stand in the order in which they run: none reads what is made by itself or after
   it, and none makes a tensor again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.records import (
    Model,
    OperatorInfo,
    Scales,
    Signature,
    Subgraph,
    TensorInfo,
)
from padcheck.frameworks.litert.network.schema import numpy_type, op_name, schema, type_name
from padcheck.records import printable

__all__ = ["guarded", "read_flatbuffer"]

#: Tables, and numbers in vectors, in all; real models have a few ten thousands at most.
MAX_ENTRIES = 1 << 20

#: The longest name that is kept.
MAX_NAME = 4096

#: So many letters of a name count as one entry.
LETTERS = 8

#: More axes than this are no model's.
MAX_RANK = 32

_FOREIGN = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError)


@contextmanager
def guarded(where: str, *, node: str = "", field: str = "") -> Iterator[None]:
    """Turns what damaged bytes make the accessors raise into a ModelError."""
    try:
        yield
    except (*_FOREIGN, MemoryError) as error:
        problem = "is truncated or damaged; convert or download the model again"
        raise ModelError(problem, where=where, node=node, field=field) from error


def read_flatbuffer(data: bytes, where: str) -> Model:
    """The model; raises ModelError where the bytes are no well-formed one."""
    schema()
    with guarded(where):
        return _Reading(data, where).model()


class _Reading:
    """One pass over a file; counts what it visits."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        self._where = where
        self._left = MAX_ENTRIES
        self._root = schema().Model.GetRootAs(data, 0)

    def model(self) -> Model:
        root = self._root
        buffers = tuple(self._buffer(root.Buffers(i)) for i in self._range(root.BuffersLength()))
        codes = [self._code(i) for i in self._range(root.OperatorCodesLength())]
        graphs = tuple(
            self._subgraph(root.Subgraphs(i), codes, len(buffers))
            for i in self._range(root.SubgraphsLength())
        )
        if not graphs:
            raise ModelError("expected a graph but it has none", where=self._where)
        signatures = tuple(
            self._signature(root.SignatureDefs(i), graphs)
            for i in self._range(root.SignatureDefsLength())
        )
        return Model(self._data, self._where, graphs, buffers, signatures)

    def _range(self, count: int) -> range:
        """0 .. count - 1, once they are counted (rule 1)."""
        self._left -= count
        if self._left < 0 or count > len(self._data):
            raise ModelError(f"has more than {MAX_ENTRIES} entries", where=self._where)
        return range(count)

    def _error(self, problem: str, node: str, field: str) -> ModelError:
        return ModelError(problem, where=self._where, node=node, field=field)

    def _numbers(self, vector: Any) -> tuple[int, ...]:
        """A vector of ints; the accessors give 0 for one that is left out."""
        if isinstance(vector, int):
            return ()
        self._range(len(vector))
        return tuple(int(number) for number in vector)

    def _text(self, text: bytes | None) -> str:
        kept = (text or b"")[:MAX_NAME]
        self._range(len(kept) // LETTERS)
        return printable(kept.decode("utf-8", "replace"))

    def _buffer(self, buffer: Any) -> tuple[int, int]:
        """(start, size); offset and size of large models count from the file's begin."""
        if buffer.Offset() > 1:
            start, size = int(buffer.Offset()), int(buffer.Size())
        else:
            size = int(buffer.DataLength())
            place = buffer._tab.Offset(4)
            start = int(buffer._tab.Vector(place)) if place and size else 0
        if start + size > len(self._data):
            raise ValueError("a buffer ends after the file")
        return start, size

    def _code(self, index: int) -> tuple[int | None, str, int]:
        """(builtin code, name, version); the older field holds codes up to 127."""
        entry = self._root.OperatorCodes(index)
        code = max(int(entry.BuiltinCode()), int(entry.DeprecatedBuiltinCode()))
        if op_name(code) == "CUSTOM":
            return None, self._text(entry.CustomCode()) or "CUSTOM", int(entry.Version())
        return code, op_name(code), int(entry.Version())

    def _subgraph(
        self, graph: Any, codes: list[tuple[int | None, str, int]], buffers: int
    ) -> Subgraph:
        tensors = tuple(
            self._tensor(i, graph.Tensors(i), buffers) for i in self._range(graph.TensorsLength())
        )
        inputs = self._numbers(graph.InputsAsNumpy())
        outputs = self._numbers(graph.OutputsAsNumpy())
        for field, indices in (("inputs", inputs), ("outputs", outputs)):
            if any(not 0 <= index < len(tensors) for index in indices):
                problem = f"expected tensors in [0, {len(tensors)}) but got {list(indices)[:8]}"
                raise self._error(problem, "", field)
        operators = tuple(
            self._operator(i, graph.Operators(i), codes, len(tensors))
            for i in self._range(graph.OperatorsLength())
        )
        self._check_order(tensors, operators)
        return Subgraph(self._text(graph.Name()), tensors, operators, inputs, outputs)

    def _tensor(self, index: int, tensor: Any, buffers: int) -> TensorInfo:
        name = self._text(tensor.Name()) or f"tensor {index}"
        sizes = self._numbers(tensor.ShapeAsNumpy())
        signature = self._numbers(tensor.ShapeSignatureAsNumpy())
        if len(sizes) > MAX_RANK:
            raise self._error(f"expected {MAX_RANK} axes at most", name, "shape")
        if any(size < 0 for size in sizes):
            raise self._error(f"expected sizes >= 0 but got {list(sizes)}", name, "shape")
        opens = signature if len(signature) == len(sizes) else sizes
        if not 0 <= tensor.Buffer() < max(buffers, 1):
            raise self._error(f"expected less than {buffers}", name, "buffer")
        return TensorInfo(
            index=index,
            name=name,
            dims=tuple(n if one >= 0 else None for n, one in zip(sizes, opens, strict=True)),
            sizes=sizes,
            type=numpy_type(tensor.Type()) or type_name(tensor.Type()),
            buffer=int(tensor.Buffer()),
            scales=self._scales(tensor.Quantization(), name, len(sizes)),
            is_variable=bool(tensor.IsVariable()),
            is_sparse=tensor.Sparsity() is not None,
        )

    def _scales(self, quantization: Any, name: str, rank: int) -> Scales | None:
        if quantization is None or quantization.ScaleLength() == 0:
            return None
        import numpy as np

        self._range(quantization.ScaleLength())
        with np.errstate(invalid="ignore"):
            scale = np.array(quantization.ScaleAsNumpy(), dtype=np.float64)
        zeros = quantization.ZeroPointAsNumpy()
        zero = np.zeros(1, np.int64) if isinstance(zeros, int) else np.array(zeros, np.int64)
        axis = int(quantization.QuantizedDimension())
        if zero.size not in (1, scale.size) or not (np.isfinite(scale) & (scale >= 0)).all():
            raise self._error("expected scales >= 0, each with a zero point", name, "quantization")
        if scale.size > 1 and not 0 <= axis < rank:
            raise self._error(f"expected [0, {rank}) but got {axis}", name, "quantized_dimension")
        return Scales(scale, zero, axis)

    def _operator(
        self, index: int, operator: Any, codes: list[tuple[int | None, str, int]], tensors: int
    ) -> OperatorInfo:
        if operator.OpcodeIndex() >= len(codes):
            problem = f"expected less than {len(codes)} but got {operator.OpcodeIndex()}"
            raise self._error(problem, f"#{index}", "opcode_index")
        code, name, version = codes[operator.OpcodeIndex()]
        inputs = self._numbers(operator.InputsAsNumpy())
        outputs = self._numbers(operator.OutputsAsNumpy())
        low = {"inputs": -1, "outputs": 0}  # -1 stands for an input that is left out
        for field, indices in (("inputs", inputs), ("outputs", outputs)):
            if any(not low[field] <= one < tensors for one in indices):
                problem = f"expected tensors in [{low[field]}, {tensors}) but got {indices[:8]}"
                raise self._error(problem, f"{name} #{index}", field)
        return OperatorInfo(
            index=index,
            code=code,
            name=name,
            version=version,
            inputs=inputs,
            outputs=outputs,
            options=operator.BuiltinOptions(),
            options_kind=int(operator.BuiltinOptionsType()),
        )

    def _check_order(
        self, tensors: tuple[TensorInfo, ...], operators: tuple[OperatorInfo, ...]
    ) -> None:
        """Rule 2."""
        makers: dict[int, int] = {}
        for operator in operators:
            for one in operator.outputs:
                if one in makers and not tensors[one].is_variable:
                    problem = f"expected a new tensor but `{tensors[one].name}` is made twice"
                    raise self._error(problem, f"{operator.name} #{operator.index}", "outputs")
                makers[one] = operator.index
        for operator in operators:
            for one in operator.inputs:
                if makers.get(one, -1) >= operator.index and not tensors[one].is_variable:
                    problem = f"expected a tensor made before but `{tensors[one].name}` is not"
                    raise self._error(problem, f"{operator.name} #{operator.index}", "inputs")

    def _signature(self, signature: Any, graphs: tuple[Subgraph, ...]) -> Signature:
        index = int(signature.SubgraphIndex())
        if index >= len(graphs):
            problem = f"expected less than {len(graphs)} but got {index}"
            raise self._error(problem, "signature", "subgraph_index")
        tensors = len(graphs[index].tensors)

        def maps(entry: Any, count: int) -> tuple[tuple[str, int], ...]:
            found = [entry(i) for i in self._range(count)]
            named = tuple((self._text(one.Name()), int(one.TensorIndex())) for one in found)
            if any(tensor >= tensors for _, tensor in named):
                raise self._error(f"expected less than {tensors}", "signature", "tensor_index")
            return named

        inputs = maps(signature.Inputs, signature.InputsLength())
        outputs = maps(signature.Outputs, signature.OutputsLength())
        return Signature(self._text(signature.SignatureKey()), index, inputs, outputs)

"""New .tflite models and parts of them, through the schema's object API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.litert.network.schema import op_names, schema

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Writer", "new_model", "packed"]

#: Versions of ops that are not 1: of a grouped CONV_2D and of a dilated depthwise one.
#: Source: tensorflow/lite/tools/versioning/op_version.cc
_VERSIONS = {"CONV_2D": 6, "DEPTHWISE_CONV_2D": 2}

#: The largest builtin code that the older field holds; a placeholder for the others.
_MOST_OLD = 127


def new_model() -> Any:
    """A model of one empty graph."""
    words = schema()
    graph = words.SubGraphT(tensors=[], inputs=[], outputs=[], operators=[], name="main")
    empty = words.BufferT()
    return words.ModelT(version=3, operatorCodes=[], subgraphs=[graph], buffers=[empty])


def packed(model: Any) -> bytes:
    """The bytes of a model."""
    builder = schema().flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(memoryview(builder.Bytes)[builder.Head() :])


class Writer:
    """Adds tensors and operators to the main graph of a ModelT.

    Operators are collected in `operators`, for the caller to put in their place.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.graph = model.subgraphs[0]
        self.operators: list[Any] = []

    def tensor(self, name: str, shape: Sequence[int]) -> int:
        """The index of a new float32 tensor that an op computes, or that is fed."""
        return self._add(name, shape, schema().TensorType.FLOAT32, 0)

    def constant(self, name: str, array: np.ndarray) -> int:
        """The index of a new constant, float32 or int32."""
        import numpy as np

        types = {"float32": schema().TensorType.FLOAT32, "int32": schema().TensorType.INT32}
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.model.buffers.append(schema().BufferT(data=data))
        place = len(self.model.buffers) - 1
        return self._add(name, array.shape, types[array.dtype.name], place)

    def _add(self, name: str, shape: Sequence[int], kind: int, buffer: int) -> int:
        import numpy as np

        tensor = schema().TensorT(
            shape=np.array(shape, dtype=np.int32), type=kind, buffer=buffer, name=name
        )
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def op(
        self, name: str, inputs: Sequence[int], output: int, options: Any = None, kind: str = ""
    ) -> int:
        """Adds an operator; `kind` is the schema's word for its options. Returns the output."""
        words = schema()
        code = next(code for code, word in op_names().items() if word == name)
        entry = words.OperatorCodeT(
            deprecatedBuiltinCode=min(code, _MOST_OLD),
            builtinCode=code,
            version=_VERSIONS.get(name, 1),
        )
        self.model.operatorCodes.append(entry)
        operator = words.OperatorT(
            opcodeIndex=len(self.model.operatorCodes) - 1,
            inputs=list(inputs),
            outputs=[output],
            builtinOptionsType=getattr(words.BuiltinOptions, kind) if kind else 0,
            builtinOptions=options,
        )
        self.operators.append(operator)
        return output

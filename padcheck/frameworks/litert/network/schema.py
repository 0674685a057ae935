"""The flatbuffer schema that comes with `ai_edge_litert`, and its words for ops and types."""

from __future__ import annotations

import functools
from typing import Any

from padcheck.frameworks.loading import import_framework

__all__ = ["PRIMITIVES", "numpy_type", "op_name", "op_names", "schema", "type_name", "version"]

#: TensorType -> numpy's name, for what can be held in an array as it is.
PRIMITIVES = {
    "FLOAT32": "float32",
    "FLOAT16": "float16",
    "FLOAT64": "float64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "BOOL": "bool",
    "COMPLEX64": "complex64",
    "COMPLEX128": "complex128",
}


@functools.cache
def schema() -> Any:
    """The generated module; raises MissingFramework where ai-edge-litert is not installed."""
    return import_framework("ai_edge_litert.schema_py_generated", extra="litert")


def version() -> str:
    """The version of ai-edge-litert."""
    return str(import_framework("ai_edge_litert", extra="litert").__version__)


@functools.cache
def op_names() -> dict[int, str]:
    """Builtin code -> CONV_2D, ..."""
    return _words(schema().BuiltinOperator)


@functools.cache
def _type_names() -> dict[int, str]:
    return _words(schema().TensorType)


def _words(enumeration: Any) -> dict[int, str]:
    return {code: word for word, code in vars(enumeration).items() if isinstance(code, int)}


def op_name(code: int) -> str:
    """The word for a builtin code; `BUILTIN_n` for one that this schema does not have."""
    return op_names().get(code, f"BUILTIN_{code}")


def type_name(code: int) -> str:
    """The word for a TensorType; `TYPE_n` for one that this schema does not have."""
    return _type_names().get(code, f"TYPE_{code}")


def numpy_type(code: int) -> str | None:
    """numpy's name of a TensorType, None for what numpy has no plain type for."""
    return PRIMITIVES.get(type_name(code))

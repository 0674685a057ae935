"""What a TensorProto or a TypeProto says of its shape, and the values of the small ones."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = [
    "MAX_ELEMENTS",
    "MAX_RANK",
    "MAX_SIZE",
    "Dims",
    "constant_tensor",
    "dims_of",
    "light_tensor",
    "small_value",
    "tensor_type",
    "type_of_tensor",
]

#: One entry per axis: a size, the name of an open one, or None.
Dims = tuple["int | str | None", ...]

#: Tensors of more elements are weights: their values are never looked at.
MAX_ELEMENTS = 1024

#: Floating-point tensors of more elements say nothing about shapes (scales of a Resize do).
MAX_FLOATS = 16

#: No real tensor has more axes; hostile ones would make shape inference grow without bound.
MAX_RANK = 64

#: No real axis is longer.
MAX_SIZE = 1 << 31


def dims_of(kind: onnx.TypeProto | None) -> Dims | None:
    """The dims of a tensor type, None when even the rank is open; negative sizes are open."""
    if kind is None or not kind.HasField("tensor_type"):
        return None
    if not kind.tensor_type.HasField("shape"):
        return None
    return tuple(_dim(dim) for dim in kind.tensor_type.shape.dim)


def _dim(dim: Any) -> int | str | None:
    if dim.HasField("dim_value"):
        value: int = dim.dim_value
        return value if value >= 0 else None
    return (isinstance(dim.dim_param, str) and dim.dim_param) or None


def tensor_type(elem_type: int, dims: Dims | None) -> onnx.TypeProto:
    """A tensor type; sizes past MAX_SIZE and ranks past MAX_RANK are left open."""
    import onnx

    kind = onnx.TypeProto()
    kind.tensor_type.elem_type = elem_type
    if dims is None or len(dims) > MAX_RANK:
        return kind
    shape = kind.tensor_type.shape
    shape.SetInParent()
    for size in dims:
        dim = shape.dim.add()
        if isinstance(size, int) and 0 <= size <= MAX_SIZE:
            dim.dim_value = size
        elif isinstance(size, str):
            dim.dim_param = size
    return kind


def type_of_tensor(tensor: onnx.TensorProto) -> onnx.TypeProto:
    """The type of a constant, from its dims alone."""
    return tensor_type(tensor.data_type, tuple(tensor.dims))


def light_tensor(name: str, tensor: onnx.TensorProto) -> onnx.TensorProto | None:
    """A copy with its values, for a tensor that can tell shape inference something; else None."""
    import onnx

    whole = (
        onnx.TensorProto.INT64,
        onnx.TensorProto.INT32,
    )
    limit = MAX_ELEMENTS if tensor.data_type in whole else MAX_FLOATS
    if _elements(tensor) > limit or not _has_values(tensor, limit):
        return None
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy


def _elements(tensor: onnx.TensorProto) -> int:
    """The number of elements that the dims claim; more than any limit if they are hostile."""
    if len(tensor.dims) > MAX_RANK or any(dim < 0 for dim in tensor.dims):
        return MAX_SIZE
    return math.prod(tensor.dims)


def _has_values(tensor: onnx.TensorProto, limit: int) -> bool:
    """Whether the values are in the file and no more than `limit` of them, whatever dims say."""
    if tensor.external_data:
        return False
    widest = 16  # bytes of a complex128
    lists = (tensor.int64_data, tensor.int32_data, tensor.float_data, tensor.double_data)
    return len(tensor.raw_data) <= widest * limit and all(len(one) <= limit for one in lists)


def small_value(tensor: onnx.TensorProto, folder: Path | None) -> np.ndarray | None:
    """The values of a tensor of at most MAX_ELEMENTS elements; None if large or malformed."""
    from onnx import numpy_helper

    if _elements(tensor) > MAX_ELEMENTS:
        return None
    if tensor.external_data:
        tensor_or_none = _from_file(tensor, folder)
        if tensor_or_none is None:
            return None
        tensor = tensor_or_none
    elif not _has_values(tensor, MAX_ELEMENTS):
        return None
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, RuntimeError, OverflowError):
        return None


def _from_file(tensor: onnx.TensorProto, folder: Path | None) -> onnx.TensorProto | None:
    """A copy with its bytes read from beside the model; None when they are not there.

    `loading` has made sure that the location stays inside the folder.
    """
    import onnx

    entries = {pair.key: pair.value for pair in tensor.external_data}
    copy = onnx.TensorProto(data_type=tensor.data_type, dims=tensor.dims, name=tensor.name)
    try:
        width = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        size = width * _elements(tensor)
        with open((folder or Path()) / entries["location"], "rb") as file:
            file.seek(int(entries.get("offset", "0")))
            copy.raw_data = file.read(size)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return copy if len(copy.raw_data) == size else None


def constant_tensor(attribute: onnx.AttributeProto) -> onnx.TensorProto | None:
    """The tensor that a Constant node's attribute holds; None for an unknown or empty one.

    Large tensors are not copied. Source: ONNX Constant-13 (value, value_int, ..., sparse_value).
    """
    import onnx

    if attribute.name == "value" and attribute.HasField("t"):
        return attribute.t
    if attribute.name == "sparse_value":
        sparse = attribute.sparse_tensor
        kind = sparse.values.data_type
        return onnx.TensorProto(dims=list(sparse.dims), data_type=kind)
    whole, floating = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    if attribute.name == "value_int":
        return onnx.TensorProto(data_type=whole, int64_data=[attribute.i])
    if attribute.name == "value_ints":
        numbers = attribute.ints
        return onnx.TensorProto(data_type=whole, dims=[len(numbers)], int64_data=numbers)
    if attribute.name == "value_float":
        return onnx.TensorProto(data_type=floating, float_data=[attribute.f])
    if attribute.name == "value_floats":
        values = attribute.floats
        return onnx.TensorProto(data_type=floating, dims=[len(values)], float_data=values)
    return None

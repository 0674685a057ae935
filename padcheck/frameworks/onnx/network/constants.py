"""The values of constants of any size, read when they are asked for.

A weight may reach its op through nodes that only reshape, convert or dequantize it; nothing
here makes an array larger than what the file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, printable

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

__all__ = ["Constants", "array_of"]

#: Nodes between an initializer and the op that uses it.
MAX_CHAIN = 32

#: TensorProto.DataType of FLOAT, FLOAT16, DOUBLE, BFLOAT16.
REAL_TYPES = (1, 10, 11, 16)


class Constants:
    """What initializers and Constant nodes of the main graph hold, through nodes that keep it."""

    def __init__(self, root: Scope, folder: Path | None, evaluator: Evaluator) -> None:
        self._root = root
        self._folder = folder
        self._evaluator = evaluator
        self._sizes: dict[str, int] = {}

    def origin(self, name: str) -> str | None:
        """The initializer that a value is made of; None where it is no readable constant."""
        for _ in range(MAX_CHAIN):
            tensor = self._root.constants.get(name)
            if tensor is not None:
                return name if self._is_readable(tensor) else None
            entry = self._root.producers.get(name)
            if entry is None or not self._is_kept(entry):
                return None
            name = entry.input(0)
        return None

    def array(self, name: str) -> NDArray[Any]:
        """The values; raises ModelError where they are malformed or not there."""
        tensor = self._root.constants.get(name)
        try:
            if tensor is not None:
                return array_of(tensor, self._folder)
            entry = self._root.producers[name]
            return self._kept(entry, self.array(entry.input(0)))
        except (OSError, ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
            raise ModelError(
                f"its values cannot be read ({error})", node=printable(name)
            ) from error

    def dequantizer(self, name: str) -> Entry | None:
        """The DequantizeLinear that gives a constant, if one does."""
        for _ in range(MAX_CHAIN):
            entry = self._root.producers.get(name)
            if entry is None or entry.domain != "":
                return None
            if entry.op_type == "DequantizeLinear":
                return entry
            if entry.op_type != "Identity":
                return None
            name = entry.input(0)
        return None

    def _is_readable(self, tensor: onnx.TensorProto) -> bool:
        """Whether the values are there: a sparse tensor's, and a missing file's, are not."""
        if tensor.external_data:
            return self._size(tensor) > 0
        lists = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data)
        return tensor.HasField("raw_data") or any(map(len, (*lists, tensor.uint64_data)))

    def _size(self, tensor: onnx.TensorProto) -> int:
        location = next((pair.value for pair in tensor.external_data if pair.key == "location"), "")
        if location not in self._sizes:
            try:
                self._sizes[location] = ((self._folder or Path()) / location).stat().st_size
            except (OSError, ValueError):
                self._sizes[location] = 0
        return self._sizes[location] if self._folder is not None else 0

    def _is_kept(self, entry: Entry) -> bool:
        if entry.domain != "" or entry.op_type not in _KEEPERS:
            return False
        if entry.op_type == "Cast":
            return "to" in entry.attributes and entry.attributes["to"].i in REAL_TYPES
        if entry.op_type == "DequantizeLinear":
            return all(self.origin(name) for name in entry.inputs[1:] if name)
        return not any(
            isinstance(self._evaluator.value(self._root, name), Unknown)
            for name in entry.inputs[1:]
            if name
        )

    def _kept(self, entry: Entry, value: NDArray[Any]) -> NDArray[Any]:
        if entry.op_type == "DequantizeLinear":
            scale = self.array(entry.input(1))
            zero = self.array(entry.input(2)) if entry.input(2) else None
            return _dequantized(entry, value, scale, zero)
        given = self._evaluator.value(self._root, entry.input(1)) if entry.input(1) else None
        if isinstance(given, Unknown):
            raise ValueError(given.reason)
        numbers = None if given is None else [int(number) for number in given.ravel()]
        return _KEEPERS[entry.op_type](entry, value, numbers)


def array_of(tensor: onnx.TensorProto, folder: Path | None) -> NDArray[Any]:
    """A tensor's values, those of a file beside the model included, which are mapped."""
    import numpy as np
    import onnx

    if not tensor.external_data:
        return onnx.numpy_helper.to_array(tensor)
    entries = {pair.key: pair.value for pair in tensor.external_data}
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    path = (folder or Path()) / entries["location"]
    offset, shape = int(entries.get("offset", "0")), tuple(tensor.dims)
    if dtype.kind == "V" or folder is None:  # types of 4 bits, whose size numpy does not know
        raise ValueError(f"values of type {dtype} in a file of their own")
    if 0 in shape:
        return np.zeros(shape, dtype)
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape))


def _dequantized(
    entry: Entry, value: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any] | None
) -> NDArray[Any]:
    """DequantizeLinear-21: per tensor, per axis, or in blocks along an axis."""
    import numpy as np

    axis = entry.attributes["axis"].i if "axis" in entry.attributes else 1
    block = entry.attributes["block_size"].i if "block_size" in entry.attributes else 0

    def spread(part: np.ndarray) -> np.ndarray:
        if part.ndim == 1 and part.size > 1:
            return part.reshape([-1 if i == axis % value.ndim else 1 for i in range(value.ndim)])
        if not block or part.ndim != value.ndim:
            return part.reshape(()) if part.size == 1 else part
        if not 0 < block <= value.shape[axis]:
            raise ValueError(f"block_size {block}")
        return np.repeat(part, block, axis=axis)[_head(value.shape[axis], axis, value.ndim)]

    real = value.astype(np.float32)
    if zero is not None:
        real -= spread(zero.astype(np.float32))
    result: NDArray[Any] = real * spread(scale.astype(np.float32))
    if result.shape != value.shape:
        raise ValueError("scale and tensor do not fit together")
    return result


def _head(size: int, axis: int, rank: int) -> tuple[slice, ...]:
    axis %= rank
    return tuple(slice(size) if i == axis else slice(None) for i in range(rank))


def _reshaped(entry: Entry, value: NDArray[Any], sizes: list[int] | None) -> NDArray[Any]:
    if sizes is None:
        sizes = list(entry.attributes["shape"].ints)
    keep = "allowzero" in entry.attributes and entry.attributes["allowzero"].i != 0
    return value.reshape(
        [value.shape[i] if size == 0 and not keep else size for i, size in enumerate(sizes)]
    )


def _unsqueezed(entry: Entry, value: NDArray[Any], axes: list[int] | None) -> NDArray[Any]:
    import numpy as np

    return np.expand_dims(value, _axes(entry, axes))


def _squeezed(entry: Entry, value: NDArray[Any], axes: list[int] | None) -> NDArray[Any]:
    if axes is None and "axes" not in entry.attributes:
        return value.squeeze()
    return value.squeeze(_axes(entry, axes))


def _axes(entry: Entry, axes: list[int] | None) -> tuple[int, ...]:
    return tuple(entry.attributes["axes"].ints if axes is None else axes)


def _transposed(entry: Entry, value: NDArray[Any], _: list[int] | None) -> NDArray[Any]:
    order = tuple(entry.attributes["perm"].ints) if "perm" in entry.attributes else None
    return value.transpose(order)


def _cast(entry: Entry, value: NDArray[Any], _: list[int] | None) -> NDArray[Any]:
    import onnx

    return value.astype(onnx.helper.tensor_dtype_to_np_dtype(entry.attributes["to"].i))


_Keeper = Callable[[Entry, "NDArray[Any]", "list[int] | None"], "NDArray[Any]"]

#: They give back as many elements as they take.
_KEEPERS: Mapping[str, _Keeper] = {
    "Cast": _cast,
    "DequantizeLinear": lambda entry, value, _: value,
    "Identity": lambda entry, value, _: value,
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Transpose": _transposed,
    "Unsqueeze": _unsqueezed,
}

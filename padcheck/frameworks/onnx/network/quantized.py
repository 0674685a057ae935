"""Which integers of a graph stand for real numbers: scale and zero point by tensor name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.records import Quantization

if TYPE_CHECKING:
    import numpy as np

__all__ = ["is_linear", "quantization_of", "quantized_names", "stored_type"]

#: Op -> (input, its scale, its zero point), then the scale and zero point of the output.
_LINEAR = {
    "QLinearConv": ((0, 1, 2), (6, 7)),
    "QLinearAveragePool": ((0, 1, 2), (3, 4)),
    "QuantizeLinear": (None, (1, 2)),
    "DequantizeLinear": ((0, 1, 2), None),
}

#: They give back elements of their first input.
_PASS = (
    "Flatten", "Identity", "MaxPool", "Relu", "Reshape", "Squeeze", "Transpose", "Unsqueeze",
)  # fmt: skip


def is_linear(entry: Entry) -> bool:
    """Whether an op computes on integers with a scale and a zero point on both ends."""
    return entry.op_type in ("QLinearConv", "QLinearAveragePool")


def quantized_names(root: Scope, evaluator: Evaluator) -> dict[str, Quantization]:
    """The tensors that are known to be quantized, as a whole and by constants."""
    found: dict[str, Quantization] = {}
    for entry in root.entries:
        if entry.op_type in _LINEAR:
            before, after = _LINEAR[entry.op_type]
            if before is not None and entry.input(0) not in root.constants:
                _add(found, entry.input(0), root, entry, before[1:], evaluator)
            if after is not None:
                _add(found, entry.output, root, entry, after, evaluator)
        elif entry.op_type in _PASS and entry.input(0) in found and entry.output:
            found[entry.output] = found[entry.input(0)]
    for entry in reversed(root.entries):
        if entry.op_type in _PASS and entry.output in found and entry.input(0):
            found.setdefault(entry.input(0), found[entry.output])
    return found


def _add(
    found: dict[str, Quantization],
    name: str,
    root: Scope,
    entry: Entry,
    indices: tuple[int, ...],
    evaluator: Evaluator,
) -> None:
    made = quantization_of(root, entry, indices, evaluator)
    if name and made is not None:
        found.setdefault(name, made)


def quantization_of(
    root: Scope, entry: Entry, indices: tuple[int, ...], evaluator: Evaluator
) -> Quantization | None:
    """What the inputs at (scale, zero point) say; None where they are not two constants.

    A zero point that is left out is 0 of uint8, unless `output_dtype` says another type.
    """
    import numpy as np

    scale = evaluator.value(root, entry.input(indices[0]))
    if isinstance(scale, Unknown) or scale.size != 1 or scale.dtype.kind != "f":
        return None
    name = entry.input(indices[1])
    zero = evaluator.value(root, name) if name else np.zeros((), _default(entry))
    if not 0 < float(scale.reshape(())) < np.inf:
        return None
    if isinstance(zero, Unknown) or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    limits = np.iinfo(zero.dtype)
    return Quantization(
        scale=float(scale.reshape(())),
        zero_point=int(zero.reshape(())),
        low=int(limits.min),
        high=int(limits.max),
    )


def _default(entry: Entry) -> Any:
    import onnx

    given = entry.attributes.get("output_dtype")
    if given is None or given.i == 0:
        return "uint8"
    try:
        return onnx.helper.tensor_dtype_to_np_dtype(given.i)
    except (KeyError, TypeError, ValueError):
        return "float32"  # so that it is none


def stored_type(quantization: Quantization) -> np.dtype[Any]:
    """numpy's type of the stored integers."""
    import numpy as np

    for name in ("int8", "uint8", "int16", "uint16", "int32"):
        limits = np.iinfo(name)
        if (limits.min, limits.max) == (quantization.low, quantization.high):
            return np.dtype(name)
    raise ValueError(f"no integer type holds {quantization.low}..{quantization.high}")

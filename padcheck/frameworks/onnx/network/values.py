"""The numbers of a convolution: its weight, dequantized, and all that is constant after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.network.constants import Constants
from padcheck.frameworks.onnx.network.quantized import is_linear
from padcheck.frameworks.onnx.reading.graph import Entry
from padcheck.frameworks.onnx.reading.sites import Located
from padcheck.records import OpKind, OpSpec, OpValues

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.onnx.network.epilogue import Affine

__all__ = ["reader_of", "weight_origin"]

#: Inputs of QLinearConv: scale of x, of the weight, zero point of the weight.
X_SCALE, W_SCALE, W_ZERO = 1, 4, 5
#: The weight's zero point of ConvInteger.
INTEGER_ZERO = 3


def weight_origin(constants: Constants, located: Located) -> str | None:
    """The initializer that holds the weight; None for a pool, or a weight that is computed."""
    operator = located.operator
    if operator is None or operator.weight is None:
        return None
    return constants.origin(located.entry.input(operator.weight))


def reader_of(
    constants: Constants, located: Located, steps: Sequence[Callable[[], Affine]]
) -> Callable[[], OpValues] | None:
    """A function that reads the values; None where one of them is no constant."""
    operator, entry = located.operator, located.entry
    if operator is None or located.site.spec is None:
        return None
    if weight_origin(constants, located) is None:
        return None
    assert operator.weight is not None
    names = [entry.input(operator.bias)] if operator.bias is not None else []
    if is_linear(entry):
        names += [entry.input(index) for index in (X_SCALE, W_SCALE, W_ZERO)]
    elif entry.op_type == "ConvInteger":
        names.append(entry.input(INTEGER_ZERO))
    elif operator.zero_point is not None:
        return None
    if any(constants.origin(name) is None for name in names if name):
        return None
    spec, at = located.site.spec, operator.weight
    bias = entry.input(operator.bias) if operator.bias is not None else ""
    return lambda: _read(constants, entry, spec, at, bias, steps)


def _read(
    constants: Constants,
    entry: Entry,
    spec: OpSpec,
    at: int,
    bias: str,
    steps: Sequence[Callable[[], Affine]],
) -> OpValues:
    """Raises ModelError where a constant is malformed."""
    import numpy as np

    weight = constants.array(entry.input(at))
    if tuple(weight.shape) != spec.weight_shape:
        problem = f"expected a weight of {spec.weight_shape} but got {tuple(weight.shape)}"
        raise ModelError(problem, node=entry.path, field="W")
    offset = constants.array(bias).astype(np.float64).reshape(-1) if bias else None
    step = None
    if is_linear(entry):
        scale = _per_output(spec, constants.array(entry.input(W_SCALE)), entry)
        weight = _dequantized(constants, spec, weight, entry.input(W_ZERO), scale)
        step = scale.astype(np.float64)
        if offset is not None:
            x_scale = constants.array(entry.input(X_SCALE)).astype(np.float64).reshape(-1)
            offset = offset * step * x_scale
    elif entry.op_type == "ConvInteger":
        step = np.ones(spec.channels[1])
        weight = _dequantized(constants, spec, weight, entry.input(INTEGER_ZERO), step)
    else:
        step = _step(constants, spec, entry.input(at))
    scale_after, offset = _after(spec, offset, steps, entry)
    return OpValues(
        weight=np.ascontiguousarray(weight, dtype=np.float32),
        scale=scale_after,
        offset=offset,
        step=step,
    )


def _after(
    spec: OpSpec,
    offset: NDArray[Any] | None,
    steps: Sequence[Callable[[], Affine]],
    entry: Entry,
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """scale and offset of y = scale * op + offset, None for 1 and 0 throughout."""
    import numpy as np

    count = spec.channels[1]
    total = np.zeros(count) if offset is None else offset
    scale = np.ones(count)
    parts = [step() for step in steps]
    for part in (total, *(one for pair in parts for one in pair)):
        if part.size not in (1, count):
            problem = f"expected {count} numbers, one per channel, but got {part.size}"
            raise ModelError(problem, node=entry.path)
    for factor, term in parts:
        scale = scale * factor
        total = total * factor + term
    is_scaled = bool((scale != 1).any())
    is_shifted = offset is not None or bool((total != 0).any())
    return (
        scale if is_scaled else None,
        np.broadcast_to(total, (count,)).copy() if is_shifted else None,
    )


def _per_output(spec: OpSpec, numbers: NDArray[Any], entry: Entry) -> NDArray[Any]:
    """One number per output channel, of one or of as many."""
    import numpy as np

    flat = numbers.reshape(-1)
    if flat.size not in (1, spec.channels[1]):
        problem = f"expected 1 or {spec.channels[1]} scales but got {flat.size}"
        raise ModelError(problem, node=entry.path, field="w_scale")
    return np.broadcast_to(flat, (spec.channels[1],))


def _dequantized(
    constants: Constants, spec: OpSpec, weight: NDArray[Any], zero: str, scale: NDArray[Any]
) -> NDArray[Any]:
    """scale * (weight - zero point); both per output channel, the first axis of a Conv."""
    import numpy as np

    shape = (-1, *(1,) * (weight.ndim - 1))
    real = weight.astype(np.float32)
    if zero:
        points = constants.array(zero).astype(np.float32).reshape(-1)
        if points.size not in (1, spec.channels[1]):
            raise ModelError(f"expected one zero point per channel but got {points.size}")
        real = real - points.reshape(shape)
    return real * scale.astype(np.float32).reshape(shape)


def _step(constants: Constants, spec: OpSpec, name: str) -> NDArray[Any] | None:
    """The step per output channel of a weight that a DequantizeLinear gives, None for others."""
    import numpy as np

    entry = constants.dequantizer(name)
    if entry is None or "block_size" in entry.attributes:
        return None
    scale = constants.array(entry.input(1)).astype(np.float64).reshape(-1)
    count = spec.channels[1]
    if scale.size == 1:
        return np.full(count, scale[0])
    axis = entry.attributes["axis"].i if "axis" in entry.attributes else 1
    is_transposed = spec.kind is OpKind.CONV_TRANSPOSE
    if axis % (spec.rank + 2) != int(is_transposed) or count % scale.size:
        return None
    return np.tile(scale, count // scale.size)

"""The numbers of a convolution, out of its constants, in padcheck's layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.operators import Windowed
from padcheck.frameworks.litert.network.records import Scales
from padcheck.frameworks.litert.network.sites import Reading
from padcheck.frameworks.litert.network.tensors import dequantized, stored_array
from padcheck.records import OpKind, OpSpec, OpValues

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["canonical", "own_layout", "read_values"]


def canonical(weight: NDArray[Any], windowed: Windowed, spec: OpSpec) -> NDArray[Any]:
    """A weight of the operator's own layout, as `OpSpec.weight_shape` says."""
    import numpy as np

    out, inner, first = windowed.weight_axes
    spatial = range(first, first + windowed.rank)
    lead = (inner, out) if spec.kind is OpKind.CONV_TRANSPOSE else (out, inner)
    moved = np.transpose(weight, (*lead, *spatial))
    return moved.reshape(spec.weight_shape)  # which takes out an axis that was put in


def own_layout(weight: np.ndarray, windowed: Windowed, unit: int | None) -> np.ndarray:
    """A canonical weight in the operator's own layout, contiguous float32."""
    import numpy as np

    if unit is not None:
        weight = np.expand_dims(weight, unit + 2)
    out, inner, first = windowed.weight_axes
    transposed = windowed.kind is OpKind.CONV_TRANSPOSE
    source = list(range(windowed.rank + 2))
    target = [inner, out] if transposed else [out, inner]
    target += range(first, first + windowed.rank)
    order = [source[target.index(axis)] for axis in source]
    return np.ascontiguousarray(np.transpose(weight, order), dtype=np.float32)


def read_values(graph: Graph, reading: Reading) -> OpValues:
    """y = scale * op(x, weight) + offset up to the tail, before it is clipped.

    A bias in integers without a scale of its own counts in steps of data times weight.
    Raises ModelError where the constants are not as many as their shapes say.
    """
    import numpy as np

    source = graph.source(reading.weight)
    if source is None:
        raise ModelError("its weight is no constant", where=graph.where, field="W")
    spec, ending = reading.window.spec, reading.ending
    stored = stored_array(graph.model, source)
    real = stored if source.scales is None else dequantized(stored, source.scales)
    with np.errstate(over="ignore"):
        weight = canonical(real, reading.windowed, spec).astype(np.float32, copy=False)
    bias = _bias(graph, reading, source.scales)
    offset = ending.offset
    if bias is not None:
        scaled = bias if ending.scale is None else ending.scale * bias
        offset = scaled if offset is None else scaled + offset
    step = _step(reading, source.scales)
    return OpValues(weight=weight, scale=ending.scale, offset=offset, step=step)


def _step(reading: Reading, scales: Scales | None) -> NDArray[Any] | None:
    """The largest step there is, where steps are not told per output channel."""
    import numpy as np

    if scales is None:
        return None
    channels = reading.window.spec.channels[1]
    if scales.scale.size == channels and scales.axis == reading.windowed.weight_axes[0]:
        return scales.scale
    return np.full(channels, scales.scale.max())


def _bias(graph: Graph, reading: Reading, scales: Scales | None) -> NDArray[Any] | None:
    import numpy as np

    if reading.bias < 0:
        return None
    bias = graph.real(reading.bias)
    if bias is None or bias.size != reading.window.spec.channels[1]:
        raise ModelError("expected a constant per output channel", where=graph.where, field="bias")
    tensor = graph.source(reading.bias)
    data = graph.tensor(reading.operator.input(reading.windowed.data)).quantization
    if tensor is not None and tensor.scales is None and scales is not None and data is not None:
        if scales.scale.size not in (1, bias.size):
            raise ModelError("expected a scale per output channel", where=graph.where, field="W")
        bias = bias * np.float64(data.scale) * scales.scale
    values: NDArray[Any] = bias.reshape(-1)
    return values

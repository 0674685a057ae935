"""The numbers of a convolution: its weight as the spec has it, and all that is constant after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.graph import Graph
from padcheck.frameworks.tensorflow.network.reading.epilogue import Tail, constants_of
from padcheck.frameworks.tensorflow.network.reading.specs import Reading
from padcheck.records import OpValues, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["reader_of"]


def reader_of(graph: Graph, reading: Reading, tail: Tail) -> Callable[[], OpValues] | None:
    """A function that works the values out; None for a pool, or a weight that is no constant."""
    if reading.weight is None or not graph.is_constant(reading.weight):
        return None
    return lambda: _read(graph, reading, tail)


def _read(graph: Graph, reading: Reading, tail: Tail) -> OpValues:
    """Raises ModelError where TensorFlow cannot work a constant out."""
    import numpy as np

    graph.work_out(constants_of(tail))
    assert reading.weight is not None
    weight = graph.constant(reading.weight)
    if weight is None:
        node = printable(reading.weight)
        raise ModelError("its weight cannot be worked out", node=node, field="filter")
    scale, offset = _after(reading.spec.channels[1], tail)
    moved = _moved(weight, reading).reshape(reading.spec.weight_shape)
    return OpValues(weight=np.ascontiguousarray(moved, np.float32), scale=scale, offset=offset)


def _moved(weight: NDArray[Any], reading: Reading) -> NDArray[Any]:
    """(*k, I/group, O) -> (O, I/group, *k), likewise transposed; depthwise (*k, C, m) -> (C, m,
    *k), which is then (C * m, 1, *k). The axis of a kernel along which a 1-D op is alone goes.
    """
    import numpy as np

    if reading.operator.depthwise:
        return np.moveaxis(weight, (-2, -1), (0, 1))
    return np.moveaxis(weight, (-1, -2), (0, 1))


def _after(channels: int, tail: Tail) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """scale and offset of y = scale * op + offset, None for 1 throughout and for no constant."""
    import numpy as np

    scale, offset, is_shifted = np.ones(channels), np.zeros(channels), False
    for step in tail.steps:
        factor, term = step.affine()
        scale, offset = scale * factor, offset * factor + term
        is_shifted = is_shifted or step.adds
    return (
        scale if (scale != 1).any() else None,
        offset if is_shifted or (offset != 0).any() else None,
    )

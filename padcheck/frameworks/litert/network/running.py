"""Feeds in, outputs and fetched tensors out; real numbers where the model holds integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.interpreting import (
    NAME,
    check_memory,
    interpreter,
    sized,
)
from padcheck.frameworks.litert.network.records import TensorInfo
from padcheck.frameworks.litert.network.schema import version
from padcheck.frameworks.litert.network.tensors import dequantized
from padcheck.frameworks.litert.network.views import Views
from padcheck.frameworks.loading import translated

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Ports", "quantized", "run"]


@dataclass(frozen=True, slots=True)
class Ports:
    """The inputs and outputs by name: (name, tensor)."""

    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


def run(
    graph: Graph,
    ports: Ports,
    views: Views,
    feeds: Mapping[str, np.ndarray],
    fetches: Sequence[str],
) -> dict[str, np.ndarray]:
    """Every output and what is fetched, by name.

    Without fetches the model runs as a user runs it; with any, on LiteRT's own kernels, whose
    tensors can all be read. Raises UsageError for a feed that is missing and a name that the
    network has not, and FrameworkError for whatever the interpreter raises.
    """
    arrays = _arrays(graph, ports, feeds)
    shapes = {index: tuple(array.shape) for index, array in arrays.items()}
    wanted = {name: views.get(name) for name in fetches}
    for name, view in wanted.items():
        if view is None:
            raise UsageError(f"expected a tensor of the model but got {name!r}")
    check_memory(graph, shapes)
    with translated(NAME, version()):
        made = interpreter(graph.model.data, delegates=not fetches, keep=bool(fetches))
        sized(made, graph, shapes)
        for index, array in arrays.items():
            made.set_tensor(index, array)
        made.invoke()
        found = {name: _real(graph, index, made) for name, index in ports.outputs}
        for name, view in wanted.items():
            values = _fetched(graph, view.tensor, made) if view is not None else None
            if view is not None and values is not None:
                found[name] = values if view.axis is None else values.squeeze(view.axis)
        return found


def _arrays(graph: Graph, ports: Ports, feeds: Mapping[str, np.ndarray]) -> dict[int, np.ndarray]:
    """What is handed over, by tensor."""
    import numpy as np

    arrays = {}
    for name, index in ports.inputs:
        if name not in feeds:
            raise UsageError(f"expected a feed for input `{name}`")
        arrays[index] = quantized(np.asarray(feeds[name]), graph.tensor(index))
    return arrays


def quantized(array: np.ndarray, tensor: TensorInfo) -> np.ndarray:
    """The array as the tensor stores it: real numbers rounded to its steps, contiguous."""
    import numpy as np

    quantization = tensor.quantization
    if quantization is not None and array.dtype.kind == "f":
        scale = quantization.scale or 1.0
        steps = np.rint(array.astype(np.float64) / scale) + quantization.zero_point
        array = np.clip(steps, quantization.low, quantization.high)
    try:
        return np.ascontiguousarray(array, dtype=np.dtype(tensor.type))
    except TypeError as error:
        raise FrameworkError(
            f"{NAME} {version()}: input `{tensor.name}` takes {tensor.type}, not arrays"
        ) from error


def _real(graph: Graph, index: int, made: Any) -> np.ndarray:
    """A tensor's numbers; float32 where integers stand for real ones."""
    import numpy as np

    array: np.ndarray = made.get_tensor(index)
    tensor = graph.tensor(index)
    if tensor.scales is None or array.dtype.kind not in "iu":
        return array
    with np.errstate(over="ignore"):
        return dequantized(array, tensor.scales).astype(np.float32)


def _fetched(graph: Graph, index: int, made: Any) -> np.ndarray | None:
    """As `_real`; None for a tensor that has no memory once the model has run."""
    try:
        return _real(graph, index, made)
    except ValueError:
        return None

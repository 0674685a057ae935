"""A frozen graph at work: its outputs, and any tensor in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.tensorflow.network.channels_last import (
    is_channels_first,
    made_channels_last,
)
from padcheck.frameworks.tensorflow.network.session import Session, refused, tensor_name
from padcheck.frameworks.tf_ops import tensorflow

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GraphRunner"]

#: Constants from this size on are fed, in bytes.
LARGE = 1 << 12
#: What arrays start at, so that TensorFlow takes them without a copy (EIGEN_MAX_ALIGN_BYTES).
_ALIGNMENT = 64
_LOST = "was not found in the Graph"


class GraphRunner:
    """Runs a frozen GraphDef on the CPU; `inputs` and `outputs` are user name -> tensor name.

    1. Large constants are taken out of the graph and fed: TensorFlow holds a constant some five
       times over and folds it for seconds (ResNet-50 [2.21.0]: 4.7 s and 1400 MiB, fed 0.6 s and
       150 MiB). It is also what a user's model does, whose weights are variables.
    2. Grappler is left at its defaults. Where that refuses an op, as its fused grouped conv does
       without oneDNN [2.21.0], or loses a tensor that is asked for, as it does what BiasAdd gives
       to x * sigmoid(x) after a convolution [2.21.0], it fuses nothing.
    3. Channels-first ops are made channels last.

    Nothing is imported before the first run.
    """

    def __init__(
        self, graph_def: Any, inputs: Mapping[str, str], outputs: Mapping[str, str]
    ) -> None:
        self._graph_def = graph_def
        self._inputs = dict(inputs)
        self._outputs = dict(outputs)
        self._session: Session | None = None
        self._weights: dict[str, np.ndarray] = {}

    @property
    def graph_def(self) -> Any:
        """What is run."""
        return self._graph_def

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str] = (), *, only: bool = False
    ) -> dict[str, np.ndarray]:
        """Every output by its user name, and the tensors asked for that are there; these alone
        if `only`.

        Raises FrameworkError, with the version, for whatever TensorFlow raises.
        """
        unknown = [name for name in feeds if name not in self._inputs]
        if unknown:
            raise refused(f"expected inputs {', '.join(self._inputs)} but got {unknown[0]}")
        session = self._started("default")
        wanted = {name: name for name in fetches if session.has(name)}
        wanted |= {} if only else self._outputs
        fed = {self._inputs[name]: value for name, value in feeds.items()}
        tensors = list(dict.fromkeys(tensor_name(tensor) for tensor in wanted.values()))
        arrays = dict(zip(tensors, self._computed(tensors, fed), strict=True))
        return {name: arrays[tensor_name(tensor)] for name, tensor in wanted.items()}

    def _computed(self, tensors: list[str], fed: dict[str, np.ndarray]) -> list[np.ndarray]:
        try:
            return self._started("default").run(tensors, {**self._weights, **fed})
        except FrameworkError as error:
            if not _is_of_fusing(error.__cause__):
                raise
        self._session = None
        return self._started("no fusing").run(tensors, {**self._weights, **fed})  # rule 2

    def _started(self, optimizer: str) -> Session:
        if self._session is None:
            small, self._weights = _without_weights(self._graph_def)
            self._session = Session(small, optimizer=optimizer)
        return self._session


def _is_of_fusing(error: BaseException | None) -> bool:
    """Rule 2; the tensors asked for are all in the graph as it was given."""
    errors = tensorflow().errors
    lost = isinstance(error, errors.InvalidArgumentError) and _LOST in str(error)
    return lost or isinstance(error, errors.UnimplementedError)


def _without_weights(graph_def: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """The graph with placeholders for its large constants, and those by name (rules 1 and 3)."""
    small, weights = type(graph_def)(), {}
    small.versions.CopyFrom(graph_def.versions)
    small.library.CopyFrom(graph_def.library)
    for node in graph_def.node:
        array = _large_constant(node) if node.op == "Const" else None
        if array is not None:
            weights[node.name] = array
            _add_placeholder(small, node)
        elif is_channels_first(node):
            small.node.extend(made_channels_last(node))
        else:
            small.node.add().CopyFrom(node)
    return small, weights


def _add_placeholder(graph_def: Any, constant: Any) -> None:
    node = graph_def.node.add(name=constant.name, op="Placeholder", input=constant.input)
    node.attr["dtype"].type = constant.attr["dtype"].type
    node.attr["shape"].shape.CopyFrom(constant.attr["value"].tensor.tensor_shape)


def _large_constant(node: Any) -> np.ndarray | None:
    """The constant, aligned; None where it is small, or no plain buffer of numbers."""
    import numpy as np

    tensor = node.attr["value"].tensor
    content = tensor.tensor_content
    if len(content) < LARGE:
        return None
    dtype = np.dtype(tensorflow().as_dtype(tensor.dtype).as_numpy_dtype)
    shape = [dimension.size for dimension in tensor.tensor_shape.dim]
    if (
        dtype.hasobject
        or min(shape, default=0) < 1
        or math.prod(shape) * dtype.itemsize != len(content)
    ):
        return None
    held = np.empty(len(content) + _ALIGNMENT, np.uint8)
    start = -held.ctypes.data % _ALIGNMENT
    aligned = held[start : start + len(content)]
    aligned[:] = np.frombuffer(content, np.uint8)
    array: np.ndarray = aligned.view(dtype).reshape(shape)
    return array

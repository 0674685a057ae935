"""The op of one site alone: a float32 model of it, with its pads and batches, on any data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError
from padcheck.frameworks.litert.network import emitting
from padcheck.frameworks.litert.network.flatwriting import Writer, new_model, packed
from padcheck.frameworks.litert.network.interpreting import NAME, allocate, interpreter
from padcheck.frameworks.litert.network.pads import Pairs
from padcheck.frameworks.litert.network.schema import version
from padcheck.frameworks.litert.network.sites import Reading
from padcheck.frameworks.litert.network.values import own_layout
from padcheck.frameworks.loading import translated
from padcheck.frameworks.lowering import NO_OUTPUT
from padcheck.geometry import VALID
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["isolated"]

#: The most elements of data, weight or output.
MAX_ELEMENTS = 1 << 28


def isolated(reading: Reading) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
    """x (N, C, *spatial), weight as `OpSpec.weight_shape` says -> (N, C, *spatial).

    1. The attributes are the model's own; pads before it and blocks around it are built anew
       for the size of `x`, a transposed convolution's output for its crops.
    2. The weight is a constant of the model, as in any real one, so that delegates take the op.
    3. A bias of zeros, no activation, the default kernels.

    L2_POOL_2D gives what it gives in the model. Raises FrameworkError.
    """

    def compute(x: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        spec = _spec_for(reading, x, weight)
        with translated(NAME, version()):
            return _run(_IsolatedOp(reading, spec), x, weight)

    return compute


def _spec_for(reading: Reading, x: np.ndarray, weight: np.ndarray | None) -> OpSpec:
    """The site's spec at the size and channels of these arrays; raises FrameworkError."""
    spec = reading.window.spec
    if x.ndim != spec.rank + 2 or (weight is not None) != spec.kind.has_weight:
        raise _error(f"expected x of {spec.rank + 2} axes, and a weight for a convolution")
    channels, group = (x.shape[1], x.shape[1]), 1
    if weight is not None and weight.ndim == x.ndim and weight.size:
        if spec.kind is OpKind.CONV_TRANSPOSE:
            channels = (x.shape[1], weight.shape[1])
        else:
            group = max(1, x.shape[1] // weight.shape[1])
            channels = (x.shape[1], weight.shape[0])
    with translated(NAME, version()):
        made = spec.replace(
            input_size=tuple(x.shape[2:]), channels=channels, group=group, deviation=None
        )
    if weight is not None and weight.shape != made.weight_shape:
        raise _error(f"expected a weight of shape {made.weight_shape} but got {weight.shape}")
    if min(made.output_size) < 1:
        raise _error(NO_OUTPUT)
    outputs = x.shape[0] * channels[1] * math.prod(made.output_size)
    if max(outputs, x.size) > MAX_ELEMENTS:
        raise _error(f"more than {MAX_ELEMENTS} elements at once")
    return made


def _error(problem: str) -> FrameworkError:
    return FrameworkError(f"{NAME} {version()}: {problem}")


def _run(op: _IsolatedOp, x: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    import numpy as np

    unit = op.unit
    values = x if unit is None else np.expand_dims(x, unit + 2)
    values = np.ascontiguousarray(np.moveaxis(values, 1, -1), dtype=np.float32)
    at_work = interpreter(op.built(values.shape, weight))
    allocate(at_work)
    at_work.set_tensor(at_work.get_input_details()[0]["index"], values)
    at_work.invoke()
    made = at_work.get_tensor(at_work.get_output_details()[0]["index"])
    output = np.moveaxis(made, -1, 1)
    return np.ascontiguousarray(output if unit is None else output.squeeze(unit + 2))


class _IsolatedOp:
    """A site's operator, at the size of `spec`; `unit` is the axis that the site has not."""

    def __init__(self, reading: Reading, spec: OpSpec) -> None:
        self._reading = reading
        self._spec = spec
        self._chain = reading.chain
        self.unit = reading.chain.unit

    def built(self, shape: tuple[int, ...], weight: np.ndarray | None) -> bytes:
        """The model for `x` of this shape, channels last."""
        model = new_model()
        writer = Writer(model)
        tensor = writer.tensor("x", shape)
        writer.graph.inputs = [tensor]
        for number, pad in enumerate(self._chain.pads):
            name = f"pad{number}"
            tensor = emitting.pad(writer, tensor, name, pad.pairs, pad.fill, pad.mode)
        if self._chain.block:
            tensor = self._in_blocks(writer, tensor, weight)
        else:
            tensor = self._op(writer, tensor, self._lifted(self._spec.output_size), weight)
        writer.graph.outputs = [tensor]
        writer.graph.operators = writer.operators
        return packed(model)

    def _lifted(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if self.unit is None:
            return sizes
        return (*sizes[: self.unit], 1, *sizes[self.unit :])

    def _in_blocks(self, writer: Writer, data: int, weight: np.ndarray | None) -> int:
        """The op between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, whole blocks of its size."""
        block, shifts = self._chain.block, self._chain.shifts
        batch, *sizes, channels = emitting.shape_of(writer, data)
        added: Pairs = tuple(
            (before, after + -(n + before + after) % size)
            for n, (before, after), size in zip(sizes, shifts, block, strict=True)
        )
        cropped = tuple((0, a - after) for (_, a), (_, after) in zip(added, shifts, strict=True))
        lengths = [n + sum(pair) for n, pair in zip(sizes, added, strict=True)]
        cut = [length // size for length, size in zip(lengths, block, strict=True)]
        batches = batch * math.prod(block)
        tensor = writer.tensor("cut", [batches, *cut, channels])
        emitting.batches(writer, "SPACE_TO_BATCH_ND", data, tensor, block, added)
        outputs = self._lifted(self._spec.output_size)
        inner = tuple(
            (size + crop) // blocks
            for size, (_, crop), blocks in zip(outputs, cropped, block, strict=True)
        )
        tensor = self._op(writer, tensor, inner, weight)
        whole = writer.tensor("joined", [batch, *outputs, self._spec.channels[1]])
        return emitting.batches(writer, "BATCH_TO_SPACE_ND", tensor, whole, block, cropped)

    def _op(
        self, writer: Writer, data: int, sizes: tuple[int, ...], weight: np.ndarray | None
    ) -> int:
        import numpy as np

        reading, spec = self._reading, self._spec
        attributes, name = reading.attributes, reading.operator.name
        same = attributes.padding != VALID
        batch = emitting.shape_of(writer, data)[0]
        made = writer.tensor("y", [batch, *sizes, spec.channels[1]])
        if weight is None:
            return emitting.pool(
                writer,
                name,
                data,
                made,
                same=same,
                kernel=attributes.kernel,
                stride=attributes.stride,
            )
        kernel = writer.constant("weight", own_layout(weight, reading.windowed, self.unit))
        if spec.kind is OpKind.CONV_TRANSPOSE:
            return emitting.transposed(
                writer,
                name,
                data,
                kernel,
                made,
                shape=emitting.shape_of(writer, made),
                same=same,
                stride=attributes.stride,
                dilation=attributes.dilation,
            )
        bias = writer.constant("bias", np.zeros(spec.channels[1], dtype=np.float32))
        return emitting.convolution(
            writer,
            name,
            (data, kernel, bias),
            made,
            same=same,
            stride=attributes.stride,
            dilation=attributes.dilation,
            multiplier=spec.channels[1] // spec.channels[0],
        )

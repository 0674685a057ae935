"""One op of several in a row, and the small ones: constants, clips, an axis of size 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from padcheck.frameworks.litert.network import emitting
from padcheck.frameworks.litert.network.flatwriting import Writer
from padcheck.frameworks.litert.network.schema import schema

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Stage", "clip_stages", "emitted", "expand_stage", "offset_stage", "squeeze_stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One op: `shape` of what it gives, and `emit(writer, data, made)` that writes it."""

    shape: tuple[int, ...]
    emit: Callable[[Writer, int, int], int]


def emitted(writer: Writer, stages: Sequence[Stage], data: int, name: str, tail: int) -> None:
    """Writes the stages in a row; the last one gives the tensor `tail`."""
    for number, stage in enumerate(stages):
        is_last = number == len(stages) - 1
        made = tail if is_last else writer.tensor(f"{name}/{number}", stage.shape)
        data = stage.emit(writer, data, made)


def clip_stages(shape: tuple[int, ...], clip: tuple[float, float] | None) -> list[Stage]:
    """RELU and its like, or MAXIMUM and MINIMUM."""
    import numpy as np

    if clip is None:
        return []
    word = emitting.activation_word(clip)
    if word is not None:
        return [Stage(shape, lambda writer, data, made: writer.op(word, [data], made))]

    def bounded(name: str, bound: float) -> Stage:
        def emit(writer: Writer, data: int, made: int) -> int:
            constant = writer.constant("bound", np.array(bound, dtype=np.float32))
            return emitting.elementwise(writer, name, data, constant, made)

        return Stage(shape, emit)

    bounds = [("MAXIMUM", clip[0]), ("MINIMUM", clip[1])]
    return [bounded(name, bound) for name, bound in bounds if math.isfinite(bound)]


def offset_stage(shape: tuple[int, ...], offset: np.ndarray) -> Stage:
    """ADD of a number per channel."""
    import numpy as np

    def add(writer: Writer, data: int, made: int) -> int:
        constant = writer.constant("offset", np.asarray(offset, dtype=np.float32))
        return emitting.elementwise(writer, "ADD", data, constant, made)

    return Stage(shape, add)


def expand_stage(shape: tuple[int, ...], unit: int) -> Stage:
    """EXPAND_DIMS of (batch, n, channels) by a spatial axis."""
    import numpy as np

    def expand(writer: Writer, data: int, made: int) -> int:
        axis = writer.constant("axis", np.array(unit + 1, dtype=np.int32))
        options = schema().ExpandDimsOptionsT()
        return writer.op("EXPAND_DIMS", [data, axis], made, options, "ExpandDimsOptions")

    return Stage((*shape[: unit + 1], 1, *shape[unit + 1 :]), expand)


def squeeze_stage(shape: tuple[int, ...], unit: int) -> Stage:
    """SQUEEZE of a spatial axis of size 1."""
    axis = unit + 1

    def squeeze(writer: Writer, data: int, made: int) -> int:
        options = schema().SqueezeOptionsT(squeezeDims=[axis])
        return writer.op("SQUEEZE", [data], made, options, "SqueezeOptions")

    return Stage((*shape[:axis], *shape[axis + 1 :]), squeeze)

"""An OpSpec as ops of LiteRT in a row, each with the shape it gives; float32, channels last.

A 1-D op is written as a 2-D one, with an axis of size 1 at `unit`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError
from padcheck.frameworks.litert.network import emitting
from padcheck.frameworks.litert.network.flatwriting import Writer
from padcheck.frameworks.litert.network.operators import WINDOWED
from padcheck.frameworks.litert.network.pads import Pairs
from padcheck.frameworks.litert.network.stage import Stage
from padcheck.frameworks.litert.network.transposed import natural_size
from padcheck.frameworks.litert.network.values import own_layout
from padcheck.frameworks.lowering import NO_OUTPUT, transposed_axes
from padcheck.frameworks.padding import Padding, padded_op
from padcheck.geometry import VALID, Window
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["spec_stages"]

#: The border modes that MIRROR_PAD has.
_MIRRORS = ("constant", "reflect", "symmetric")

_POOLS = {OpKind.MAX_POOL: "MAX_POOL_2D", OpKind.AVERAGE_POOL: "AVERAGE_POOL_2D"}


def spec_stages(
    spec: OpSpec,
    batch: int,
    weight: np.ndarray | None,
    offset: np.ndarray | None,
    *,
    unit: int | None,
) -> list[Stage]:
    """The ops that compute a spec on (batch, *spatial, C), with the axis at `unit` if it is 1-D.

    1. Pads are written out and the op is VALID; negative ones are cut off before it.
    2. An average over fewer taps than the window has is scaled up per output.
    3. A transposed convolution is made uncropped, and then cropped.

    Raises FrameworkError where LiteRT has no op for it.
    """
    if spec.deviation is not None:
        raise FrameworkError("litert: no op of LiteRT deviates from its rule")
    if min(spec.output_size) < 1:
        raise FrameworkError(f"litert: {NO_OUTPUT}")
    made = _Stages(spec, batch, unit)
    if spec.kind is OpKind.CONV_TRANSPOSE and weight is not None:
        made.transposed(weight)
    elif spec.kind is OpKind.CONV and weight is not None:
        made.convolution(weight, offset)
    elif spec.kind in _POOLS:
        made.pool()
    else:
        raise FrameworkError(f"litert: LiteRT has no {spec.kind.value}")
    return made.stages


class _Stages:
    def __init__(self, spec: OpSpec, batch: int, unit: int | None) -> None:
        self.stages: list[Stage] = []
        self._spec = spec
        self._batch = batch
        self._unit = unit if spec.rank == 1 else None
        self._rank = max(spec.rank, 2)
        if spec.rank > 3 or (spec.rank == 1 and unit is None):
            raise FrameworkError(f"litert: LiteRT has no ops of {spec.rank} spatial axes")

    def _lifted(self, sizes: tuple[int, ...], one: int = 1) -> tuple[int, ...]:
        if self._unit is None:
            return sizes
        return (*sizes[: self._unit], one, *sizes[self._unit :])

    def _pairs(self, pairs: Pairs) -> Pairs:
        if self._unit is None:
            return pairs
        return (*pairs[: self._unit], (0, 0), *pairs[self._unit :])

    def _add(
        self, sizes: tuple[int, ...], channels: int, emit: Callable[[Writer, int, int], int]
    ) -> None:
        self.stages.append(Stage((self._batch, *self._lifted(sizes), channels), emit))

    def _pad(self, padding: Padding) -> tuple[int, ...]:
        """Rule 1; the size after it."""
        channels, sizes = self._spec.channels[0], self._spec.input_size
        if padding.mode not in _MIRRORS:
            raise FrameworkError(f"litert: LiteRT pads with no mode {padding.mode!r}")
        if padding.adds:
            sizes = _grown(sizes, padding.added)
            added = self._pairs(padding.added)

            def pad(writer: Writer, data: int, made: int) -> int:
                return emitting.pad_into(writer, data, made, added, padding.fill, padding.mode)

            self._add(sizes, channels, pad)
        if padding.crops:
            sizes = self._crop(sizes, padding.cropped, channels)
        return sizes

    def _crop(self, sizes: tuple[int, ...], crops: Pairs, channels: int) -> tuple[int, ...]:
        if not any(map(any, crops)):
            return sizes
        left = tuple(n - b - a for n, (b, a) in zip(sizes, crops, strict=True))
        begins = self._lifted(tuple(before for before, _ in crops), 0)
        lengths = self._lifted(left)

        def crop(writer: Writer, data: int, made: int) -> int:
            return emitting.cut_out(writer, data, made, begins, lengths)

        self._add(left, channels, crop)
        return left

    def _plan(self) -> tuple[Padding, tuple[Padding, ...] | None]:
        plan = padded_op(self._spec)
        if plan.reason is not None:
            raise FrameworkError(f"litert: {plan.reason}")
        return plan.padding, plan.mask

    def convolution(self, weight: np.ndarray, offset: np.ndarray | None) -> None:
        """PAD, then CONV_2D, DEPTHWISE_CONV_2D or CONV_3D with `offset` as its bias."""
        import numpy as np

        spec, unit = self._spec, self._unit
        self._pad(self._plan()[0])
        inputs, outputs = spec.channels
        is_depthwise = self._rank == 2 and spec.group == inputs > 1
        name = "DEPTHWISE_CONV_2D" if is_depthwise else f"CONV_{self._rank}D"
        if self._rank == 3 and spec.group != 1:
            raise FrameworkError("litert: CONV_3D has no groups")
        kernel = own_layout(weight, WINDOWED[name], unit)
        bias = np.zeros(outputs) if offset is None else offset

        def convolution(writer: Writer, data: int, made: int) -> int:
            constants = (
                writer.constant("weight", kernel),
                writer.constant("bias", np.asarray(bias, dtype=np.float32)),
            )
            return emitting.convolution(
                writer,
                name,
                (data, *constants),
                made,
                same=False,
                stride=self._lifted(spec.stride),
                dilation=self._lifted(spec.dilation),
                multiplier=outputs // inputs if is_depthwise else 1,
            )

        self._add(spec.output_size, outputs, convolution)

    def transposed(self, weight: np.ndarray) -> None:
        """Rule 3."""
        spec = self._spec
        name = "TRANSPOSE_CONV" if self._rank == 2 else "CONV_3D_TRANSPOSE"
        if spec.group != 1 or (self._rank == 2 and set(spec.dilation) != {1}):
            raise FrameworkError(f"litert: {name} has no groups, and on 2 axes no dilation")
        axes = transposed_axes(spec, at_least_stride=True)
        sizes = self._pad(Padding(tuple((axis.zeros_before, axis.zeros_after) for axis in axes)))
        windows = [Window(k, s, d) for k, s, d in _windows(spec)]
        full = tuple(natural_size(n, one, VALID) for n, one in zip(sizes, windows, strict=True))
        kernel = own_layout(weight, WINDOWED[name], self._unit)
        shape = (self._batch, *self._lifted(full), spec.channels[1])

        def transposed(writer: Writer, data: int, made: int) -> int:
            return emitting.transposed(
                writer,
                name,
                data,
                writer.constant("weight", kernel),
                made,
                shape=shape,
                same=False,
                stride=self._lifted(spec.stride),
                dilation=self._lifted(spec.dilation),
            )

        self._add(full, spec.channels[1], transposed)
        crops = tuple((axis.crop_before, axis.crop_after) for axis in axes)
        self._crop(full, crops, spec.channels[1])

    def pool(self) -> None:
        """PAD, then MAX_POOL_2D or AVERAGE_POOL_2D; rule 2."""
        spec = self._spec
        if self._rank == 3 or set(spec.dilation) != {1}:
            raise FrameworkError("litert: LiteRT has no pools that are dilated or on 3 axes")
        padding, mask = self._plan()
        self._pad(padding)

        def pool(writer: Writer, data: int, made: int) -> int:
            return emitting.pool(
                writer,
                _POOLS[spec.kind],
                data,
                made,
                same=False,
                kernel=self._lifted(spec.kernel_size),
                stride=self._lifted(spec.stride),
            )

        self._add(spec.output_size, spec.channels[0], pool)
        if mask is not None:
            self._rescale()

    def _rescale(self) -> None:
        import numpy as np

        factors = np.ones((1,) * (self._rank + 2), dtype=np.float64)
        for axis in range(self._spec.rank):
            counts = _counted(self._spec, axis)
            if 0 in counts:
                raise FrameworkError("litert: an average over no input")
            place = axis + 1 + (self._unit is not None and axis >= self._unit)
            shape = [1] * (self._rank + 2)
            shape[place] = -1
            factors = factors * (self._spec.kernel_size[axis] / np.array(counts)).reshape(shape)

        def rescale(writer: Writer, data: int, made: int) -> int:
            constant = writer.constant("taps", factors.astype(np.float32))
            return emitting.elementwise(writer, "MUL", data, constant, made)

        self._add(self._spec.output_size, self._spec.channels[0], rescale)


def _windows(spec: OpSpec) -> list[tuple[int, int, int]]:
    return list(zip(spec.kernel_size, spec.stride, spec.dilation, strict=True))


def _grown(sizes: tuple[int, ...], pairs: Pairs) -> tuple[int, ...]:
    return tuple(n + before + after for n, (before, after) in zip(sizes, pairs, strict=True))


def _counted(spec: OpSpec, axis: int) -> list[int]:
    """Per output, the taps that an average counts: inside the input, or the counted pads."""
    before, after = spec.resolved_pads[axis]
    low, high = (-before, after) if spec.count_include_pad else (0, 0)
    ends = range(low, spec.input_size[axis] + high)
    starts = (o * spec.stride[axis] - before for o in range(spec.output_size[axis]))
    return [sum(start + j in ends for j in range(spec.kernel_size[axis])) for start in starts]

"""OpSpec: one windowed op on one input size, in no framework's words."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import GeometryError
from padcheck.geometry import (
    PadRule,
    Rounding,
    Window,
    at_least,
    explicit,
    full_size,
    grid_shift,
    output_size,
    reads_any_input,
    reads_padding,
    resolve_crops,
)
from padcheck.records.deviation import Deviation

__all__ = ["OpKind", "OpSpec"]


def _later() -> Any:
    """A field worked out when it is first asked for, and no part of what the spec is."""
    return dataclasses.field(default=(), init=False, repr=False, compare=False)


class OpKind(enum.Enum):
    """The windowed ops; and resizing, which is none, but is taken for one that pads wrongly."""

    CONV = "conv"
    CONV_TRANSPOSE = "conv_transpose"
    MAX_POOL = "max_pool"
    AVERAGE_POOL = "average_pool"
    LP_POOL = "lp_pool"
    RESIZE = "resize"

    @property
    def has_weight(self) -> bool:
        """Whether the op takes a weight."""
        return self in (OpKind.CONV, OpKind.CONV_TRANSPOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpSpec:
    """A windowed op; every per-axis field is a tuple with one entry per spatial axis.

    `pads` are padding rules, or crops for CONV_TRANSPOSE. `pad_value` is what a pad tap holds:
    0 for convs, -inf for max pools; averages leave pads out unless `count_include_pad`, and
    Lp pools hold 0. RESIZE has a window of 1 and an `output_shape`. `deviation` is what is done
    to the arrays besides, None for nothing.

    Raises GeometryError when the fields do not fit together.
    """

    kind: OpKind
    input_size: tuple[int, ...]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[PadRule, ...]
    rounding: Rounding = Rounding.FLOOR
    group: int = 1
    channels: tuple[int, int] = (2, 3)
    bias: bool = False
    pad_value: float = 0.0
    pad_mode: str = "constant"
    count_include_pad: bool = False
    p: int = 2
    output_padding: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    interpolation: str = "linear"
    coordinates: str = "half_pixel"
    deviation: Deviation | None = None
    _windows: tuple[Window, ...] = _later()
    _pairs: tuple[tuple[int, int], ...] = _later()
    _outputs: tuple[int, ...] = _later()
    _label: str = dataclasses.field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rank = len(self.input_size)
        for name in ("kernel_size", "stride", "dilation", "pads"):
            if len(getattr(self, name)) != rank:
                raise GeometryError(f"expected {rank} entries but got {name}={getattr(self, name)}")
        for name in ("output_padding", "output_shape"):
            if len(getattr(self, name)) not in (0, rank):
                raise GeometryError(f"expected {rank} entries but got {name}={getattr(self, name)}")
        if self.kind is OpKind.RESIZE and not self.output_shape:
            raise GeometryError("expected an output_shape for a resize")
        for size in self.input_size:
            at_least("input_size", size, 1)
        c_in, c_out = self.channels
        if self.kind.has_weight and (
            self.group < 1 or c_in < 1 or c_out < 1 or c_in % self.group or c_out % self.group
        ):
            raise GeometryError(
                f"expected group to divide channels but got group={self.group}, "
                f"channels={self.channels}"
            )
        if math.isnan(self.pad_value):
            raise GeometryError("expected a number but got pad_value=nan")

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.input_size)

    @property
    def windows(self) -> tuple[Window, ...]:
        """The window of each axis."""
        if not self._windows:
            sizes = zip(self.kernel_size, self.stride, self.dilation, strict=True)
            object.__setattr__(self, "_windows", tuple(Window(k, s, d) for k, s, d in sizes))
        return self._windows

    @property
    def resolved_pads(self) -> tuple[tuple[int, int], ...]:
        """(pad_before, pad_after) per axis; crops for CONV_TRANSPOSE."""
        if not self._pairs:
            object.__setattr__(self, "_pairs", self._resolve())
        return self._pairs

    def _resolve(self) -> tuple[tuple[int, int], ...]:
        if self.kind is OpKind.CONV_TRANSPOSE:
            return tuple(self._crops(axis) for axis in range(self.rank))
        return tuple(
            rule.resolve(n, window)
            for rule, n, window in zip(self.pads, self.input_size, self.windows, strict=True)
        )

    def _crops(self, axis: int) -> tuple[int, int]:
        return resolve_crops(
            self.input_size[axis],
            self.windows[axis],
            self.pads[axis],
            self.output_padding[axis] if self.output_padding else 0,
            self.output_shape[axis] if self.output_shape else None,
        )

    @property
    def pad_before(self) -> tuple[int, ...]:
        """Elements added (cropped, if transposed) at the low end of each axis."""
        return tuple(before for before, _ in self.resolved_pads)

    @property
    def pad_after(self) -> tuple[int, ...]:
        """Elements added (cropped, if transposed) at the high end of each axis."""
        return tuple(after for _, after in self.resolved_pads)

    @property
    def output_size(self) -> tuple[int, ...]:
        """The output size of each axis; 0 where the op yields nothing."""
        if not self._outputs:
            object.__setattr__(self, "_outputs", self._measure())
        return self._outputs

    def _measure(self) -> tuple[int, ...]:
        if self.kind is OpKind.RESIZE:
            return self.output_shape
        sized = zip(self.input_size, self.windows, self.resolved_pads, strict=True)
        if self.kind is OpKind.CONV_TRANSPOSE:
            return tuple(max(0, full_size(n, w) - b - a) for n, w, (b, a) in sized)
        return tuple(output_size(n, w, b, a, self.rounding) for n, w, (b, a) in sized)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """(O, I/group, *k), or (I, O/group, *k) when transposed; () for pools."""
        if not self.kind.has_weight:
            return ()
        c_in, c_out = self.channels
        if self.kind is OpKind.CONV_TRANSPOSE:
            return (c_in, c_out // self.group, *self.kernel_size)
        return (c_out, c_in // self.group, *self.kernel_size)

    @property
    def parameters(self) -> int:
        """Trainable numbers: weight and bias."""
        weight = math.prod(self.weight_shape) if self.kind.has_weight else 0
        return weight + (self.channels[1] if self.bias and self.kind.has_weight else 0)

    @property
    def reads_padding(self) -> bool:
        """Whether any tap reads a pad; for CONV_TRANSPOSE, whether anything is cropped or added."""
        if self.kind is OpKind.CONV_TRANSPOSE:
            return any(pair != (0, 0) for pair in self.resolved_pads)
        return any(
            reads_padding(n, window, before, size)
            for n, window, before, size in zip(
                self.input_size, self.windows, self.pad_before, self.output_size, strict=True
            )
        )

    @property
    def reads_input(self) -> bool:
        """Whether any tap reads an input; not so where strides pass over all but the padding."""
        if self.kind in (OpKind.CONV_TRANSPOSE, OpKind.RESIZE) or self.pad_mode != "constant":
            return True
        return all(
            reads_any_input(n, window, before, size)
            for n, window, before, size in zip(
                self.input_size, self.windows, self.pad_before, self.output_size, strict=True
            )
        )

    def replace(self, **changes: Any) -> OpSpec:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def deviating(self, **changes: Any) -> OpSpec:
        """A copy with some fields of its deviation changed."""
        made = dataclasses.replace(self.deviation or Deviation(), **changes)
        return self.replace(deviation=None if made == Deviation() else made)

    def with_pads(self, pads: Sequence[tuple[int, int]]) -> OpSpec:
        """A copy with explicit pads (crops), and neither output_padding nor output_shape.

        RESIZE pads nothing and stays as it is.
        """
        if self.kind is OpKind.RESIZE:
            return self
        rules = tuple(explicit(before, after) for before, after in pads)
        return self.replace(pads=rules, output_padding=(), output_shape=())

    def with_rule(self, rule: PadRule) -> OpSpec:
        """A copy with one rule on every axis, and neither output_padding nor output_shape."""
        if self.kind is OpKind.RESIZE:
            return self
        return self.replace(pads=(rule,) * self.rank, output_padding=(), output_shape=())

    def resized(self, input_size: Sequence[int]) -> OpSpec:
        """A copy at another input size; SAME is worked out anew, explicit pads stay."""
        return self.replace(input_size=tuple(input_size))

    def grid_shift(self, observed: OpSpec) -> tuple[int, ...]:
        """How far the windows of `observed` start behind this op's, per axis."""
        return tuple(map(grid_shift, self.resolved_pads, observed.resolved_pads))

    def along(self, axis: int, input_size: int) -> OpSpec:
        """The op on one axis alone, at another input size."""
        return self.replace(
            input_size=(input_size,),
            kernel_size=(self.kernel_size[axis],),
            stride=(self.stride[axis],),
            dilation=(self.dilation[axis],),
            pads=(self.pads[axis],),
            output_padding=self.output_padding[axis : axis + 1],
            output_shape=self.output_shape[axis : axis + 1],
        )

    def __repr__(self) -> str:
        """The code that makes it: `padcheck.conv(input_size=(8, 8), kernel_size=3, pads=1)`."""
        from padcheck.records.snippet import snippet

        return snippet(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """As `repr`, for Hypothesis and IPython, which spell dataclasses out by themselves."""
        printer.text(repr(self))

    def labelled(self, label: str) -> OpSpec:
        """A copy that `str` gives this text for; no part of what the op is."""
        copy = dataclasses.replace(self)
        object.__setattr__(copy, "_label", label)
        return copy

    def __str__(self) -> str:
        return self._label or self.windowing

    @property
    def windowing(self) -> str:
        """`conv(n=8x8, k=3x3, s=2x2, pads=(1,1)x(1,1))`, fields at their defaults left out."""
        if self.kind is OpKind.RESIZE:
            sizes = f"{_cross(self.input_size)} to {_cross(self.output_shape)}"
            return f"resize({sizes}, {self.interpolation}, {self.coordinates})"
        parts = [f"n={_cross(self.input_size)}", f"k={_cross(self.kernel_size)}"]
        if set(self.stride) != {1}:
            parts.append(f"s={_cross(self.stride)}")
        if set(self.dilation) != {1}:
            parts.append(f"d={_cross(self.dilation)}")
        parts.append(f"{'crops' if self.kind is OpKind.CONV_TRANSPOSE else 'pads'}={self._pads()}")
        if self.group != 1:
            parts.append(f"group={self.group}")
        if self.rounding is Rounding.CEIL:
            parts.append("ceil")
        if self.count_include_pad:
            parts.append("count_include_pad")
        return f"{self.kind.value}({', '.join(parts)})"

    def _pads(self) -> str:
        return "x".join(f"({before},{after})" for before, after in self.resolved_pads)


def _cross(sizes: Sequence[int]) -> str:
    return "x".join(str(size) for size in sizes)

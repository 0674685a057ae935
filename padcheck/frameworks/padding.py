"""Pads that hold what the op wants, to stand before it where its own padding cannot.

What `x` is padded with before a VALID op, and what an average must be divided by. Plain ints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from padcheck.frameworks.lowering import PadPairs, floor_pads
from padcheck.records import OpKind, OpSpec

__all__ = ["Border", "PaddedOp", "Padding", "padded_op", "padded_spec"]

#: Border mode -> how many of the n inputs a mirror at either end does not show.
_HIDDEN = {"reflect": 1, "symmetric": 0}
_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


@dataclass(frozen=True, slots=True)
class Padding:
    """Elements added before and after each axis, with what they hold; negative pads then crop.

    `fill` counts for mode "constant" only, the other modes are numpy.pad's.
    """

    pads: PadPairs
    fill: float = 0.0
    mode: str = "constant"

    @property
    def added(self) -> PadPairs:
        """The pads that lengthen."""
        return tuple((max(before, 0), max(after, 0)) for before, after in self.pads)

    @property
    def cropped(self) -> PadPairs:
        """What is cropped once all is added: as much as the input has, or more."""
        return tuple((max(-before, 0), max(-after, 0)) for before, after in self.pads)

    @property
    def crops(self) -> bool:
        """Whether any axis is cropped."""
        return any(min(pair) < 0 for pair in self.pads)

    @property
    def adds(self) -> bool:
        """Whether any axis gets longer before it is cropped."""
        return any(pair != (0, 0) for pair in self.added)

    @property
    def is_zeros(self) -> bool:
        """Whether no more than zeros are added."""
        return not self.adds or (self.mode == "constant" and self.fill == 0)

    def borders(self, input_size: tuple[int, ...]) -> tuple[tuple[int, Border], ...]:
        """(axis, its border) for every axis that is lengthened."""
        return tuple(
            (axis, Border(n, *pair, self.mode))
            for axis, (n, pair) in enumerate(zip(input_size, self.added, strict=True))
            if pair != (0, 0)
        )


@dataclass(frozen=True, slots=True)
class Border:
    """The inputs 0 .. size - 1 of an axis, lengthened; str() is the code that lists them."""

    size: int
    before: int
    after: int
    mode: str

    @property
    def positions(self) -> tuple[int, ...]:
        """The input that each element repeats. Assumes mirrors no wider than they show."""
        return tuple(self._position(i) for i in range(-self.before, self.size + self.after))

    def _position(self, i: int) -> int:
        if 0 <= i < self.size:
            return i
        if self.mode == "edge":
            return max(0, min(i, self.size - 1))
        if self.mode == "wrap":
            return i % self.size
        beyond = -i if i < 0 else i - self.size + 1  # 1, 2, ...
        step = beyond - 1 + _HIDDEN[self.mode]
        return step if i < 0 else self.size - 1 - step

    def __str__(self) -> str:
        """`np.pad(range(8), (1, 2), "edge")`"""
        return f'np.pad(range({self.size}), ({self.before}, {self.after}), "{self.mode}")'


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddedOp:
    """How `x` becomes the input of the VALID op; `reason` is set where it cannot.

    `mask`: what makes of ones those that an average counts, so that the pooled `x` is divided by
    the pooled mask; None where a plain average counts what it should.
    """

    padding: Padding = Padding(())
    mask: tuple[Padding, ...] | None = None
    reason: str | None = None

    @property
    def is_zeros(self) -> bool:
        """Whether it is what zeros before a VALID op compute."""
        return self.mask is None and self.padding.is_zeros


def padded_op(spec: OpSpec) -> PaddedOp:
    """The pads of an op at its input size. Not for CONV_TRANSPOSE, which is cropped instead.

    1. The pads include CEIL's overhang, so that FLOOR gives the output size.
    2. A constant is the op's own, but an average takes no infinite one.
    3. A mirror shows the input once: beyond that TensorFlow and PyTorch refuse it.
    """
    if spec.pad_mode not in _MODES:
        return PaddedOp(reason=f"expected pads of {', '.join(_MODES)} but got {spec.pad_mode!r}")
    average = spec.kind is OpKind.AVERAGE_POOL
    fill = spec.pad_value if math.isfinite(spec.pad_value) or not average else 0.0  # rule 2
    padding = Padding(floor_pads(spec), fill, spec.pad_mode)  # rule 1
    reason = _too_wide(spec, padding)
    if reason is not None:
        return PaddedOp(reason=reason)
    return PaddedOp(padding=padding, mask=_mask(spec) if average else None)


def padded_spec(spec: OpSpec) -> OpSpec:
    """The op that these pads and then VALID compute: the op itself, its pads worked out."""
    return spec.with_pads(spec.resolved_pads)


def _too_wide(spec: OpSpec, padding: Padding) -> str | None:
    """Why a mirror does not reach (rule 3), or None."""
    mode = padding.mode
    if mode not in _HIDDEN:
        return None
    for n, pair in zip(spec.input_size, padding.added, strict=True):
        most = n - _HIDDEN[mode]
        if max(pair) > most:
            return f"{mode} pads of an input of {n} are {most} wide at most, here {max(pair)}"
    return None


def _mask(spec: OpSpec) -> tuple[Padding, ...] | None:
    """What makes of ones the mask of what an average counts; None where it counts every tap.

    1. A border mode's pads are counted, and so is its overhang.
    2. Constant pads are counted if the op says so, CEIL's overhang never.
    """
    if spec.pad_mode != "constant":  # rule 1
        return None
    padded, nothing = floor_pads(spec), ((0, 0),) * spec.rank
    counted = spec.resolved_pads if spec.count_include_pad else nothing  # rule 2
    if not any(_reads_beyond(spec, axis, *pair) for axis, pair in enumerate(counted)):
        return None
    rest = tuple(
        (before - counted_before, after - counted_after)
        for (before, after), (counted_before, counted_after) in zip(padded, counted, strict=True)
    )
    steps = Padding(counted, 1.0), Padding(rest)
    return tuple(step for step in steps if step.pads != nothing)


def _reads_beyond(spec: OpSpec, axis: int, before: int, after: int) -> bool:
    """Whether any tap along an axis reads outside [-before, n + after)."""
    window, first = spec.windows[axis], -spec.pad_before[axis]
    last = first + (spec.output_size[axis] - 1) * window.stride + window.effective_kernel - 1
    return first < -before or last >= spec.input_size[axis] + after

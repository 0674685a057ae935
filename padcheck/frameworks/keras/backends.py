"""What differs between Keras's backends: the functions for what Keras has no layer for."""

from __future__ import annotations

from abc import ABC, abstractmethod

from padcheck.frameworks.keras.steps import KerasBuild, Step
from padcheck.frameworks.lowering import PadPairs
from padcheck.frameworks.padding import Padding
from padcheck.records import OpSpec

__all__ = ["Backend", "every_axis", "taken"]


class Backend(ABC):
    """A backend, its lowerings, its functions, and how calls of them are written.

    `name` is what KERAS_BACKEND calls it; `module` holds its functions in code, those of
    neural networks in `functions`.
    """

    name: str
    module: str
    functions: str
    extra: str
    same: str
    zeropad_valid: str
    pad_valid: str

    @property
    def lowerings(self) -> tuple[str, ...]:
        """`padding="same"`; ZeroPadding, or pads of the op's own, with `padding="valid"`."""
        return self.same, self.zeropad_valid, self.pad_valid

    @property
    def takes_both(self) -> str:
        """A note: `strides > 1 not supported with dilation_rate > 1`, say layers [3.15.1]."""
        return f"Keras layers refuse strides with dilation_rate; `{self.functions}` takes both"

    @abstractmethod
    def conv(self, spec: OpSpec, padding: str) -> KerasBuild:
        """A convolution with stride and dilation; `padding` is "same" or "valid"."""

    @abstractmethod
    def transposed(self, spec: OpSpec, padding: str, added: PadPairs) -> Step:
        """A transposed convolution with stride and dilation, of an input with zeros `added`."""

    @abstractmethod
    def dilated_pool(self, spec: OpSpec, padding: str) -> KerasBuild:
        """A max or average pool with dilation."""

    @abstractmethod
    def pad(self, padding: Padding, input_size: tuple[int, ...]) -> KerasBuild:
        """What adds to `x` that ZeroPadding cannot; nothing is cropped."""

    @abstractmethod
    def joined(self, parts: str) -> str:
        """Code that joins a list along channels."""

    @abstractmethod
    def biased(self, x: str) -> str:
        """Code that adds `bias`."""


def every_axis(padding: Padding) -> PadPairs:
    """What is added to (N, *spatial, C)."""
    return ((0, 0), *padding.added, (0, 0))


def taken(function: str, padding: Padding, input_size: tuple[int, ...]) -> tuple[Step, ...]:
    """A border mode axis by axis: the inputs that its elements repeat, taken by `function`."""
    return tuple(
        Step(name=function, arguments=(("indices", border), ("axis", axis + 1)))
        for axis, border in padding.borders(input_size)
    )

"""What differs between Keras's backends: the functions for what Keras has no layer for."""

from __future__ import annotations

from abc import ABC, abstractmethod

from padcheck.frameworks.keras.steps import KerasBuild, Step
from padcheck.frameworks.lowering import PadPairs
from padcheck.records import OpKind, OpSpec

__all__ = ["Backend"]


class Backend(ABC):
    """A backend, its two lowerings, its functions, and how calls of them are written.

    `name` is what KERAS_BACKEND calls it; `module` holds its functions in code, those of
    neural networks in `functions`.
    """

    name: str
    module: str
    functions: str
    extra: str
    same: str
    zeropad_valid: str

    @property
    def lowerings(self) -> tuple[str, ...]:
        """`padding="same"`, and ZeroPadding with `padding="valid"`."""
        return self.same, self.zeropad_valid

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
    def joined(self, parts: str) -> str:
        """Code that joins a list along channels."""

    @abstractmethod
    def biased(self, x: str) -> str:
        """Code that adds `bias`."""

    @abstractmethod
    def pooled(self, kind: OpKind, x: str, window: str, rank: int) -> str:
        """Code of a max or average pool without padding; `window` is its size and strides."""

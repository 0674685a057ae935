"""One axis of a window: kernel, stride, dilation, and the sizes that follow from them."""

from __future__ import annotations

import enum
import operator
from dataclasses import dataclass

from padcheck.errors import GeometryError

__all__ = ["Rounding", "Window", "at_least", "output_size", "same_output_size"]


class Rounding(enum.Enum):
    """What happens to a last window that does not fit (ONNX `ceil_mode`).

    CEIL drops a last window that starts past the input and its pad_before; CEIL_ALL is the slip
    of keeping it.
    """

    FLOOR = "floor"
    CEIL = "ceil"
    CEIL_ALL = "ceil_all"


def at_least(name: str, value: object, low: int) -> int:
    """`value` as an int >= `low`; raises GeometryError for anything else, floats included."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = low - 1
    if number < low or isinstance(value, bool):
        kind = type(value).__name__
        raise GeometryError(f"expected int >= {low} but got {name}={value!r} (type={kind})")
    return number


@dataclass(frozen=True, slots=True)
class Window:
    """Kernel, stride and dilation of one axis; all ints >= 1, else GeometryError."""

    kernel_size: int
    stride: int = 1
    dilation: int = 1

    def __post_init__(self) -> None:
        if not (
            type(self.kernel_size) is type(self.stride) is type(self.dilation) is int
            and self.kernel_size > 0
            and self.stride > 0
            and self.dilation > 0
        ):
            for name in ("kernel_size", "stride", "dilation"):
                object.__setattr__(self, name, at_least(name, getattr(self, name), 1))

    @property
    def effective_kernel(self) -> int:
        """(kernel_size - 1) * dilation + 1: the extent of input that one window spans."""
        return (self.kernel_size - 1) * self.dilation + 1


def output_size(
    input_size: int,
    window: Window,
    pad_before: int,
    pad_after: int,
    rounding: Rounding = Rounding.FLOOR,
) -> int:
    """floor((input_size + pad_before + pad_after - effective_kernel) / stride) + 1, at least 0.

    Rules (ONNX Conv-22 and MaxPool-22; PyTorch `pooling_output_shape`):
    1. A padded input shorter than the window gives no output; the result is 0.
    2. CEIL rounds the division up ...
    3. ... and then drops the last window if it starts at or past input_size + pad_before;
       CEIL_ALL does not.
    """
    room = input_size + pad_before + pad_after - window.effective_kernel
    if rounding is Rounding.FLOOR:
        return room // window.stride + 1 if room >= 0 else 0  # rule 1
    size = -(-room // window.stride) + 1  # rule 2
    if rounding is Rounding.CEIL and (size - 1) * window.stride >= input_size + pad_before:
        size -= 1  # rule 3
    return max(size, 0)


def same_output_size(input_size: int, stride: int) -> int:
    """ceil(input_size / stride), the output size that SAME promises. Assumes stride >= 1."""
    return -(-input_size // stride)

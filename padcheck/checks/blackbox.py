"""A user's function as a box that the verdict can ask: layouts, types, exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import FrameworkError
from padcheck.probes import Probe
from padcheck.records import OpKind, OpSpec, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LAYOUTS", "BlackBox", "UnusableOutput"]

LAYOUTS = ("channels_first", "channels_last")

#: Letters of an exception's text that are shown.
_MOST_LETTERS = 200


class UnusableOutput(FrameworkError):
    """What a function returned is no array of numbers."""


class BlackBox:
    """`fn` as `box(spec, probe) -> (N, C, *spatial)`; `calls` counts how often it was asked;
    `unusable` says whether what it returned last was no array of numbers.

    Raises FrameworkError for what `fn` raises, and UnusableOutput for what is no array of
    numbers. Lp pools are raised to the p-th power, as the verdict wants them.
    """

    def __init__(self, fn: Callable[..., Any], layout: str) -> None:
        self._fn = fn
        self._last = layout == "channels_last"
        self.calls = 0
        self.unusable = False
        self.dtype_note = ""

    def __call__(self, spec: OpSpec, probe: Probe) -> NDArray[Any]:
        self.calls += 1
        try:
            returned = self._fn(*self._arguments(probe))
        except Exception as error:
            text = _first_line(error)
            raise FrameworkError(
                f"the function raised {type(error).__name__}{': ' if text else ''}{text}"
            ) from error
        self.unusable = True
        output = self._numbers(returned)
        self.unusable = False
        if self._last and output.ndim == spec.rank + 2:
            output = np.moveaxis(output, -1, 1)
        if spec.kind is OpKind.LP_POOL and spec.p > 1:
            with np.errstate(invalid="ignore", over="ignore"):
                return np.asarray(np.sign(output) * np.abs(output) ** spec.p)
        return output

    def _arguments(self, probe: Probe) -> list[NDArray[Any]]:
        """Fresh arrays: a function that writes into them harms nobody."""
        x, weight, bias = probe.as_float32()
        if self._last:
            x = np.ascontiguousarray(np.moveaxis(x, 1, -1))
            if weight is not None:
                weight = np.ascontiguousarray(np.moveaxis(weight, (0, 1), (-1, -2)))
        return [array for array in (x, weight, bias) if array is not None]

    def _numbers(self, returned: Any) -> NDArray[Any]:
        """The output as an array of floats; notes a type that is not float32."""
        array = _array(returned)
        if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
            what = type(returned).__name__ if array.dtype == object else f"dtype {array.dtype}"
            raise UnusableOutput(f"the function returned {what}, expected a float32 array")
        if array.dtype != np.float32:
            self.dtype_note = f"the function returns {array.dtype}, expected float32"
        with np.errstate(over="ignore"):
            return array.astype(np.float64)


def _first_line(error: Exception) -> str:
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # its own words fail it
        return ""
    return printable(lines[0])[:_MOST_LETTERS] if lines else ""


def _array(returned: Any) -> NDArray[Any]:
    """A numpy array of what frameworks return; tensors are taken off their device and graph."""
    kind = type(returned).__name__
    try:
        if kind == "Tensor" and hasattr(returned, "detach"):  # torch
            kind = f"a tensor of {returned.dtype} on {returned.device}"
            returned = returned.detach().cpu()
            if str(returned.dtype) == "torch.bfloat16":
                returned = returned.float()
        return np.asarray(returned)
    except Exception as error:
        raise UnusableOutput(f"the function returned {kind}, expected a float32 array") from error

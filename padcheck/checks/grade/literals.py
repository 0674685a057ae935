"""Arrays as code: whole, with few digits, laid out as ruff and black leave it."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WIDTH", "assigned", "written"]

#: Columns of a line.
WIDTH = 100
_INDENT = "    "


def assigned(name: str, array: NDArray[Any], *, dtype: str | None = None) -> list[str]:
    """The lines of `name = np.array(...)`.

    Rules:
    1. One line where that fits; else the arguments on the next; else each on lines of its own.
    2. A list that does not fit has each of its entries on lines of its own.
    3. A row of numbers that does not fit is wrapped, and formatters are told to leave it.
    """
    if not array.size:
        return [f"{name} = np.zeros({tuple(map(int, array.shape))})"]
    tail = [] if dtype is None else [f"dtype={dtype}"]
    inner = ", ".join([written(array), *tail])
    opened = f"{name} = np.array("
    if len(f"{opened}{inner})") <= WIDTH:  # rule 1
        return [f"{opened}{inner})"]
    if len(_INDENT + inner) <= WIDTH:
        return [opened, _INDENT + inner, ")"]
    listed = _lines(array, 1)
    listed[-1] += "," * len(tail)
    made = [opened, *listed, *(f"{_INDENT}{text}," for text in tail), ")"]
    return ["# fmt: off", *made, "# fmt: on"] if _is_wrapped(array) else made


def _lines(array: NDArray[Any], depth: int) -> list[str]:
    """A list, indented by so much, in lines that fit with a comma after them (rules 2 and 3)."""
    indent = _INDENT * depth
    line = indent + written(array)
    if len(line) < WIDTH:
        return [line]
    if array.ndim == 1:
        numbers = textwrap.wrap(written(array)[1:-1], WIDTH - len(indent + _INDENT))
        return [indent + "[", *(indent + _INDENT + part for part in numbers), indent + "]"]
    lines = []
    for part in array:
        lines += _lines(part, depth + 1)
        lines[-1] += ","
    return [indent + "[", *lines, indent + "]"]


def _is_wrapped(array: NDArray[Any]) -> bool:
    rows = array.reshape(-1, array.shape[-1])
    return any(len(_INDENT * array.ndim + written(row)) >= WIDTH for row in rows)


def written(array: NDArray[Any]) -> str:
    """The array as lists on one line, without `np.array`; whole numbers if all of it are."""
    numbers = [float(number) for number in array.ravel()]
    whole = all(number.is_integer() or not math.isfinite(number) for number in numbers)
    return _nested(array, whole)


def _nested(array: NDArray[Any], whole: bool) -> str:
    if array.ndim == 0:
        return _number(float(array), whole)
    return f"[{', '.join(_nested(part, whole) for part in array)}]"


def _number(number: float, whole: bool) -> str:
    if math.isnan(number):
        return "np.nan"
    if math.isinf(number):
        return "np.inf" if number > 0 else "-np.inf"
    return str(int(number)) if whole else f"{number:.9g}"

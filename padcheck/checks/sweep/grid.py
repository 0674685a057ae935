"""The grid of a sweep from what a user writes: `5..33`, `1,3..7`, `5..33:2`, `half,same`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from padcheck.errors import UsageError
from padcheck.geometry import at_least
from padcheck.records import OpKind
from padcheck.records.grid import PADDINGS, SweepGrid

__all__ = ["MOST_SIZE", "OPS", "Values", "grid_of", "values_of"]

#: The ops with a window of which a grid can be made.
OPS = ("conv", "conv_transpose", "max_pool", "average_pool", "lp_pool")
#: Larger sizes, kernels, strides, dilations and pads are taken for a mistake.
MOST_SIZE = 1 << 20
#: No grid is as large along one of its lists.
_MOST_VALUES = 1 << 21

_INT = r"-?[0-9]{1,18}"
_RANGE = re.compile(rf"({_INT})\.\.({_INT})(?::([0-9]{{1,18}}))?")

Values = int | str | Iterable[int]


def grid_of(
    *,
    op: str = "conv",
    input_size: Values,
    kernel_size: Values,
    stride: Values = 1,
    dilation: Values = 1,
    padding: str | int | Sequence[str | int] = "half",
    rank: int = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> SweepGrid:
    """The grid over lists of ints: an int, ints, or text like `5..33`, `1,3..7`, `5..33:2`.

    `padding` is one of `records.grid.PADDINGS`, an int or `before:after`, or several. Raises
    UsageError for anything else, and for flags that the op does not take.
    """
    if op not in OPS:
        raise UsageError(f"expected an op of {', '.join(OPS)} but got {op!r}")
    kind = OpKind(op)
    if rank not in (1, 2, 3):
        raise UsageError(f"expected 1, 2 or 3 but got rank={rank!r}")
    if ceil_mode and kind.has_weight:
        raise UsageError(f"ceil_mode is for pools, but the op is {op}")
    if count_include_pad and kind is not OpKind.AVERAGE_POOL:
        raise UsageError(f"count_include_pad is for average_pool, but the op is {op}")
    words = _paddings(padding)
    if kind is OpKind.CONV_TRANSPOSE and "causal" in words:
        raise UsageError("padding causal is not for conv_transpose: give the crops as ints")
    return SweepGrid(
        kind=kind,
        input_size=values_of("input", input_size),
        kernel_size=values_of("kernel", kernel_size),
        stride=values_of("stride", stride),
        dilation=values_of("dilation", dilation),
        padding=words,
        rank=rank,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
    )


def values_of(name: str, given: Values, low: int = 1) -> tuple[int, ...]:
    """The ints, ascending, each once; raises UsageError for any below `low` or too large."""
    items: Iterable[object] = given if isinstance(given, Iterable) else [given]
    if isinstance(given, str):
        items = [number for part in given.split(",") for number in _part(name, given, part.strip())]
    found: set[int] = set()
    for item in items:
        number = at_least(name, item, low)
        if number > MOST_SIZE:
            raise UsageError(f"expected ints of at most {MOST_SIZE} but got {name}={number}")
        found.add(number)
    if not found:
        raise UsageError(f"expected at least one int but got {name}={given!r}")
    return tuple(sorted(found))


def _part(name: str, text: str, part: str) -> range:
    """`7`, `5..33` or `5..33:2`."""
    match = _RANGE.fullmatch(part)
    if match is not None:
        first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
        numbers = range(first, last + 1, step) if step else range(0)
        if 0 < len(numbers) <= _MOST_VALUES:
            return numbers
        problem = "is empty" if not numbers else f"has more than {_MOST_VALUES} ints"
        raise UsageError(f"expected a range like 5..33 but {name}={part} {problem}")
    if re.fullmatch(_INT, part):
        return range(int(part), int(part) + 1)
    raise UsageError(f"expected ints like 7, 5..33, 1,3..7 or 5..33:2 but got {name}={text}")


def _paddings(given: str | int | Sequence[str | int]) -> tuple[str, ...]:
    """The words, each once, in the order given; ranges of ints are spelled out."""
    items = [given] if isinstance(given, str | int) else given
    words: dict[str, None] = {}
    for item in items:
        for part in re.split(r"[|,]", str(item)):
            words |= dict.fromkeys(_padding(part.strip().lower(), str(item)))
    if not words:
        raise UsageError("expected at least one padding")
    return tuple(words)


def _padding(word: str, text: str) -> list[str]:
    if word in PADDINGS:
        return [word]
    if word == "same_upper":
        return ["same"]
    if ".." in word or re.fullmatch(_INT, word):
        return [str(number) for number in values_of("padding", word, low=-MOST_SIZE)]
    pair = re.fullmatch(f"({_INT}):({_INT})", word)
    if pair is not None:
        before, after = (values_of("padding", end, low=-MOST_SIZE)[0] for end in pair.groups())
        return [str(before) if before == after else f"{before}:{after}"]
    known = ", ".join(PADDINGS)
    raise UsageError(f"expected {known}, an int or before:after but got padding={text}")

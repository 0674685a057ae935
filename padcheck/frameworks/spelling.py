"""Code as text: calls with numbers in them, written as a person would write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["call", "numbers", "pair_tuple", "real"]


def numbers(values: Sequence[int]) -> str:
    """One number where all axes share it, else a tuple: `3`, `(3, 5)`."""
    if len(set(values)) == 1:
        return str(values[0])
    return "(" + ", ".join(str(value) for value in values) + ")"


def pair_tuple(pairs: Sequence[tuple[int, int]]) -> str:
    """`((1, 1), (0, 2))`, or `(1, 1)` for a single pair."""
    if len(pairs) == 1:
        return str(pairs[0])
    return "(" + ", ".join(str(pair) for pair in pairs) + ")"


def real(value: float) -> str:
    """`5.0`, or `float("-inf")` for what has no literal."""
    return repr(float(value)) if math.isfinite(value) else f'float("{value}")'


def call(function: str, *arguments: str | int, **keywords: str | int | bool | None) -> str:
    """`function(arguments, keyword=value)`; keywords that are None are left out."""
    parts = [str(argument) for argument in arguments]
    parts += [f"{key}={value}" for key, value in keywords.items() if value is not None]
    return f"{function}({', '.join(parts)})"

"""What a user writes, read: sizes as ints or one per axis, pads in several spellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from padcheck.errors import UsageError
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, PadRule, at_least, explicit

__all__ = [
    "MOST_AXES",
    "Pads",
    "Sizes",
    "channel_pair",
    "fill",
    "ints",
    "one_of",
    "sized",
    "spread",
]

_POLICIES = {
    "valid": VALID,
    "same": SAME_UPPER,
    "same_upper": SAME_UPPER,
    "same_lower": SAME_LOWER,
    "causal": CAUSAL,
}

#: No framework has windowed ops of more axes.
MOST_AXES = 3
#: No framework counts further along one axis.
MOST_SIZE = (1 << 31) - 1
#: Larger numbers in the padding are not exact in float32.
MOST_FILL = 1 << 24
#: More padding or cropping than this at one end is taken for a mistake.
MOST_PAD = 1 << 20

Sizes = int | Sequence[int]
Pads = int | str | Sequence[int] | Sequence[Sequence[int]]


def fill(value: float, lowest: float = 0.0) -> float:
    """What padding holds; raises UsageError past float32's exact integers."""
    if isinstance(value, (int, float)) and (abs(value) <= MOST_FILL or value == lowest):
        return float(value)
    raise UsageError(f"expected a number up to {MOST_FILL} but got pad_value={value!r}")


def one_of(name: str, value: str, known: Sequence[str]) -> str:
    """The value; raises UsageError, with the known ones, for another."""
    if value not in known:
        raise UsageError(f"expected one of {', '.join(known)} but got {name}={value!r}")
    return value


def sized(
    input_size: Sizes, kernel_size: Sizes, stride: Sizes, dilation: Sizes, pads: Pads
) -> dict[str, Any]:
    """The fields of every op, each spread over as many axes as the longest has."""
    given = {
        "input_size": ints("input_size", input_size),
        "kernel_size": ints("kernel_size", kernel_size),
        "stride": ints("stride", stride),
        "dilation": ints("dilation", dilation),
    }
    rank = max(len(value) for value in given.values())
    if rank > MOST_AXES or not rank:
        raise UsageError(f"expected 1 to {MOST_AXES} spatial axes but got {rank}")
    full = {name: spread(name, value, rank) for name, value in given.items()}
    return {**full, "pads": _rules(pads, rank)}


def ints(name: str, value: Sizes, low: int = 1) -> tuple[int, ...]:
    """Ints from `low` up; raises UsageError for anything else."""
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    numbers = tuple(at_least(name, item, low) for item in values)
    if max(numbers, default=1) > MOST_SIZE:
        raise UsageError(f"expected ints <= {MOST_SIZE} but got {name}={max(numbers)}")
    return numbers


def spread(name: str, value: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """One number per axis; a lone one stands for all."""
    if len(value) not in (1, rank):
        counts = "1 number" if rank == 1 else f"1 or {rank} numbers"
        raise UsageError(f"expected {counts} but got {name}={value}")
    return value * rank if len(value) == 1 else value


def channel_pair(channels: tuple[int, int]) -> tuple[int, int]:
    """(in, out)."""
    if not isinstance(channels, Sequence) or len(channels) != 2:
        raise UsageError(f"expected (in, out) but got channels={channels!r}")
    return at_least("channels", channels[0], 1), at_least("channels", channels[1], 1)


def _pad(number: object) -> int:
    value = at_least("pads", number, -MOST_PAD)
    if value > MOST_PAD:
        raise UsageError(f"expected ints of at most {MOST_PAD} but got pads={value}")
    return value


def _rules(pads: Pads, rank: int) -> tuple[PadRule, ...]:
    """One rule per axis; flat pairs are taken as well. Raises UsageError."""
    if isinstance(pads, str):
        pads = pads.lower()
        if pads not in _POLICIES:
            known = ", ".join(_POLICIES)
            raise UsageError(f"expected one of {known}, or numbers, but got pads={pads!r}")
        return (_POLICIES[pads],) * rank
    given = tuple(pads) if isinstance(pads, Sequence) and not isinstance(pads, bytes) else (pads,)
    nested = [tuple(item) if isinstance(item, Sequence) else (item,) for item in given]
    numbers = [tuple(_pad(number) for number in item) for item in nested]
    flat = [number for item in numbers for number in item]
    if len(flat) == 2 * rank and {len(item) for item in numbers} in ({1}, {2}):
        return tuple(explicit(*flat[2 * axis : 2 * axis + 2]) for axis in range(rank))
    if len(numbers) == len(flat) in (1, rank):
        return tuple(explicit(number, number) for number in flat * (rank // len(flat)))
    many = f"{rank} ints or {rank} (before, after) pairs" if rank > 1 else "a (before, after) pair"
    shown = " ".join(repr(pads).split())
    raise UsageError(f"expected 1 int, {many} but got pads={shown}")

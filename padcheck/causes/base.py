"""What a cause is: counterfactual specs, and words for the one that reproduced the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from padcheck.geometry import SAME_UPPER, Rounding, same_total
from padcheck.records import OpKind, OpSpec

__all__ = [
    "ARRAY",
    "FILL",
    "GRID",
    "NO_CLUES",
    "VALUE",
    "Cause",
    "Clues",
    "listed",
    "pairs_text",
    "same_totals",
    "same_upper",
    "sizes_text",
]

#: What a cause concerns: where the windows sit; what padding holds and counts for; how arrays
#: are laid out; what becomes of the output's values.
GRID, FILL, ARRAY, VALUE = "grid", "fill", "array", "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """Numbers that an observation suggests, relative to the spec that offers are asked for.

    `fill`: what pad taps seem to hold. `scale` and `offset`: one number per output channel where
    that channel is the reference's times, or plus, a constant; else (). `bounds`: (low, high)
    that the output seems clipped to. `dtype`: what the output seems rounded to.
    """

    fill: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    bounds: tuple[float, float] | None = None
    dtype: str = ""


NO_CLUES = Clues()


@dataclass(frozen=True, slots=True)
class Cause:
    """One way to be wrong.

    `offers(reference, clues)` yields the specs that a faulty side would compute instead of
    `reference`; the verdict tries each. `message(reference, observed)` says what is wrong, with
    numbers, for the one that fits. `family` is GRID, FILL, ARRAY or VALUE: causes of different
    families compose. `guesses` are offers like any other, but one that is the same function as
    another cause's yields to its name. `per_axis`: the fault may befall some axes and spare others.
    """

    code: str
    name: str
    offers: Callable[[OpSpec, Clues], Iterator[OpSpec]]
    message: Callable[[OpSpec, OpSpec], str]
    advice: str
    family: str = GRID
    safety: str = "changes-output"
    per_axis: bool = True
    guesses: Callable[[OpSpec, Clues], Iterator[OpSpec]] | None = None


def same_totals(spec: OpSpec) -> tuple[int, ...]:
    """What SAME adds in all, per axis, at this size; () for transposed convs."""
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return ()
    return tuple(
        same_total(n, window) for n, window in zip(spec.input_size, spec.windows, strict=True)
    )


def same_upper(reference: OpSpec) -> OpSpec:
    """The reference under SAME, which knows no ceil_mode: its windows always fit."""
    return reference.with_rule(SAME_UPPER).replace(rounding=Rounding.FLOOR)


def pairs_text(spec: OpSpec) -> str:
    """`(1,1)` when all axes share a pair, else `(1,1)x(0,1)`."""
    pairs = spec.resolved_pads
    shown = pairs[:1] if len(set(pairs)) == 1 else pairs
    return "x".join(f"({before},{after})" for before, after in shown)


def sizes_text(sizes: Sequence[int]) -> str:
    """`2x1`, or `2` when all axes share it."""
    shown = sizes[:1] if len(set(sizes)) == 1 else sizes
    return "x".join(map(str, shown))


def listed(numbers: Sequence[float], most: int = 4) -> str:
    """`1.5, 2, ...`: the first numbers, short."""
    shown = ", ".join(f"{number:.7g}" for number in numbers[:most])
    return shown + (", ..." if len(numbers) > most else "")

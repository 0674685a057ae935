"""What a cause is: counterfactual specs, and words for the one that reproduced the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from padcheck.geometry import SAME_UPPER, Rounding, same_total
from padcheck.records import OpKind, OpSpec

__all__ = ["FILL", "GRID", "Cause", "pairs_text", "same_totals", "same_upper"]

#: A cause concerns either where the windows sit, or what the padding holds and counts for.
GRID, FILL = "grid", "fill"


@dataclass(frozen=True, slots=True)
class Cause:
    """One way to be wrong.

    `offers(reference)` yields the specs that a faulty side would compute instead of
    `reference`; the verdict tries each. `message(reference, observed)` says what is wrong, with
    numbers, for the one that fits. `family` is GRID or FILL: causes of different families
    compose.
    """

    code: str
    name: str
    offers: Callable[[OpSpec], Iterator[OpSpec]]
    message: Callable[[OpSpec, OpSpec], str]
    advice: str
    family: str = GRID
    safety: str = "changes-output"


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

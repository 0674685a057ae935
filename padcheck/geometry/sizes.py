"""For which input sizes two padding rules are the same op: at one size, and for all at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from padcheck.geometry.pads import PadRule
from padcheck.geometry.taps import reads_any_input
from padcheck.geometry.window import Rounding, Window, output_size

__all__ = ["MAX_MODULUS", "Agreement", "agree_at", "agreement", "grid_shift", "periodic"]

#: Residues are listed one by one; a window whose stride or extent is larger gets no list.
MAX_MODULUS = 1 << 11


@dataclass(frozen=True, slots=True)
class Agreement:
    """The input sizes n >= `from_size` that agree: those with `n % modulus` in `residues`."""

    modulus: int
    residues: tuple[int, ...]
    from_size: int = 1

    @property
    def never(self) -> bool:
        """Whether no size from `from_size` on agrees."""
        return not self.residues

    def holds_at(self, input_size: int) -> bool:
        """Whether this size agrees. Assumes input_size >= from_size."""
        return input_size % self.modulus in self.residues


def agree_at(
    input_size: int,
    window: Window,
    one: tuple[int, int],
    other: tuple[int, int],
    rounding: Rounding = Rounding.FLOOR,
) -> bool:
    """Whether two (pad_before, pad_after) pairs make every tap read the same input.

    1. The output sizes must be equal.
    2. Equal pad_before: every tap reads the same position; pad_after is never seen otherwise.
    3. Unequal pad_before: every real read moves, so they agree only if neither reads the input.
    """
    size = output_size(input_size, window, *one, rounding)
    if size != output_size(input_size, window, *other, rounding):  # rule 1
        return False
    if one[0] == other[0]:  # rule 2
        return True
    return not (  # rule 3
        reads_any_input(input_size, window, one[0], size)
        or reads_any_input(input_size, window, other[0], size)
    )


def grid_shift(reference: tuple[int, int], observed: tuple[int, int]) -> int:
    """pad_before(reference) - pad_before(observed), in input elements."""
    return reference[0] - observed[0]


def agreement(
    window: Window, one: PadRule, other: PadRule, rounding: Rounding = Rounding.FLOOR
) -> Agreement | None:
    """All sizes for which two rules agree; None when the stride or extent is past MAX_MODULUS.

    Both output sizes are floor or ceil of (n + constant) / stride once n exceeds the window
    and the pads, and SAME's total depends on n modulo the stride alone, so whether they agree
    is periodic in n with the stride as its period.
    """

    def agrees(input_size: int) -> bool:
        return agree_at(
            input_size,
            window,
            one.resolve(input_size, window),
            other.resolve(input_size, window),
            rounding,
        )

    pads = max(abs(one.before), abs(one.after), abs(other.before), abs(other.after))
    return periodic(agrees, window, pads)


def periodic(agrees: Callable[[int], bool], window: Window, pads: int = 0) -> Agreement | None:
    """The residues of a predicate that is periodic once n > 2 * (extent + pads) + stride.

    `from_size` is the smallest size from which the residues tell the whole truth.
    """
    modulus = window.stride
    settled = 2 * (window.effective_kernel + pads) + modulus + 1
    if settled > MAX_MODULUS:
        return None
    residues = {n % modulus for n in range(settled, settled + modulus) if agrees(n)}
    from_size = settled
    while from_size > 1 and agrees(from_size - 1) == ((from_size - 1) % modulus in residues):
        from_size -= 1
    return Agreement(modulus, tuple(sorted(residues)), from_size)

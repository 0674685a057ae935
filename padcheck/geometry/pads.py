"""How a padding policy becomes two integers, before and after, for one axis."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from padcheck.errors import GeometryError
from padcheck.geometry.window import Window, same_output_size

__all__ = [
    "SAME_LOWER",
    "SAME_UPPER",
    "VALID",
    "CAUSAL",
    "PadFlaw",
    "PadPolicy",
    "PadRule",
    "clamp_total",
    "explicit",
    "raw_same_total",
    "same_total",
    "split_lower",
    "split_upper",
]


class PadPolicy(enum.Enum):
    """Who decides the pads: a rule that looks at the input size, or two fixed integers."""

    VALID = "valid"
    SAME_UPPER = "same_upper"
    SAME_LOWER = "same_lower"
    CAUSAL = "causal"
    EXPLICIT = "explicit"


class PadFlaw(enum.Enum):
    """A slip that is made in working out SAME; what it changes about the total or its halves.

    The truncated ones halve towards 0, as C++ does, after adding 0, 1 or 2: all are found.
    """

    UNDILATED = "dilation left out of the kernel's extent"
    UNCLAMPED = "a negative total kept, halved downwards"
    UNCLAMPED_TRUNCATED = "a negative total kept, half of it before"
    UNCLAMPED_TRUNCATED_1 = "a negative total kept, half of one more before"
    UNCLAMPED_TRUNCATED_2 = "a negative total kept, half of two more before"


def raw_same_total(input_size: int, window: Window) -> int:
    """(ceil(n / s) - 1) * s + effective_kernel - n; negative when the stride skips the end.

    Source: TensorFlow `tf.nn` "Notes on padding"; ONNX auto_pad.
    """
    last_start = (same_output_size(input_size, window.stride) - 1) * window.stride
    return last_start + window.effective_kernel - input_size


def clamp_total(total: int) -> int:
    """max(total, 0): SAME never crops, even where the stride exceeds the kernel."""
    return total if total > 0 else 0


def same_total(input_size: int, window: Window) -> int:
    """The elements SAME adds in all: `raw_same_total` clamped at 0."""
    return clamp_total(raw_same_total(input_size, window))


def split_upper(total: int) -> tuple[int, int]:
    """(total // 2, rest): the odd element goes after. Assumes total >= 0."""
    return total // 2, total - total // 2


def split_lower(total: int) -> tuple[int, int]:
    """(rest, total // 2): the odd element goes before. Assumes total >= 0."""
    return total - total // 2, total // 2


#: What is added to a negative total before it is halved.
_MORE = {PadFlaw.UNCLAMPED_TRUNCATED_1: 1, PadFlaw.UNCLAMPED_TRUNCATED_2: 2}


@dataclass(frozen=True, slots=True)
class PadRule:
    """A policy for one axis; `before` and `after` count only for EXPLICIT, negative = crop.

    `flaw` is a slip of a faulty side in working out SAME, None for the rule as it is written.
    """

    policy: PadPolicy
    before: int = 0
    after: int = 0
    flaw: PadFlaw | None = None

    def resolve(self, input_size: int, window: Window) -> tuple[int, int]:
        """(pad_before, pad_after) at this input size, in elements."""
        policy = self.policy
        if self.flaw is not None and self.size_dependent:
            return self._flawed(input_size, window)
        if policy is PadPolicy.EXPLICIT:
            return self.before, self.after
        if policy is PadPolicy.SAME_UPPER:
            return split_upper(same_total(input_size, window))
        if policy is PadPolicy.SAME_LOWER:
            return split_lower(same_total(input_size, window))
        if policy is PadPolicy.CAUSAL:
            return window.effective_kernel - 1, 0
        if policy is PadPolicy.VALID:
            return 0, 0
        raise GeometryError(f"expected a PadPolicy but got policy={policy!r}")

    def _flawed(self, input_size: int, window: Window) -> tuple[int, int]:
        split = split_upper if self.policy is PadPolicy.SAME_UPPER else split_lower
        if self.flaw is PadFlaw.UNDILATED:
            return split(same_total(input_size, Window(window.kernel_size, window.stride)))
        total = raw_same_total(input_size, window)
        if total >= 0:
            return split(total)
        if self.flaw is PadFlaw.UNCLAMPED:
            return total // 2, total - total // 2
        more = total + (_MORE.get(self.flaw, 0) if self.flaw else 0)
        half = -(-more // 2) if more < 0 else more // 2
        return half, total - half

    @property
    def size_dependent(self) -> bool:
        """Whether the pads change with the input size."""
        return self.policy in (PadPolicy.SAME_UPPER, PadPolicy.SAME_LOWER)


VALID = PadRule(PadPolicy.VALID)
SAME_UPPER = PadRule(PadPolicy.SAME_UPPER)
SAME_LOWER = PadRule(PadPolicy.SAME_LOWER)
CAUSAL = PadRule(PadPolicy.CAUSAL)


def explicit(before: int, after: int) -> PadRule:
    """Fixed pads, in elements; negative numbers crop."""
    return PadRule(PadPolicy.EXPLICIT, before, after)

"""What explains the outputs of two models, and what does not."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from padcheck.checks.compare.outputs import worst_relative
from padcheck.checks.compare.parting import Parting
from padcheck.matching import Pair
from padcheck.records import MISMATCH, OutputReport

__all__ = ["Explanation"]


@dataclass(slots=True)
class Explanation:
    """What explains the outputs: what is left then (`after`), and where the two still part.

    `confirmed`: the hypotheses, by the index of their pair, that are part of the proof.
    `balanced`: the pairs whose windows rule 4 holds for. `hidden`: the hypotheses that no input
    showed anything of. `unproven`: the source's format cannot express what was found, so nothing
    could be tried.
    """

    after: tuple[OutputReport, ...] = ()
    confirmed: set[int] = field(default_factory=set)
    first: Parting | None = None
    remaining: Parting | None = None
    balanced: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    unproven: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def residual(self) -> float | None:
        """The largest relative difference left, None where nothing was explained."""
        return worst_relative(self.after) if self.after else None

    def drop(self, index: int, pair: Pair) -> None:
        """The hypothesis of a row is none of the proof, and the two part at its pair."""
        self.confirmed.discard(index)
        if self.remaining is not None:
            ends = {"source": pair.sources[-1], "target": pair.targets[-1]}
            self.remaining = dataclasses.replace(self.remaining, at_input=False, **ends)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return bool(self.after) and all(each.verdict != MISMATCH for each in self.after)

"""What two models at work showed, told as findings of their ops and as numbers of their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from padcheck.checks.compare.activations import another_activation
from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.boxed import TARGET
from padcheck.checks.compare.explanation import Explanation
from padcheck.checks.compare.given import Hypotheses
from padcheck.checks.compare.parting import Parting
from padcheck.checks.compare.whole import Whole
from padcheck.records import MISMATCH, EndToEnd, Finding, Proof

__all__ = ["Outcome"]

_NOTHING_TO_BLAME = (
    "no convolution or pool of the two was matched: what differs is something else (a pad on its "
    "own, a reshape, an activation)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both models on one input, and what explains their difference, for the rows of a report."""

    whole: Whole
    found: Explanation
    rows: Sequence[Judged]
    hypotheses: Hypotheses

    def settle(self) -> None:
        """Hypotheses become findings or remarks; what stays unexplained becomes a finding."""
        unsolved = self.whole.differs and not self.found.is_whole
        networks = (self.whole.source, self.whole.target)
        other = another_activation(networks, self.found.remaining, self.rows, self.hypotheses)
        if other is not None:
            self.found.drop(other[0], self.rows[other[0]].pair)
        for index, values in self.hypotheses.items():
            row = self.rows[index]
            told = values.findings
            if index in self.found.confirmed:
                row.numbers += told
            elif index in self.found.hidden:
                row.doubt = "its numbers differ, which shows on none of the inputs tried: "
                row.doubt += "; ".join(each.message for each in told)
            else:
                how = "does not explain the outputs" if unsolved else "no difference in the end"
                row.remarks += [f"{how}: {each.message}" for each in told]
        for index in self.found.balanced:
            self.rows[index].make_up()
        if unsolved and not self.found.unproven:
            if other is not None:
                row, message = self.rows[other[0]], other[1]
                name = self.whole.source.sites[row.pair.sources[0]].name
                row.unexplained.append(_unexplained(name, message, (), self.found.residual))
            elif self.rows:
                self._blame()
            else:
                self.found.notes.append(_NOTHING_TO_BLAME)

    def end_to_end(self, inputs: tuple[str, ...]) -> EndToEnd:
        guilty = [row for row in self.rows if row.verdict == MISMATCH]
        applied = [each for row in guilty for each in (*row.windows.findings, *row.numbers)]
        codes = [each.code for each in applied if not each.latent]
        first = self.found.first
        return EndToEnd(
            outputs=(*self.whole.outputs, *self.whole.unpaired),
            first_divergence=None if first is None else self.whole.source.sites[first.source].name,
            first_divergence_target=(
                None if first is None else self.whole.target.sites[first.target].name
            ),
            first_divergence_relative_l2=None if first is None else _finite(first.relative),
            first_divergence_at_input=first is not None and first.at_input,
            explained_by=tuple(dict.fromkeys(codes)) if self.found.after else (),
            residual_relative_l2=_finite(self.found.residual),
            after=self.found.after,
            remaining=(
                (self.whole.source.sites[self.found.remaining.source].name,)
                if self.found.remaining is not None
                else ()
            ),
            inputs=inputs,
            notes=(*self.whole.notes, *self.found.notes),
        )

    def _blame(self) -> None:
        """PAD999 where the two still part."""
        where = self.found.remaining
        if where is None:
            row = self.rows[-1]
            message = "the outputs differ after the last matched convolution or pool"
        else:
            row = next(row for row in self.rows if where.source in row.pair.sources)
            message = _parts_at(where)
        if row.verdict == MISMATCH and where is not None and not where.at_input:
            return  # told already
        name = self.whole.source.sites[row.pair.sources[0]].name
        notes = () if where is None else tuple(self._remarks_before(where))
        row.unexplained.append(_unexplained(name, message, notes, self.found.residual))

    def _remarks_before(self, where: Parting) -> Iterator[str]:
        """What is remarked on the target's ops right before the one where the two part."""
        place = self.whole.target.places[where.target]
        for index in sorted(place.before if place is not None and where.at_input else ()):
            site = self.whole.target.sites[index]
            yield from (f"{site.name}, before it: {note}" for note in site.notes)


def _parts_at(where: Parting) -> str:
    if where.at_input:
        return (
            "its very input differs: what stands before it, no matched convolution or pool, is not "
            "the same"
        )
    return "its output differs, though its windows and its numbers are the same"


def _unexplained(op: str, message: str, notes: tuple[str, ...], residual: float | None) -> Finding:
    return Finding(
        code="PAD999",
        name="unexplained",
        op=op,
        lowering=TARGET,
        message=message,
        notes=notes,
        help="compare what stands beside the matched ops: pads, activations, reshapes, resizes",
        safety="maybe",
        proof=Proof(status="unexplained", residual=residual),
    )


def _finite(number: float | None) -> float | None:
    return None if number is None or number in (float("inf"),) or number != number else number

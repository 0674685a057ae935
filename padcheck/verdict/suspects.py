"""Counterfactuals, and how rivals among them are told apart (rules 2 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from padcheck.causes import FILL, GRID, Cause, all_causes, precedence
from padcheck.records import OpSpec, Proof, same_function

__all__ = ["Suspect", "separate", "small_sizes", "suspects"]

#: How many sizes are tried, at least and at most, to tell rivals apart.
_FEWEST_SIZES, _MOST_SIZES = 8, 64


@dataclass(frozen=True, slots=True)
class Suspect:
    """One counterfactual, with the cause (or the causes, if composed) that offers it."""

    causes: tuple[Cause, ...]
    spec: OpSpec

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, in the order in which the faults compose."""
        return tuple(cause.code for cause in self.causes)


#: Which of the suspects still fit at another input size; None when that cannot be told.
Refit = Callable[[list[Suspect], OpSpec], "list[Suspect] | None"]


def suspects(reference: OpSpec, output_size: Sequence[int]) -> list[Suspect]:
    """Every counterfactual with this output size: single faults, then one of each family."""
    known = all_causes()
    singles = [Suspect((cause,), spec) for cause in known for spec in cause.offers(reference)]
    composed = [
        Suspect((*first.causes, second), spec)
        for first in singles
        if first.causes[0].family == GRID
        for second in known
        if second.family == FILL
        for spec in second.offers(first.spec)
    ]
    wanted = tuple(output_size)
    return [suspect for suspect in singles + composed if suspect.spec.output_size == wanted]


def separate(reference: OpSpec, live: list[Suspect], refit: Refit) -> tuple[Suspect | None, Proof]:
    """The suspect that is left of those that fit, and how sure that is (rules 2 to 4).

    1. Where they differ from one another, and at one size of another residue in any case, the
       suspects must fit again; those that do not are out.
    2. If none fits there, what is observed has more causes than one: ambiguous.
    3. Of what is left, the fewest faults explain most.
    """
    separated = contradicted = None
    confirmed = False
    for size in small_sizes(reference):
        if not live or (confirmed and len({suspect.codes for suspect in live}) < 2):
            break
        if not (_differ(live, size) or (_other_residue(reference, size) and not confirmed)):
            continue
        left = refit(live, reference.resized(size))
        if left is None:
            continue
        confirmed = confirmed or _other_residue(reference, size)
        if not left:
            contradicted = contradicted or str(reference.resized(size))  # rule 2
        elif len(left) < len(live):
            live, separated = left, str(reference.resized(size))
    if not live:
        return None, Proof(status="unexplained")
    fewest = min(len(suspect.causes) for suspect in live)
    live = _distinct(reference, [s for s in live if len(s.causes) == fewest])  # rule 3
    others = {code for suspect in live[1:] for code in suspect.codes}
    rivals = tuple(sorted(others - set(live[0].codes)))
    status = "ambiguous" if rivals or contradicted else "proven"
    return live[0], Proof(
        status=status, rivals=rivals, separated_at=separated, contradicted_at=contradicted
    )


def _other_residue(reference: OpSpec, size: tuple[int, ...]) -> bool:
    """Whether this size leaves another remainder than the reference's on some axis.

    With a stride of 1 there is but one residue, and any other size will do.
    """
    sizes = zip(size, reference.input_size, reference.stride, strict=True)
    return any((n - m) % s or (s == 1 and n != m) for n, m, s in sizes)


def _distinct(reference: OpSpec, live: list[Suspect]) -> list[Suspect]:
    """One suspect for each function of the input size, by precedence."""
    kept: list[Suspect] = []
    for suspect in sorted(live, key=lambda suspect: [precedence(code) for code in suspect.codes]):
        if all(_ever_differ(reference, suspect, other) for other in kept):
            kept.append(suspect)
    return kept


def _ever_differ(reference: OpSpec, one: Suspect, other: Suspect) -> bool:
    sizes = (reference.input_size, *small_sizes(reference))
    return any(_differ([one, other], size) for size in sizes)


def _differ(live: list[Suspect], size: tuple[int, ...]) -> bool:
    first, *others = [suspect.spec.resized(size) for suspect in live]
    return not all(same_function(first, other) for other in others)


def small_sizes(spec: OpSpec) -> Iterator[tuple[int, ...]]:
    """Small input sizes of every residue, from one window's extent upwards."""
    extents = [window.effective_kernel for window in spec.windows]
    count = min(max(_FEWEST_SIZES, 2 * max(spec.stride)), _MOST_SIZES)
    for more in range(count):
        size = tuple(extent + more for extent in extents)
        if min(spec.resized(size).output_size) > 0:
            yield size

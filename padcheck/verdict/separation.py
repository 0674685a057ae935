"""How rivals among the suspects that fit are told apart: at other input sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from padcheck.records import OpKind, OpSpec, Proof, same_function
from padcheck.verdict.suspects import Suspect

__all__ = ["Refit", "best", "separate", "small_sizes"]

#: All padding lost.
_DROPPED = "PAD104"
#: How many sizes are tried, at least and at most, to tell rivals apart.
_FEWEST_SIZES, _MOST_SIZES = 8, 64
#: Two faults and more are asked at so many sizes, whatever the residues.
_SIZES_OF_MANY = 4
#: Rivals that so many sizes do not tell apart are one function, such as two modes of a pad of 1.
_MOST_FRUITLESS = 2
#: A box that refuses this many other sizes is not asked any more.
_MOST_REFUSALS = 2

#: Which of the suspects still fit at another input size; None when that cannot be told.
Refit = Callable[[list[Suspect], OpSpec], "list[Suspect] | None"]


def best(
    reference: OpSpec,
    levels: Iterable[list[Suspect]],
    refit: Refit,
    written: OpSpec | None = None,
) -> tuple[Suspect | None, Proof]:
    """The explanation of the first level that has one; levels are ordered, simple ones first.

    One that another size contradicts stands only if no later level's is contradicted nowhere, and
    if it is one fault or two: of more, some fit any one size. `written`: what the box's own rule
    says.
    """
    found: tuple[Suspect | None, Proof] = None, Proof(status="unexplained")
    for live in levels:
        if not live:
            continue
        suspect, proof = separate(reference, live, refit, written)
        if suspect is not None and proof.contradicted_at and len(suspect.causes) > 2:
            continue
        if found[0] is None or (suspect is not None and proof.contradicted_at is None):
            found = suspect, proof
        if proof.contradicted_at is None:
            break
    return found


def separate(
    reference: OpSpec, live: list[Suspect], refit: Refit, written: OpSpec | None = None
) -> tuple[Suspect | None, Proof]:
    """The suspect that is left of those that fit, and how sure that is.

    1. Where their windows differ from one another, and at a size of another residue on every
       axis, the suspects must fit again; those that do not are out. Those of several faults,
       which may fit by chance, must fit at some sizes more.
    2. If none fits there, what is observed has more causes than one: ambiguous.
    3. Of what is left, the fewest faults explain most, and one on all axes more than one on some.
    4. Rivals that nothing could tell apart are named, with a geometry at which they differ.
    """
    separated = contradicted = None
    fruitless = asked = 0
    confirmed: set[int] = set()
    refused: list[tuple[int, ...]] = []
    for size in small_sizes(reference):
        if not live or len(refused) >= _MOST_REFUSALS:
            break
        new = _other_residues(reference, live, size) - confirmed
        apart = len(live) > 1 and fruitless < _MOST_FRUITLESS and _differ(live, size)
        several = min(len(one.causes) for one in live) > 1
        many = several and asked < _SIZES_OF_MANY and not contradicted
        if not (new or apart or many):
            continue
        left = refit(live, reference.resized(size))
        if left is None:
            refused.append(size)
            continue
        asked += 1
        confirmed |= new
        if not left:
            contradicted = contradicted or str(reference.resized(size))  # rule 2
        if left and len(left) < len(live):
            live, separated = left, str(reference.resized(size))
        else:
            fruitless += apart
    if not live:
        return None, Proof(status="unexplained")
    live = _distinct(reference, _simplest(live), written)
    others = {code for suspect in live[1:] for code in suspect.codes}
    rivals = tuple(sorted(others - set(live[0].codes)))
    status = "ambiguous" if rivals or contradicted else "proven"
    return live[0], Proof(
        status=status,
        rivals=rivals,
        separated_at=separated,
        contradicted_at=contradicted,
        separable_at=_parting(reference, live) if rivals else None,  # rule 4
    )


def _simplest(live: list[Suspect]) -> list[Suspect]:
    """Rule 3."""
    fewest = min((len(suspect.causes), suspect.partial) for suspect in live)
    return [s for s in live if (len(s.causes), s.partial) == fewest]


def _parting(reference: OpSpec, live: list[Suspect]) -> str | None:
    """A geometry at which the rivals differ, had the box been able to run there."""
    size = next((size for size in small_sizes(reference) if _differ(live, size)), None)
    return None if size is None else str(reference.resized(size))


def _other_residues(reference: OpSpec, live: list[Suspect], size: tuple[int, ...]) -> set[int]:
    """The axes on which this size leaves another remainder than the reference's, by its stride
    and by that of every suspect.

    With a stride of 1 there is but one residue, and any other size will do.
    """
    strides = zip(reference.stride, *(one.spec.stride for one in live), strict=True)
    sizes = enumerate(zip(size, reference.input_size, strides, strict=True))
    return {
        axis
        for axis, (n, m, steps) in sizes
        if all((n - m) % s or (s == 1 and n != m) for s in steps)
    }


def _distinct(reference: OpSpec, live: list[Suspect], written: OpSpec | None) -> list[Suspect]:
    """One suspect for each function of the input size: one with the very pads that are written
    before one that comes to the same; where nothing is, no pads in the place of numbers before a
    SAME that comes to none; then by precedence.
    """
    kept: list[Suspect] = []
    windowed = reference.kind is not OpKind.CONV_TRANSPOSE
    numbers = windowed and all(rule.policy.value == "explicit" for rule in reference.pads)

    def order(suspect: Suspect) -> tuple[bool, list[int]]:
        pads = suspect.spec.resolved_pads
        if written is None:
            return not (numbers and suspect.codes == (_DROPPED,)), suspect.rank
        return pads != written.resolved_pads, suspect.rank

    for suspect in sorted(live, key=order):
        if all(_ever_differ(reference, suspect, other) for other in kept):
            kept.append(suspect)
    return kept


def _ever_differ(reference: OpSpec, one: Suspect, other: Suspect) -> bool:
    if one.spec.deviation != other.spec.deviation:
        return True
    sizes = (reference.input_size, *small_sizes(reference))
    return any(_differ([one, other], size) for size in sizes)


def _differ(live: list[Suspect], size: tuple[int, ...]) -> bool:
    """Whether the windows, or what they hold, differ; values differ at every size alike."""
    first, *others = [_plain(suspect.spec).resized(size) for suspect in live]
    return not all(same_function(first, other) for other in others)


def _plain(spec: OpSpec) -> OpSpec:
    return spec.replace(deviation=None) if spec.deviation else spec


def small_sizes(spec: OpSpec) -> Iterator[tuple[int, ...]]:
    """Small input sizes of every residue, from one window's extent upwards; none for RESIZE,
    whose box may know its ratio or its output size, but seldom both.
    """
    if spec.kind is OpKind.RESIZE:
        return
    extents = [window.effective_kernel for window in spec.windows]
    count = min(max(_FEWEST_SIZES, 2 * max(spec.stride)), _MOST_SIZES)
    for more in range(count):
        size = tuple(extent + more for extent in extents)
        if min(spec.resized(size).output_size) > 0:
            yield size

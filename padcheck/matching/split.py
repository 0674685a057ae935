"""A grouped convolution on one side that the other has as several, one or more groups each.

Rules:
1. The parts read from the same ops, and their weights are slices of the whole's along its output
   channels, in the order of the groups.
2. At least half of the parts are known by their weights. Where all parts are of one size and
   fill the whole exactly, those that are not known by theirs fill the gaps, in order.
3. Among several sets of parts that would do, that which reads from the ops that the whole does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from padcheck.matching.signature import Likeness, Signature, alike, squeezed
from padcheck.matching.standing import Standing

if TYPE_CHECKING:
    from padcheck.matching.side import Side

__all__ = ["parts_of"]


def parts_of(index: int, whole: Side, other: Side) -> tuple[int, ...] | None:
    """The sites of `other` that stand for the groups of one site of `whole`, in their order."""
    signature, spec = whole.signatures.get(index), whole.spec(index)
    if signature is None or spec.group == 1:
        return None
    families: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for part in other.free():
        if _may_be_part(part, other, index, whole):
            families[other.before[part]].append(part)
    if not families:
        return None
    above = Standing(whole, {}).before[index]
    standing = Standing(other, {})
    for family in sorted(families.values(), key=lambda one: standing.before[one[0]] != above):
        parts = _filled(signature, spec.group, family, other)  # rule 3
        if parts is not None:
            return parts
    return None


def _may_be_part(part: int, other: Side, index: int, whole: Side) -> bool:
    small, large = other.spec(part), whole.spec(index)
    return (
        small.kind is large.kind
        and small.group < large.group
        and squeezed(small.kernel_size) == squeezed(large.kernel_size)
        and all(
            few * large.group == many * small.group
            for few, many in zip(small.channels, large.channels, strict=True)
        )
    )


def _filled(
    signature: Signature, groups: int, family: list[int], other: Side
) -> tuple[int, ...] | None:
    """The parts in order, or None where they do not make up the whole."""
    each = signature.rows // groups
    sizes = {other.spec(part).group for part in family}
    exact = len(sizes) == 1 and len(family) * min(sizes) == groups
    unused = list(family)
    parts: list[int | None] = []
    filled = 0
    while filled < groups:
        part = next((one for one in unused if _fits(signature, filled * each, one, other)), None)
        if part is not None:
            unused.remove(part)
        elif not exact:
            return None
        parts.append(part)
        filled += min(sizes) if part is None else other.spec(part).group
    if filled > groups or 2 * parts.count(None) > len(parts):
        return None
    return tuple(unused.pop(0) if part is None else part for part in parts)  # rule 2


def _fits(signature: Signature, start: int, part: int, other: Side) -> bool:
    """Whether a part's weight is that of the whole from one row on."""
    small = other.signatures.get(part)
    if small is None or start + small.rows > signature.rows:
        return False
    piece = signature.part(start, start + small.rows)
    return any(
        alike(piece, small, likeness, coarse=coarse)
        for coarse in (False, True)
        for likeness in (Likeness.EITHER, Likeness.FACTOR)
    )

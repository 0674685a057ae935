"""Two ops whose weights were exchanged: by their weights they go with each other's partner.

No conversion turns round the order of two ops of which one reads what the other gives. Where two
pairs of ops of one shape do, each goes with the op that stands in its place; see rule 8 of `match`.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from padcheck.matching.signature import squeezed

if TYPE_CHECKING:
    from collections.abc import Hashable

    from padcheck.matching.ledger import Ledger
    from padcheck.matching.side import Side

__all__ = ["uncross"]


def uncross(ledger: Ledger) -> None:
    """Rule 8."""
    before, theirs = _ancestors(ledger.source), _ancestors(ledger.target)
    single = [
        number
        for number, pair in enumerate(ledger.pairs)
        if len(pair.sources) == len(pair.targets) == 1
    ]
    for one, other in itertools.combinations(single, 2):
        first, second = ledger.pairs[one], ledger.pairs[other]
        (a,), (b,) = first.sources, second.sources
        (x,), (y,) = first.targets, second.targets
        if before[a] >> b & 1:
            turned = theirs[y] >> x & 1
        else:
            turned = before[b] >> a & 1 and theirs[x] >> y & 1
        if not turned or len({_shape(ledger.source, a), _shape(ledger.source, b)}) > 1:
            continue
        if _shape(ledger.target, x) != _shape(ledger.target, y):
            continue
        names = [ledger.target.sites[index].name for index in (x, y)]
        hows = [f"by place: its weight is in {name}" for name in names]
        ledger.pairs[one] = dataclasses.replace(first, targets=(y,), how=hows[0])
        ledger.pairs[other] = dataclasses.replace(second, targets=(x,), how=hows[1])
        ledger.target.pair[y], ledger.target.pair[x] = one, other


def _ancestors(side: Side) -> list[int]:
    """Of every site, those whose outputs reach it, as bits."""
    found: list[int] = []
    for index in range(len(side.sites)):
        bits = 0
        for each in side.before[index]:
            bits |= found[each] | 1 << each
        found.append(bits)
    return found


def _shape(side: Side, index: int) -> Hashable:
    spec = side.spec(index)
    return spec.kind, squeezed(spec.kernel_size), spec.channels, spec.group

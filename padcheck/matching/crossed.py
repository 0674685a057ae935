"""Two ops whose weights were exchanged: by their weights they go with each other's partner.

No conversion turns round the order of two ops of which one reads what the other gives. Where two
pairs of ops of one shape do, each goes with the op that stands in its place, if all is in order
then; see rule 8 of `match`.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from padcheck.matching.signature import squeezed

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from padcheck.matching.ledger import Ledger
    from padcheck.matching.side import Side

__all__ = ["uncross"]


def uncross(ledger: Ledger) -> None:
    """Rule 8."""
    order = _Order(ledger)
    partner = {
        pair.sources[0]: (number, pair.targets[0])
        for number, pair in enumerate(ledger.pairs)
        if len(pair.sources) == len(pair.targets) == 1
    }
    for a, b in itertools.combinations(sorted(partner), 2):
        (one, x), (other, y) = partner[a], partner[b]
        if not order.turned(a, x, b, y) or not _alike(ledger, (a, b), (x, y)):
            continue
        now = {**partner, a: (one, y), b: (other, x)}
        if not (order.fits(a, now) and order.fits(b, now)):
            continue
        partner = now
        for number, target, theirs in ((one, y, x), (other, x, y)):
            how = f"by place: its weight is in {ledger.target.sites[theirs].name}"
            pair = ledger.pairs[number]
            ledger.pairs[number] = dataclasses.replace(pair, targets=(target,), how=how)
            ledger.target.pair[target] = number


class _Order:
    """Which sites come before which, on either side."""

    def __init__(self, ledger: Ledger) -> None:
        self._source, self._target = _ancestors(ledger.source), _ancestors(ledger.target)

    def turned(self, a: int, x: int, b: int, y: int) -> bool:
        """Whether two pairs stand in one order in the source and in the reverse in the target."""
        forth = self._source[b] >> a & 1 and self._target[x] >> y & 1
        back = self._source[a] >> b & 1 and self._target[y] >> x & 1
        return bool(forth or back)

    def fits(self, site: int, partner: Mapping[int, tuple[int, int]]) -> bool:
        """Whether the pair of one site of the source is in order with all others."""
        target = partner[site][1]
        return not any(self.turned(site, target, a, x) for a, (_, x) in partner.items())


def _ancestors(side: Side) -> list[int]:
    """Of every site, those whose outputs reach it, as bits."""
    found: list[int] = []
    for before in side.before:
        bits = 0
        for each in before:
            bits |= found[each] | 1 << each
        found.append(bits)
    return found


def _alike(ledger: Ledger, sources: tuple[int, int], targets: tuple[int, int]) -> bool:
    """Whether both ops of either side have one shape."""
    sides = ((ledger.source, sources), (ledger.target, targets))
    return all(_shape(side, first) == _shape(side, second) for side, (first, second) in sides)


def _shape(side: Side, index: int) -> Hashable:
    spec = side.spec(index)
    return spec.kind, squeezed(spec.kernel_size), spec.channels, spec.group

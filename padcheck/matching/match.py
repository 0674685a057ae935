"""match: the ops of two networks, paired.

Rules, each for what the ones before left over:
1. Weights first: as they are or with what follows folded in, then up to a positive or negative
   factor per output channel, first within float32's rounding and quantization, then within
   bfloat16's (`signature`). Names never count.
2. Several with equal weights (one weight used twice, constants, tiny kernels): by what they stand
   between, then by order (`ties`).
3. A grouped convolution against one convolution per group, or per some groups (`split`).
4. Weights with the same numbers in another order (`rearranged`).
5. Weighted ops of one kind, kernel and channels that stand between the same pairs: their weights
   changed, or are worked out when the model runs. Not where the two networks have no weight in
   common, unless they have the same ops throughout.
6. Pools that stand between the same pairs, or after or before the same: of one kind, window and
   stride; of one kind and window; then, where there are as many on both sides, between the same
   pairs, of one window; of one kind.
7. What could not be read is left alone, with its own reason.
8. Two ops of one shape that their weights would put in the reverse order go with the op in their
   own place: their weights were exchanged (`crossed`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from padcheck.matching.by_place import comparable, pair_pools, pair_weighted
from padcheck.matching.by_weights import pair_groups, pair_rearranged, pair_weights
from padcheck.matching.crossed import uncross
from padcheck.matching.ledger import Ledger
from padcheck.matching.pairs import Matching
from padcheck.matching.side import Side

if TYPE_CHECKING:
    from padcheck.matching.pairs import Sided

__all__ = ["match"]


def match(source: Sided, target: Sided) -> Matching:
    """Which sites of the target stand for which of the source; every site is named once.

    Weights are asked for one at a time and not kept: once, and once more for what rule 4 looks
    at. What `Place.values` raises is passed on.
    """
    ledger = Ledger(Side(source), Side(target))
    pair_weights(ledger)
    pair_groups(ledger)
    pair_rearranged(ledger)
    uncross(ledger)
    if comparable(ledger):
        pair_weighted(ledger)
        pair_pools(ledger)
    both = ledger.source.signatures and ledger.target.signatures
    return Matching(
        pairs=tuple(sorted(ledger.pairs, key=lambda pair: pair.sources)),
        lone_sources=_alone(ledger.source, "target"),
        lone_targets=_alone(ledger.target, "source"),
        related=ledger.weighed or not both,
    )


def _alone(side: Side, other: str) -> tuple[tuple[int, str], ...]:
    left = (index for index, number in enumerate(side.pair) if number is None)
    return tuple((index, _why(side, index, other)) for index in left)


def _why(side: Side, index: int, other: str) -> str:
    site, place = side.sites[index], side.places[index]
    if site.spec is None or place is None:
        return site.reason or "it could not be read"  # rule 7
    if not site.spec.kind.has_weight:
        return f"no such op of the {other} stands in its place"
    if index in side.signatures:
        return f"no op of the {other} has its weight, and none of its shape stands in its place"
    weight = "is no constant" if place.values is None else "is all zero or not finite"
    return f"its weight {weight}, and no op of its shape in the {other} stands in its place"

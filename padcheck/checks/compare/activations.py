"""Which op's activation is another one, where two models part at the input of the next op.

A clip that one side alone has right after an op is supposed to be missing on the other. Where that
does not make the next op's input equal, the other side does something else there (LeakyRelu).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.parting import Parting
from padcheck.checks.compare.values import ValuesJudgement

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["another_activation"]


def another_activation(
    networks: tuple[Network, Network],
    where: Parting | None,
    rows: Sequence[Judged],
    hypotheses: Mapping[int, ValuesJudgement],
) -> tuple[int, str] | None:
    """The row of the one op that stands, on both sides, before the input at which source and target
    still part, and what is wrong with its activation, if only one side clips right after it.
    """
    if where is None or not where.at_input:
        return None
    sites = (where.source, where.target)
    places = [network.places[site] for network, site in zip(networks, sites, strict=True)]
    for index, values in hypotheses.items():
        if values.differing != {"clip"} or not values.supposed:
            continue
        pair = rows[index].pair
        ends = ({pair.sources[-1]}, {pair.targets[-1]})
        if all(place and place.before == end for place, end in zip(places, ends, strict=True)):
            told = values.findings[0].message
            return index, f"another activation stands after it: {told}, but not by that alone"
    return None

"""What a network's own site computes, as a Change that leaves it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from padcheck.checks.compare.carried import carried
from padcheck.records import Change

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["own_change"]


def own_change(network: Network, index: int) -> Change | None:
    """The site's own windows and numbers, its scale in the weight; None where they are not
    known.
    """
    site, place = network.sites[index], network.places[index]
    if site.spec is None or place is None:
        return None
    if site.spec.kind.has_weight and place.values is None:
        return None
    weight = offset = None
    if place.values is not None:
        numbers = carried((site,), (site,), (place,))
        if numbers is None:
            return None
        weight, offset = numbers[0].weight, numbers[0].offset
    return Change(
        spec=site.spec,
        weight=weight,
        offset=offset,
        clip=place.epilogue.clip,
        quantization=place.quantization,
    )

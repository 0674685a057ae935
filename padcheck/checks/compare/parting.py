"""Where two models part: the first op whose inputs are still equal and whose output is not."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.checks.compare.distance import aligned, channels_first, distance
from padcheck.checks.compare.noise import Noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.base import Network
    from padcheck.matching import Pair
    from padcheck.records import Place

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Parting", "part"]

#: Tensors fetched at once hold at most so many bytes on each side (one op's always go).
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Parting:
    """Source and target site, and whether its very input differs: then what lies before it, and
    is no windowed op, is to blame. `relative` is how far apart the tensors are.
    """

    source: int
    target: int
    at_input: bool
    relative: float


def part(
    source: Network,
    target: Network,
    pairs: Sequence[Pair],
    feeds: Arrays,
    target_feeds: Arrays,
    noise: Noise,
    *,
    unlike: Collection[Pair] = (),
    likely: Pair | None = None,
) -> Parting | None:
    """The first parting in the source's order; None where every matched tensor agrees.

    `unlike`: the pairs whose own outputs may differ though nothing is wrong, as where an
    activation belongs to the op on one side and stands behind it on the other.
    Tensors are fetched a few ops at a time, and the search stops at the first that differs; it
    looks no further than `likely` at first, where the two are expected to part.
    """
    single = [pair for pair in pairs if len(pair.sources) == len(pair.targets) == 1]
    known = [pair for pair in single if _places(source, target, pair) is not None]
    for chunk in _chunks(source, known, likely):
        mine = [name for pair in chunk for name in _names(source.places[pair.sources[0]])]
        theirs = [name for pair in chunk for name in _names(target.places[pair.targets[0]])]
        ours = source.run(feeds, mine, only=True)
        seen = target.run(target_feeds, theirs, only=True)
        own = ours if noise.source is source else noise.source.run(feeds, mine, only=True)
        bounds = noise.bounds({name: own[name] for name in mine if name in own}, mine)
        for pair in chunk:
            places = _places(source, target, pair)
            assert places is not None
            ends = (True,) if pair in unlike else (True, False)
            found = _judged(pair, places, ours, seen, bounds, ends)
            if found is not None:
                return found
    return None


def _places(source: Network, target: Network, pair: Pair) -> tuple[Place, Place] | None:
    one, other = source.places[pair.sources[0]], target.places[pair.targets[0]]
    return None if one is None or other is None else (one, other)


def _names(place: Place | None) -> tuple[str, ...]:
    return () if place is None else tuple(dict.fromkeys((place.data, place.tail)))


def _judged(
    pair: Pair,
    places: tuple[Place, Place],
    ours: Arrays,
    seen: Arrays,
    bounds: Mapping[str, float],
    ends: Iterable[bool],
) -> Parting | None:
    one, other = places
    for at_input in ends:
        mine, theirs = (one.data, other.data) if at_input else (one.tail, other.tail)
        if mine not in bounds or mine not in ours or theirs not in seen:
            continue
        reference = channels_first(ours[mine], one.channels_last)
        moved = aligned(reference, channels_first(seen[theirs], other.channels_last), False, False)
        off = math.inf if moved is None else distance(reference, moved).relative
        if off > bounds[mine]:
            return Parting(pair.sources[0], pair.targets[0], at_input, off)
    return None


def _chunks(source: Network, pairs: Sequence[Pair], likely: Pair | None) -> Iterator[list[Pair]]:
    """The pairs in order, as many at a time as MOST_BYTES allow, `likely` the last of its own."""
    chunk: list[Pair] = []
    held = 0
    for pair in pairs:
        size = _bytes(source, pair.sources[0])
        if chunk and held + size > MOST_BYTES:
            yield chunk
            chunk, held = [], 0
        chunk.append(pair)
        held += size
        if pair == likely:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _bytes(source: Network, index: int) -> int:
    spec = source.sites[index].spec
    if spec is None:
        return 0
    c_in, c_out = spec.channels
    return 4 * (c_in * math.prod(spec.input_size) + c_out * math.prod(spec.output_size))

"""How far two right implementations of one network may lie apart: measured, not assumed.

Two frameworks round differently at every product and sum. What that does to an output depends
on the network, so it is measured on it: every weight is changed by as much as the roundings of
its op may add up to, at random, and the network run again.

1. An op that sums K products in a float format of rounding unit u is off by about u * sqrt(K) of
   its largest partial sums (Higham and Mary, "A new approach to probabilistic rounding error
   analysis", 2019). Changing each weight by that much, with random signs, moves an output by the
   2-norm of its products times that.
2. A tensor's bound is FACTOR times how far it moved, and not less than FACTOR * u.
3. A side that stores integers rounds each op's output to its step. The source is then run with
   the target's weights and with each output rounded to the target's grid, and with all its other
   numbers changed by as much as they may be rounded; how far it moves is the bound's other part.
   An op of integer weights on real numbers has these rounded to as many steps as it runs.
4. Where no weight could be changed, the terms of the pools are all that is known; and where there
   is no pool either, the inputs are changed, by what a sum over all elements of each may be off.
   Without numbers among the inputs there is no bound.
5. Of an output of few numbers one draw may happen to move next to nothing: there are as many as
   make _ENOUGH numbers in all, but no more than _MOST_DRAWS, and the root of their mean square
   counts.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.distance import distance
from padcheck.checks.compare.own import own_change
from padcheck.errors import FrameworkError
from padcheck.frameworks.base import Shakeable
from padcheck.frameworks.shaking import Shaker
from padcheck.records import Change, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.compare.coarse import Shares
    from padcheck.frameworks.base import Network

__all__ = ["COARSE_FACTOR", "FACTOR", "Noise"]

#: How much further than its measured sensitivity a right output may lie: two sides round, and
#: blocked or transformed (Winograd) sums round more than once per product.
FACTOR = 8.0
#: The same for the rounding of a quantized side: ops between the sites round, too.
COARSE_FACTOR = 3.0
#: An output that moves by less than this share of a rounding unit tells nothing.
DEAF = 1e-2
#: Rule 5.
_ENOUGH, _MOST_DRAWS = 4, 4
#: So many weights are taken to float64 at a time, which a processor's cache holds.
_CHUNK = 1 << 16
_UNITS = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
_FLOAT32 = 2.0**-24


class Noise:
    """The bounds of a source's tensors on one input; runs what it needs once."""

    def __init__(
        self,
        source: Network,
        feeds: Mapping[str, NDArray[Any]],
        coarse: Mapping[int, Change] | None = None,
        shares: Shares | None = None,
    ) -> None:
        self.source, self._feeds = source, feeds
        self._unit = _unit(source)
        self._plain: Network | None = None
        self._noisy = self._altered(self._perturbed({}))
        self._shares = shares
        self._changes = coarse or {}
        self._coarse = self._rounded(self._changes)

    def on(self, feeds: Mapping[str, NDArray[Any]]) -> Noise:
        """The same on another input; what runs it is shared."""
        made = copy.copy(self)
        made._feeds = feeds
        return made

    def under(self, changes: Mapping[int, Change], coarse: Mapping[int, Change]) -> Noise:
        """The same of the source with some ops changed, measured from that."""
        made = copy.copy(self)
        finer = {}
        for index, change in changes.items():
            own = own_change(self.source, index)
            grid = None if own is None else own.quantization
            finer[index] = dataclasses.replace(change, quantization=grid)
        made._plain = self._altered(finer)
        made._noisy = self._altered({**finer, **self._perturbed(finer)})
        made._coarse = self._rounded({**coarse, **changes}) if coarse else None
        return made

    def bounds(
        self, reference: Mapping[str, NDArray[Any]], fetches: Sequence[str] = ()
    ) -> dict[str, float]:
        """Relative bound of every tensor of `reference`, by name."""
        bounds = dict.fromkeys(reference, FACTOR * self._unit * self._terms())
        runs = [(self._noisy, self._feeds, FACTOR), (self._coarse, self._feeds, COARSE_FACTOR)]
        if not any(site.spec for site in self.source.sites):  # rule 4
            if not any(array.dtype.kind == "f" for array in self._feeds.values()):
                return {}
            runs.append((self.source, self._shaken_feeds(), FACTOR))
        if self._plain is not None:
            reference = {**reference, **self._plain.run(self._feeds, fetches, only=bool(fetches))}
        for network, feeds, factor in runs:
            offs = [self._offs(network, feeds, reference, fetches)]
            for draw in range(1, self._draws(reference)):  # rule 5
                again = self._again(network, draw)
                offs.append(self._offs(again, feeds, reference, fetches))
            for name in bounds:
                squares = [each[name] ** 2 for each in offs if name in each]
                bounds[name] += factor * math.sqrt(sum(squares) / max(1, len(squares)))
        return bounds

    def _offs(
        self,
        network: Network | None,
        feeds: Mapping[str, NDArray[Any]],
        reference: Mapping[str, NDArray[Any]],
        fetches: Sequence[str],
    ) -> dict[str, float]:
        """How far each tensor lies from the reference, where that can be told."""
        if network is None:
            return {}
        seen = network.run(feeds, fetches, only=bool(fetches))
        offs = {
            name: distance(array, seen[name]).relative
            for name, array in reference.items()
            if name in seen and seen[name].shape == array.shape
        }
        return {name: off for name, off in offs.items() if math.isfinite(off)}

    def _draws(self, reference: Mapping[str, NDArray[Any]]) -> int:
        """Rule 5: how often noise is drawn; once where it is measured of an altered source."""
        if self._plain is not None:
            return 1
        few = min(
            (array.size for array in reference.values() if array.dtype.kind == "f"), default=0
        )
        return min(_MOST_DRAWS, -(-_ENOUGH // few)) if few else 1

    def _again(self, network: Network | None, draw: int) -> Network | None:
        """Another draw of a network's noise."""
        if network is None or network is self.source:
            return None
        if network is self._noisy:
            return self._altered(self._perturbed({}, draw))
        return self._rounded(self._changes, draw) if self._shares is not None else None

    @property
    def least(self) -> float:
        """The bound of what does not move with the weights."""
        return FACTOR * self._unit

    def is_deaf(self, bounds: Mapping[str, float]) -> bool:
        """Whether no output moves with the weights, as those of a saturated Softmax do not."""
        least = self.least * (1 + DEAF)
        return self._noisy is not None and all(bound <= least for bound in bounds.values())

    def _terms(self) -> float:
        """How many roundings add up where nothing could be measured, and 1 where it was."""
        if self._noisy is not None:
            return 1.0
        terms = sum(_summed(site.spec) for site in self.source.sites if site.spec)
        return math.sqrt(max(terms, 1))

    def _shaken_feeds(self) -> dict[str, NDArray[Any]]:
        """Rule 4: integers stay."""
        generator = np.random.default_rng(0)
        shaken = {}
        for name, array in self._feeds.items():
            signs = generator.integers(0, 2, array.shape) * 2.0 - 1
            size = self._unit * math.sqrt(max(4, math.prod(array.shape[1:])))
            made = array * (1 + size * signs)
            shaken[name] = made.astype(array.dtype) if array.dtype.kind == "f" else array
        return shaken

    def _perturbed(self, known: Mapping[int, Change], seed: int = 0) -> dict[int, Change]:
        """Every weight shaken; of the ops that are `known`, theirs."""
        generator = np.random.default_rng(seed)
        changes = {}
        for index, (site, place) in enumerate(
            zip(self.source.sites, self.source.places, strict=True)
        ):
            if site.spec is None or place is None or place.values is None:
                continue
            own = known.get(index) or own_change(self.source, index)
            if own is None or own.weight is None:
                continue
            size = self._unit * max(2.0, math.sqrt(_summed(site.spec)))  # 2: one last digit
            up = generator.integers(0, 2, own.weight.shape, dtype=np.int8)
            changes[index] = dataclasses.replace(own, weight=_shaken(own.weight, up, size))
        return changes

    def _rounded(self, changes: Mapping[int, Change], seed: int = 0) -> Network | None:
        """Rule 3."""
        if self._shares is None:
            return self._altered(changes)
        shaker = Shaker(*self._shares, seed)
        finer = {
            index: dataclasses.replace(change, weight=shaker.shaken(change.weight))
            if change.quantization is None and change.weight is not None and self._shares[1]
            else change
            for index, change in changes.items()
        }
        made = self._altered(finer)
        try:
            return made.shaken(*self._shares, seed) if isinstance(made, Shakeable) else made
        except FrameworkError:
            return made

    def _altered(self, changes: Mapping[int, Change]) -> Network | None:
        if not changes:
            return None
        try:
            return self.source.altered(changes)
        except FrameworkError:
            return None


def _shaken(weight: NDArray[Any], up: NDArray[np.int8], size: float) -> NDArray[Any]:
    """Every number made larger by its share `size` where `up` is 1, smaller where it is 0."""
    made = np.empty(weight.shape, np.float32)
    old, signs, new = (array.reshape(-1) for array in (weight, up, made))
    for start in range(0, new.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        factor = 2.0 * signs[part] - 1.0
        factor *= size
        factor += 1.0
        factor *= old[part]
        new[part] = factor
    return made


def _summed(spec: OpSpec) -> int:
    """How many products one output sums."""
    if not spec.kind.has_weight:
        return math.prod(spec.kernel_size)
    return math.prod(spec.weight_shape) // max(1, spec.channels[1] // spec.group)


def _unit(source: Network) -> float:
    """The rounding unit of the coarsest float format among inputs and outputs."""
    kinds = {tensor.dtype for tensor in (*source.inputs, *source.outputs)}
    return max((_UNITS.get(kind, _FLOAT32) for kind in kinds), default=_FLOAT32)

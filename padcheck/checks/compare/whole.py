"""Both models at work on one input: their outputs, and what is left once some ops are changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.checks.compare.noise import COARSE_FACTOR, Noise
from padcheck.checks.compare.outputs import (
    OutputPair,
    judge_output,
    pair_outputs,
    rounding,
    within_a_step,
)
from padcheck.checks.compare.own import own_change
from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, Change, OutputReport, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.compare.coarse import Shares
    from padcheck.frameworks.base import Network
    from padcheck.matching import Pair
    from padcheck.records import Place

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Whole"]

_NOTHING_MOVES = (
    "on this input nothing in the source moves with its weights: outputs that are equal say nothing"
)
_STEPS_HIDE = (
    "the target rounds its outputs so coarsely that on this input they tell little: outputs that "
    "are equal say nothing"
)
_DEAF = "the outputs do not move with the weights (a saturated activation)"
_BLUNT = "the target rounds its outputs so coarsely that they hardly move with the weights"
#: An output that its rounding alone moves by more than this share.
_TELLS_LITTLE = 0.1


class Whole:
    """The source and the target on the same numbers; everything is run once.

    `coarse` are the source's ops with the target's rounding, empty where it rounds alike, and
    `shares` how far it may round all else; `noise` is that of the same two on another input, where
    they were run before.
    Raises FrameworkError where one of the two cannot be run.
    """

    def __init__(
        self,
        source: Network,
        target: Network,
        feeds: Arrays,
        target_feeds: Arrays,
        *,
        pairs: Sequence[Pair] = (),
        coarse: Mapping[int, Change] | None = None,
        shares: Shares | None = None,
        noise: Noise | None = None,
    ) -> None:
        self.source, self.target = source, target
        self.feeds, self.target_feeds = feeds, target_feeds
        self._coarse = dict(coarse or {})
        self._observed = target.run(target_feeds)
        self._reference = source.run(feeds)
        self.pairs, self.unpaired = pair_outputs(source, target, self._reference, self._observed)
        self.noise = Noise(source, feeds, coarse, shares) if noise is None else noise.on(feeds)
        self._bounds = self.noise.bounds(self._named(self._reference))
        self._is_blunt = blunt = self._widened()
        if self._is_finer(pairs):
            self._bounds = {}
        self.notes: tuple[str, ...] = ()
        self._says_nothing = False
        deaf = bool(self._bounds) and self.noise.is_deaf(self._bounds)
        heard = (deaf or blunt) and self._listen(pairs, _BLUNT if blunt else _DEAF)
        if (deaf and not heard and not self._stores_integers) or (blunt and not heard):
            self._says_nothing = True
            self.notes = (_STEPS_HIDE if blunt else _NOTHING_MOVES,)
        self.outputs = self._judged(self._reference)

    @property
    def is_coarse(self) -> bool:
        """Whether the target rounds more than the source does."""
        return bool(self._coarse)

    @property
    def differs(self) -> bool:
        """Whether any output does."""
        return any(report.verdict == MISMATCH for report in self.outputs)

    def changed(self, changes: Mapping[int, Change]) -> tuple[OutputReport, ...]:
        """The target's outputs beside those of the source with some ops changed.

        Raises FrameworkError where the source's format cannot express a change.
        """
        return self.beside(self.altered(changes))

    def beside(self, altered: Network) -> tuple[OutputReport, ...]:
        """The target's outputs beside those of an altered source; raises FrameworkError where
        that cannot be run.
        """
        fetches = [pair.source.name for pair in self.pairs]
        return self._judged(altered.run(self.feeds, self._extra(fetches)))

    def altered(self, changes: Mapping[int, Change]) -> Network:
        """The source with some ops changed, and all of them rounding as the target's do."""
        return self.source.altered({**self._coarse, **changes})

    def noise_under(self, changes: Mapping[int, Change]) -> Noise:
        """How far two right ones may lie apart once the source has these changes."""
        return self.noise.under(changes, self._coarse)

    def base(self, index: int) -> Change | None:
        """What a site of the source computes, rounding as the target's does."""
        return self._coarse.get(index) or own_change(self.source, index)

    def _extra(self, names: Sequence[str]) -> list[str]:
        known = {tensor.name for tensor in self.source.outputs}
        return [name for name in names if name not in known]

    def _named(self, arrays: Arrays) -> dict[str, NDArray[Any]]:
        return {pair.source.name: arrays[pair.source.name] for pair in self.pairs}

    def _judged(self, reference: Arrays) -> tuple[OutputReport, ...]:
        judged = [
            judge_output(
                pair,
                reference[pair.source.name],
                self._observed[pair.target.name],
                self._bounds.get(pair.source.name),
            )
            for pair in self.pairs
            if pair.source.name in reference and pair.target.name in self._observed
        ]
        if self._is_blunt and not self._says_nothing:
            steps = {pair.source.name: pair.target.quantization for pair in self.pairs}
            return tuple(within_a_step(one, steps[one.name]) for one in judged)
        if not self._says_nothing:
            return tuple(judged)
        return tuple(
            dataclasses.replace(one, verdict=UNVERIFIED) if one.verdict == EQUIVALENT else one
            for one in judged
        )

    def _is_finer(self, pairs: Sequence[Pair]) -> bool:
        """Whether the source stores integers where the target has none, or has others: how far
        that puts them apart cannot be seen on the source.
        """
        for pair in pairs:
            mine = _steps(self.source.places[index] for index in pair.sources)
            if mine - _steps(self.target.places[index] for index in pair.targets):
                return True
        return False

    @property
    def _stores_integers(self) -> bool:
        """Whether the source stores integers, whose steps may hide what its weights do."""
        return any(place is not None and place.quantization for place in self.source.places)

    def _widened(self) -> bool:
        """Adds the rounding of outputs that the target stores in integers to their bounds;
        whether each of them moves so far by it that it tells little.
        """
        shares = []
        for pair in self.pairs:
            name, steps = pair.source.name, pair.target.quantization
            share = 0.0
            if steps is not None and pair.source.quantization is None and name in self._bounds:
                share = rounding(self._reference[name], steps)
                self._bounds[name] += COARSE_FACTOR * share
            shares.append(share)
        return bool(shares) and min(shares) > _TELLS_LITTLE

    def _listen(self, pairs: Sequence[Pair], why: str) -> bool:
        """Takes the last matched tensor that moves with the weights beside outputs that do not;
        whether there is one.
        """
        for pair in reversed(pairs):
            if len(pair.sources) > 1 or len(pair.targets) > 1:
                continue  # a part has fewer channels
            one = self.source.places[pair.sources[0]]
            other = self.target.places[pair.targets[0]]
            if one is None or other is None or one.values is None:
                continue
            if one.epilogue.clip != other.epilogue.clip:
                continue
            ours = self.source.run(self.feeds, [one.tail])
            theirs = self.target.run(self.target_feeds, [other.tail])
            if one.tail not in ours or other.tail not in theirs:
                continue
            bounds = self.noise.bounds({one.tail: ours[one.tail]}, [one.tail])
            if self.noise.is_deaf(bounds):
                continue
            self.pairs.append(
                OutputPair(
                    Tensor(name=one.tail, shape=None, channels_last=one.channels_last),
                    Tensor(name=other.tail, shape=None, channels_last=other.channels_last),
                )
            )
            self._reference |= {one.tail: ours[one.tail]}
            self._observed |= {other.tail: theirs[other.tail]}
            self._bounds |= bounds
            self.notes = (f"{why}, so the last tensor that does, {one.tail}, is compared as well",)
            return True
        return False


def _steps(places: Iterable[Place | None]) -> set[float]:
    """How far apart the numbers are that ops store in integers."""
    found = (place.quantization for place in places if place is not None)
    return {each.scale for each in found if each is not None}

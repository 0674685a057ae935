"""Both models at work on one input: their outputs, and what is left once some ops are changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.checks.compare.noise import Noise
from padcheck.checks.compare.outputs import OutputPair, judge_output, pair_outputs
from padcheck.checks.compare.own import own_change
from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, Change, OutputReport, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.base import Network
    from padcheck.matching import Pair

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Whole"]

_NOTHING_MOVES = (
    "on this input nothing in the source moves with its weights: outputs that are equal say nothing"
)


class Whole:
    """The source and the target on the same numbers; everything is run once.

    `coarse` are the source's ops with the target's rounding, empty where it rounds alike.
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
    ) -> None:
        self.source, self.target = source, target
        self.feeds, self.target_feeds = feeds, target_feeds
        self._coarse = dict(coarse or {})
        self._observed = target.run(target_feeds)
        self._reference = source.run(feeds)
        self.pairs, self.unpaired = pair_outputs(source, target, self._reference, self._observed)
        self.noise = Noise(source, feeds, coarse)
        self._bounds = self.noise.bounds(self._named(self._reference))
        self.notes: tuple[str, ...] = ()
        self._says_nothing = False
        if self.noise.is_deaf(self._bounds) and not self._listen(pairs) and not self._is_coarse:
            self._says_nothing = True
            self.notes = (_NOTHING_MOVES,)
        self.outputs = self._judged(self._reference)

    @property
    def differs(self) -> bool:
        """Whether any output does."""
        return any(report.verdict == MISMATCH for report in self.outputs)

    def changed(self, changes: Mapping[int, Change]) -> tuple[OutputReport, ...]:
        """The target's outputs beside those of the source with some ops changed.

        Raises FrameworkError where the source's format cannot express a change.
        """
        fetches = [pair.source.name for pair in self.pairs]
        made = self.altered(changes).run(self.feeds, self._extra(fetches))
        return self._judged(made)

    def altered(self, changes: Mapping[int, Change]) -> Network:
        """The source with some ops changed, and all of them rounding as the target's do."""
        return self.source.altered({**self._coarse, **changes})

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
        if not self._says_nothing:
            return tuple(judged)
        return tuple(
            dataclasses.replace(one, verdict=UNVERIFIED) if one.verdict == EQUIVALENT else one
            for one in judged
        )

    @property
    def _is_coarse(self) -> bool:
        """Whether the source stores integers, whose steps may hide what its weights do."""
        return any(place is not None and place.quantization for place in self.source.places)

    def _listen(self, pairs: Sequence[Pair]) -> bool:
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
            self.notes = (
                "the outputs do not move with the weights (a saturated activation), so the last "
                f"tensor that does, {one.tail}, is compared as well",
            )
            return True
        return False

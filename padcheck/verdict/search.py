"""The search for what reproduces an observation: simple explanations before composed ones.

1. One cause, on all the axes that it can befall, or on some only.
2. Two causes: of different families, or of different axes.
3. Several at once (`stacked`), the fewest first.

Every level is tried on a sample of the outputs first, and what is left on all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes import GRID, VALUE, Clues
from padcheck.errors import UsageError
from padcheck.oracle import (
    OUTPUT_REARRANGEMENTS,
    Sample,
    evaluate,
    interior_masks,
    noise,
    power,
    restored_output,
    sample_places,
)
from padcheck.probes import Probe, equals, is_close
from padcheck.records import OpKind, OpSpec, Rearrangement
from padcheck.verdict.axes import mixed_suspects
from padcheck.verdict.clues import fill_clue, value_clues
from padcheck.verdict.questions import Answer, ask
from padcheck.verdict.stacked import stacked
from padcheck.verdict.suspects import Suspect, composed, single_suspects

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Search", "fits_probe"]

#: Places at which a suspect must fit before the rest of the sample is worked out.
_GLIMPSE = 8
#: A factor nearer to 1 comes about when weights are multiplied and rounded beforehand.
_NEAR_ONE = 1e-6


class _View:
    """The observed output, its rearrangement undone, and a sample of it."""

    def __init__(self, output: NDArray[Any], probe: Probe) -> None:
        self.size = output.shape[2:]
        terms = probe.x.shape[0] * (probe.x.shape[1] if probe.weight is None else probe.weight.size)
        places = sample_places(self.size, terms)
        self.sample = Sample(places, probe.x, probe.weight, probe.bias)
        self.seen = self.sample.take(output).astype(np.float64)
        self.few = np.arange(len(places)) % -(-len(places) // _GLIMPSE) == 0
        self.glimpse = self.sample.at(self.few)


class Search:
    """Suspects against one observed output (N, C, *spatial) of one probe."""

    def __init__(self, reference: OpSpec, observed: NDArray[Any], probe: Probe) -> None:
        self._reference = reference
        self._observed = observed
        self._probe = probe
        self._views = {how: self._view(how) for how in (None, *OUTPUT_REARRANGEMENTS)}
        self._clues: dict[OpSpec, Clues] = {}
        self._fits: dict[OpSpec, bool] = {}
        self._interiors: dict[Any, bool] = {}
        self.answer = self._ask()

    def _view(self, how: Rearrangement | None) -> _View | None:
        reference, observed = self._reference, self._observed
        if observed.ndim != reference.rank + 2 or not observed.size:
            return None
        output = restored_output(how, observed)
        channels = reference.channels[1 if reference.kind.has_weight else 0]
        if output.shape[:2] != (self._probe.x.shape[0], channels):
            return None
        return _View(output, self._probe)

    def _ask(self) -> Answer:
        view = self._views[None]
        if view is None or view.size != self._reference.output_size:
            return ask(self._reference, None, None, Clues())
        return ask(self._reference, view.sample, view.seen, self.clues(self._reference))

    def clues(self, spec: OpSpec) -> Clues:
        """What the observation suggests, taken for that of `spec`."""
        if spec not in self._clues:
            self._clues[spec] = self._work_out(spec)
        return self._clues[spec]

    def _work_out(self, spec: OpSpec) -> Clues:
        view = self._views[None if spec.deviation is None else _of_output(spec)]
        if view is None or view.size != spec.output_size:
            return Clues()
        seen = _to_power(view.seen, spec, self._reference.p)
        found = value_clues(view.sample.expected(spec), seen, power(spec))
        bounds = found.bounds
        if spec.deviation and spec.deviation.clip is not None:  # behind its own, others hide
            unclipped = view.sample.expected(spec.deviating(clip=None))
            bounds = value_clues(unclipped, seen, power(spec)).bounds
        fill = fill_clue(spec, view.sample, seen)
        return Clues(
            fill=fill,
            scale=found.scale,
            offset=found.offset,
            bounds=bounds,
            dtype=found.dtype,
        )

    @property
    def steady(self) -> bool:
        """Whether every channel is off by a constant, or by a constant factor."""
        found = self.clues(self._reference)
        return bool(found.offset) or any(abs(ratio - 1) > _NEAR_ONE for ratio in found.scale)

    def levels(self, closely: bool = False) -> Iterator[list[Suspect]]:
        """The suspects that reproduce the whole output, level by level; any may be empty.

        `closely`: single faults of the values alone, and only those that need no rounding.
        """
        singles = list(single_suspects(self._reference, self.clues(self._reference)))
        if closely:
            values = [one for one in singles if one.causes[0].family == VALUE]
            yield [one for one in self._live(values) if self._close(one.spec)]
            return
        mixed: list[Suspect] = []
        for size in dict.fromkeys(view.size for view in self._views.values() if view):
            mixed += mixed_suspects(self._reference, singles, size)
        partial = [suspect for suspect in mixed if len(suspect.causes) == 1]
        first = [*singles, *partial]
        yield self._live(first)
        pairs = [suspect for suspect in mixed if len(suspect.causes) > 1]
        yield self._live(
            [*pairs, *(pair for one in first if self._likely(one) for pair in self._pairs(one))]
        )
        view = self._views[None]
        if view is not None:
            for several in stacked(self._reference, view.size, self._inside, self.clues):
                yield self._live(several)

    def _pairs(self, first: Suspect) -> Iterator[Suspect]:
        return composed(self._reference, first, self.clues, self.answer.families)

    def _likely(self, first: Suspect) -> bool:
        """Whether it has an output size that was seen, and is of a family that may be at work."""
        family = first.causes[0].family
        if family != GRID and family not in self.answer.families:
            return False
        return any(
            view is not None and view.size == first.spec.output_size
            for view in self._views.values()
        )

    def _live(self, suspects: Iterable[Suspect]) -> list[Suspect]:
        """Those that fit; where some need no rounding to fit, those."""
        likely = [suspect for suspect in suspects if self._sampled(suspect.spec)]
        live = [suspect for suspect in likely if self._fit(suspect.spec)]
        close = [one for one in live if self._close(one.spec)] if len(live) > 1 else []
        return close or live

    def _close(self, spec: OpSpec, bound: float = 0.0) -> bool:
        """On the sample: whether nothing is off by more than float32 rounds, or than `bound`."""
        view = self._views[_of_output(spec)]
        if view is None:
            return False
        seen = _to_power(view.seen, spec, self._reference.p)
        return is_close(seen, view.sample.expected(spec), bound)

    def _sampled(self, spec: OpSpec) -> bool:
        view = self._views[_of_output(spec)]
        if view is None or view.size != spec.output_size:
            return False
        seen = _to_power(view.seen, spec, self._reference.p)
        return equals(seen[..., view.few], view.glimpse.expected(spec)) and equals(
            seen, view.sample.expected(spec)
        )

    def _inside(self, spec: OpSpec) -> bool:
        """Whether some outputs of the sample that read no padding fit; so where there are none."""
        view = self._views[None]
        if view is None or view.size != spec.output_size:
            return False
        ends = (spec.kernel_size, spec.stride, spec.dilation, spec.pad_before)
        key = (*ends, spec.p, spec.deviation)
        if key not in self._interiors:
            masks = zip(interior_masks(spec), view.sample.places.T, strict=True)
            inside = np.flatnonzero(np.logical_and.reduce([mask[at] for mask, at in masks]))
            some = np.zeros(len(view.sample.places), dtype=bool)
            some[inside[:: -(-len(inside) // _GLIMPSE) or 1]] = True
            seen = _to_power(view.seen[..., some], spec, self._reference.p)
            self._interiors[key] = not inside.size or equals(
                seen, view.sample.at(some).expected(spec)
            )
        return self._interiors[key]

    def _fit(self, spec: OpSpec) -> bool:
        """On all outputs; what changes values must explain them within float32's error."""
        key = _concrete(spec)
        if key not in self._fits:
            bound = self.bound if spec.deviation else None
            p = self._reference.p
            self._fits[key] = fits_probe(spec, self._observed, self._probe, p, bound)
        return self._fits[key]

    @functools.cached_property
    def bound(self) -> float:
        """How far off float32 alone may put an output."""
        return noise(self._reference, self._probe.x, self._probe.weight)


def _of_output(spec: OpSpec) -> Rearrangement | None:
    how = spec.deviation.rearranged if spec.deviation else None
    return how if how in OUTPUT_REARRANGEMENTS else None


def _concrete(spec: OpSpec) -> OpSpec:
    """The op with its rules worked out at its size: what decides its numbers."""
    return spec.with_pads(spec.resolved_pads)


def fits_probe(
    spec: OpSpec, observed: NDArray[Any], probe: Probe, p: int, bound: float | None = None
) -> bool:
    """Whether `spec` gives exactly the observed output; not where it cannot be evaluated.

    The output of an Lp pool is the p-th power of the norm, of the `p` that was asked for.
    `bound`: how far off an output may be that is not rounded; None for rounding alone.
    """
    try:
        made = evaluate(spec, probe.x, probe.weight, probe.bias)
    except UsageError:
        return False
    seen = _to_power(observed, spec, p)
    return equals(seen, made) and (bound is None or is_close(seen, made, bound))


def _to_power(observed: NDArray[Any], spec: OpSpec, p: int) -> NDArray[Any]:
    if spec.kind is not OpKind.LP_POOL or spec.p == p:
        return observed
    with np.errstate(invalid="ignore", over="ignore"):
        powers: NDArray[Any] = observed.astype(np.float64) ** (spec.p / p)
    return powers

"""The numbers of a matched pair: weights, offsets and clips, as the two files hold them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.after import Clip, Hinted, clip_finding, offset_finding
from padcheck.checks.compare.aligning import aligned_specs, without_axes
from padcheck.checks.compare.carried import carried
from padcheck.checks.compare.effective import Effective, dense, effective
from padcheck.checks.compare.told import other
from padcheck.checks.compare.weights import judge_weights
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.oracle import MAX_ELEMENTS
from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, Change, Finding, Place, Site

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["ValuesJudgement", "compare_values"]


@dataclass(frozen=True, slots=True)
class _Side:
    """The sites of one side of a pair, with their places."""

    sites: tuple[Site, ...]
    places: tuple[Place, ...]

    @property
    def clip(self) -> Clip | None:
        """The clip right after the op."""
        return self.places[0].epilogue.clip

    @property
    def has_weight(self) -> bool:
        """Whether it is a convolution."""
        spec = self.sites[0].spec
        return spec is not None and spec.kind.has_weight


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesJudgement:
    """Whether the numbers agree, and if not, why.

    `findings` are what the two files' numbers say; whether that shows in the model is another
    question. `supposed`: all that was found is a clip that one side alone has, which may be an
    activation that was not recognised on the other, or offsets apart by what the rounding of much
    larger terms may explain. `differing`: which of "weight", "offset" and
    "clip" the findings concern. UNVERIFIED, with a reason, for what is no constant.
    """

    verdict: str
    reason: str | None = None
    findings: tuple[Finding, ...] = ()
    supposed: bool = False
    differing: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    _sides: tuple[_Side, _Side] | None = None

    @property
    def equal(self) -> bool:
        """Whether nothing was found that differs."""
        return self.verdict != MISMATCH

    def applied(self, change: Change, part: int = 0) -> Change:
        """`change`, which is about the source's op, with what differs taken from the target.

        `part`: of several ops of the source, which one it is about. Raises FrameworkError where
        the source's op cannot hold the target's numbers.
        """
        assert self._sides is not None
        source, target = self._sides
        changes: dict[str, Any] = {}
        if self.differing & {"weight", "offset"}:
            numbers = carried(source.sites, target.sites, target.places)
            if numbers is None:
                name = source.sites[part].name
                raise FrameworkError(f"{name} cannot hold the target's numbers")
            changes["offset"] = numbers[part].offset
            if "weight" in self.differing:
                changes["weight"] = numbers[part].weight
        if "clip" in self.differing:
            changes["clip"] = target.clip
        return dataclasses.replace(change, **changes)


def compare_values(
    source: Network, target: Network, sources: tuple[int, ...], targets: tuple[int, ...]
) -> ValuesJudgement:
    """The numbers of one op against those of one op, or of the parts of a split one, by index.

    Numbers that the files do not hold as constants leave it unverified.
    """
    sides = []
    for network, indices, name in ((source, sources, "source"), (target, targets, "target")):
        side = _side(network, indices, name)
        if isinstance(side, str):
            return _unverified(side)
        sides.append(side)
    judged = _judged(sides[0], sides[1])
    name = sides[0].sites[0].name
    findings = tuple(dataclasses.replace(each, op=name) for each in judged.findings)
    return dataclasses.replace(judged, findings=findings, _sides=(sides[0], sides[1]))


def _unverified(reason: str) -> ValuesJudgement:
    note = f"numbers not compared: {reason}"
    return ValuesJudgement(verdict=UNVERIFIED, reason=reason, notes=(note,))


def _side(network: Network, indices: Sequence[int], name: str) -> _Side | str:
    sites, places = [], []
    for index in indices:
        site, place = network.sites[index], network.places[index]
        if site.spec is None or place is None:
            return f"{name} {site.name}: {site.reason or 'not read'}"
        if site.spec.kind.has_weight and place.values is None:
            return f"{name} {site.name}: its weight is no constant"
        sites.append(site)
        places.append(place)
    return _Side(tuple(sites), tuple(places))


def _judged(source: _Side, target: _Side) -> ValuesJudgement:
    spec = source.sites[0].spec
    assert spec is not None
    if source.has_weight != target.has_weight:
        return _unverified("only one side has a weight")
    found: dict[str, tuple[Hinted, ...]] = {}
    notes: tuple[str, ...] = ()
    if source.has_weight:
        try:
            mine = effective(source.sites, source.places)
            theirs = effective(target.sites, target.places)
        except PadcheckError as error:
            return _unverified(str(error))
        both = _alike(mine, theirs)
        if isinstance(both, str):
            return _unverified(both)
        if isinstance(both, Finding):
            found["weight"] = (Hinted(both, supposed=False),)
        else:
            found, notes = _weighted(*both)
    grid = target.places[0].quantization or source.places[0].quantization
    clip = clip_finding(spec, source.clip, target.clip, grid)
    if clip is not None and not (clip.supposed and found):
        found["clip"] = (clip,)
    elif clip is not None:
        notes = (*notes, f"{clip.finding.message}, by the activation right after the op")
    hinted = [each for several in found.values() for each in several]
    return ValuesJudgement(
        verdict=MISMATCH if found else EQUIVALENT,
        findings=tuple(each.finding for each in hinted),
        supposed=bool(hinted) and all(each.supposed for each in hinted),
        differing=frozenset(found),
        notes=notes,
    )


def _weighted(
    source: Effective, target: Effective
) -> tuple[dict[str, tuple[Hinted, ...]], tuple[str, ...]]:
    """Findings about "weight" and "offset", and notes on how the weight is kept."""
    if not (source.is_finite and target.is_finite):
        told = _with_infinities(source, target)
        return ({"weight": told} if told else {}), ()
    weights = judge_weights(source, target)
    offset = offset_finding(source, target, weights)
    found = {
        "weight": tuple(Hinted(each, supposed=False) for each in weights.findings),
        "offset": (offset,) if offset else (),
    }
    return {name: each for name, each in found.items() if each}, weights.notes


def _alike(source: Effective, target: Effective) -> tuple[Effective, Effective] | Finding | str:
    """Both with the same axes, and with the zeros that a grouped weight leaves out where the
    other side has them; or the finding that they have other shapes; or why that is not told.
    """
    specs = aligned_specs(source.spec, target.spec)
    if specs is not None:
        source = _without(source, specs.source_dropped)
        target = _without(target, specs.target_dropped)
    if source.spec.channels == target.spec.channels and source.spec.group != target.spec.group:
        if max(side.weight.size * side.spec.group for side in (source, target)) > MAX_ELEMENTS:
            return "too large to compare a grouped weight with one of other groups"
        source, target = _dense(source), _dense(target)
    shapes = [tuple(side.weight.shape) for side in (target, source)]
    if source.spec.kind is not target.spec.kind:
        return "a convolution and a transposed one have their weights in other orders"
    if shapes[0] == shapes[1]:
        return source, target
    return other(f"weight has shape {shapes[0]}, expected {shapes[1]} (O, I/group, ...)", (), None)


def _without(side: Effective, dropped: Sequence[int]) -> Effective:
    if not dropped:
        return side
    weight = np.squeeze(side.weight, tuple(axis + 2 for axis in dropped))
    return dataclasses.replace(side, weight=weight, spec=without_axes(side.spec, dropped))


def _dense(side: Effective) -> Effective:
    weight = dense(side.weight, side.spec.group)
    return dataclasses.replace(side, weight=weight, spec=side.spec.replace(group=1))


def _with_infinities(source: Effective, target: Effective) -> tuple[Hinted, ...]:
    """Numbers that nothing can be computed with: the same ones, or others."""
    pairs: list[tuple[Any, Any]] = [(source.offset, target.offset)]
    pairs += [
        (mine, theirs)
        for (_, mine), (_, theirs) in zip(source.chunks(), target.chunks(), strict=True)
    ]
    if all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in pairs):
        return ()
    told = other("weights hold NaN or infinities, and not the same on both sides", (), None)
    return (Hinted(told, supposed=False),)

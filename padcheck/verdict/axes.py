"""Faults that befall some axes and spare others, or differ from axis to axis."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.causes import GRID, Cause
from padcheck.records import OpKind, OpSpec
from padcheck.verdict.suspects import Suspect

__all__ = ["mixed_suspects"]

_Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """What an op does along one axis, and the cause it comes from (None: the reference).

    `offer` numbers the counterfactual it is taken from.
    """

    cause: Cause | None
    offer: int
    key: tuple[Any, ...]
    guess: bool = False

    @property
    def fields(self) -> _Fields:
        """kernel_size, stride, dilation, pads and output_padding of this axis."""
        names = ("kernel_size", "stride", "dilation", "pads", "output_padding")
        return dict(zip(names, self.key, strict=True))


def mixed_suspects(
    reference: OpSpec, singles: Sequence[Suspect], output_size: Sequence[int]
) -> Iterator[Suspect]:
    """Ops of this output size whose axes are the reference's, or one of at most two faults'.

    1. Every axis has its own choice: the reference, or what a per-axis cause makes of it.
    2. An axis whose output size is not the one observed is no choice.
    3. The op itself, and any one counterfactual on all axes, are not repeated.
    """
    offers = [one for one in singles if one.causes[0].family == GRID and one.causes[0].per_axis]
    if reference.rank < 2 or reference.kind is OpKind.RESIZE or not offers:
        return
    choices = [
        _choices(reference, offers, axis, size) for axis, size in enumerate(output_size)
    ]  # rules 1 and 2
    for parts in itertools.product(*choices):
        faulty = {(part.cause.code, part.offer): part for part in parts if part.cause}
        whole = len(faulty) == 1 and all(part.cause for part in parts)
        if not faulty or len(faulty) > 2 or whole:  # rule 3
            continue
        spec = _built(reference, parts)
        if len(faulty) == 1:
            (part,) = faulty.values()
            assert part.cause is not None
            yield Suspect((part.cause,), spec, partial=True, guess=part.guess)
        else:
            yield _two(reference, parts, list(faulty.values()), spec)


def _two(reference: OpSpec, parts: Sequence[_Part], faults: list[_Part], spec: OpSpec) -> Suspect:
    sound = [_part(reference, axis) for axis in range(reference.rank)]
    alone = tuple(
        _built(
            reference,
            [
                mine if (mine.cause, mine.offer) == (fault.cause, fault.offer) else own
                for mine, own in zip(parts, sound, strict=True)
            ],
        )
        for fault in faults
    )
    causes = tuple(fault.cause for fault in faults if fault.cause)
    return Suspect(causes, spec, alone, partial=True, guess=any(f.guess for f in faults))


def _choices(reference: OpSpec, offers: Sequence[Suspect], axis: int, size: int) -> list[_Part]:
    own = _part(reference, axis)
    found = [own]
    seen = {own.key}
    for number, one in enumerate(offers):
        part = dataclasses.replace(_part(one.spec, axis, one.causes[0], number), guess=one.guess)
        if part.key not in seen:
            seen.add(part.key)
            found.append(part)
    return [part for part in found if _size(reference, axis, part) == size]


def _part(spec: OpSpec, axis: int, cause: Cause | None = None, offer: int = -1) -> _Part:
    fixed = spec.with_pads(spec.resolved_pads) if spec.output_shape else spec
    longer = fixed.output_padding[axis] if fixed.output_padding else 0
    key = (
        spec.kernel_size[axis],
        spec.stride[axis],
        spec.dilation[axis],
        fixed.pads[axis],
        longer,
    )
    return _Part(cause, offer, key)


def _size(reference: OpSpec, axis: int, part: _Part) -> int:
    alone = reference.along(axis, reference.input_size[axis])
    changes: _Fields = {name: (value,) for name, value in part.fields.items()}
    return alone.replace(**changes, output_shape=()).output_size[0]


def _built(reference: OpSpec, parts: Sequence[_Part]) -> OpSpec:
    columns = zip(*(part.fields.items() for part in parts), strict=True)
    changes: _Fields = {row[0][0]: tuple(value for _, value in row) for row in columns}
    if reference.kind is not OpKind.CONV_TRANSPOSE or not any(changes["output_padding"]):
        changes["output_padding"] = ()
    return reference.replace(**changes, output_shape=())

"""The target's numbers in the terms of the source's op, for the source to be run with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.aligning import aligned_specs, joined
from padcheck.checks.compare.effective import (
    Effective,
    dense,
    effective,
    grouped,
    in_weight_shape,
)
from padcheck.errors import PadcheckError
from padcheck.oracle import MAX_ELEMENTS
from padcheck.records import OpSpec, Place, Site

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Numbers", "carried"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """What a `Change` takes: `weight` is shaped as the source's own and has the scale in it;
    `offset` is float64.
    """

    weight: NDArray[Any]
    offset: NDArray[Any]


def carried(
    sources: Sequence[Site], targets: Sequence[Site], places: Sequence[Place]
) -> tuple[Numbers, ...] | None:
    """The numbers of the target's convolutions, for each of the source's, in their order.

    None where the source's op cannot hold them: another kind, window or number of channels, or
    weights where a group has none.
    """
    specs = [site.spec for site in sources if site.spec is not None]
    try:
        whole = effective(targets, places)
    except PadcheckError:
        return None
    weight = _held_by(joined(specs[0], len(specs)) if len(specs) > 1 else specs[0], whole)
    if weight is None:
        return None
    weights = np.split(weight, len(specs))
    offsets = np.split(whole.offset, len(specs))
    return tuple(
        Numbers(
            weight=in_weight_shape(part, spec).reshape(spec.weight_shape),
            offset=np.array(offset),
        )
        for part, offset, spec in zip(weights, offsets, specs, strict=True)
    )


def _held_by(spec: OpSpec, target: Effective) -> NDArray[Any] | None:
    """(O, I/group, *kernel) float32 in the groups and axes of `spec`."""
    aligned = aligned_specs(spec, target.spec)
    if aligned is None or spec.kind is not target.spec.kind:
        return None
    if aligned.source.kernel_size != aligned.target.kernel_size:
        return None
    if spec.channels != target.spec.channels:
        return None
    weight = target.folded()
    if spec.group == target.spec.group:
        return weight.reshape(len(weight), weight.shape[1], *aligned.source.kernel_size)
    if weight.size * target.spec.group > MAX_ELEMENTS:
        return None
    made = grouped(dense(weight, target.spec.group), spec.group)
    return None if made is None else made.reshape(*made.shape[:2], *aligned.source.kernel_size)

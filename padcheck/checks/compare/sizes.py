"""The input sizes of a pair: those that are judged, and those at which the files agree."""

from __future__ import annotations

import dataclasses

from padcheck.checks.cases import residue_cases
from padcheck.checks.compare.aligning import Aligned, in_terms_of
from padcheck.records import AxisSizes, OpKind, OpSpec, Site, agreement_of

__all__ = ["agrees_when", "cases"]


def cases(site: Site, specs: Aligned) -> tuple[OpSpec, ...]:
    """The source's op, in the terms of `specs`, at one size for each residue of its open axes;
    at its own where none is open, or where neither side pads.
    """
    source, dropped = specs.source, specs.source_dropped
    kept = tuple(each for axis, each in enumerate(site.dynamic) if axis not in dropped)
    found = [
        residue_cases(dataclasses.replace(site, spec=spec, dynamic=kept))
        for spec in (source, in_terms_of(specs.target, source))
    ]
    return tuple(source.resized(case.input_size) for case in max(found, key=len))


def agrees_when(specs: Aligned) -> tuple[AxisSizes | None, ...] | None:
    """Per axis, the sizes at which the two specs agree; None for ops of two kinds."""
    source = specs.source.replace(bias=False, deviation=None)
    target = in_terms_of(specs.target, source)
    if source.kind is not target.kind or source.kind is OpKind.RESIZE:
        return None
    return tuple(_axis(source, target, axis) for axis in range(source.rank))


def _window(spec: OpSpec, axis: int) -> tuple[int, int, int]:
    """(kernel_size, stride, dilation); one tap is not dilated."""
    taps = spec.kernel_size[axis]
    return taps, spec.stride[axis], spec.dilation[axis] if taps > 1 else 1


def _axis(source: OpSpec, target: OpSpec, axis: int) -> AxisSizes | None:
    windows = [_window(spec, axis) for spec in (source, target)]
    if windows[0] != windows[1]:
        return AxisSizes(modulus=1, residues=())
    if source.along(axis, 1) == target.along(axis, 1):
        return AxisSizes(modulus=1, residues=(0,))
    found = agreement_of(source, target, axis)
    if found is None:
        return None
    return AxisSizes(modulus=found.modulus, residues=found.residues, from_size=found.from_size)

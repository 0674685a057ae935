"""PAD903 attribute_lost

What it finds:
    TODO

Why outputs differ:
    TODO

Example:
    >>> 1 + 1
    2

Use instead:
    Keras   TODO
    TF      TODO
    PyTorch TODO
    ONNX    TODO

Fix safety:
    changes-output.

References:
    TODO
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, sizes_text
from padcheck.records import OpKind, OpSpec, Rearrangement

__all__ = ["CAUSE"]

_SPREAD = ("kernel_size", "stride", "dilation")


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Attributes dropped, taken from one axis for all, or in reverse order."""
    seen = {(reference.kernel_size, reference.stride, reference.dilation)}
    for faulty in (*_dropped(reference), *_misplaced(reference)):
        key = (faulty.kernel_size, faulty.stride, faulty.dilation)
        if key not in seen:
            seen.add(key)
            yield faulty
    if reference.group > 1:
        yield reference.deviating(rearranged=Rearrangement.GROUPS_FIRST)
        yield reference.deviating(rearranged=Rearrangement.GROUPS_INTERLEAVED)
    if reference.kind is OpKind.LP_POOL:
        for p in (1, 2, 3):
            if p != reference.p:
                yield reference.replace(p=p)


def _dropped(spec: OpSpec) -> Iterator[OpSpec]:
    """A dropped attribute is 1; the stride of a pool may also be its window."""
    ones = (1,) * spec.rank
    yield _fixed(spec, stride=ones)
    yield _fixed(spec, dilation=ones)
    yield _fixed(spec, stride=ones, dilation=ones)
    if not spec.kind.has_weight:
        yield _fixed(spec, stride=spec.kernel_size)


def _misplaced(spec: OpSpec) -> Iterator[OpSpec]:
    for name in _SPREAD[1:] if spec.kind.has_weight else _SPREAD:
        values: tuple[int, ...] = getattr(spec, name)
        for wrong in (values[::-1], values[:1] * spec.rank, values[-1:] * spec.rank):
            yield _fixed(spec, **{name: wrong})


def _fixed(spec: OpSpec, **changes: tuple[int, ...]) -> OpSpec:
    return spec.replace(**changes)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    parts = [
        f"{name} is {sizes_text(getattr(observed, name))}, "
        f"expected {sizes_text(getattr(reference, name))}"
        for name in _SPREAD
        if getattr(observed, name) != getattr(reference, name)
    ]
    if observed.p != reference.p:
        parts.append(f"p is {observed.p}, expected {reference.p}")
    how = observed.deviation.rearranged if observed.deviation else None
    if how is not None and observed.deviation != reference.deviation:
        parts.append(f"group is lost: {how.value}")
    return "; ".join(parts)


CAUSE = Cause(
    code="PAD903",
    name="attribute_lost",
    offers=_offers,
    message=_message,
    advice="give the attribute for every axis",
)

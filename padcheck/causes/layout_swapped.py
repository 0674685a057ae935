"""PAD901 layout_swapped

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

from padcheck.causes.base import ARRAY, Cause, Clues
from padcheck.records import OpKind, OpSpec, Rearrangement

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    for how in _possible(reference):
        yield reference.deviating(rearranged=how)


def _possible(spec: OpSpec) -> Iterator[Rearrangement]:
    """The rearrangements that keep the shapes of this op."""
    yield Rearrangement.INPUT_BUFFER
    yield Rearrangement.OUTPUT_LAST
    yield Rearrangement.OUTPUT_BUFFER
    if spec.rank > 1:
        yield Rearrangement.OUTPUT_REVERSED
        if spec.input_size == spec.input_size[::-1]:
            yield Rearrangement.INPUT_REVERSED
    if spec.kind.has_weight:
        yield from _of_weight(spec)


def _of_weight(spec: OpSpec) -> Iterator[Rearrangement]:
    yield Rearrangement.WEIGHT_BUFFER
    shape = spec.weight_shape
    if shape[0] == shape[1]:
        yield Rearrangement.WEIGHT_CHANNELS
    if spec.rank > 1 and spec.kernel_size == spec.kernel_size[::-1]:
        yield Rearrangement.WEIGHT_REVERSED
    depthwise = spec.kind is OpKind.CONV and spec.group == spec.channels[0] > 1
    if depthwise and spec.channels[1] > spec.channels[0]:
        yield Rearrangement.WEIGHT_MULTIPLIER


def _message(reference: OpSpec, observed: OpSpec) -> str:
    how = observed.deviation.rearranged if observed.deviation else None
    return f"layout: {how.value if how else 'as expected'}"


CAUSE = Cause(
    code="PAD901",
    name="layout_swapped",
    offers=_offers,
    message=_message,
    advice="transpose, do not reshape, between layouts",
    family=ARRAY,
    per_axis=False,
)

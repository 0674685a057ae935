"""PAD906 activation_clip

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

import math
from collections.abc import Iterator

from padcheck.causes.base import VALUE, Cause, Clues
from padcheck.records import OpSpec

__all__ = ["CAUSE"]

_KNOWN = ((0.0, 6.0), (0.0, math.inf), (-1.0, 1.0), (0.0, 1.0), (-math.inf, 6.0))


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """A clip lost, or one with other bounds: known ones, and those that the output shows."""
    before = reference.deviation.clip if reference.deviation else None
    if before is not None:
        yield reference.deviating(clip=None)
        for bounds in _KNOWN:
            if bounds != before:
                yield reference.deviating(clip=bounds)
    if clues.bounds is not None and clues.bounds != before:
        yield reference.deviating(clip=clues.bounds)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"output is {_clip(observed)}, expected {_clip(reference)}"


def _clip(spec: OpSpec) -> str:
    bounds = spec.deviation.clip if spec.deviation else None
    if bounds is None:
        return "not clipped"
    low, high = bounds
    if math.isinf(high):
        return f"at least {low:g}"
    return f"at most {high:g}" if math.isinf(low) else f"within {low:g} and {high:g}"


CAUSE = Cause(
    code="PAD906",
    name="activation_clip",
    offers=_offers,
    message=_message,
    advice="use the reference's activation",
    family=VALUE,
    per_axis=False,
)

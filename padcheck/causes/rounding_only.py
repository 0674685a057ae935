"""PAD908 rounding_only

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

from padcheck.causes.base import VALUE, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if clues.dtype and reference.kind is not OpKind.LP_POOL:
        yield reference.deviating(dtype=clues.dtype)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    dtype = observed.deviation.dtype if observed.deviation else ""
    return f"outputs are rounded to {dtype}, expected float32"


CAUSE = Cause(
    code="PAD908",
    name="rounding_only",
    offers=_offers,
    message=_message,
    advice="compute in float32",
    family=VALUE,
    per_axis=False,
    safety="maybe",
)

"""PAD106 same_ignores_dilation

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

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import PadFlaw, PadPolicy, PadRule, Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE or set(reference.dilation) == {1}:
        return
    for policy in (PadPolicy.SAME_UPPER, PadPolicy.SAME_LOWER):
        faulty = reference.with_rule(PadRule(policy, flaw=PadFlaw.UNDILATED))
        yield faulty.replace(rounding=Rounding.FLOOR)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return (
        f"SAME is worked out from the undilated kernel: pads {pairs_text(observed)}, "
        f"expected {pairs_text(reference)}"
    )


CAUSE = Cause(
    code="PAD106",
    name="same_ignores_dilation",
    offers=_offers,
    message=_message,
    advice="work SAME out from (k - 1) * d + 1, or write the pads out",
)

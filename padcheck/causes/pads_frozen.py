"""PAD108 pads_frozen

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
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

#: Other input sizes tried per axis: every residue of a stride up to this.
_MOST = 16


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """The pads that the policy has at each other residue of the input size."""
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    if not any(rule.size_dependent for rule in reference.pads):
        return
    seen = {reference.resolved_pads}
    for more in range(1, min(max(reference.stride), _MOST)):
        frozen = reference.resized([n + more for n in reference.input_size]).resolved_pads
        if frozen not in seen:
            seen.add(frozen)
            yield reference.with_pads(frozen).replace(rounding=Rounding.FLOOR)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return (
        f"pads of another input size are kept: {pairs_text(observed)}, "
        f"expected {pairs_text(reference)} at {'x'.join(map(str, reference.input_size))}"
    )


CAUSE = Cause(
    code="PAD108",
    name="pads_frozen",
    offers=_offers,
    message=_message,
    advice="work the pads out at the size that is run",
)

"""PAD904 bias_lost

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

from padcheck.causes.base import VALUE, Cause, Clues, listed
from padcheck.records import OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """The bias left out, added twice or subtracted; or another constant in each channel."""
    if not reference.kind.has_weight:
        return
    if reference.bias:
        for factor in (0, 2, -1):
            yield reference.deviating(bias_factor=factor)
    if clues.offset:
        yield reference.deviating(offset=clues.offset)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    deviation = observed.deviation
    if deviation is not None and deviation.offset:
        return f"every channel is off by a constant of its own: {listed(deviation.offset)}"
    factor = deviation.bias_factor if deviation else 1
    return {0: "bias is lost", 2: "bias is added twice"}.get(factor, "bias is subtracted")


CAUSE = Cause(
    code="PAD904",
    name="bias_lost",
    offers=_offers,
    message=_message,
    advice="carry the bias over",
    family=VALUE,
    per_axis=False,
)

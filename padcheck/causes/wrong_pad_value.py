"""PAD202 wrong_pad_value

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

from padcheck.causes.base import FILL, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_MODES = ("edge", "reflect", "symmetric", "wrap")


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Another constant, a border mode in place of a constant, or a constant in place of one."""
    if reference.kind is OpKind.CONV_TRANSPOSE or not reference.reads_padding:
        return
    own = -math.inf if reference.kind is OpKind.MAX_POOL else 0.0
    if reference.pad_mode == "constant":
        for mode in _MODES:
            yield reference.replace(pad_mode=mode)
    for fill in (own, 0.0, *clues.fill):
        other = reference.pad_mode != "constant" or fill != reference.pad_value
        if other and not (reference.kind is OpKind.MAX_POOL and fill == 0.0):  # PAD201
            yield reference.replace(pad_mode="constant", pad_value=fill)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"padding holds {_held(observed)}, expected {_held(reference)}"


def _held(spec: OpSpec) -> str:
    return f"{spec.pad_value:g}" if spec.pad_mode == "constant" else f"the {spec.pad_mode} mode"


CAUSE = Cause(
    code="PAD202",
    name="wrong_pad_value",
    offers=_offers,
    message=_message,
    advice="pad with what the reference pads with",
    family=FILL,
)

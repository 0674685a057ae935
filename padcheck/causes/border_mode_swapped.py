"""PAD204 border_mode_swapped

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

from padcheck.causes.base import FILL, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_MODES = ("edge", "reflect", "symmetric", "wrap")


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE or reference.pad_mode == "constant":
        return
    for mode in _MODES:
        if mode != reference.pad_mode:
            yield reference.replace(pad_mode=mode)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"border mode is {observed.pad_mode}, expected {reference.pad_mode}"


CAUSE = Cause(
    code="PAD204",
    name="border_mode_swapped",
    offers=_offers,
    message=_message,
    advice="use the reference's border mode",
    family=FILL,
)

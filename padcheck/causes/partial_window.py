"""PAD301 partial_window

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
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_WORDS = {
    Rounding.FLOOR: "rounded down",
    Rounding.CEIL: "rounded up",
    Rounding.CEIL_ALL: "rounded up, with a last window that starts past the input kept",
}


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    for rounding in Rounding:
        if rounding is not reference.rounding:
            yield reference.replace(rounding=rounding)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return (
        f"output size is {_WORDS[observed.rounding]}: {sizes_text(observed.output_size)}, "
        f"expected {sizes_text(reference.output_size)}, {_WORDS[reference.rounding]}"
    )


CAUSE = Cause(
    code="PAD301",
    name="partial_window",
    offers=_offers,
    message=_message,
    advice="use the reference's ceil_mode",
    per_axis=False,
)

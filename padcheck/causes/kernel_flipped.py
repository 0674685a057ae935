"""PAD902 kernel_flipped

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
from itertools import combinations

from padcheck.causes.base import ARRAY, Cause, Clues
from padcheck.records import OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Every set of axes that are longer than one tap, all of them first."""
    if not reference.kind.has_weight:
        return
    axes = [axis for axis, k in enumerate(reference.kernel_size) if k > 1]
    for count in range(len(axes), 0, -1):
        for chosen in combinations(axes, count):
            yield reference.deviating(flipped=chosen)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    flipped = observed.deviation.flipped if observed.deviation else ()
    axes = "axis" if len(flipped) == 1 else "axes"
    return f"kernel is flipped along {axes} {' and '.join(map(str, flipped))}"


CAUSE = Cause(
    code="PAD902",
    name="kernel_flipped",
    offers=_offers,
    message=_message,
    advice="flip the weight: frameworks correlate, they do not convolve",
    family=ARRAY,
    per_axis=False,
)

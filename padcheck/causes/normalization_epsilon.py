"""PAD905 normalization_epsilon

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

#: Epsilons that frameworks have as defaults, and powers of ten near them.
_KNOWN = (1e-3, 1e-5, 1e-6, 1e-4, 1e-2)
#: A ratio measured in float32 is this near the one that a known epsilon gives.
_NEAR = 1.5e-7


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """A known epsilon at variance 1 where the ratio says so, else the ratios themselves."""
    if not clues.scale or (reference.deviation and reference.deviation.scale):
        return
    before = reference.deviation.epsilon if reference.deviation else None
    base = (1 + before) ** 0.5 if before is not None else 1.0
    for epsilon in _KNOWN:
        ratio = base / (1 + epsilon) ** 0.5
        if epsilon != before and all(abs(one / ratio - 1) <= _NEAR for one in clues.scale):
            yield reference.deviating(epsilon=epsilon)
    if before is not None and all(abs(one / base - 1) <= _NEAR for one in clues.scale):
        yield reference.deviating(epsilon=None)
    if min(clues.scale) > 1 or max(clues.scale) < 1:  # one epsilon moves all channels one way
        yield reference.deviating(scale=clues.scale)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    before, after = (_epsilon(spec) for spec in (reference, observed))
    if observed.deviation is not None and observed.deviation.scale:
        return f"every channel is scaled by a constant: {listed(observed.deviation.scale)}"
    return f"normalization has epsilon {after}, expected {before}"


def _epsilon(spec: OpSpec) -> str:
    known = spec.deviation.epsilon if spec.deviation else None
    return "none" if known is None else f"{known:g}"


CAUSE = Cause(
    code="PAD905",
    name="normalization_epsilon",
    offers=_offers,
    message=_message,
    advice="use the reference's epsilon",
    family=VALUE,
    per_axis=False,
)

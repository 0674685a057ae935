"""PAD905 normalization_epsilon

What it finds:
    A batch normalization with another epsilon: every output channel multiplied by a constant near
    1. Not padding.

Why outputs differ:
    The output is divided by sqrt(variance + epsilon). Defaults differ: Keras has 1e-3, PyTorch and
    ONNX 1e-5 (Keras 3.15.1, torch 2.13.0, onnx 1.23.2). The ratio is one number per channel, the
    same at the border and in the interior, always on the same side of 1. It is next to nothing at
    variance 1 and large for channels of small variance, and it multiplies from layer to layer.

Example:
    1e-3 where 1e-5 was meant: what is left of a channel, by its variance.

    >>> from math import sqrt
    >>> [round(sqrt((variance + 1e-5) / (variance + 1e-3)), 4) for variance in (1.0, 0.01, 0.0001)]
    [0.9995, 0.9539, 0.3162]

Use instead:
    Keras   `BatchNormalization(epsilon=1e-5)`
    TF      `tf.nn.batch_normalization(..., variance_epsilon=1e-5)`
    PyTorch `BatchNorm2d(..., eps=1e-3)`, to follow Keras
    ONNX    `epsilon=1e-3` on BatchNormalization; fold it into the weights with that same epsilon

Fix safety:
    changes-output. Restores the reference; weights and statistics stay as they are.

References:
    Keras and PyTorch: https://github.com/gzuidhof/nn-transfer/pull/3
    Keras and darknet: https://github.com/qqwweee/keras-yolo3/issues/451
    ONNX BatchNormalization: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import VALUE, Cause, Clues, listed
from padcheck.records import Deviation, OpSpec

__all__ = ["CAUSE"]

#: Epsilons that frameworks have as defaults, and powers of ten near them.
_KNOWN = (1e-3, 1e-5, 1e-6, 1e-4, 1e-2)
#: A ratio measured in float32 is this near the one that a known epsilon gives.
_NEAR = 1.5e-7
#: A ratio further from 1 is taken for something else than another epsilon.
_FAR = 0.7


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Known epsilons at variance 1; else a ratio near 1 for each channel, all above or below it.

    Behind a clip the ratio cannot be seen, and every known epsilon is tried.
    """
    deviation = reference.deviation or Deviation()
    if not reference.kind.has_weight or deviation.scale:
        return
    before = deviation.epsilon
    base = (1 + before) ** 0.5 if before is not None else 1.0
    if not clues.scale and deviation.clip is None:
        return
    for epsilon in (*_KNOWN, None):
        ratio = base / (1 + (epsilon or 0.0)) ** 0.5
        near = all(abs(one / ratio - 1) <= _NEAR for one in clues.scale)
        if epsilon != before and near and not (epsilon is None and before is None):
            yield reference.deviating(epsilon=epsilon)
    varied = clues.scale and max(clues.scale) / min(clues.scale) - 1 > _NEAR
    one_way = varied and (min(clues.scale) > 1 or max(clues.scale) < 1)
    if one_way and min(clues.scale) > _FAR and max(clues.scale) < 1 / _FAR:
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

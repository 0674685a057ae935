"""PAD906 activation_clip

What it finds:
    An activation that clips at other bounds: ReLU6 turned into ReLU, a clip that was lost, or one
    that was added. Not padding.

Why outputs differ:
    Outputs between both pairs of bounds are equal; those past a bound that only one side has
    differ, wherever they lie. Inputs so small that nothing saturates hide it altogether: ReLU6 is
    ReLU below 6.

Example:
    Five sums, under ReLU6, under ReLU, and with no activation.

    >>> sums = [-4, 0, 3, 6, 11]
    >>> [min(max(value, 0), 6) for value in sums]
    [0, 0, 3, 6, 6]
    >>> [max(value, 0) for value in sums]  # wrong only where the reference is 6
    [0, 0, 3, 6, 11]
    >>> [one == min(max(one, 0), 6) for one in sums]  # without any, wrong on both sides
    [False, True, True, True, False]

Use instead:
    Keras   `layers.ReLU(max_value=6)`, or `activation="relu6"`
    TF      `tf.nn.relu6(x)`, or `tf.clip_by_value(x, 0, 6)`
    PyTorch `nn.ReLU6()`, or `nn.Hardtanh(0, 6)`
    ONNX    Clip with min 0 and max 6: attributes up to opset 10, inputs from opset 11

Fix safety:
    changes-output where the reference saturates, and nowhere else.

References:
    ReLU6 turned into ReLU: https://github.com/microsoft/MMdnn/issues/72
    Clip without bounds: https://github.com/Tencent/ncnn/issues/1609
    ONNX Clip: https://onnx.ai/onnx/operators/onnx__Clip.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from padcheck.causes.base import VALUE, Cause, Clues
from padcheck.records import OpSpec

__all__ = ["CAUSE"]

_KNOWN = ((0.0, 6.0), (0.0, math.inf), (-1.0, 1.0), (0.0, 1.0), (-math.inf, 6.0))


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """A clip lost, or one with other bounds: known ones, and those that the output shows."""
    before = reference.deviation.clip if reference.deviation else None
    if before is not None:
        yield reference.deviating(clip=None)
        for bounds in _KNOWN:
            if bounds != before:
                yield reference.deviating(clip=bounds)
    if clues.bounds is not None and clues.bounds != before:
        yield reference.deviating(clip=clues.bounds)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"output is {_clip(observed)}, expected {_clip(reference)}"


def _clip(spec: OpSpec) -> str:
    bounds = spec.deviation.clip if spec.deviation else None
    if bounds is None:
        return "not clipped"
    low, high = bounds
    if math.isinf(high):
        return f"at least {low:g}"
    return f"at most {high:g}" if math.isinf(low) else f"within {low:g} and {high:g}"


CAUSE = Cause(
    code="PAD906",
    name="activation_clip",
    offers=_offers,
    message=_message,
    advice="clip at the reference's bounds, if it clips",
    family=VALUE,
    per_axis=False,
)

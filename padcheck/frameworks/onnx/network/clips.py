"""What clips numbers to a range: Relu, Clip, and the activation of a fused op."""

from __future__ import annotations

import math

from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope

__all__ = ["Range", "clip_of", "fused_clip"]

Range = tuple[float, float]

#: From this opset on the bounds of a Clip are inputs.
FIRST_CLIP_WITH_INPUTS = 11

#: Bounds past this are none: the defaults of Clip-6 are the ends of float32.
FAR = 3.0e38


def clip_of(scope: Scope, entry: Entry, evaluator: Evaluator) -> Range | None:
    """(low, high) of a Relu or Clip with constant bounds, None for anything else."""
    if entry.domain != "":
        return None
    if entry.op_type == "Relu":
        return (0.0, math.inf)
    if entry.op_type != "Clip":
        return None
    if entry.opset < FIRST_CLIP_WITH_INPUTS:
        low, high = (
            entry.attributes[name].f if name in entry.attributes else math.nan
            for name in ("min", "max")
        )
    else:
        bounds = [_bound(scope, entry.input(index), evaluator) for index in (1, 2)]
        known = [bound for bound in bounds if bound is not None]
        if len(known) < 2:
            return None
        low, high = known
    return _range(low, high)


def _bound(scope: Scope, name: str, evaluator: Evaluator) -> float | None:
    """A constant bound, NaN where it is left out, None where it is not known."""
    if not name:
        return math.nan
    value = evaluator.value(scope, name)
    if isinstance(value, Unknown) or value.size != 1 or value.dtype.kind not in "fiu":
        return None
    return float(value.reshape(()))


def _range(low: float, high: float) -> Range | None:
    """The bounds, infinite where there is none; None where they are the wrong way round."""
    low = low if low > -FAR else -math.inf
    high = high if high < FAR else math.inf
    return (low, high) if low <= high else None


def fused_clip(entry: Entry) -> Range | None:
    """What a fused op's `activation` clips to, all numbers where it has none.

    None for an activation that does more. Source: onnxruntime `docs/ContribOperators.md`,
    FusedConv: `activation_params` of a Clip are its bounds.
    """
    if "activation" not in entry.attributes:
        return (-math.inf, math.inf)
    word = entry.attributes["activation"].s.decode("utf-8", "replace")
    if word in ("", "Relu"):
        return (0.0 if word else -math.inf, math.inf)
    params = entry.attributes.get("activation_params")
    if word == "Clip" and params is not None and len(params.floats) == 2:
        return _range(*params.floats)
    return None

"""An op as one ONNX node with `auto_pad`, and what the text of the operator promises for it.

Plain ints. Source: https://onnx.ai/onnx/operators/ (the attribute auto_pad of Conv-22,
ConvTranspose-22, MaxPool-22, AveragePool-22, LpPool-22).
"""

from __future__ import annotations

import math

from padcheck.frameworks.onnx.plan import OP_TYPES, Attribute, NodePlan, window_attributes
from padcheck.geometry import PadPolicy, Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["auto_pad_plan", "promised"]

#: The policies that `auto_pad` has a word for.
_WORDS = {
    PadPolicy.VALID: "VALID",
    PadPolicy.SAME_UPPER: "SAME_UPPER",
    PadPolicy.SAME_LOWER: "SAME_LOWER",
}


def auto_pad_plan(spec: OpSpec) -> NodePlan:
    """The one node for `spec`, or the reason why auto_pad cannot say it."""
    reason = _reason(spec)
    if reason is not None:
        return NodePlan(reason=reason)
    more: list[tuple[str, Attribute]] = [("auto_pad", _WORDS[spec.pads[0].policy])]
    for name in ("output_padding", "output_shape"):
        if any(getattr(spec, name)):
            more.append((name, getattr(spec, name)))
    return NodePlan(op_type=OP_TYPES[spec.kind], attributes=(*window_attributes(spec), *more))


def _reason(spec: OpSpec) -> str | None:
    policies = {rule.policy for rule in spec.pads}
    words = ", ".join(_WORDS.values())
    if len(policies) > 1:
        return "auto_pad is one policy for all axes"
    if not policies <= set(_WORDS):
        return f"auto_pad is one of {words}; there is none for {policies.pop().value} pads"
    if spec.kind is OpKind.CONV_TRANSPOSE or not spec.reads_padding:
        return None
    if spec.pad_mode != "constant":
        return f"auto_pad has no mode for {spec.pad_mode!r} pads"
    own = -math.inf if spec.kind is OpKind.MAX_POOL else 0.0
    if spec.pad_value != own:
        return f"auto_pad holds {own:g}, so none is left for pads of {spec.pad_value:g}"
    return None


def promised(spec: OpSpec) -> OpSpec:
    """What the operator's text says the node of `auto_pad_plan` computes.

    Rules:
    1. SAME takes its total from the dilated kernel and gives ceil(n / s) outputs. Pads are
       "greater than or equal to 0", so that a total below 0 is 0.
    2. ceil_mode changes nothing: VALID gives ceil((n - effective_kernel + 1) / s) outputs with
       it, which is what floor gives without, and SAME gives ceil(n / s) either way.
    3. ConvTranspose, SAME: n * s outputs, unless output_shape says another number;
       output_padding is part of the total that is split.
    """
    if spec.kind is not OpKind.CONV_TRANSPOSE:
        return spec.replace(rounding=Rounding.FLOOR)  # rules 1 and 2
    same = all(rule.size_dependent for rule in spec.pads)
    if not same or spec.output_shape or not any(spec.output_padding):
        return spec
    sizes = tuple(n * s for n, s in zip(spec.input_size, spec.stride, strict=True))
    return spec.replace(output_shape=sizes)  # rule 3

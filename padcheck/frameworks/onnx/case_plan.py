"""The nodes that a case is written as. Plain ints."""

from __future__ import annotations

from padcheck.frameworks.onnx.auto_pad import auto_pad_plan
from padcheck.frameworks.onnx.case_pads import is_automatic, shares
from padcheck.frameworks.onnx.case_refusals import refusal
from padcheck.frameworks.onnx.plan import (
    Attribute,
    NodePlan,
    pads_attribute,
    window_attributes,
)
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import Case

__all__ = ["plan_of"]


def plan_of(case: Case) -> NodePlan:
    """The nodes of a case; its `reason` is set where `refusal` has one."""
    reason, spec = refusal(case), case.spec
    if reason is not None:
        return NodePlan(reason=reason)
    if is_automatic(spec):
        plan = auto_pad_plan(spec)
        return NodePlan(op_type=plan.op_type, attributes=_told(plan.attributes))
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return NodePlan(op_type=case.op_type, attributes=_told(_transposed(spec)))
    node, own, rounding = shares(case)
    itself = spec.replace(rounding=rounding)
    if any(map(any, node)) and not any(map(any, own)):
        itself = itself.replace(count_include_pad=False)  # the op has no pads that it could count
    attributes = (*window_attributes(itself), *pads_attribute(own))
    return NodePlan(
        op_type=case.op_type,
        attributes=_told(attributes),
        first=node if any(map(any, node)) else None,
        fill=spec.pad_value,
        mode=spec.pad_mode,
    )


def _told(attributes: tuple[tuple[str, Attribute], ...]) -> tuple[tuple[str, Attribute], ...]:
    """Without the p that is LpPool's default."""
    return tuple((name, value) for name, value in attributes if (name, value) != ("p", 2))


def _transposed(spec: OpSpec) -> tuple[tuple[str, Attribute], ...]:
    crops = tuple((rule.before, rule.after) for rule in spec.pads)
    more: list[tuple[str, Attribute]] = [*window_attributes(spec), *pads_attribute(crops)]
    for name in ("output_padding", "output_shape"):
        if any(getattr(spec, name)):
            more.append((name, getattr(spec, name)))
    return tuple(more)

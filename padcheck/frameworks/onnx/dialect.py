"""ONNX's words for an op: nodes with explicit pads, or with `auto_pad`. Plain ints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from padcheck.errors import UsageError
from padcheck.frameworks.onnx.auto_pad import auto_pad_plan, promised
from padcheck.frameworks.onnx.plan import NodePlan, explicit_plan
from padcheck.geometry import Rounding
from padcheck.records import Lowered, OpSpec

__all__ = ["DIALECT", "REFERENCE_DIALECT", "OnnxDialect", "planned"]

_PLANS: dict[str, Callable[[OpSpec], NodePlan]] = {
    "onnxruntime": explicit_plan,
    "onnxruntime_optimized": explicit_plan,
    "onnxruntime_auto_pad": auto_pad_plan,
    "onnx_reference": explicit_plan,
    "onnx_reference_auto_pad": auto_pad_plan,
}


def planned(spec: OpSpec, lowering: str, lowerings: tuple[str, ...]) -> NodePlan:
    """The nodes of one lowering; raises UsageError for one that is not among `lowerings`."""
    if lowering not in lowerings:
        known = ", ".join(lowerings)
        raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
    return _PLANS[lowering](spec)


@dataclass(frozen=True, slots=True)
class OnnxDialect:
    """The lowerings of what runs ONNX models: the nodes are the same for all."""

    lowerings: tuple[str, ...]

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        """The op with its pads worked out, or what auto_pad promises, and its nodes.

        Raises UsageError for a lowering it does not have.
        """
        plan = planned(spec, lowering, self.lowerings)
        if plan.reason is not None:
            return Lowered(lowering=lowering, spec=None, reason=plan.reason)
        explicit = _PLANS[lowering] is explicit_plan
        return Lowered(
            lowering=lowering,
            spec=spec.with_pads(spec.resolved_pads) if explicit else promised(spec),
            code=tuple(_code(spec, plan)),
            notes=tuple(_notes(spec, plan, explicit=explicit)),
        )


DIALECT = OnnxDialect(("onnxruntime", "onnxruntime_optimized", "onnxruntime_auto_pad"))
REFERENCE_DIALECT = OnnxDialect(("onnx_reference", "onnx_reference_auto_pad"))


def _notes(spec: OpSpec, plan: NodePlan, *, explicit: bool) -> Iterator[str]:
    if plan.first is not None:
        yield "a Pad node does what the op's own pads attribute cannot"
    if not explicit and spec.rounding is Rounding.CEIL:
        yield "by ONNX's formulas ceil_mode changes nothing beside auto_pad"


def _code(spec: OpSpec, plan: NodePlan) -> Iterator[str]:
    """`onnx.helper` calls; `pads` of a Pad node is its second input, named p here."""
    inputs = ["x"]
    if plan.first is not None:
        yield f"p = {list(plan.pad_amounts)}"
        yield f'helper.make_node("Pad", ["x", "p", "value"], ["padded"], mode="{plan.mode}")'
        inputs = ["padded"]
    if spec.kind.has_weight:
        inputs += ["w", "b"] if spec.bias else ["w"]
    written = "".join(
        f", {name}={list(value) if isinstance(value, tuple) else repr(value)}"
        for name, value in plan.attributes
    )
    names = ", ".join(f'"{name}"' for name in inputs)
    yield f'helper.make_node("{plan.op_type}", [{names}], ["y"]{written})'

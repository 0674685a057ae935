"""An op as ONNX nodes with explicit pads: one node, after a Pad node where it needs one.

Plain ints. Facts: https://onnx.ai/onnx/operators/ (Conv-22, ConvTranspose-22, MaxPool-22,
AveragePool-22, LpPool-22, Pad-21).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from padcheck.frameworks.lowering import PadPairs, floor_pads, transposed_axes
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import OP_TYPES

__all__ = [
    "OPSET",
    "OP_TYPES",
    "Attribute",
    "NodePlan",
    "explicit_plan",
    "pads_attribute",
    "window_attributes",
]

OPSET = 22

PAD_MODES = ("constant", "edge", "reflect", "wrap")

Attribute = int | str | tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """One node and its attributes, after a Pad node where `first` is set.

    `reason` is set, and the rest meaningless, where ONNX has no words.
    """

    op_type: str = ""
    attributes: tuple[tuple[str, Attribute], ...] = ()
    first: PadPairs | None = None
    fill: float = 0.0
    mode: str = "constant"
    reason: str | None = None

    @property
    def pad_amounts(self) -> tuple[int, ...]:
        """What Pad takes: `first` with batch and channels, all befores, then all afters."""
        pairs = ((0, 0), (0, 0), *(self.first or ()))
        return (*(before for before, _ in pairs), *(after for _, after in pairs))


def explicit_plan(spec: OpSpec) -> NodePlan:
    """The nodes for `spec` with its pads worked out."""
    if spec.pad_mode not in PAD_MODES:
        return NodePlan(reason=f"ONNX's Pad has no mode for {spec.pad_mode!r} pads")
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed(spec)
    if spec.kind is OpKind.AVERAGE_POOL:
        return _average_pool(spec)
    if spec.kind is OpKind.CONV:
        return _windowed(spec, floor_pads(spec), 0.0)
    if spec.kind is OpKind.MAX_POOL:
        return _windowed(spec, spec.resolved_pads, -math.inf)
    return _windowed(spec, spec.resolved_pads, 0.0)


def window_attributes(spec: OpSpec) -> tuple[tuple[str, Attribute], ...]:
    """kernel_shape, strides and what the op has beside its pads."""
    listed: list[tuple[str, Attribute]] = [
        ("kernel_shape", spec.kernel_size),
        ("strides", spec.stride),
    ]
    if set(spec.dilation) != {1}:
        listed.append(("dilations", spec.dilation))
    if spec.kind.has_weight:
        if spec.group != 1:
            listed.append(("group", spec.group))
        return tuple(listed)
    if spec.rounding is Rounding.CEIL:
        listed.append(("ceil_mode", 1))
    if spec.kind is OpKind.AVERAGE_POOL and spec.count_include_pad:
        listed.append(("count_include_pad", 1))
    if spec.kind is OpKind.LP_POOL:
        listed.append(("p", spec.p))
    return tuple(listed)


def pads_attribute(pads: PadPairs) -> tuple[tuple[str, Attribute], ...]:
    """The attribute: all befores, then all afters."""
    if all(pair == (0, 0) for pair in pads):
        return ()
    flat = tuple(before for before, _ in pads) + tuple(after for _, after in pads)
    return (("pads", flat),)


def _windowed(spec: OpSpec, pads: PadPairs, own_fill: float) -> NodePlan:
    """Rules:

    1. The op's own pads hold `own_fill` and are shorter than the window (onnxruntime).
    2. Any other pads come from a Pad node, the overhang of CEIL with them.
    """
    plain = spec.pad_mode == "constant" and (spec.pad_value == own_fill or not spec.reads_padding)
    short = all(
        0 <= before < k and 0 <= after < k
        for (before, after), k in zip(pads, spec.kernel_size, strict=True)
    )
    conv = spec.kind is OpKind.CONV
    if plain and (short or (conv and min(map(min, pads)) >= 0)):
        return NodePlan(  # rule 1
            op_type=OP_TYPES[spec.kind],
            attributes=(*window_attributes(spec), *pads_attribute(pads)),
        )
    return NodePlan(  # rule 2
        op_type=OP_TYPES[spec.kind],
        attributes=window_attributes(spec.replace(rounding=Rounding.FLOOR)),
        first=floor_pads(spec),
        fill=spec.pad_value,
        mode=spec.pad_mode,
    )


def _average_pool(spec: OpSpec) -> NodePlan:
    """Pads that the op itself takes, or a Pad node where all of them are counted."""
    plan = _windowed(spec, spec.resolved_pads, 0.0)
    counted = spec.count_include_pad or spec.pad_mode != "constant" or not spec.reads_padding
    if plan.first is None or (counted and floor_pads(spec) == spec.resolved_pads):
        return plan
    return NodePlan(reason="AveragePool takes no pads that are negative or as long as the window")


def _transposed(spec: OpSpec) -> NodePlan:
    """Rules (ConvTranspose-22):

    1. `pads` crop, `output_padding` lengthens the high end, in onnxruntime by less than the
       stride; ONNX allows less than the dilation, too [1.31.1 raises INVALID_ARGUMENT].
    2. A longer extension is made by zeros before the op.
    """
    pads = spec.resolved_pads
    longer = tuple(max(-after, 0) for _, after in pads)
    fits = all(
        before >= 0 and more < window.stride
        for (before, _), more, window in zip(pads, longer, spec.windows, strict=True)
    )
    if fits:  # rule 1
        crops = tuple((before, max(after, 0)) for before, after in pads)
        extra = (("output_padding", longer),) if any(longer) else ()
        return NodePlan(
            op_type="ConvTranspose",
            attributes=(*window_attributes(spec), *pads_attribute(crops), *extra),
        )
    axes = transposed_axes(spec, at_least_stride=False)  # rule 2
    crops = tuple((axis.crop_before, axis.crop_after) for axis in axes)
    return NodePlan(
        op_type="ConvTranspose",
        attributes=(*window_attributes(spec), *pads_attribute(crops)),
        first=tuple((axis.zeros_before, axis.zeros_after) for axis in axes),
    )

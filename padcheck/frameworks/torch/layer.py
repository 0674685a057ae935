"""A case as the layer that a PyTorch user would write for it. Plain ints; `modules.py` makes it.

Rules (torch.nn module documentation, https://docs.pytorch.org/docs/stable/nn.html):

1. A layer's own `padding` is alike at both ends; all else stands before it, as a padding layer.
2. `padding="same"` is SAME_UPPER, of convs at stride 1; `"valid"` is none.
3. Pads that depend on the input size have no layer: they are worked out for one size.
4. Where both share the pads ("split"), the padding layer adds what the op's own cannot.
5. A transposed conv that cannot crop so by itself is cropped by a padding layer of less than 0.
6. LPPool has no padding and miscounts an overhang. A sum (p = 1) that has either is the average
   with `divisor_override=1`, which are PyTorch's words for it; AvgPool1d has not got them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from padcheck.frameworks.lowering import PadPairs, floor_pads
from padcheck.frameworks.torch.build import (
    PAD_MODES,
    FPad,
    TorchBuild,
    build_for,
    f_pads,
)
from padcheck.geometry import PadPolicy, Rounding
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import NODE, OWN, SPLIT, Case

__all__ = ["LayerPlan", "layer_case", "plan_of"]

#: Ops that need a mask or a conv of ones besides a pool are no layer.
_NO_DILATION = "torch.nn.{name} has no dilation"
_COUNTS = "torch.nn.AvgPool{rank}d leaves out no pads but its own, and those are alike at both ends"
_NO_LAYER = "PyTorch has no layer whose {what} depends on the input size"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """The layers in order: padding layers, the op with its own `padding`, padding layers.

    `padding`: one int per axis, or a word; `padding_mode`: of convs. `absolute`: `x.abs()` comes
    first of all; `summed`: an average divided by 1 stands for an Lp pool. `output_size`: an
    argument of the call of a transposed conv, () for none.
    """

    before: tuple[FPad, ...] = ()
    padding: tuple[int, ...] | str = ()
    output_padding: tuple[int, ...] = ()
    after: tuple[FPad, ...] = ()
    padding_mode: str = "zeros"
    absolute: bool = False
    summed: bool = False
    output_size: tuple[int, ...] = ()


def layer_case(case: Case) -> Case | str:
    """The case as a layer is asked it, or why PyTorch has no layer for it.

    Pads are worked out where no layer works them out by itself, and `padding` says where they
    really are, so that two cases that make the same layer are equal.
    """
    spec = _plain(case.spec)
    if spec.pad_mode not in PAD_MODES:
        return f"PyTorch has no layer for {spec.pad_mode!r} pads"
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed_case(case.replace(spec=spec, padding=OWN))
    if spec.kind is OpKind.CONV and _has_word(spec):  # rule 2
        reason = build_for(spec).reason
        return case.replace(spec=spec, padding=OWN) if reason is None else reason
    if case.dynamic and _follows_size(spec):  # rule 3
        return _NO_LAYER.format(what="padding")
    explicit = spec.with_pads(spec.resolved_pads)
    return _explicit_case(case.replace(spec=_plain(explicit)))


def _plain(spec: OpSpec) -> OpSpec:
    """Without a mode and a value of pads, where there are none."""
    if spec.kind is OpKind.CONV_TRANSPOSE or set(spec.resolved_pads) != {(0, 0)}:
        return spec
    return spec.replace(pad_mode="constant", pad_value=_own_fill(spec))


def _own_fill(spec: OpSpec) -> float:
    return -math.inf if spec.kind is OpKind.MAX_POOL else 0.0


def _fills_itself(spec: OpSpec) -> bool:
    """Whether the layer's own padding holds what the op wants."""
    return spec.pad_mode == "constant" and spec.pad_value == _own_fill(spec)


def _has_word(spec: OpSpec) -> bool:
    """Whether `padding=` of a conv has a word for its policy (rule 2)."""
    policies = {rule.policy for rule in spec.pads}
    if any(rule.flaw is not None for rule in spec.pads) or spec.rounding is Rounding.CEIL:
        return False
    if policies == {PadPolicy.VALID}:
        return True
    filled = _fills_itself(spec) or spec.pad_mode != "constant"
    return policies == {PadPolicy.SAME_UPPER} and set(spec.stride) == {1} and filled


def _follows_size(spec: OpSpec) -> bool:
    """Whether the pads change with the input size: not at stride 1, nor for a window of one."""
    return any(
        rule.size_dependent and window.stride > 1 and window.effective_kernel > 1
        for rule, window in zip(spec.pads, spec.windows, strict=True)
    )


def _transposed_case(case: Case) -> Case | str:
    """Own words: `padding` and `output_padding`, or `output_size` where a shape is asked for."""
    spec = case.spec
    if spec.output_shape and case.dynamic:
        return _NO_LAYER.format(what="output_padding")
    build = build_for(spec)
    if build.axes:  # rule 5
        return case.replace(spec=spec.with_pads(spec.resolved_pads))
    if spec.output_shape and _takes_output_size(spec, build):
        return case
    crops = tuple((before, before) for before in spec.pad_before)
    longer = build.output_padding if any(build.output_padding) else ()
    return case.replace(spec=spec.with_pads(crops).replace(output_padding=longer))


def _takes_output_size(spec: OpSpec, build: TorchBuild) -> bool:
    """Sizes that `output_size` takes are less than a stride apart, whatever the dilation."""
    return all(more < s for more, s in zip(build.output_padding, spec.stride, strict=True))


def _explicit_case(case: Case) -> Case | str:
    """A conv or pool with pads as numbers."""
    spec = case.spec
    build = build_for(spec)
    if build.reason is not None:
        return build.reason
    if _is_summed(case):
        return case.replace(padding=OWN)
    if spec.rounding is Rounding.CEIL and not _keeps_ceil(case, build):
        if case.dynamic:
            return _NO_LAYER.format(what="overhang")
        if spec.kind is OpKind.AVERAGE_POOL and floor_pads(spec) != spec.resolved_pads:
            return _COUNTS.format(rank=spec.rank)
        floored = spec.with_pads(floor_pads(spec)).replace(rounding=Rounding.FLOOR)
        case = case.replace(spec=_plain(floored))
    return _placed(case)


def _is_summed(case: Case) -> bool:
    """Whether an average divided by 1 says what LPPool cannot (rule 6)."""
    spec = case.spec
    if spec.kind is not OpKind.LP_POOL or spec.p != 1 or spec.rank == 1:
        return False
    padless = set(spec.resolved_pads) == {(0, 0)}
    if spec.rounding is Rounding.FLOOR if padless else case.padding != OWN:
        return False
    average = spec.replace(kind=OpKind.AVERAGE_POOL, count_include_pad=True)
    return _is_own(average, build_for(average))


def _keeps_ceil(case: Case, build: TorchBuild) -> bool:
    """Whether `ceil_mode` stays: a padding layer takes in the overhang, LPPool miscounts it.

    An average leaves an overhang out, so that no padding layer can take it in.
    """
    spec = case.spec
    if spec.kind is OpKind.AVERAGE_POOL:
        return _is_own(spec, build)
    padless = set(spec.resolved_pads) == {(0, 0)}
    placed = padless or case.padding == OWN
    return spec.kind is OpKind.MAX_POOL and placed and _is_own(spec, build)


def _is_own(spec: OpSpec, build: TorchBuild) -> bool:
    """Whether the op's own padding gives all of the pads (rule 1); convs take `padding_mode`."""
    if any(before != after or before < 0 for before, after in spec.resolved_pads):
        return False
    if spec.kind is OpKind.CONV:
        return _fills_itself(spec) or spec.pad_mode != "constant"
    several = build.before or build.mask is not None or build.ones_conv
    return not several and _fills_itself(spec)


def _placed(case: Case) -> Case | str:
    """Where the pads are: in the op, in a padding layer, or in both."""
    spec = case.spec
    build = build_for(spec)
    if build.reason is not None:
        return build.reason
    if build.ones_conv:
        name = f"{'AvgPool' if spec.kind is OpKind.AVERAGE_POOL else 'LPPool'}{spec.rank}d"
        return _NO_DILATION.format(name=name)
    own = _is_own(spec, build)
    if set(spec.resolved_pads) == {(0, 0)}:
        return case.replace(padding=OWN)
    if spec.kind is OpKind.AVERAGE_POOL and _leaves_out(spec):
        return case.replace(padding=OWN) if own else _COUNTS.format(rank=spec.rank)
    if case.padding == SPLIT and any(_shared(spec)):
        return case
    if case.padding == OWN and own:
        return case
    return case.replace(padding=NODE)


def _leaves_out(spec: OpSpec) -> bool:
    """Whether constant pads are not counted, or an overhang is not."""
    padded = any(max(pair) > 0 for pair in spec.resolved_pads)
    uncounted = not spec.count_include_pad or spec.rounding is Rounding.CEIL
    return padded and uncounted and spec.pad_mode == "constant"


def _shared(spec: OpSpec) -> tuple[int, ...]:
    """The op's own share of split pads: half of the shorter end; none where it cannot (rule 4)."""
    own = tuple(max(min(pair) // 2, 0) for pair in spec.resolved_pads)
    none = (0,) * spec.rank
    if not any(own) or not _fills_itself(spec) or spec.kind is OpKind.LP_POOL:
        return none
    rest = _rest(spec.resolved_pads, own)
    sizes = tuple(n + b + a for n, (b, a) in zip(spec.input_size, rest, strict=True))
    if min(sizes) < 1:
        return none
    alone = spec.resized(sizes).with_pads([(pad, pad) for pad in own])
    return own if _is_own(alone, build_for(alone)) else none


def _rest(pads: PadPairs, own: tuple[int, ...]) -> PadPairs:
    return tuple((b - pad, a - pad) for (b, a), pad in zip(pads, own, strict=True))


def plan_of(case: Case) -> LayerPlan:
    """The layers of a case that came from `layer_case`."""
    spec = case.spec
    absolute = spec.kind is OpKind.LP_POOL and spec.p % 2 == 1
    mode = "zeros" if spec.pad_mode == "constant" else PAD_MODES[spec.pad_mode]
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed_plan(spec)
    if spec.kind is OpKind.CONV and _has_word(spec):
        same = spec.pads[0].policy is PadPolicy.SAME_UPPER
        return LayerPlan(padding="same" if same else "valid", padding_mode=mode)
    if case.padding == OWN:
        return LayerPlan(
            padding=spec.pad_before,
            padding_mode=mode,
            absolute=absolute,
            summed=_is_summed(case),
        )
    own = _shared(spec) if case.padding == SPLIT else (0,) * spec.rank
    pads = _rest(spec.resolved_pads, own)
    before = f_pads(spec.input_size, pads, spec.pad_value, PAD_MODES[spec.pad_mode])
    return LayerPlan(before=before, padding=own, absolute=absolute)


def _transposed_plan(spec: OpSpec) -> LayerPlan:
    build = build_for(spec)
    crops = tuple((-axis.crop_before, -axis.crop_after) for axis in build.axes)
    assert not isinstance(build.padding, str)
    return LayerPlan(
        before=build.before,
        padding=build.padding,
        output_padding=() if spec.output_shape else build.output_padding,
        after=(FPad(crops),) if any(map(any, crops)) else (),
        output_size=spec.output_shape,
    )

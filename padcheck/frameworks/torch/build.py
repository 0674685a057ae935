"""How PyTorch is made to compute an op: which module, with which numbers, after which F.pad.

The one plan that the dialect spells as code and the runner carries out. Plain ints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from padcheck.frameworks.lowering import PadPairs, TransposedAxis, floor_pads, transposed_axes
from padcheck.frameworks.padding import padded_op
from padcheck.geometry import SAME_UPPER, Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["PAD_MODES", "FPad", "TorchBuild", "build_for", "f_pads"]

#: OpSpec.pad_mode -> `mode` of torch.nn.functional.pad.
PAD_MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}
#: Mode of F.pad -> how many of the n inputs its pads at either end do not show.
_HIDDEN = {"reflect": 1, "circular": 0}


@dataclass(frozen=True, slots=True)
class FPad:
    """One call of torch.nn.functional.pad: pads per axis, the value they hold, and the mode."""

    pads: PadPairs
    fill: float = 0.0
    mode: str = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchBuild:
    """What to call. `reason` is set, and the rest meaningless, where PyTorch has no words.

    `before`: F.pads of the input, none where the op's own `padding` is enough.
    `mask`: F.pads that turn ones into what an average counts; None where there is no mask.
    `ones_conv`: the pool is a depthwise convolution with ones (pools with dilation).
    """

    before: tuple[FPad, ...] = ()
    mask: tuple[FPad, ...] | None = None
    padding: tuple[int, ...] | str = ()
    ceil: bool = False
    ones_conv: bool = False
    output_padding: tuple[int, ...] = ()
    axes: tuple[TransposedAxis, ...] = ()
    reason: str | None = None


def build_for(spec: OpSpec) -> TorchBuild:
    """The plan for one op at its input size."""
    if spec.pad_mode not in PAD_MODES:
        return TorchBuild(reason=f"torch.nn.functional.pad has no mode for {spec.pad_mode!r} pads")
    build = _build(spec)
    reason = _too_wide(spec, build)
    return build if reason is None else TorchBuild(reason=reason)


def _build(spec: OpSpec) -> TorchBuild:
    if spec.kind is OpKind.CONV:
        return _conv(spec)
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _conv_transpose(spec)
    if spec.kind is OpKind.MAX_POOL:
        return _max_pool(spec)
    if spec.kind is OpKind.AVERAGE_POOL:
        return _average_pool(spec)
    return _lp_pool(spec)


def _too_wide(spec: OpSpec, build: TorchBuild) -> str | None:
    """Why F.pad refuses its pads, or None: it shows the input once at each end [torch 2.13.0]."""
    for f_pad in build.before:
        if f_pad.mode not in _HIDDEN:
            continue
        for n, pair in zip(spec.input_size, f_pad.pads, strict=True):
            most = n - _HIDDEN[f_pad.mode]
            if max(pair) > most:
                mode = spec.pad_mode
                return f"{mode} pads of an input of {n} are {most} wide at most, here {max(pair)}"
    return None


def f_pads(
    sizes: tuple[int, ...], pads: PadPairs, fill: float = 0.0, mode: str = "constant"
) -> tuple[FPad, ...]:
    """No call for no pads; two calls, the second of them crops, where one would not do.

    F.pad crops before it pads [torch 2.13.0]:

    1. It cannot crop an axis below 0.
    2. A border mode would repeat what is left of the input, not the input.
    """
    enough = all(n + min(b, 0) + min(a, 0) >= 0 for n, (b, a) in zip(sizes, pads, strict=True))
    if all(pair == (0, 0) for pair in pads):
        return ()
    if enough and mode == "constant":  # rules 1 and 2
        return (FPad(pads, fill),)
    longer = tuple((max(before, 0), max(after, 0)) for before, after in pads)
    shorter = tuple((min(before, 0), min(after, 0)) for before, after in pads)
    steps = FPad(longer, fill, mode), FPad(shorter)
    return tuple(step for step in steps if any(pair != (0, 0) for pair in step.pads))


def _before(spec: OpSpec, fill: float) -> tuple[FPad, ...]:
    """The F.pads after which FLOOR and no padding give the op."""
    return f_pads(spec.input_size, floor_pads(spec), fill, PAD_MODES[spec.pad_mode])


def _zeros(spec: OpSpec) -> tuple[int, ...]:
    return (0,) * spec.rank


def _symmetric(pads: PadPairs) -> bool:
    return all(before == after >= 0 for before, after in pads)


def _conv(spec: OpSpec) -> TorchBuild:
    """Rules (torch.nn.Conv2d): `padding` is one int per axis, alike at both ends, of zeros, ...

    1. ... or 'same', for stride 1 only, which puts the odd element after; else F.pad.
    """
    pads = floor_pads(spec)
    plain = spec.pad_mode == "constant" and spec.pad_value == 0
    if _symmetric(pads) and (plain or set(pads) == {(0, 0)}):
        return TorchBuild(padding=tuple(before for before, _ in pads))
    if plain and set(spec.stride) == {1} and pads == _same_at_stride_one(spec):  # rule 1
        return TorchBuild(padding="same")
    return TorchBuild(before=_before(spec, spec.pad_value), padding=_zeros(spec))


def _same_at_stride_one(spec: OpSpec) -> PadPairs:
    return tuple(
        SAME_UPPER.resolve(n, window)
        for n, window in zip(spec.input_size, spec.windows, strict=True)
    )


def _conv_transpose(spec: OpSpec) -> TorchBuild:
    """Rules (torch.nn.ConvTranspose2d):

    1. `padding` crops both ends alike; `output_padding` lengthens the high end ...
    2. ... and must be smaller than the stride or the dilation.
    3. Anything else: the full output, cropped.
    """
    pads = spec.resolved_pads
    longer = tuple(before - after for before, after in pads)
    if all(
        before >= 0 and 0 <= more < max(window.stride, window.dilation)  # rule 2
        for (before, _), more, window in zip(pads, longer, spec.windows, strict=True)
    ):
        return TorchBuild(padding=spec.pad_before, output_padding=longer)  # rule 1
    axes = transposed_axes(spec, at_least_stride=False)
    inputs = tuple((axis.zeros_before, axis.zeros_after) for axis in axes)
    return TorchBuild(  # rule 3
        before=f_pads(spec.input_size, inputs),
        padding=_zeros(spec),
        output_padding=_zeros(spec),
        axes=axes,
    )


def _fits_half(spec: OpSpec) -> bool:
    """Pools refuse pads of more than half of the kernel, dilated or not [torch 2.13.0]."""
    return all(
        before * 2 <= kernel
        for before, kernel in zip(spec.pad_before, spec.kernel_size, strict=True)
    )


def _long_enough(spec: OpSpec) -> bool:
    """AvgPool3d refuses an unpadded input shorter than the kernel [torch 2.13.0]; others do not."""
    return spec.rank < 3 or all(
        n >= kernel for n, kernel in zip(spec.input_size, spec.kernel_size, strict=True)
    )


def _max_pool(spec: OpSpec) -> TorchBuild:
    pads = spec.resolved_pads
    own_fill = spec.pad_mode == "constant" and spec.pad_value == -math.inf
    if _symmetric(pads) and _fits_half(spec) and (own_fill or not spec.reads_padding):
        return TorchBuild(padding=spec.pad_before, ceil=spec.rounding is Rounding.CEIL)
    return TorchBuild(before=_before(spec, spec.pad_value), padding=_zeros(spec))


def _average_pool(spec: OpSpec) -> TorchBuild:
    """Rules (torch.nn.AvgPool2d; oracle for what a border mode counts):

    1. Its own padding: zeros, alike at both ends, no dilation.
    2. F.pad first where every tap is counted.
    3. Else the padded average is divided by the padded average of what is counted.
    """
    pads, mask = spec.resolved_pads, _mask(spec)
    fill = spec.pad_value if math.isfinite(spec.pad_value) else 0.0
    undilated = set(spec.dilation) == {1}
    constant = spec.pad_mode == "constant"
    own = undilated and constant and _symmetric(pads) and _fits_half(spec) and _long_enough(spec)
    if own and (fill == 0 or not spec.reads_padding):
        return TorchBuild(padding=spec.pad_before, ceil=spec.rounding is Rounding.CEIL)  # rule 1
    if undilated and mask is None:
        return TorchBuild(before=_before(spec, fill), padding=_zeros(spec))  # rule 2
    ones = f_pads(spec.input_size, floor_pads(spec), 1.0)
    return TorchBuild(  # rule 3
        before=_before(spec, fill),
        mask=ones if mask is None else mask,
        padding=_zeros(spec),
        ones_conv=not undilated,
    )


def _mask(spec: OpSpec) -> tuple[FPad, ...] | None:
    """Ones in what is counted, zeros up to all that is padded; None if every tap is counted."""
    steps = padded_op(spec).mask
    if steps is None:
        return None
    sizes, made = spec.input_size, list[FPad]()
    for step in steps:
        made += f_pads(sizes, step.pads, step.fill)
        sizes = tuple(n + b + a for n, (b, a) in zip(sizes, step.pads, strict=True))
    return tuple(made)


def _lp_pool(spec: OpSpec) -> TorchBuild:
    """torch.nn.LPPool2d has neither padding nor dilation.

    Its ceil_mode counts the overhang wrongly, so that F.pad makes the overhang instead:
    https://github.com/pytorch/pytorch/blob/v2.13.0/torch/nn/functional.py (`lp_pool2d` scales
    an average that leaves the overhang out by the whole kernel).
    """
    return TorchBuild(
        before=_before(spec, spec.pad_value),
        padding=_zeros(spec),
        ones_conv=set(spec.dilation) != {1},
    )

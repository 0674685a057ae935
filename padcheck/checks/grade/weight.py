"""How much there is to a case: the lightest is the one to show."""

from __future__ import annotations

from padcheck.geometry import VALID, Rounding
from padcheck.records.case import OPSET, OWN, Case

__all__ = ["weight"]

#: What a step away from the plainest op costs, in units of one input along one axis.
_FEATURE = 8


def weight(case: Case) -> int:
    """The sizes of a case added up, and 8 for everything it has besides plain windows.

    Sizes: the input, twice the kernel, stride, dilation and pads of each axis, and the channels.
    """
    spec = case.spec
    pads = sum(abs(pad) for pair in spec.resolved_pads for pad in pair)
    windows = zip(spec.kernel_size, spec.stride, spec.dilation, strict=True)
    sizes = sum(spec.input_size) + 2 * sum(k + s + d for k, s, d in windows) + pads
    return sizes + sum(spec.channels) + _FEATURE * _features(case)


def _features(case: Case) -> int:
    spec = case.spec
    return sum(
        (
            case.dynamic,
            case.padding != OWN,
            case.opset != OPSET,
            spec.bias,
            spec.group > 1,
            any(rule != VALID for rule in spec.pads),
            any(step > 1 for step in spec.stride),
            any(step > 1 for step in spec.dilation),
            spec.rounding is Rounding.CEIL,
            spec.count_include_pad,
            spec.pad_mode != "constant",
            any(spec.output_padding),
            bool(spec.output_shape),
        )
    )

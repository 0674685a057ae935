"""Transposed convolution on one axis: the full output, and what is cropped off it.

Tap j of input i writes to `i * stride + j * dilation` of the full output; the output is the
full output with `crop_before` taken off its low end and cut (or extended by zeros, negative
`crop_after`) at its high end.
"""

from __future__ import annotations

from padcheck.errors import GeometryError
from padcheck.geometry.pads import PadPolicy, PadRule, clamp_total, split_lower, split_upper
from padcheck.geometry.window import Window

__all__ = ["crops_for_output", "full_size", "resolve_crops", "same_crop_total", "write_positions"]


def full_size(input_size: int, window: Window) -> int:
    """(n - 1) * stride + effective_kernel: the output before any crop. Assumes n >= 1."""
    return (input_size - 1) * window.stride + window.effective_kernel


def same_crop_total(window: Window) -> int:
    """max(effective_kernel - stride, 0): what SAME crops so that n * stride are left.

    Source: TensorFlow conv2d_transpose, as the gradient of a SAME convolution.
    """
    return clamp_total(window.effective_kernel - window.stride)


def resolve_crops(
    input_size: int,
    window: Window,
    rule: PadRule,
    output_padding: int = 0,
    output_size: int | None = None,
) -> tuple[int, int]:
    """(crop_before, crop_after) in elements; crop_after < 0 adds zeros at the high end.

    Rules (ONNX ConvTranspose-11; PyTorch ConvTranspose; TensorFlow conv2d_transpose):
    1. `output_size` given: the crops are what is left over, split by the policy.
    2. SAME: n * stride are left; the clamped total is split as the policy says.
    3. EXPLICIT, VALID: the crops as given; output_padding lengthens the high end.
    """
    if output_size is not None:
        return crops_for_output(input_size, window, rule, output_padding, output_size)  # rule 1
    if rule.size_dependent:  # rule 2
        total = same_crop_total(window)
        before, _ = _split(rule.policy, total)
        return before, full_size(input_size, window) - input_size * window.stride - before
    if rule.policy is PadPolicy.CAUSAL:
        raise GeometryError("expected explicit crops or SAME but got policy=CAUSAL (transposed)")
    before, after = rule.resolve(input_size, window)  # rule 3
    return before, after - output_padding


def crops_for_output(
    input_size: int, window: Window, rule: PadRule, output_padding: int, output_size: int
) -> tuple[int, int]:
    """Crops that leave `output_size`; the odd element by policy (ONNX `output_shape`).

    1. total = stride * (n - 1) + output_padding + effective_kernel - output_size.
    2. SAME_UPPER takes total // 2 off the low end; every other policy takes it off the high end.
    3. A negative total crops nothing and extends the high end.
    """
    full = full_size(input_size, window)
    total = clamp_total(full + output_padding - output_size)  # rules 1 and 3
    before, _ = _split(rule.policy, total)  # rule 2
    return before, full - output_size - before


def _split(policy: PadPolicy, total: int) -> tuple[int, int]:
    return split_upper(total) if policy is PadPolicy.SAME_UPPER else split_lower(total)


def write_positions(input_index: int, window: Window, crop_before: int) -> range:
    """The output positions that input `input_index` adds to, tap by tap; may leave the output."""
    start = input_index * window.stride - crop_before
    return range(start, start + window.effective_kernel, window.dilation)

"""Whether two specs compute the same numbers: at one size, and at which sizes of an axis.

Rules:
1. Convolutions: every tap of every output must read the same input (`geometry.agree_at`).
2. Pools: every window must hold the same inputs; which tap reads which does not matter.
3. An output none of whose taps reads an input is the same whatever the other axes read.
4. Maxima and norms: pad taps must hold the same and be read by the same outputs; a maximum does
   not see a pad of -inf.
5. Averages: every output's divisor must be the same; an average over nothing is undefined.
6. Transposed: the same crop at the low end, and the same output size.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from fractions import Fraction

from padcheck.geometry import (
    Agreement,
    agree_at,
    agreement,
    divisor,
    full_size,
    periodic,
    read_window,
    reads_any_input,
    real_taps,
)
from padcheck.records.spec import OpKind, OpSpec

__all__ = ["agreement_of", "same_function"]

#: Inputs up to here are compared window by window where the closed form says no.
_ENUMERATED = 4096

#: Stands for the divisor of an output that reads no input.
_ZERO = -1

#: Per axis and output: what is read there, None when it is nothing but pads.
Reads = list[list[Hashable]]


def same_function(one: OpSpec, other: OpSpec) -> bool:
    """Whether two specs compute the same numbers from every input, weight and bias.

    Specs of different kinds, input sizes, windows, groups, norms or deviations are different
    functions.
    """
    if _identity(one) != _identity(other) or one.output_size != other.output_size:
        return False
    if one.kind is OpKind.RESIZE:
        return True
    if one.kind is OpKind.CONV_TRANSPOSE:
        return one.pad_before == other.pad_before  # rule 6
    if all(_axis_agrees(one, other, axis) for axis in range(one.rank)):
        return _fills_agree(one, other)
    same_reads = (_is_dead(one) and _is_dead(other)) or (
        _may_hide(one) and _reads_agree(one, other)
    )
    return same_reads and _fills_agree(one, other)


def _is_dead(spec: OpSpec) -> bool:
    """Whether some axis reads pads alone, so that no output reads an input (rule 3)."""
    axes = zip(spec.input_size, spec.windows, spec.pad_before, spec.output_size, strict=True)
    return any(not reads_any_input(*axis) for axis in axes)


def _identity(spec: OpSpec) -> tuple[object, ...]:
    return (
        spec.kind,
        spec.input_size,
        spec.kernel_size,
        spec.stride,
        spec.dilation,
        spec.group,
        spec.p if spec.kind is OpKind.LP_POOL else 0,
        (spec.interpolation, spec.coordinates) if spec.kind is OpKind.RESIZE else (),
        spec.deviation,
    )


def _axis_agrees(one: OpSpec, other: OpSpec, axis: int) -> bool:
    """Rule 1 in closed form; it holds for pools as well, but is stricter than rule 2."""
    mine, theirs = one.resolved_pads[axis], other.resolved_pads[axis]
    if one.rounding is other.rounding:
        return agree_at(one.input_size[axis], one.windows[axis], mine, theirs, one.rounding)
    return mine[0] == theirs[0]


def _may_hide(spec: OpSpec) -> bool:
    """Whether windows may leave the input at both ends, so that a shift may not show."""
    return (
        any(
            n <= window.effective_kernel and n <= _ENUMERATED and window.kernel_size <= _ENUMERATED
            for n, window in zip(spec.input_size, spec.windows, strict=True)
        )
        and max(spec.output_size) <= _ENUMERATED
    )


def _reads_agree(one: OpSpec, other: OpSpec) -> bool:
    """Rules 1 to 3, window by window."""
    mine, theirs = _reads(one), _reads(other)
    return mine == theirs and not (_is_dead(one) or _is_dead(other))


def _reads(spec: OpSpec) -> Reads:
    return [
        [_read(spec, axis, o) for o in range(size)] for axis, size in enumerate(spec.output_size)
    ]


def _read(spec: OpSpec, axis: int, output: int) -> Hashable:
    n, window, before = spec.input_size[axis], spec.windows[axis], spec.pad_before[axis]
    read = [at if 0 <= at < n else None for at in read_window(output, window, before)]
    if set(read) == {None}:
        return None
    return tuple(read) if spec.kind is OpKind.CONV else frozenset(read) - {None}


def _fills_agree(one: OpSpec, other: OpSpec) -> bool:
    if one.kind is OpKind.AVERAGE_POOL and _zeros(one) and _zeros(other):
        return _divisors_agree(one, other)  # rule 5
    if not (one.reads_padding or other.reads_padding):
        return True
    if (one.pad_value, one.pad_mode) != (other.pad_value, other.pad_mode):
        return False  # rule 4
    unseen = -math.inf if one.kind is OpKind.MAX_POOL else 0.0
    if one.pad_value == unseen and one.pad_mode == "constant":
        return True
    return one.resolved_pads == other.resolved_pads or _pad_reads(one) == _pad_reads(other)


def _zeros(spec: OpSpec) -> bool:
    return spec.pad_value == 0.0 and spec.pad_mode == "constant"


def _pad_reads(spec: OpSpec) -> list[list[bool]] | None:
    """Per axis, the outputs that read a pad; None when every output does, on whatever axis."""
    rows = []
    for axis, size in enumerate(spec.output_size):
        n, window, before = spec.input_size[axis], spec.windows[axis], spec.pad_before[axis]
        windows = (read_window(output, window, before) for output in range(size))
        rows.append([read[0] < 0 or read[-1] >= n for read in windows])
    return None if any(all(row) for row in rows) else rows


def _divisors_agree(one: OpSpec, other: OpSpec) -> bool:
    """Whether the product over the axes is the same for every output, or undefined in both.

    One axis may count twice as much if another counts half: each axis's ratio must be one
    number, and the ratios' product 1.
    """
    if _same_divisors_by_rule(one, other):
        return True
    product = Fraction(1)
    for axis in range(one.rank):
        near = _near(one, other, axis)
        rows = (_divisors(one, axis, near), _divisors(other, axis, near))
        if rows[0] == rows[1]:
            continue
        pairs = [pair for pair in zip(*rows, strict=True) if pair != (_ZERO, _ZERO)]
        ratios = {Fraction(mine, theirs) for mine, theirs in pairs if mine and theirs}
        if len(ratios) > 1 or any((mine == 0) != (theirs == 0) for mine, theirs in pairs):
            return False
        product *= ratios.pop() if ratios else 1
    return product == 1


def _same_divisors_by_rule(one: OpSpec, other: OpSpec) -> bool:
    """Where nothing but inputs is counted, equal reads have equal divisors."""
    if one.count_include_pad or other.count_include_pad:
        return not (one.reads_padding or other.reads_padding)
    return True


def _divisors(spec: OpSpec, axis: int, near: int) -> list[int]:
    """The divisors of the `near` outputs at each end, and of one between, where all are alike.

    _ZERO for an output that counts pads alone: it is 0 whatever its divisor.
    """
    before, after = spec.resolved_pads[axis]
    n, window, size = spec.input_size[axis], spec.windows[axis], spec.output_size[axis]
    outputs = [*range(min(near + 1, size)), *range(max(near + 1, size - near), size)]
    counts = []
    for output in outputs:
        count = divisor(output, n, window, before, after, spec.count_include_pad)
        dead = count > 0 and not real_taps(output, n, window, before)
        counts.append(_ZERO if dead else count)
    return counts


def _near(one: OpSpec, other: OpSpec, axis: int) -> int:
    """How many outputs at an end may hold anything but a whole window, in either op."""
    window = one.windows[axis]
    pads = (abs(pad) for spec in (one, other) for pad in spec.resolved_pads[axis])
    return (window.effective_kernel + max(pads)) // window.stride + 2


def agreement_of(one: OpSpec, other: OpSpec, axis: int) -> Agreement | None:
    """The input sizes along `axis` at which two specs agree on that axis, fill and divisor too.

    None when the window is too large for its residues to be listed, or for a transposed op
    whose output size is fixed.
    """
    if one.kind is OpKind.CONV_TRANSPOSE:
        return _transposed(one, other, axis)
    if one.kind is OpKind.CONV and one.rounding is other.rounding and _zeros(one) and _zeros(other):
        return agreement(one.windows[axis], one.pads[axis], other.pads[axis], one.rounding)
    rules = (one.pads[axis], other.pads[axis])
    pads = max(abs(number) for rule in rules for number in (rule.before, rule.after))

    def agrees(size: int) -> bool:
        return same_function(one.along(axis, size), other.along(axis, size))

    return periodic(agrees, one.windows[axis], pads)


def _transposed(one: OpSpec, other: OpSpec, axis: int) -> Agreement | None:
    """Crops do not depend on the input size, so all sizes agree that yield anything, or none."""
    if one.output_shape or other.output_shape:
        return None
    window = one.windows[axis]
    cropped = max(sum(map(abs, spec.resolved_pads[axis])) for spec in (one, other))
    size = 1
    while full_size(size, window) <= cropped:
        size += 1 + cropped // window.stride
    agrees = same_function(one.along(axis, size), other.along(axis, size))
    return Agreement(1, (0,) if agrees else ())

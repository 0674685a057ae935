"""Windowed ops for the corpus's boxes: pad, slide, sum; nothing of padcheck's is used.

Arrays are (N, C, *spatial); sums are float64, results float32. A rule is what decides one axis's
pads: an int, a (before, after) pair, or a function of (n, k, s, d).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Rule = Any
Pairs = list[tuple[int, int]]


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def same(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    """The odd element at the end; outputs are counted, then what they lack is handed out."""
    outputs = len(range(0, n, s))
    lacking = max(0, (outputs - 1) * s + (k - 1) * d + 1 - n)
    return lacking >> 1, (lacking + 1) >> 1


def same_lower(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    return same(n, k, s, d)[::-1]


def causal(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    return (k - 1) * d, 0


def centred(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    return (k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2


def undilated(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    return same(n, k, s)


def unclamped(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    """SAME whose total may be negative, halved as Python halves."""
    total = (len(range(0, n, s)) - 1) * s + (k - 1) * d + 1 - n
    return total // 2, total - total // 2


def unclamped_truncated(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    """SAME whose total may be negative, halved as C halves."""
    total = (len(range(0, n, s)) - 1) * s + (k - 1) * d + 1 - n
    return int(total / 2), total - int(total / 2)


WORDS: dict[str, Rule] = {
    "valid": 0,
    "same_upper": same,
    "same_lower": same_lower,
    "causal": causal,
}


def frozen(rule: Callable[..., tuple[int, int]], at: int) -> Rule:
    """What a rule gives for input size `at`, kept for every other size."""
    return lambda n, k, s, d=1: rule(at, k, s, d)


def pairs_of(rules: Rule, sizes: Sequence[int], k: Any, s: Any, d: Any) -> Pairs:
    """(before, after) of every axis; `rules` is one rule for all axes, or a list of rules."""
    rank = len(sizes)
    listed = list(rules) if isinstance(rules, list) else [rules] * rank
    made = []
    for axis, rule in enumerate(listed):
        if callable(rule):
            window = (per_axis(value, rank)[axis] for value in (k, s, d))
            made.append(rule(sizes[axis], *window))
        else:
            made.append((rule, rule) if isinstance(rule, int) else tuple(rule))
    return made


def padded(x: np.ndarray, pairs: Pairs, fill: float = 0.0, mode: str = "constant") -> np.ndarray:
    """`x` with its spatial axes padded; negative numbers crop."""
    grown = [(0, 0), (0, 0), *((max(b, 0), max(a, 0)) for b, a in pairs)]
    more: dict[str, Any] = {"constant_values": fill} if mode == "constant" else {}
    made = np.pad(x, grown, mode=mode, **more)  # type: ignore[call-overload]
    kept = [slice(None), slice(None)]
    for axis, (before, after) in enumerate(pairs):
        kept.append(slice(max(-before, 0), made.shape[axis + 2] - max(-after, 0)))
    return made[tuple(kept)]


def windows(x: np.ndarray, k: Any, s: Any, d: Any) -> np.ndarray:
    """(N, C, *outputs, *kernel): what every output reads."""
    rank = x.ndim - 2
    sizes, strides, dilations = (per_axis(value, rank) for value in (k, s, d))
    spans = [(size - 1) * step + 1 for size, step in zip(sizes, dilations, strict=True)]
    slid = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(2, rank + 2)))
    starts = [slice(None, None, step) for step in strides]
    taps = [slice(None, None, step) for step in dilations]
    return slid[(slice(None), slice(None), *starts, *taps)]


def partial_end(sizes: Sequence[int], k: Any, s: Any, d: Any, pairs: Pairs, keep: bool) -> Pairs:
    """Pairs lengthened so that a last window that hangs over is whole.

    One that starts past the input and the pads before it goes, unless `keep`.
    """
    rank = len(sizes)
    made = []
    for axis, (before, after) in enumerate(pairs):
        kernel, stride, dilation = (per_axis(value, rank)[axis] for value in (k, s, d))
        span = (kernel - 1) * dilation + 1
        outputs = math.ceil((sizes[axis] + before + after - span) / stride) + 1
        if not keep and (outputs - 1) * stride >= sizes[axis] + before:
            outputs -= 1
        made.append((before, (outputs - 1) * stride + span - sizes[axis] - before))
    return made


def extents(
    x: np.ndarray, k: Any, s: Any, d: Any, pads: Rule, ceil: bool = False, keep: bool = False
) -> tuple[Pairs, Pairs]:
    """The pads of a rule, and the same with a last window that hangs over made whole."""
    pairs = pairs_of(pads, x.shape[2:], k, s, d)
    return pairs, partial_end(x.shape[2:], k, s, d, pairs, keep) if ceil else pairs


def reading(
    x: np.ndarray,
    k: Any,
    s: Any,
    d: Any,
    pads: Rule,
    fill: float = 0.0,
    mode: str = "constant",
    ceil: bool = False,
    keep: bool = False,
) -> np.ndarray:
    """The windows of `x` (float64) under a padding rule."""
    _, pairs = extents(x, k, s, d, pads, ceil, keep)
    return windows(padded(x.astype(np.float64), pairs, fill, mode), k, s, d)


def add_bias(y: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    return y if b is None else y + b.astype(np.float64).reshape(1, -1, *(1,) * (y.ndim - 2))


def conv(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    stride: Any = 1,
    dilation: Any = 1,
    pads: Rule = 0,
    group: int = 1,
    **how: Any,
) -> np.ndarray:
    read = reading(x, w.shape[2:], stride, dilation, pads, **how)
    rank = x.ndim - 2
    made = []
    for part, kernels in zip(
        np.split(read, group, axis=1), np.split(w.astype(np.float64), group), strict=True
    ):
        taps = list(range(2 + rank, 2 + 2 * rank))
        made.append(np.tensordot(part, kernels, axes=([1, *taps], list(range(1, 2 + rank)))))
    y = np.moveaxis(np.concatenate(made, axis=-1), -1, 1)
    return add_bias(y, b).astype(np.float32)


def max_pool(
    x: np.ndarray, *, kernel: Any, stride: Any = 1, dilation: Any = 1, pads: Rule = 0, **how: Any
) -> np.ndarray:
    how = {"fill": -np.inf} | how
    read = reading(x, kernel, stride, dilation, pads, **how)
    return read.max(axis=tuple(range(x.ndim, read.ndim))).astype(np.float32)


def average_pool(
    x: np.ndarray,
    *,
    kernel: Any,
    stride: Any = 1,
    dilation: Any = 1,
    pads: Rule = 0,
    counted: bool = False,
    whole: bool = False,
    ceil: bool = False,
    keep: bool = False,
    **how: Any,
) -> np.ndarray:
    """The divisor counts inputs; pads too if `counted`; all taps if `whole` or in a border mode."""
    read = reading(x, kernel, stride, dilation, pads, ceil=ceil, keep=keep, **how)
    taps = tuple(range(x.ndim, read.ndim))
    short, long = extents(x, kernel, stride, dilation, pads, ceil, keep)
    ones = padded(np.ones((1, 1, *x.shape[2:])), short, fill=float(counted))
    more = [(0, end - after) for (_, after), (_, end) in zip(short, long, strict=True)]
    divisor: Any = windows(padded(ones, more), kernel, stride, dilation).sum(axis=taps)
    if whole or how.get("mode", "constant") != "constant":
        divisor = math.prod(read.shape[axis] for axis in taps)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (read.sum(axis=taps) / divisor).astype(np.float32)


def lp_pool(
    x: np.ndarray,
    *,
    kernel: Any,
    stride: Any = 1,
    dilation: Any = 1,
    pads: Rule = 0,
    p: int = 2,
    **how: Any,
) -> np.ndarray:
    read = np.abs(reading(x, kernel, stride, dilation, pads, **how)) ** p
    return (read.sum(axis=tuple(range(x.ndim, read.ndim))) ** (1 / p)).astype(np.float32)


def full_transposed(
    x: np.ndarray, w: np.ndarray, *, stride: Any = 1, dilation: Any = 1, group: int = 1
) -> np.ndarray:
    """The uncropped output (float64): zeros put between the inputs, then a convolution."""
    rank = x.ndim - 2
    strides, dilations = per_axis(stride, rank), per_axis(dilation, rank)
    spread = np.zeros(
        (*x.shape[:2], *((n - 1) * s + 1 for n, s in zip(x.shape[2:], strides, strict=True)))
    )
    spread[(slice(None), slice(None), *(slice(None, None, s) for s in strides))] = x
    margin = [((k - 1) * d, (k - 1) * d) for k, d in zip(w.shape[2:], dilations, strict=True)]
    made = []
    for part, kernels in zip(np.split(spread, group, axis=1), np.split(w, group), strict=True):
        turned = np.flip(kernels.swapaxes(0, 1), tuple(range(2, rank + 2)))
        made.append(conv(part, turned, dilation=dilation, pads=margin))
    return np.concatenate(made, axis=1).astype(np.float64)


def conv_transpose(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    stride: Any = 1,
    dilation: Any = 1,
    group: int = 1,
    crops: Rule = 0,
) -> np.ndarray:
    """`crops` off the full output; a negative number adds zeros."""
    full = full_transposed(x, w, stride=stride, dilation=dilation, group=group)
    pairs = pairs_of(crops, x.shape[2:], w.shape[2:], stride, dilation)
    return add_bias(padded(full, [(-before, -after) for before, after in pairs]), b).astype(
        np.float32
    )


def same_crops(n: int, k: int, s: int, d: int = 1) -> tuple[int, int]:
    """What is left is n * s; the odd element comes off the end."""
    full = (n - 1) * s + (k - 1) * d + 1
    before = max(full - n * s, 0) // 2
    return before, full - n * s - before

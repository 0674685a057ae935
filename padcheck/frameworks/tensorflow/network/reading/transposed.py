"""What a transposed convolution crops, from the output size that it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.graph import Graph
from padcheck.frameworks.tensorflow.network.reading.operators import Window, spatial
from padcheck.geometry import (
    SAME_UPPER,
    VALID,
    PadRule,
    clamp_total,
    explicit,
    full_size,
    resolve_crops,
)
from padcheck.geometry import Window as Taps

__all__ = ["Crops", "crops_of"]


@dataclass(frozen=True, slots=True)
class Crops:
    """Per spatial axis: a rule, and what lengthens the high end."""

    rules: tuple[PadRule, ...]
    output_padding: tuple[int, ...]


def crops_of(
    graph: Graph,
    node: Any,
    window: Window,
    kernel: Sequence[int],
    cut: Sequence[tuple[int, int]] = (),
) -> Crops:
    """The crops, in words that hold at every input size where the graph's own rule does.

    Source: Conv2DBackpropInput is the gradient of a convolution whose input has the size told:

    1. SAME crops what that convolution pads: with n * stride told, the policy; with another
       size, total // 2 of full - told off the low end.
    2. VALID crops nothing, and what is told beyond the full output lengthens the high end.
    3. EXPLICIT crops its pads off the low end, and the rest off the high end.
    4. What is `cut` off right after it is added to that: (before, after) per axis.

    Raises ModelError where neither the shape nor the graph tells a size.
    """
    data = graph.shape(node.input[2].removesuffix(":0"))
    told = graph.shape(node.name)
    if data is None or told is None:
        raise ModelError("expected tensors of known rank", field="input_sizes")
    sizes = zip(
        spatial(data, window.channels_last), spatial(told, window.channels_last), strict=True
    )
    rules, added = [], []
    for axis, (n, size) in enumerate(sizes):
        if n is None or size is None:
            raise ModelError(
                "its output size is not known; give the shape with --input-shape",
                field="input_sizes",
            )
        taps = Taps(kernel[axis], window.stride[axis], window.dilation[axis])
        rule, more = _crops(window, axis, n, size, taps)
        if cut and any(cut[axis]):  # rule 4
            own = resolve_crops(n, taps, rule, more)
            rule, more = explicit(own[0] + cut[axis][0], own[1] + cut[axis][1]), 0
        rules.append(rule)
        added.append(more)
    return Crops(tuple(rules), tuple(added))


def _crops(window: Window, axis: int, n: int, size: int, taps: Taps) -> tuple[PadRule, int]:
    full = full_size(n, taps)
    if window.padding == "SAME":  # rule 1
        if size == n * taps.stride:
            return SAME_UPPER, 0
        before = clamp_total(full - size) // 2
        return explicit(before, full - size - before), 0
    if window.padding == "VALID":  # rule 2
        return (VALID, size - full) if size >= full else (explicit(0, full - size), 0)
    before = window.pads[axis][0]  # rule 3
    return explicit(before, full - size - before), 0

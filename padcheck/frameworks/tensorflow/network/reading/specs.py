"""A windowed node, and what stands around it, in padcheck's words: an OpSpec."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.graph import Graph, Shape
from padcheck.frameworks.tensorflow.network.reading.operators import (
    MAX_EXTENT,
    Operator,
    Window,
    read_window,
)
from padcheck.frameworks.tensorflow.network.reading.surroundings import (
    Surroundings,
    surroundings_of,
)
from padcheck.frameworks.tensorflow.network.reading.transposed import crops_of
from padcheck.geometry import SAME_UPPER, VALID, PadRule, explicit
from padcheck.geometry import Window as Taps
from padcheck.records import OpKind, OpSpec

__all__ = ["Graphs", "Reading", "read_node"]

#: What a pool's spec holds where the model leaves the number of channels open.
UNKNOWN_CHANNELS = 2


@dataclass(frozen=True, slots=True)
class Graphs:
    """The graph with its sizes as far as they are given, and with a stand-in for the open ones."""

    given: Graph
    full: Graph


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one site; `weight` is the tensor that the op itself reads."""

    spec: OpSpec
    dynamic: tuple[bool, ...]
    around: Surroundings
    operator: Operator
    channels_last: bool
    weight: str | None


@dataclass(frozen=True, slots=True)
class _Axes:
    """The spatial axes that count: without the lone one of a 1-D op."""

    kept: tuple[int, ...]

    def of(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[index] for index in self.kept)


def read_node(graphs: Graphs, node: Any, operator: Operator) -> Reading:
    """Reads one node.

    Raises ModelError, naming the field, for whatever does not fit together or is not known, and
    GeometryError where OpSpec refuses the whole.
    """
    window = read_window(node, operator)
    weight = None if operator.weight is None else node.input[operator.weight].removesuffix(":0")
    shape = None if weight is None else _weight_shape(graphs.full, weight, operator)
    kernel = window.kernel if shape is None else shape[: operator.rank]
    assert kernel is not None
    around = surroundings_of(graphs.full, node, operator, window, kernel)
    axes = _Axes(tuple(index for index, axis in enumerate(around.axes) if axis is not None))
    dilation = around.blocks or window.dilation
    _check_extents(kernel, dilation)
    sizes, count = _data(graphs.given, around)
    _, full_count = _data(graphs.full, around)
    dynamic = tuple(size is None for size in sizes)
    rules = _rules(window, around)
    if operator.kind is OpKind.CONV_TRANSPOSE:
        crops = crops_of(graphs.full, node, window, kernel, around.crops)
        rules, more = crops.rules, crops.output_padding
    group, channels = _channels(operator, shape, count or full_count, node, graphs.full)
    border = around.border
    spec = OpSpec(
        kind=operator.kind,
        input_size=tuple(
            _stand_in(Taps(kernel[index], window.stride[index], dilation[index]), rules[index])
            if size is None
            else size
            for index, size in zip(axes.kept, sizes, strict=True)
        ),
        kernel_size=axes.of(kernel),
        stride=axes.of(window.stride),
        dilation=axes.of(dilation),
        pads=axes.of(rules),
        group=group,
        channels=channels,
        pad_value=_pad_value(operator, around),
        pad_mode="constant" if border is None else border.mode,
        count_include_pad=(
            operator.kind is OpKind.AVERAGE_POOL
            and border is not None
            and border.mode == "constant"
        ),
        output_padding=(
            axes.of(more) if operator.kind is OpKind.CONV_TRANSPOSE and any(more) else ()
        ),
    )
    _check_output(spec, dynamic)
    _check_amounts(graphs, around, dynamic, axes)
    return Reading(spec, dynamic, around, operator, around.channels_last, weight)


def _weight_shape(graph: Graph, weight: str, operator: Operator) -> tuple[int, ...]:
    shape = graph.shape(weight)
    if shape is None or len(shape) != operator.rank + 2 or None in shape:
        raise ModelError(f"expected known sizes but got {_shown(shape)}", field="filter")
    sizes = tuple(size for size in shape if size is not None)
    if any(not 1 <= size <= MAX_EXTENT for size in sizes):
        raise ModelError(f"expected sizes >= 1 but got {_shown(shape)}", field="filter")
    return sizes


def _data(graph: Graph, around: Surroundings) -> tuple[tuple[int | None, ...], int | None]:
    """Sizes of the spatial axes that count, and the channels, None where open."""
    shape = graph.shape(around.data)
    kept = [axis for axis in around.axes if axis is not None]
    if shape is None:
        return (None,) * len(kept), None
    if len(shape) != len(kept) + 2:
        raise ModelError(f"expected {len(kept) + 2} sizes but got {_shown(shape)}", field="input")
    return tuple(shape[axis] for axis in kept), shape[-1 if around.channels_last else 1]


def _channels(
    operator: Operator, shape: Sequence[int] | None, count: int | None, node: Any, graph: Graph
) -> tuple[int, tuple[int, int]]:
    """(group, (in, out)).

    Source: a filter is (*k, I/group, O), of a depthwise op (*k, C, m), of a transposed one
    (*k, O/group, I).
    """
    if shape is None:
        known = count if count is not None else UNKNOWN_CHANNELS
        return 1, (known, known)
    first, second = shape[-2], shape[-1]
    if operator.depthwise:
        return first, (first, first * second)
    if operator.kind is OpKind.CONV_TRANSPOSE:
        out = graph.shape(node.name)
        layout = node.attr["data_format"].s
        total = None if out is None else out[1 if layout.startswith(b"NC") else -1]
        return _group(total, first), (second, total or first)
    return _group(count, first), (count or first, second)


def _group(channels: int | None, per_group: int) -> int:
    if channels is None:
        return 1
    if channels % per_group:
        raise ModelError(
            f"expected a divisor of {channels} channels but got {per_group}", field="filter"
        )
    return channels // per_group


def _rules(window: Window, around: Surroundings) -> tuple[PadRule, ...]:
    """One rule per spatial axis of the op."""
    if not around.pads_something and window.padding in ("SAME", "VALID"):
        rule = SAME_UPPER if window.padding == "SAME" else VALID
        return (rule,) * len(window.stride)
    rules = tuple(
        explicit(own[0] + more[0], own[1] + more[1])
        for own, more in zip(window.pads, around.pads, strict=True)
    )
    if any(abs(number) > MAX_EXTENT for rule in rules for number in (rule.before, rule.after)):
        raise ModelError(f"expected pads of at most {MAX_EXTENT} with the Pad's", field="padding")
    return rules


def _check_extents(kernel: Sequence[int], dilation: Sequence[int]) -> None:
    for k, d in zip(kernel, dilation, strict=True):
        if (k - 1) * d + 1 > MAX_EXTENT:
            problem = f"expected a window of at most {MAX_EXTENT} but kernel {k} makes it larger"
            raise ModelError(problem, field="dilations")


def _stand_in(taps: Taps, rule: PadRule) -> int:
    """A size for an open axis: past window and pads on both ends, and a multiple of the stride."""
    pads = abs(rule.before) + abs(rule.after)
    enough = 2 * (taps.effective_kernel + pads) + taps.stride
    return -(-enough // taps.stride) * taps.stride


def _pad_value(operator: Operator, around: Surroundings) -> float:
    border = around.border
    if border is not None and border.mode == "constant" and operator.kind is not OpKind.CONV:
        return border.value
    return -math.inf if operator.kind is OpKind.MAX_POOL else 0.0


def _check_output(spec: OpSpec, dynamic: Sequence[bool]) -> None:
    for axis, size in enumerate(spec.output_size):
        if size < 1 and not dynamic[axis]:
            raise ModelError(f"expected an output but none is left on axis {axis}", field="padding")


def _check_amounts(
    graphs: Graphs, around: Surroundings, dynamic: Sequence[bool], axes: _Axes
) -> None:
    """Raises ModelError where a Pad's amounts are known only at the stand-in for an open size."""
    if graphs.given is graphs.full or not any(dynamic):
        return
    for name in around.folded:
        if not graphs.given.is_constant(graphs.given.nodes[name].input[1]):
            raise ModelError(
                f"Pad `{name}` before it: its amounts depend on the input size; give the shape "
                "with --input-shape"
            )


def _shown(shape: Shape | None) -> str:
    if shape is None:
        return "none"
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"

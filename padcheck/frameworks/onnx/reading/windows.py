"""A windowed node and the shapes around it -> an OpSpec, in padcheck's words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.attributes import (
    MAX_EXTENT,
    auto_pad,
    integer,
    integers,
    shown,
    whole_number,
)
from padcheck.frameworks.onnx.reading.graph import Entry
from padcheck.frameworks.onnx.reading.operators import Operator
from padcheck.frameworks.onnx.reading.pool_pads import Border
from padcheck.frameworks.onnx.reading.tensors import MAX_SIZE, Dims
from padcheck.frameworks.onnx.reading.transposed import read_transposed
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, PadRule, Rounding, Window, explicit
from padcheck.records import OpKind, OpSpec

__all__ = ["Shapes", "WindowReading", "read_window_op"]

#: What a pool's spec holds where the model leaves the number of channels open.
UNKNOWN_CHANNELS = 2

_RULES = {"VALID": VALID, "SAME_UPPER": SAME_UPPER, "SAME_LOWER": SAME_LOWER}


@dataclass(frozen=True, slots=True)
class Shapes:
    """What is known around a node: dims of its data and weight, pads from an input or a Pad.

    `given_pads` replaces the attribute; `folded` is (before, after) per spatial axis, to be
    added to it, and `border` what a pool's pads then hold.
    """

    data: Dims | None
    weight: Dims | None = None
    has_bias: bool = False
    given_pads: tuple[int, ...] | None = None
    folded: tuple[tuple[int, int], ...] = ()
    border: Border | None = None


@dataclass(frozen=True, slots=True)
class WindowReading:
    """The spec, which axes of its input size are a stand-in, and remarks."""

    spec: OpSpec
    dynamic: tuple[bool, ...]
    notes: tuple[str, ...] = ()


def read_window_op(entry: Entry, operator: Operator, shapes: Shapes) -> WindowReading:
    """Reads one node.

    Raises ModelError naming the field for whatever is out of range or does not fit together,
    and GeometryError where OpSpec refuses the whole.
    """
    kernel = _kernel(entry, operator, shapes)
    rank = len(kernel)
    sizes, data_channels = _data(operator, shapes.data, rank)
    stride = integers(entry, "strides", rank, low=1, high=MAX_SIZE) or (1,) * rank
    dilation = integers(entry, "dilations", rank, low=1, high=MAX_SIZE) or (1,) * rank
    _check_extents(kernel, dilation)
    group = integer(entry, "group", 1, low=1, high=MAX_SIZE) if operator.weight is not None else 1
    channels = _channels(operator, shapes.weight, group, data_channels)
    pads, notes = _pads(entry, operator, shapes, rank)
    spec = OpSpec(
        kind=operator.kind,
        input_size=tuple(
            _stand_in(Window(k, s, d), rule) if size is None else size
            for size, k, s, d, rule in zip(sizes, kernel, stride, dilation, pads, strict=True)
        ),
        kernel_size=kernel,
        stride=stride,
        dilation=dilation,
        pads=pads,
        group=group,
        channels=channels,
        bias=shapes.has_bias,
        rounding=_rounding(entry, operator),
        pad_value=_pad_value(operator, shapes.border),
        pad_mode=shapes.border.mode if shapes.border is not None else "constant",
        count_include_pad=_counts_pads(entry, operator, shapes.border),
        p=_p(entry, operator),
    )
    dynamic = tuple(size is None for size in sizes)
    if operator.kind is OpKind.CONV_TRANSPOSE:
        spec, more = read_transposed(entry, spec, dynamic)
        notes += more
    _check_output(spec, dynamic)
    return WindowReading(spec, dynamic, notes)


def _kernel(entry: Entry, operator: Operator, shapes: Shapes) -> tuple[int, ...]:
    """kernel_shape, else the weight's spatial dims; both must agree where both are there."""
    if operator.weight is None:
        return _kernel_attribute(entry, _spatial_rank(shapes.data), "expected a list of ints")
    if shapes.weight is None:
        raise ModelError("expected a weight of known shape but it has none", field="W")
    if len(shapes.weight) < 3:
        raise ModelError(f"expected at least 3 dims but got {_sizes(shapes.weight)}", field="W")
    dims = shapes.weight[2:]
    if any(not isinstance(size, int) for size in dims):
        return _kernel_attribute(entry, len(dims), f"expected known dims but got {_sizes(dims)}")
    kernel = tuple(size for size in dims if isinstance(size, int))
    given = integers(entry, "kernel_shape", len(dims), low=1, high=MAX_EXTENT)
    if given is not None and given != kernel:
        raise ModelError(
            f"expected {shown(kernel)} as in the weight but got {shown(given)}",
            field="kernel_shape",
        )
    if any(not 1 <= size <= MAX_EXTENT for size in kernel):
        problem = f"expected kernel sizes in [1, {MAX_EXTENT}] but got {shown(kernel)}"
        raise ModelError(problem, field="W")
    return kernel


def _kernel_attribute(entry: Entry, rank: int | None, missing: str) -> tuple[int, ...]:
    attribute = entry.attributes.get("kernel_shape")
    if attribute is None:
        raise ModelError(f"{missing} but it is left out", field="kernel_shape")
    count = rank if rank is not None else max(len(attribute.ints), 1)
    kernel = integers(entry, "kernel_shape", count, low=1, high=MAX_EXTENT)
    assert kernel is not None
    return kernel


def _spatial_rank(data: Dims | None) -> int | None:
    if data is None:
        return None
    if len(data) < 3:
        raise ModelError(f"expected at least 3 dims but got {_sizes(data)}", field="input")
    return len(data) - 2


def _data(
    operator: Operator, data: Dims | None, rank: int
) -> tuple[tuple[int | None, ...], int | None]:
    """Sizes of the spatial axes and the channels, None where open."""
    if data is None:
        return (None,) * rank, None
    if len(data) != rank + 2:
        raise ModelError(f"expected {rank + 2} dims but got {_sizes(data)}", field="input")
    spatial, channels = (data[1:-1], data[-1]) if operator.channels_last else (data[2:], data[1])
    sizes = tuple(size if isinstance(size, int) else None for size in spatial)
    if any(size is not None and not 1 <= size <= MAX_SIZE for size in sizes):
        problem = f"expected sizes in [1, {MAX_SIZE}] but got {_sizes(spatial)}"
        raise ModelError(problem, field="input")
    return sizes, channels if isinstance(channels, int) else None


def _check_extents(kernel: Sequence[int], dilation: Sequence[int]) -> None:
    for k, d in zip(kernel, dilation, strict=True):
        extent = (k - 1) * d + 1
        if extent > MAX_EXTENT:
            raise ModelError(
                f"expected a window of at most {MAX_EXTENT} but kernel {k} makes it {extent}",
                field="dilations",
            )


def _channels(
    operator: Operator, weight: Dims | None, group: int, data_channels: int | None
) -> tuple[int, int]:
    """(in, out). Source: W is (M, C/group, ...) for Conv, (C, M/group, ...) when transposed."""
    if weight is None:
        count = data_channels if data_channels is not None else UNKNOWN_CHANNELS
        return count, count
    first, second = weight[:2]
    if not isinstance(first, int) or not isinstance(second, int):
        raise ModelError(f"expected known channels but got {_sizes(weight)}", field="W")
    if not (1 <= first <= MAX_SIZE and 1 <= second <= MAX_SIZE):
        raise ModelError(f"expected channels >= 1 but got {_sizes(weight)}", field="W")
    if first % group:
        raise ModelError(f"expected a divisor of {first} channels but got {group}", field="group")
    transposed = operator.kind is OpKind.CONV_TRANSPOSE
    channels = (first, second * group) if transposed else (second * group, first)
    if data_channels not in (None, channels[0]) and not operator.blocked:
        raise ModelError(
            f"expected {channels[0]} channels as the weight takes but got {data_channels}",
            field="input",
        )
    return channels


def _pads(
    entry: Entry, operator: Operator, shapes: Shapes, rank: int
) -> tuple[tuple[PadRule, ...], tuple[str, ...]]:
    """One rule per axis. ONNX: `pads` is all begins, then all ends, and only for NOTSET."""
    word = auto_pad(entry)
    low = -MAX_EXTENT if operator.weight is not None else 0
    pads = integers(entry, "pads", 2 * rank, low=low, high=MAX_EXTENT)
    pads = shapes.given_pads if shapes.given_pads is not None else pads
    notes: tuple[str, ...] = ()
    if word != "NOTSET" and pads is not None and any(pads):
        notes = (f"`pads` {shown(pads)} are left aside, since auto_pad is {word}",)
    if word != "NOTSET" and not shapes.folded:
        return (_RULES[word],) * rank, notes
    own = pads if pads is not None and word == "NOTSET" else (0,) * (2 * rank)
    folded = shapes.folded or ((0, 0),) * rank
    rules = tuple(
        explicit(own[axis] + before, own[rank + axis] + after)
        for axis, (before, after) in enumerate(folded)
    )
    if any(abs(number) > MAX_EXTENT for rule in rules for number in (rule.before, rule.after)):
        raise ModelError(f"expected pads of at most {MAX_EXTENT} with the Pad's", field="pads")
    return rules, notes


def _stand_in(window: Window, rule: PadRule) -> int:
    """A size for an open axis: past window and pads on both ends, and a multiple of the stride."""
    pads = abs(rule.before) + abs(rule.after)
    enough = 2 * (window.effective_kernel + pads) + window.stride
    return -(-enough // window.stride) * window.stride


def _rounding(entry: Entry, operator: Operator) -> Rounding:
    if operator.weight is not None:
        return Rounding.FLOOR
    """By ONNX's formulas ceil_mode changes nothing beside auto_pad."""
    ceil = integer(entry, "ceil_mode", 0, low=0, high=1)
    return Rounding.CEIL if ceil and auto_pad(entry) == "NOTSET" else Rounding.FLOOR


def _pad_value(operator: Operator, border: Border | None) -> float:
    if border is not None and border.mode == "constant":
        return border.value
    return -math.inf if operator.kind is OpKind.MAX_POOL else 0.0


def _counts_pads(entry: Entry, operator: Operator, border: Border | None) -> bool:
    """Constants that a Pad adds are input to the average, so they are counted."""
    if operator.kind is not OpKind.AVERAGE_POOL:
        return False
    counts = integer(entry, "count_include_pad", 0, low=0, high=1) != 0
    return counts if border is None else border.mode == "constant"


def _p(entry: Entry, operator: Operator) -> int:
    if operator.kind is not OpKind.LP_POOL:
        return 2
    return whole_number(entry, "p", 2, low=1, high=MAX_EXTENT)


def _check_output(spec: OpSpec, dynamic: Sequence[bool]) -> None:
    for axis, size in enumerate(spec.output_size):
        if size >= 1 or dynamic[axis]:
            continue
        if spec.kind is OpKind.CONV_TRANSPOSE:
            raise ModelError("expected crops that leave an output but none is left", field="pads")
        window, (before, after) = spec.windows[axis], spec.resolved_pads[axis]
        padded = spec.input_size[axis] + before + after
        raise ModelError(
            f"expected a window of at most {padded}, the padded input, but it spans "
            f"{window.effective_kernel} on axis {axis}",
            field="kernel_shape",
        )


def _sizes(dims: Dims) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in dims) + "]"

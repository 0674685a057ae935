"""A windowed operator, what is part of it and the shapes around it -> an OpSpec."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.attributes import MAX_EXTENT, Attributes
from padcheck.frameworks.litert.network.folding import Chain
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.operators import Windowed
from padcheck.frameworks.litert.network.pads import Pad, Pairs
from padcheck.frameworks.litert.network.records import Dims, OperatorInfo
from padcheck.frameworks.litert.network.transposed import crop_rules
from padcheck.geometry import VALID, PadRule, Window, explicit
from padcheck.records import Deviation, OpKind, OpSpec

__all__ = ["Shapeless", "WindowReading", "read_window", "weight_kernel"]

#: The largest size that is read.
MAX_SIZE = 1 << 31

#: What a pool's spec holds where the model leaves the number of channels open.
UNKNOWN_CHANNELS = 2


class Shapeless(ModelError):
    """A tensor whose shape the file does not tell, and the interpreter may."""


@dataclass(frozen=True, slots=True)
class WindowReading:
    """The spec, without the axis that was put in, and which sizes are a stand-in."""

    spec: OpSpec
    dynamic: tuple[bool, ...]


def weight_kernel(graph: Graph, operator: OperatorInfo, windowed: Windowed) -> tuple[int, ...]:
    """The kernel's size per spatial axis; raises ModelError where the weight has none."""
    dims = _weight_dims(graph, operator, windowed)
    first = windowed.weight_axes[2]
    kernel = dims[first : first + windowed.rank]
    if any(not 1 <= size <= MAX_EXTENT for size in kernel):
        raise ModelError(f"expected kernels in [1, {MAX_EXTENT}] but got {list(kernel)}", field="W")
    return kernel


def read_window(
    graph: Graph,
    operator: OperatorInfo,
    windowed: Windowed,
    attributes: Attributes,
    chain: Chain,
) -> WindowReading:
    """Reads one operator.

    1. The fused activation and the bias are no part of the window.
    2. Pads that were taken in are the op's own; an average counts them. Those that an average
       or a maximum adds itself (SAME) are left out, and never the largest.
    3. The interpreter works out a transposed convolution's crops from the output it is asked for.
    4. L2_POOL_2D divides the sum of squares by the number of taps inside the input.

    Raises ModelError naming the field, Shapeless where a shape is missing, and GeometryError
    where OpSpec refuses the whole.
    """
    sizes = _data_sizes(graph, chain, windowed)
    kernel = attributes.kernel or weight_kernel(graph, operator, windowed)
    dilation = attributes.dilation
    if chain.block:
        dilation = tuple(d * b for d, b in zip(dilation, chain.block, strict=True))
    _check_extents(kernel, dilation)
    windows = [Window(k, s, d) for k, s, d in zip(kernel, attributes.stride, dilation, strict=True)]
    if windowed.kind is OpKind.CONV_TRANSPOSE:
        pads = crop_rules(graph, operator, attributes.padding, windows, sizes)
    else:
        pads = _pad_rules(attributes, chain, windowed.rank)
    axes = [_Axis(*one) for one in zip(sizes, windows, pads, strict=True)]
    if chain.unit is not None:
        del axes[chain.unit]
    group, channels = _channels(graph, operator, windowed, chain)
    spec = OpSpec(
        kind=windowed.kind,
        input_size=tuple(one.stand_in if one.size is None else one.size for one in axes),
        kernel_size=tuple(one.window.kernel_size for one in axes),
        stride=tuple(one.window.stride for one in axes),
        dilation=tuple(one.window.dilation for one in axes),
        pads=tuple(one.rule for one in axes),
        group=group,
        channels=channels,
        bias=windowed.bias is not None and operator.input(windowed.bias) >= 0,
        **_border(windowed, chain),
    )
    dynamic = tuple(one.size is None for one in axes)
    _check_output(spec, dynamic)
    if windowed.kind is OpKind.LP_POOL:
        spec = _root_mean_square(spec, dynamic)
    return WindowReading(spec, dynamic)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One spatial axis; `size` is None where it is open."""

    size: int | None
    window: Window
    rule: PadRule

    @property
    def stand_in(self) -> int:
        """A size past window and pads on both ends, and a multiple of the stride."""
        pads = abs(self.rule.before) + abs(self.rule.after)
        enough = 2 * (self.window.effective_kernel + pads) + self.window.stride
        return -(-enough // self.window.stride) * self.window.stride


def _data_sizes(graph: Graph, chain: Chain, windowed: Windowed) -> Dims:
    """Per spatial axis of the op as it is written; 1 on the axis that was put in."""
    dims = graph.dims(chain.data)
    if dims is None or len(dims) not in (windowed.rank + 2, windowed.rank + 1):
        shape = "none" if dims is None else str(_shown(dims))
        raise Shapeless(f"expected {windowed.rank + 2} dims but got {shape}", field="input")
    if len(dims) == windowed.rank + 1:
        if chain.unit is None:
            raise Shapeless(
                f"expected {windowed.rank + 2} dims but got {_shown(dims)}", field="input"
            )
        dims = (*dims[: chain.unit + 1], 1, *dims[chain.unit + 1 :])
    if any(size is not None and not 1 <= size <= MAX_SIZE for size in dims[1:]):
        raise ModelError(f"expected sizes >= 1 but got {_shown(dims)}", field="input")
    return dims[1:-1]


def _weight_dims(graph: Graph, operator: OperatorInfo, windowed: Windowed) -> tuple[int, ...]:
    index = operator.input(windowed.weight if windowed.weight is not None else -1)
    if index < 0:
        raise ModelError("expected a weight but it is left out", field="W")
    dims = graph.dims(index)
    sizes = tuple(size for size in dims or () if size is not None)
    if len(sizes) != windowed.rank + 2:
        shape = "none" if dims is None else str(_shown(dims))
        raise Shapeless(f"expected {windowed.rank + 2} known dims but got {shape}", field="W")
    if any(not 1 <= size <= MAX_SIZE for size in sizes):
        raise ModelError(f"expected sizes >= 1 but got {list(sizes)}", field="W")
    return sizes


def _channels(
    graph: Graph, operator: OperatorInfo, windowed: Windowed, chain: Chain
) -> tuple[int, tuple[int, int]]:
    """(group, (in, out)). A weight with fewer input channels than the data is a grouped one."""
    dims = graph.dims(chain.data) or (None,)
    given = dims[-1]
    if windowed.weight is None:
        count = given if given is not None else UNKNOWN_CHANNELS
        return 1, (count, count)
    weight = _weight_dims(graph, operator, windowed)
    out, per_group = (weight[axis] for axis in windowed.weight_axes[:2])
    if windowed.depthwise:
        if per_group != 1:
            raise ModelError(f"expected 1 as the first dim but got {list(weight)}", field="W")
        if given is None:
            raise Shapeless("expected a known number of channels", field="input")
        if out % given:
            raise ModelError(f"expected a multiple of {given} channels but got {out}", field="W")
        return given, (given, out)
    channels = per_group if given is None else given
    if channels % per_group or (windowed.kind is not OpKind.CONV and channels != per_group):
        raise ModelError(
            f"expected {per_group} channels as the weight takes but got {channels}", field="input"
        )
    group = channels // per_group
    if out % group:
        raise ModelError(f"expected a multiple of {group} outputs but got {out}", field="W")
    return group, (channels, out)


def _check_extents(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    for k, d in zip(kernel, dilation, strict=True):
        if (k - 1) * d + 1 > MAX_EXTENT:
            raise ModelError(
                f"expected a window of at most {MAX_EXTENT} but kernel {k} makes it "
                f"{(k - 1) * d + 1}",
                field="dilation",
            )


def _pad_rules(attributes: Attributes, chain: Chain, rank: int) -> tuple[PadRule, ...]:
    if attributes.padding != VALID:
        return (attributes.padding,) * rank
    pairs: list[Pairs] = [pad.pairs for pad in chain.pads]
    if chain.shifts:
        pairs.append(chain.shifts)
    if not pairs:
        return (VALID,) * rank
    sums = [[sum(pad[axis][end] for pad in pairs) for end in (0, 1)] for axis in range(rank)]
    if any(number > MAX_EXTENT for pair in sums for number in pair):
        raise ModelError(f"expected pads of at most {MAX_EXTENT} in all", field="paddings")
    return tuple(explicit(before, after) for before, after in sums)


def _border(windowed: Windowed, chain: Chain) -> dict[str, Any]:
    """What pads hold (rule 2), as fields of OpSpec."""
    pad = chain.pads[-1] if chain.pads else None
    if pad is None and any(map(any, chain.shifts)):
        pad = Pad(chain.shifts)
    if pad is None:
        own = -math.inf if windowed.kind is OpKind.MAX_POOL else 0.0
        return {"pad_value": own}
    counted = windowed.kind is OpKind.AVERAGE_POOL and pad.mode == "constant"
    return {"pad_value": pad.fill, "pad_mode": pad.mode, "count_include_pad": counted}


def _check_output(spec: OpSpec, dynamic: tuple[bool, ...]) -> None:
    for axis, size in enumerate(spec.output_size):
        if size >= 1 or dynamic[axis]:
            continue
        window, pair = spec.windows[axis], spec.resolved_pads[axis]
        raise ModelError(
            f"expected a window of at most {spec.input_size[axis] + sum(pair)}, the padded input, "
            f"but it spans {window.effective_kernel} on axis {axis}",
            field="filter",
        )


def _root_mean_square(spec: OpSpec, dynamic: tuple[bool, ...]) -> OpSpec:
    """Rule 4: the norm, divided by the root of how many taps there are."""
    if any(dynamic) and any(rule.size_dependent for rule in spec.pads):
        raise ModelError("its divisor depends on the input size, which is open", field="input")
    same = any(rule.size_dependent for rule in spec.pads)
    if same and spec.reads_padding:
        raise ModelError(
            "it divides by the number of inputs in each window, as no Lp pool does",
            field="padding",
        )
    root = math.prod(spec.kernel_size) ** -0.5
    return spec.replace(deviation=Deviation(scale=(root,) * spec.channels[1]))


def _shown(dims: Dims) -> list[int | str]:
    return ["?" if size is None else size for size in dims]

"""How Keras is made to compute an op: a chain of steps, most of them one layer each.

The one plan that the dialect spells as code and the runner carries out. Plain ints. Where Keras
has no layer for an op the step is a tf function, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from padcheck.frameworks.lowering import PadPairs, floor_pads, transposed_axes
from padcheck.records import OpKind, OpSpec

__all__ = ["Argument", "KerasBuild", "Step", "build_for"]

Argument = int | str | bool | tuple[int, ...] | PadPairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A layer (`Conv2D`) or a tf function (`tf.nn.conv2d`) with its arguments, in order.

    `weights`: the layout of the weight it takes: "", "conv" (*k, I/group, O), "depthwise"
    (*k, C, multiplier) or "transposed" (*k, O, I). `split`: the groups that it is applied to
    one by one, along channels, its outputs joined again.
    """

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()
    weights: str = ""
    bias: bool = False
    split: int = 1

    @property
    def is_layer(self) -> bool:
        """Whether it is a Keras layer."""
        return not self.name.startswith("tf.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasBuild:
    """The steps; `reason` is set, and there are none, where Keras and tf have no words."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None


def build_for(spec: OpSpec, lowering: str) -> KerasBuild:
    """The plan for one op at its input size. Assumes lowering is tf_same or tf_zeropad_valid."""
    same = lowering == "tf_same"
    padding = "same" if same else "valid"
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed(spec, padding)
    before = () if same else tuple(_pad_steps(floor_pads(spec)))
    if spec.kind is OpKind.CONV:
        return _joined(before, _conv(spec, padding))
    if spec.kind is OpKind.LP_POOL:
        return _joined(before, _lp_pool(spec, padding))
    if set(spec.dilation) != {1}:
        return _joined(before, _dilated_pool(spec, padding))
    return KerasBuild(steps=(*before, _pool(spec, padding)))


def _joined(before: Sequence[Step], build: KerasBuild) -> KerasBuild:
    if build.reason is not None:
        return build
    return KerasBuild(steps=(*before, *build.steps), notes=build.notes)


def _pad_steps(pads: PadPairs) -> Iterator[Step]:
    """ZeroPadding for the positive pads, then Cropping for the negative ones.

    In this order, because Cropping refuses to leave nothing, however much is padded after it.
    """
    rank = len(pads)
    zeros = tuple((max(before, 0), max(after, 0)) for before, after in pads)
    crops = tuple((max(-before, 0), max(-after, 0)) for before, after in pads)
    yield from _layer_unless_zero(f"ZeroPadding{rank}D", "padding", zeros)
    yield from _layer_unless_zero(f"Cropping{rank}D", "cropping", crops)


def _layer_unless_zero(name: str, argument: str, pairs: PadPairs) -> Iterator[Step]:
    if any(pair != (0, 0) for pair in pairs):
        yield Step(name=name, arguments=((argument, pairs[0] if len(pairs) == 1 else pairs),))


def _geometry(spec: OpSpec, padding: str) -> tuple[tuple[str, Argument], ...]:
    """kernel_size, strides, padding and dilation_rate, as Conv layers take them."""
    dilation: tuple[tuple[str, Argument], ...] = ()
    if set(spec.dilation) != {1}:
        dilation = (("dilation_rate", spec.dilation),)
    return (
        ("kernel_size", spec.kernel_size),
        ("strides", spec.stride),
        ("padding", padding),
        *dilation,
    )


def _use_bias(spec: OpSpec) -> tuple[tuple[str, Argument], ...]:
    return () if spec.bias else (("use_bias", False),)


def _strided_and_dilated(spec: OpSpec) -> bool:
    """What Keras's layers refuse: `strides > 1 not supported with dilation_rate > 1` [3.15.1]."""
    return max(spec.stride) > 1 and max(spec.dilation) > 1


def _conv(spec: OpSpec, padding: str) -> KerasBuild:
    """Rules (keras.io/api/layers/convolution_layers):

    1. Depthwise layers exist for 1 and 2 axes; they take stride with dilation as well.
    2. Conv layers refuse stride with dilation, tf.nn.conv1d/2d/3d do not.
    """
    c_in, c_out = spec.channels
    if spec.rank < 3 and spec.group == c_in > 1:
        return KerasBuild(steps=(_depthwise(spec, padding, c_out // c_in),))  # rule 1
    if _strided_and_dilated(spec):
        return _tf_conv(spec, padding)  # rule 2
    groups = (("groups", spec.group),) if spec.group > 1 else ()
    step = Step(
        name=f"Conv{spec.rank}D",
        arguments=(
            ("filters", c_out),
            *_geometry(spec, padding),
            *groups,
            *_use_bias(spec),
        ),
        weights="conv",
        bias=spec.bias,
    )
    return KerasBuild(steps=(step,))


def _depthwise(spec: OpSpec, padding: str, multiplier: int) -> Step:
    more = (("depth_multiplier", multiplier),) if multiplier > 1 else ()
    return Step(
        name=f"DepthwiseConv{spec.rank}D",
        arguments=(*_geometry(spec, padding), *more, *_use_bias(spec)),
        weights="depthwise",
        bias=spec.bias,
    )


def _tf_numbers(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """tf.nn.conv1d takes one int, conv3d five, conv2d either."""
    if len(values) == 3:
        return (1, *values, 1)
    return values[0] if len(set(values)) == 1 else (1, *values, 1)


def _tf_conv(spec: OpSpec, padding: str) -> KerasBuild:
    """tf.nn.conv3d on the CPU takes no groups [tensorflow 2.21.0], so there they are split."""
    split = spec.group if spec.rank == 3 else 1
    step = Step(
        name=f"tf.nn.conv{spec.rank}d",
        arguments=(
            ("stride" if spec.rank == 1 else "strides", _tf_numbers(spec.stride)),
            ("padding", padding.upper()),
            ("dilations", _tf_numbers(spec.dilation)),
        ),
        weights="conv",
        bias=spec.bias,
        split=split,
    )
    notes = ["Keras layers refuse strides with dilation_rate; `tf.nn` takes both"]
    if split > 1:
        notes.append("`tf.nn.conv3d` takes no groups on a CPU, so they are split")
    return KerasBuild(steps=(step,), notes=tuple(notes))


def _pool(spec: OpSpec, padding: str) -> Step:
    """Keras takes the pool size for the stride unless told, so it is always told."""
    kind = "Max" if spec.kind is OpKind.MAX_POOL else "Average"
    return Step(
        name=f"{kind}Pooling{spec.rank}D",
        arguments=(
            ("pool_size", spec.kernel_size),
            ("strides", spec.stride),
            ("padding", padding),
        ),
    )


def _dilated_pool(spec: OpSpec, padding: str) -> KerasBuild:
    """Rules (tf.nn.pool):

    1. Dilation is taken with VALID only.
    2. Dilation is refused with a stride, so the stride is taken by slicing.
    """
    if padding == "same":  # rule 1
        return KerasBuild(
            reason="Keras pooling layers have no dilation, and tf.nn.pool none with SAME"
        )
    kind = "MAX" if spec.kind is OpKind.MAX_POOL else "AVG"
    pool = Step(
        name="tf.nn.pool",
        arguments=(
            ("window_shape", spec.kernel_size),
            ("pooling_type", kind),
            ("padding", "VALID"),
            ("dilations", spec.dilation),
        ),
    )
    stride = Step(name="tf.strided", arguments=(("strides", spec.stride),))
    steps = (pool,) if set(spec.stride) == {1} else (pool, stride)  # rule 2
    return KerasBuild(
        steps=steps, notes=("Keras pooling layers have no dilation; `tf.nn.pool` has",)
    )


def _lp_pool(spec: OpSpec, padding: str) -> KerasBuild:
    """|x| ** p summed by a depthwise convolution with ones, and the root taken."""
    if spec.rank > 2:
        return KerasBuild(reason=f"Keras has no Lp pooling, and no DepthwiseConv{spec.rank}D")
    total = Step(
        name=f"DepthwiseConv{spec.rank}D",
        arguments=(
            *_geometry(spec, padding),
            ("depthwise_initializer", "ones"),
            ("use_bias", False),
        ),
    )
    power = Step(name="tf.abs", arguments=(("p", spec.p),))
    root = Step(name="tf.root", arguments=(("p", spec.p),))
    return KerasBuild(
        steps=(power, total, root),
        notes=("Keras has no Lp pooling; a depthwise convolution with ones sums abs(x) ** p",),
    )


def _transposed(spec: OpSpec, padding: str) -> KerasBuild:
    """Rules (keras.io Conv2DTranspose; measured, keras 3.15.1):

    1. "same" leaves n * stride, "valid" max(full, n * stride) elements.
    2. There is no output_padding with crops of one's own, so "valid" is cropped afterwards.
    3. Stride with dilation is refused, but by tf.nn.conv2d_transpose it is taken.
    4. There are no groups: they are split.
    """
    steps, notes = [], []
    axes = transposed_axes(spec, at_least_stride=True)  # rule 1
    inputs = tuple((axis.zeros_before, axis.zeros_after) for axis in axes)
    crops = tuple((axis.crop_before, axis.crop_after) for axis in axes)
    if padding == "valid":
        steps += list(_layer_unless_zero(f"ZeroPadding{spec.rank}D", "padding", inputs))
    if _strided_and_dilated(spec):
        added = inputs if padding == "valid" else ((0, 0),) * spec.rank
        steps.append(_tf_transposed(spec, padding, added))  # rule 3
        notes.append("Keras layers refuse strides with dilation_rate; `tf.nn` takes both")
    else:
        steps.append(_transposed_layer(spec, padding))
    if padding == "valid":  # rule 2
        steps += list(_layer_unless_zero(f"Cropping{spec.rank}D", "cropping", crops))
    if spec.group > 1:  # rule 4
        notes.append(f"Keras Conv{spec.rank}DTranspose has no groups, so they are split")
    return KerasBuild(steps=tuple(steps), notes=tuple(notes))


def _transposed_layer(spec: OpSpec, padding: str) -> Step:
    return Step(
        name=f"Conv{spec.rank}DTranspose",
        arguments=(
            ("filters", spec.channels[1] // spec.group),
            *_geometry(spec, padding),
            *_use_bias(spec),
        ),
        weights="transposed",
        bias=spec.bias,
        split=spec.group,
    )


def _tf_transposed(spec: OpSpec, padding: str, added: PadPairs) -> Step:
    """The output shape is told: n * stride for SAME, max(full, n * stride) for VALID."""
    sizes = []
    for n, window, (before, after) in zip(spec.input_size, spec.windows, added, strict=True):
        overlap = max(window.effective_kernel - window.stride, 0) if padding == "valid" else 0
        sizes.append((n + before + after) * window.stride + overlap)
    return Step(
        name=f"tf.nn.conv{spec.rank}d_transpose",
        arguments=(
            ("output_shape", (*sizes, spec.channels[1] // spec.group)),
            ("strides", _tf_numbers(spec.stride)),
            ("padding", padding.upper()),
            ("dilations", _tf_numbers(spec.dilation)),
        ),
        weights="transposed",
        bias=spec.bias,
        split=spec.group,
    )

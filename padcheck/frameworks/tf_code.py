"""An op in functions of `tf`, as text: what tf.nn runs and LiteRT's converter takes.

Plain ints; loads nothing of TensorFlow. `padding` is "SAME", "VALID" after zeros, or PADDED.
Facts: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.frameworks.lowering import (
    NO_OUTPUT,
    floor_pads,
    same_upper,
    transposed_axes,
    zero_padded,
)
from padcheck.frameworks.padding import Padding, padded_op, padded_spec
from padcheck.frameworks.spelling import call, pair_tuple, real
from padcheck.geometry import full_size
from padcheck.records import OpKind, OpSpec

__all__ = ["PADDED", "computed_spec", "no_output", "no_words", "op_padding", "statements"]

#: VALID after pads that hold what the op wants.
PADDED = "PADDED"


def computed_spec(spec: OpSpec, padding: str) -> OpSpec:
    """The op that is computed: SAME_UPPER, explicit zeros that are input to it, or itself."""
    if padding == PADDED:
        return padded_spec(spec)
    return same_upper(spec) if padding == "SAME" else zero_padded(spec)


def op_padding(padding: str) -> str:
    """What the op itself is given: "SAME" or "VALID"."""
    return "VALID" if padding == PADDED else padding


def no_words(spec: OpSpec, padding: str) -> str | None:
    """Why tf.nn cannot express the op, or None (tf.nn.pool: dilation with VALID only)."""
    pool = spec.kind in (OpKind.MAX_POOL, OpKind.AVERAGE_POOL)
    if pool and padding == "SAME" and set(spec.dilation) != {1}:
        return "tf.nn.pool has no dilation with SAME"
    if padding == PADDED and spec.kind is not OpKind.CONV_TRANSPOSE:
        return padded_op(spec).reason
    return None


def no_output(spec: OpSpec, padding: str) -> str | None:
    """Why the op is not run at this size, or None."""
    return NO_OUTPUT if 0 in computed_spec(spec, padding).output_size else None


def statements(spec: OpSpec, padding: str, *, dilated_depthwise: bool = False) -> Iterator[str]:
    """Statements on x (N, *spatial, C) and `kernel` (*k, I/group, O), with `bias` (O,).

    A depthwise call takes a `kernel` of (*k, C, multiplier); `dilated_depthwise` has a dilated
    one be such a call, which no CPU kernel of TensorFlow runs [2.21.0], instead of a conv.
    """
    if spec.kind is OpKind.CONV_TRANSPOSE:
        yield from _transposed(spec, op_padding(padding))
    elif padding == PADDED:
        yield from _padded_op(spec, dilated_depthwise)
    else:
        if padding == "VALID":
            yield from _padded(Padding(floor_pads(spec)))
        yield from _windowed(spec, padding, dilated_depthwise)
    if spec.bias:
        yield "x = tf.nn.bias_add(x, bias)"


def _padded_op(spec: OpSpec, dilated_depthwise: bool) -> Iterator[str]:
    """Pads of the op's own, then VALID; an average is divided by its averaged mask."""
    plan = padded_op(spec)
    if plan.mask is not None:
        yield "mask = tf.ones_like(x)"
        for padding in plan.mask:
            yield from _padded(padding, "mask")
        yield from _pool(spec, "VALID", "mask")
    yield from _padded(plan.padding, sizes=spec.input_size)
    yield from _windowed(spec, "VALID", dilated_depthwise)
    if plan.mask is not None:
        yield "x = x / mask"


def _padded(padding: Padding, x: str = "x", sizes: tuple[int, ...] = ()) -> Iterator[str]:
    """Pads first: what is cropped may be as long as the input. `sizes` for border modes only."""
    if padding.mode in ("edge", "wrap"):
        for axis, border in padding.borders(sizes):
            yield f"{x} = {call('tf.gather', x, str(border), axis=axis + 1)}"
    elif padding.adds:
        pairs, fill = pair_tuple(((0, 0), *padding.added, (0, 0))), padding.fill
        mode = None if padding.mode == "constant" else _quoted(padding.mode.upper())
        value = real(fill) if fill != 0 and mode is None else None
        yield f"{x} = {call('tf.pad', x, pairs, mode=mode, constant_values=value)}"
    if padding.crops:
        yield f"{x} = {x}[:, {', '.join(_kept(*pair) for pair in padding.pads)}]"


def _kept(before: int, after: int) -> str:
    return f"{max(-before, 0) or ''}:{after if after < 0 else ''}"


def _numbers(values: tuple[int, ...]) -> str:
    """Rank 1 takes an int, rank 3 all five numbers, rank 2 either."""
    if len(values) < 3 and len(set(values)) == 1:
        return str(values[0])
    return str((1, *values, 1))


def _windowed(spec: OpSpec, padding: str, dilated_depthwise: bool) -> Iterator[str]:
    if spec.kind is OpKind.CONV:
        yield from _conv(spec, padding, dilated_depthwise)
        return
    if spec.kind is OpKind.LP_POOL:
        yield from _lp_pool(spec, padding)
        return
    yield from _pool(spec, padding, "x")


def _pool(spec: OpSpec, padding: str, x: str) -> Iterator[str]:
    maximum = spec.kind is OpKind.MAX_POOL
    if set(spec.dilation) == {1}:
        name = f"tf.nn.{'max' if maximum else 'avg'}_pool{spec.rank}d"
        # the ranks differ in what they take, but all take one int or one per axis
        ksize, strides = _per_axis(spec.kernel_size), _per_axis(spec.stride)
        yield f"{x} = {call(name, x, ksize=ksize, strides=strides, padding=_quoted(padding))}"
        return
    kind = _quoted("MAX" if maximum else "AVG")
    window, dilations = str(spec.kernel_size), str(spec.dilation)
    pool = call("tf.nn.pool", x, window, kind, padding='"VALID"', dilations=dilations)
    yield f"{x} = {pool}"
    if set(spec.stride) != {1}:
        yield f"{x} = {x}[:, {', '.join(f'::{step}' for step in spec.stride)}]"


def _per_axis(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(values)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _conv(spec: OpSpec, padding: str, dilated_depthwise: bool) -> Iterator[str]:
    depthwise = spec.rank == 2 and spec.group == spec.channels[0] > 1
    if depthwise and set(spec.dilation) != {1} and dilated_depthwise:
        yield from _dilated_depthwise(spec, padding)
        return
    if depthwise and set(spec.dilation) == {1}:
        strides = str((1, *spec.stride, 1))
        arguments = {"strides": strides, "padding": _quoted(padding)}
        yield f"x = {call('tf.nn.depthwise_conv2d', 'x', 'kernel', **arguments)}"
        return
    stride = "stride" if spec.rank == 1 else "strides"
    arguments = {stride: _numbers(spec.stride), "padding": _quoted(padding)}
    if set(spec.dilation) != {1}:
        arguments["dilations"] = _numbers(spec.dilation)
    name = f"tf.nn.conv{spec.rank}d"
    if spec.rank < 3 or spec.group == 1:
        yield f"x = {call(name, 'x', 'kernel', **arguments)}"
        return
    yield from _split(call(name, "part", "piece", **arguments), spec.group, -1)


def _dilated_depthwise(spec: OpSpec, padding: str) -> Iterator[str]:
    """tf.nn.depthwise_conv2d with stride and dilation returns wrong values [2.21.0]."""
    numbers = {
        "strides": str((1, *spec.stride, 1)),
        "padding": _quoted(padding),
        "dilations": str((1, *spec.dilation, 1)),
    }
    native = call("tf.raw_ops.DepthwiseConv2dNative", input="x", filter="kernel", **numbers)
    yield f"x = {native}"


def _split(applied: str, groups: int, kernel_axis: int) -> Iterator[str]:
    """What has no groups, done group by group."""
    yield f"parts = zip(tf.split(x, {groups}, -1), tf.split(kernel, {groups}, {kernel_axis}))"
    yield f"x = tf.concat([{applied} for part, piece in parts], -1)"


def _lp_pool(spec: OpSpec, padding: str) -> Iterator[str]:
    """A kernel of ones from each channel to itself sums it."""
    ones = f"tf.ones(({', '.join(str(k) for k in spec.kernel_size)}, 1, 1))"
    stride = "stride" if spec.rank == 1 else "strides"
    arguments = {stride: _numbers(spec.stride), "padding": _quoted(padding)}
    if set(spec.dilation) != {1}:
        arguments["dilations"] = _numbers(spec.dilation)
    powers = f"tf.abs(x) ** {spec.p}"
    yield f"ones = {ones} * tf.eye(x.shape[-1])"
    yield f"x = {call(f'tf.nn.conv{spec.rank}d', powers, 'ones', **arguments)} ** (1 / {spec.p})"


def _transposed(spec: OpSpec, padding: str) -> Iterator[str]:
    """`kernel` is (*k, O/group, I)."""
    if padding == "SAME":
        sizes = [n * s for n, s in zip(spec.input_size, spec.stride, strict=True)]
        yield from _transposed_call(spec, padding, sizes)
        return
    axes = transposed_axes(spec, at_least_stride=False)
    yield from _padded(Padding(tuple((axis.zeros_before, axis.zeros_after) for axis in axes)))
    sizes = [
        full_size(n + axis.zeros_before + axis.zeros_after, window)
        for n, window, axis in zip(spec.input_size, spec.windows, axes, strict=True)
    ]
    yield from _transposed_call(spec, padding, sizes)
    yield from _padded(Padding(tuple((-axis.crop_before, -axis.crop_after) for axis in axes)))


def _transposed_call(spec: OpSpec, padding: str, sizes: list[int]) -> Iterator[str]:
    x, kernel = ("x", "kernel") if spec.group == 1 else ("part", "piece")
    shape = ", ".join(str(size) for size in (*sizes, spec.channels[1] // spec.group))
    arguments = {
        "output_shape": f"({x}.shape[0], {shape})",
        "strides": _numbers(spec.stride),
        "padding": _quoted(padding),
    }
    if set(spec.dilation) != {1}:
        arguments["dilations"] = _numbers(spec.dilation)
    applied = call(f"tf.nn.conv{spec.rank}d_transpose", x, kernel, **arguments)
    if spec.group == 1:
        yield f"x = {applied}"
    else:
        yield from _split(applied, spec.group, -1)

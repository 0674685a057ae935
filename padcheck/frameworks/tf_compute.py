"""An op computed by `tf_ops`: eagerly, or as the graph of a `tf.function`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from padcheck.frameworks import tf_ops
from padcheck.frameworks.lowering import floor_pads, transposed_axes
from padcheck.frameworks.padding import padded_op
from padcheck.frameworks.tf_code import PADDED, op_padding
from padcheck.geometry import full_size
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["compute", "laid_out", "moved"]


def moved(array: np.ndarray, source: Any, target: Any) -> np.ndarray:
    """Contiguous float32 with axes moved."""
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(array, source, target), dtype=np.float32)


def laid_out(spec: OpSpec, weight: np.ndarray) -> np.ndarray:
    """A weight as TensorFlow's ops take it, the output channels of all groups side by side.

    (O, I/group, *k) -> (*k, I/group, O), depthwise (C * m, 1, *k) -> (*k, C, m), transposed
    (I, O/group, *k) -> (*k, O/group, I).
    """
    if _is_depthwise(spec):
        split = weight.reshape(spec.channels[0], -1, *spec.kernel_size)
        return moved(split, (0, 1), (-2, -1))
    return moved(weight, (0, 1), (-1, -2))


def _is_depthwise(spec: OpSpec) -> bool:
    conv = spec.kind is OpKind.CONV
    return conv and spec.rank < 3 and spec.group == spec.channels[0] > 1


def compute(
    spec: OpSpec,
    padding: str,
    x: Any,
    weight: Any,
    bias: np.ndarray | None,
    *,
    dilated_depthwise: bool = False,
) -> Any:
    """The output, channels last: `padding` is "SAME", "VALID" after explicit zeros, or PADDED.

    `x` is a tensor (N, *spatial, C), `weight` and `bias` as `OpSpec.weight_shape` says; `weight`
    may be a tensor, as `laid_out` has it. Lp pools give the p-th power of the norm.
    `dilated_depthwise`: as `tf_code.statements` has it.
    """
    y = _computed(spec, padding, x, weight, dilated_depthwise)
    return y if bias is None else tf_ops.tensorflow().nn.bias_add(y, bias)


def _computed(spec: OpSpec, padding: str, x: Any, weight: Any, dilated_depthwise: bool) -> Any:
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed(spec, op_padding(padding), x, weight)
    if padding == PADDED:
        return _padded_op(spec, x, weight, dilated_depthwise)
    if padding == "VALID":
        x = tf_ops.zero_pad(x, floor_pads(spec))
    return _windowed(spec, padding, x, weight, dilated_depthwise)


def _padded_op(spec: OpSpec, x: Any, weight: Any, dilated_depthwise: bool) -> Any:
    """Pads of the op's own, then VALID; an average is divided by its averaged mask."""
    plan = padded_op(spec)
    padded = tf_ops.pad(x, plan.padding)
    y = _windowed(spec, "VALID", padded, weight, dilated_depthwise)
    if plan.mask is None:
        return y
    mask = functools.reduce(tf_ops.pad, plan.mask, tf_ops.tensorflow().ones_like(x))
    return y / _windowed(spec, "VALID", mask, None, dilated_depthwise)


def _windowed(spec: OpSpec, padding: str, x: Any, weight: Any, dilated_depthwise: bool) -> Any:
    if spec.kind is OpKind.CONV:
        return _conv(spec, padding, x, weight, dilated_depthwise)
    if spec.kind is OpKind.LP_POOL:
        return _lp_pool(spec, padding, x)
    kind = "MAX" if spec.kind is OpKind.MAX_POOL else "AVG"
    if set(spec.dilation) != {1}:
        return tf_ops.dilated_pool(x, kind, spec.kernel_size, spec.stride, spec.dilation)
    pool = tf_ops.max_pool if kind == "MAX" else tf_ops.average_pool
    return pool(x, spec.kernel_size, spec.stride, padding)


def _conv(spec: OpSpec, padding: str, x: Any, weight: Any, dilated_depthwise: bool) -> Any:
    kernel = _kernel(spec, weight)
    if _is_depthwise(spec):
        depthwise = tf_ops.depthwise_native if dilated_depthwise else tf_ops.depthwise_conv
        return depthwise(x, kernel, spec.stride, spec.dilation, padding)
    return tf_ops.conv(x, kernel, spec.stride, spec.dilation, padding)


def _kernel(spec: OpSpec, weight: Any) -> Any:
    """The weight as a tensor."""
    tf = tf_ops.tensorflow()
    return weight if tf.is_tensor(weight) else tf.constant(laid_out(spec, weight))


def _lp_pool(spec: OpSpec, padding: str, x: Any) -> Any:
    """abs(x) ** p summed by a kernel of ones from each channel to itself."""
    tf = tf_ops.tensorflow()
    ones = tf.ones((*spec.kernel_size, 1, 1)) * tf.eye(x.shape[-1])
    return tf_ops.conv(tf.abs(x) ** spec.p, ones, spec.stride, spec.dilation, padding)


def _transposed(spec: OpSpec, padding: str, x: Any, weight: Any) -> Any:
    """Groups are split; VALID gives the full output, which is then cropped."""
    if padding == "SAME":
        sizes = tuple(n * s for n, s in zip(spec.input_size, spec.stride, strict=True))
        return _by_group(spec, padding, x, weight, sizes)
    axes = transposed_axes(spec, at_least_stride=False)
    x = tf_ops.zero_pad(x, [(axis.zeros_before, axis.zeros_after) for axis in axes])
    sizes = tuple(full_size(n, w) for n, w in zip(x.shape[1:-1], spec.windows, strict=True))
    full = _by_group(spec, padding, x, weight, sizes)
    return tf_ops.zero_pad(full, [(-axis.crop_before, -axis.crop_after) for axis in axes])


def _by_group(spec: OpSpec, padding: str, x: Any, weight: Any, sizes: tuple[int, ...]) -> Any:
    tf, kernel, groups = tf_ops.tensorflow(), _kernel(spec, weight), spec.group
    inputs = tf.split(x, groups, -1) if groups > 1 else [x]
    kernels = tf.split(kernel, groups, -1) if groups > 1 else [kernel]
    outputs = [
        tf_ops.conv_transpose(part, piece, sizes, spec.stride, spec.dilation, padding)
        for part, piece in zip(inputs, kernels, strict=True)
    ]
    return tf.concat(outputs, -1) if groups > 1 else outputs[0]

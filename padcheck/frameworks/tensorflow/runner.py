"""TensorFlow at work through `ops`: CPU, float32, eager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.loading import translated
from padcheck.frameworks.lowering import floor_pads, transposed_axes
from padcheck.frameworks.tensorflow import ops
from padcheck.frameworks.tensorflow.dialect import refusal
from padcheck.geometry import full_size
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TensorFlowRunner"]


class TensorFlowRunner:
    """The lowerings `tf_same` and `tf_zeropad_valid` without Keras."""

    lowerings: tuple[str, ...] = ("tf_same", "tf_zeropad_valid")

    def versions(self) -> dict[str, str]:
        """{"tensorflow": version}; loads it."""
        return {"tensorflow": str(ops.tensorflow().__version__)}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec` as TensorFlow computes it.

        Raises UsageError for a lowering it does not have, FrameworkError for what TensorFlow
        raises or has no words for.
        """
        if lowering not in self.lowerings:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        tf = ops.tensorflow()
        reason = refusal(spec, lowering)
        if reason is not None:
            raise FrameworkError(f"tensorflow {tf.__version__}: {reason}")
        with translated("tensorflow", tf.__version__), tf.device("CPU:0"):
            y = _compute(spec, lowering, tf.constant(_moved(x, 1, -1)), weight)
            if bias is not None:
                y = tf.nn.bias_add(y, bias)
            return _moved(y.numpy(), -1, 1)


def _moved(array: np.ndarray, source: Any, target: Any) -> np.ndarray:
    """Contiguous float32 with axes moved."""
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(array, source, target), dtype=np.float32)


def _compute(spec: OpSpec, lowering: str, x: Any, weight: Any) -> Any:
    same = lowering == "tf_same"
    padding = "SAME" if same else "VALID"
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed(spec, padding, x, weight)
    if not same:
        x = ops.zero_pad(x, floor_pads(spec))
    if spec.kind is OpKind.CONV:
        return _conv(spec, padding, x, weight)
    if spec.kind is OpKind.LP_POOL:
        return _lp_pool(spec, padding, x)
    kind = "MAX" if spec.kind is OpKind.MAX_POOL else "AVG"
    if set(spec.dilation) != {1}:
        return ops.dilated_pool(x, kind, spec.kernel_size, spec.stride, spec.dilation)
    pool = ops.max_pool if kind == "MAX" else ops.average_pool
    return pool(x, spec.kernel_size, spec.stride, padding)


def _conv(spec: OpSpec, padding: str, x: Any, weight: np.ndarray) -> Any:
    """(O, I/group, *k) -> (*k, I/group, O), or depthwise (C * m, 1, *k) -> (*k, C, m)."""
    tf = ops.tensorflow()
    channels = spec.channels[0]
    if spec.rank < 3 and spec.group == channels > 1:
        split = weight.reshape(channels, -1, *spec.kernel_size)
        kernel = tf.constant(_moved(split, (0, 1), (-2, -1)))
        return ops.depthwise_conv(x, kernel, spec.stride, spec.dilation, padding)
    kernel = tf.constant(_moved(weight, (0, 1), (-1, -2)))
    return ops.conv(x, kernel, spec.stride, spec.dilation, padding)


def _lp_pool(spec: OpSpec, padding: str, x: Any) -> Any:
    """abs(x) ** p summed by a kernel of ones from each channel to itself."""
    tf = ops.tensorflow()
    ones = tf.ones((*spec.kernel_size, 1, 1)) * tf.eye(x.shape[-1])
    return ops.conv(tf.abs(x) ** spec.p, ones, spec.stride, spec.dilation, padding)


def _transposed(spec: OpSpec, padding: str, x: Any, weight: np.ndarray) -> Any:
    """Groups are split; VALID gives the full output, which is then cropped."""
    if padding == "SAME":
        sizes = tuple(n * s for n, s in zip(spec.input_size, spec.stride, strict=True))
        return _by_group(spec, padding, x, weight, sizes)
    axes = transposed_axes(spec, at_least_stride=False)
    x = ops.zero_pad(x, [(axis.zeros_before, axis.zeros_after) for axis in axes])
    sizes = tuple(full_size(n, w) for n, w in zip(x.shape[1:-1], spec.windows, strict=True))
    full = _by_group(spec, padding, x, weight, sizes)
    return ops.zero_pad(full, [(-axis.crop_before, -axis.crop_after) for axis in axes])


def _by_group(
    spec: OpSpec, padding: str, x: Any, weight: np.ndarray, sizes: tuple[int, ...]
) -> Any:
    """(I, O/group, *k) -> (*k, O/group, I/group) for each group."""
    import numpy as np

    tf = ops.tensorflow()
    inputs = tf.split(x, spec.group, -1) if spec.group > 1 else [x]
    outputs = [
        ops.conv_transpose(
            part, _moved(piece, (0, 1), (-1, -2)), sizes, spec.stride, spec.dilation, padding
        )
        for part, piece in zip(inputs, np.split(weight, spec.group), strict=True)
    ]
    return tf.concat(outputs, -1) if spec.group > 1 else outputs[0]

"""Keras on TensorFlow: where it has no layer, `tf.nn` has a function."""

from __future__ import annotations

from padcheck.frameworks.keras.backends import Backend, every_axis, taken
from padcheck.frameworks.keras.steps import Argument, KerasBuild, Step
from padcheck.frameworks.lowering import PadPairs
from padcheck.frameworks.padding import Padding
from padcheck.records import OpKind, OpSpec

__all__ = ["TENSORFLOW"]


class _TensorFlow(Backend):
    name = "tensorflow"
    module = "tf"
    functions = "tf.nn"
    extra = "tensorflow"
    same = "tf_same"
    zeropad_valid = "tf_zeropad_valid"
    pad_valid = "tf_pad_valid"

    def conv(self, spec: OpSpec, padding: str) -> KerasBuild:
        """tf.nn.conv3d on the CPU takes no groups [tensorflow 2.21.0], so there they are split."""
        split = spec.group if spec.rank == 3 else 1
        step = Step(
            name=f"tf.nn.conv{spec.rank}d",
            arguments=(
                ("stride" if spec.rank == 1 else "strides", _numbers(spec.stride)),
                ("padding", padding.upper()),
                ("dilations", _numbers(spec.dilation)),
            ),
            weights="conv",
            bias=spec.bias,
            split=split,
        )
        notes = [self.takes_both]
        if split > 1:
            notes.append("`tf.nn.conv3d` takes no groups on a CPU, so they are split")
        return KerasBuild(steps=(step,), notes=tuple(notes))

    def transposed(self, spec: OpSpec, padding: str, added: PadPairs) -> Step:
        """The output shape is told: n * stride for SAME, max(full, n * stride) for VALID."""
        sizes = []
        for n, window, (before, after) in zip(spec.input_size, spec.windows, added, strict=True):
            overlap = max(window.effective_kernel - window.stride, 0) if padding == "valid" else 0
            sizes.append((n + before + after) * window.stride + overlap)
        return Step(
            name=f"tf.nn.conv{spec.rank}d_transpose",
            arguments=(
                ("output_shape", (*sizes, spec.channels[1] // spec.group)),
                ("strides", _numbers(spec.stride)),
                ("padding", padding.upper()),
                ("dilations", _numbers(spec.dilation)),
            ),
            weights="transposed",
            bias=spec.bias,
            split=spec.group,
        )

    def dilated_pool(self, spec: OpSpec, padding: str) -> KerasBuild:
        """Rules (tf.nn.pool):

        1. Dilation is taken with VALID only.
        2. Dilation is refused with a stride, so the stride is taken by slicing.
        """
        if padding == "same":  # rule 1
            return KerasBuild(
                reason="Keras pooling layers have no dilation, and tf.nn.pool none with SAME"
            )
        pool = Step(
            name="tf.nn.pool",
            arguments=(
                ("window_shape", spec.kernel_size),
                ("pooling_type", "MAX" if spec.kind is OpKind.MAX_POOL else "AVG"),
                ("padding", "VALID"),
                ("dilations", spec.dilation),
            ),
        )
        stride = Step(name="strided", arguments=(("strides", spec.stride),))
        steps = (pool,) if set(spec.stride) == {1} else (pool, stride)  # rule 2
        return KerasBuild(
            steps=steps, notes=("Keras pooling layers have no dilation; `tf.nn.pool` has",)
        )

    def pad(self, padding: Padding, input_size: tuple[int, ...]) -> KerasBuild:
        """tf.pad has no mode for edge and wrap."""
        if padding.mode in ("edge", "wrap"):
            note = f"tf.pad has no mode for {padding.mode!r} pads; `tf.gather` repeats the inputs"
            return KerasBuild(steps=taken("tf.gather", padding, input_size), notes=(note,))
        how: tuple[str, Argument] = ("constant_values", padding.fill)
        if padding.mode != "constant":
            how = ("mode", padding.mode.upper())
        step = Step(name="tf.pad", arguments=(("paddings", every_axis(padding)), how))
        return KerasBuild(steps=(step,))

    def joined(self, parts: str) -> str:
        return f"tf.concat({parts}, axis=-1)"

    def biased(self, x: str) -> str:
        return f"tf.nn.bias_add({x}, bias)"


TENSORFLOW = _TensorFlow()


def _numbers(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """tf.nn.conv1d takes one int, conv3d five, conv2d either."""
    if len(values) == 3:
        return (1, *values, 1)
    return values[0] if len(set(values)) == 1 else (1, *values, 1)

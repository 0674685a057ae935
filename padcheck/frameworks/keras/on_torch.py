"""Keras on PyTorch: where it has no layer, `keras.ops` may have a function.

Source: https://keras.io/api/ops/nn/
"""

from __future__ import annotations

from padcheck.frameworks.keras.backends import Backend, every_axis, taken
from padcheck.frameworks.keras.steps import Argument, KerasBuild, Step
from padcheck.frameworks.lowering import PadPairs
from padcheck.frameworks.padding import Padding
from padcheck.records import OpSpec

__all__ = ["TORCH"]


class _Torch(Backend):
    name = "torch"
    module = "ops"
    functions = "keras.ops"
    extra = "keras-torch"
    same = "keras_torch_same"
    zeropad_valid = "keras_torch_zeropad_valid"
    pad_valid = "keras_torch_pad_valid"

    def conv(self, spec: OpSpec, padding: str) -> KerasBuild:
        """The groups are those that the kernel's shape says."""
        step = Step(
            name="ops.conv", arguments=_geometry(spec, padding), weights="conv", bias=spec.bias
        )
        return KerasBuild(steps=(step,), notes=(self.takes_both,))

    def transposed(self, spec: OpSpec, padding: str, added: PadPairs) -> Step:
        return Step(
            name="ops.conv_transpose",
            arguments=_geometry(spec, padding),
            weights="transposed",
            bias=spec.bias,
            split=spec.group,
        )

    def dilated_pool(self, spec: OpSpec, padding: str) -> KerasBuild:
        return KerasBuild(reason="Keras pooling layers have no dilation, nor has keras.ops")

    def pad(self, padding: Padding, input_size: tuple[int, ...]) -> KerasBuild:
        """Rules (measured, keras 3.15.1):

        1. ops.pad takes a constant, and reflects on 1 and 2 axes; edge and wrap it refuses.
        2. For symmetric it repeats the edge: https://github.com/keras-team/keras/pull/23230
        """
        mode, pairs = padding.mode, ("pad_width", every_axis(padding))
        how: tuple[str, Argument] = ("mode", mode)
        if mode == "constant":
            how = ("constant_values", padding.fill)
        elif mode != "reflect" or len(input_size) > 2:
            note = f"ops.pad has no {mode} pads here; `ops.take` repeats the inputs"
            if mode == "symmetric":  # rule 2
                note = "on torch ops.pad repeats the edge for symmetric pads; `ops.take` mirrors it"
            return KerasBuild(steps=taken("ops.take", padding, input_size), notes=(note,))
        return KerasBuild(steps=(Step(name="ops.pad", arguments=(pairs, how)),))  # rule 1

    def joined(self, parts: str) -> str:
        return f"ops.concatenate({parts}, axis=-1)"

    def biased(self, x: str) -> str:
        return f"{x} + bias"


TORCH = _Torch()


def _geometry(spec: OpSpec, padding: str) -> tuple[tuple[str, Argument], ...]:
    return (("strides", spec.stride), ("padding", padding), ("dilation_rate", spec.dilation))

"""Keras on PyTorch: where it has no layer, `keras.ops` may have a function.

Source: https://keras.io/api/ops/nn/
"""

from __future__ import annotations

from padcheck.frameworks.keras.backends import Backend
from padcheck.frameworks.keras.steps import Argument, KerasBuild, Step
from padcheck.frameworks.lowering import PadPairs
from padcheck.records import OpKind, OpSpec

__all__ = ["TORCH"]


class _Torch(Backend):
    name = "torch"
    module = "ops"
    functions = "keras.ops"
    extra = "keras-torch"
    same = "keras_torch_same"
    zeropad_valid = "keras_torch_zeropad_valid"

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

    def joined(self, parts: str) -> str:
        return f"ops.concatenate({parts}, axis=-1)"

    def biased(self, x: str) -> str:
        return f"{x} + bias"

    def pooled(self, kind: OpKind, x: str, window: str, rank: int) -> str:
        word = "max" if kind is OpKind.MAX_POOL else "average"
        return f'ops.{word}_pool({x}, {window}, "valid")'


TORCH = _Torch()


def _geometry(spec: OpSpec, padding: str) -> tuple[tuple[str, Argument], ...]:
    return (("strides", spec.stride), ("padding", padding), ("dilation_rate", spec.dilation))

"""Running the code that the Keras dialects write, as a user would, on the backend at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import Example


def run_code(code: Sequence[str], spec: OpSpec, case: Example) -> np.ndarray:
    """What the lines make of the example's x, (N, C, *spatial), the layers given its weights.

    Lines are layers to be applied one after the other, or statements on `x`.
    """
    names: dict[str, Any] = {"np": np, "ops": keras.ops, "layers": _Layers(spec, case)}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        names["tf"] = tf
    x = keras.ops.convert_to_tensor(np.moveaxis(case.x, 1, -1))
    if not code[0].startswith(("x =", "parts =", "pads =", "mask =")):
        for line in code:
            x = eval(line, names)(x)
        return _channels_first(x)
    names["x"] = x
    if case.bias is not None:
        names["bias"] = keras.ops.convert_to_tensor(case.bias)
    if case.weight is not None:
        names["kernel"] = keras.ops.convert_to_tensor(np.moveaxis(case.weight, (0, 1), (-1, -2)))
    for line in code:
        exec(line, names)
    y = _channels_first(names["x"])
    return y**spec.p if spec.kind is OpKind.LP_POOL else y


def _channels_first(y: Any) -> np.ndarray:
    return np.moveaxis(keras.ops.convert_to_numpy(y), -1, 1)


class _Layers:
    """`keras.layers`, each weighted layer made gets the next group's weights."""

    def __init__(self, spec, case):  # type: ignore[no-untyped-def]
        self._spec, self._case = spec, case
        self._made = 0

    def __getattr__(self, name):  # type: ignore[no-untyped-def]
        def make(*arguments, **keywords):  # type: ignore[no-untyped-def]
            layer = getattr(keras.layers, name)(*arguments, **keywords)
            if self._case.weight is None or "Conv" not in name:
                return layer
            return self._weighted(layer, name)

        return make

    def _weighted(self, layer, name):  # type: ignore[no-untyped-def]
        weight, bias = self._case.weight, self._case.bias
        groups = self._spec.group if "Transpose" in name else 1
        channels = self._spec.channels[0] // groups
        weight = np.split(weight, groups)[self._made]
        biases = None if bias is None else np.split(bias, groups)[self._made]
        self._made += 1
        if "Depthwise" in name:
            kernel = weight.reshape(channels, -1, *self._spec.kernel_size)
            kernel = np.moveaxis(kernel, (0, 1), (-2, -1))
        else:
            kernel = np.moveaxis(weight, (0, 1), (-1, -2))
        layer.build((None, *[None] * self._spec.rank, channels))
        layer.set_weights([kernel] if biases is None else [kernel, biases])
        return layer

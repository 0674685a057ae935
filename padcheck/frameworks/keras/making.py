"""Keras layers made of steps, and weights as they take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.frameworks.keras.steps import Step
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["kernels", "made_layer", "parts", "set_weights"]


def made_layer(keras: Any, step: Step) -> Any:
    """A layer that ignores the user's keras.json; its weights start at 0, to be set."""
    keywords: dict[str, Any] = dict(step.arguments)
    keywords["dtype"] = "float32"
    if step.weights:
        name = "depthwise_initializer" if step.weights == "depthwise" else "kernel_initializer"
        keywords[name] = "zeros"
    if step.name not in ("Cropping1D", "ZeroPadding1D"):
        keywords["data_format"] = "channels_last"
    return getattr(keras.layers, step.name)(**keywords)


def parts(array: np.ndarray, count: int) -> list[np.ndarray]:
    """An array in equal parts along its first axis."""
    import numpy as np

    return np.split(array, count)


def kernels(spec: OpSpec, step: Step, weight: np.ndarray) -> list[np.ndarray]:
    """One kernel per group split, in Keras's layout: spatial axes first.

    (O, I/group, *k) -> (*k, I/group, O) or, depthwise, (C * m, 1, *k) -> (*k, C, m);
    transposed: (I, O/group, *k) -> (*k, O/group, I/group).
    """
    import numpy as np

    if step.weights == "depthwise":
        channels = spec.channels[0]
        weight = weight.reshape(channels, -1, *spec.kernel_size)
        return [np.moveaxis(weight, (0, 1), (-2, -1))]
    return [np.moveaxis(part, (0, 1), (-1, -2)) for part in parts(weight, step.split)]


def set_weights(layer: Any, kernel: np.ndarray, bias: Any) -> None:
    """Gives a layer that is built its numbers; `bias` None is none."""
    layer.kernel.assign(kernel)
    if bias is not None:
        layer.bias.assign(bias)

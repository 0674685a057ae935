"""Keras layers at work: built, given weights and called eagerly; CPU, float32, channels last."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.keras.backends import Backend
from padcheck.frameworks.keras.build import build_for, computed_spec
from padcheck.frameworks.keras.loaded import keras_on, versions_on
from padcheck.frameworks.keras.making import kernels, made_layer, parts, set_weights
from padcheck.frameworks.keras.on_tensorflow import TENSORFLOW
from padcheck.frameworks.keras.on_torch import TORCH
from padcheck.frameworks.keras.steps import KerasBuild, Step
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.lowering import NO_OUTPUT
from padcheck.frameworks.padding import Border
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KerasRunner", "KerasTorchRunner"]

#: How many ops keep their layers, for the next probe of the same op.
CACHED = 128


class KerasRunner:
    """Carries out the plan of `build_for` with real layers, on TensorFlow."""

    backend: Backend = TENSORFLOW

    def __init__(self) -> None:
        self.lowerings: tuple[str, ...] = self.backend.lowerings
        self._layers = functools.lru_cache(maxsize=CACHED)(_layers)

    def versions(self) -> dict[str, str]:
        """Name -> version of Keras and its backend; loads both."""
        return versions_on(self.backend.name, self.backend.extra)

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec` as Keras computes it.

        Raises UsageError for a lowering it does not have, FrameworkError for what Keras raises
        or has no words for, and where Keras runs on another backend.
        """
        if lowering not in self.lowerings:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        keras = keras_on(self.backend.name, self.backend.extra)
        build, layers, masks = self._layers(spec, lowering, self.backend)
        if build.reason is not None:
            raise FrameworkError(f"keras {keras.__version__}: {build.reason}")
        with translated("keras", keras.__version__), keras.device("cpu:0"):
            values = keras.ops.convert_to_tensor(_channels_last(x))
            mask = keras.ops.ones_like(values) if build.mask else 1
            for step, made in zip(build.mask, masks, strict=True):
                mask = _apply(keras, spec, step, made, mask, None, None)
            for step, made in zip(build.steps, layers, strict=True):
                values = _apply(keras, spec, step, made, values, weight, bias)
            return _channels_first(keras.ops.convert_to_numpy(values / mask))


class KerasTorchRunner(KerasRunner):
    """The same layers, on PyTorch."""

    backend: Backend = TORCH


#: Per step the layers it needs: one per group, none for functions.
Layers = tuple[tuple[Any, ...], ...]


def _layers(spec: OpSpec, lowering: str, backend: Backend) -> tuple[KerasBuild, Layers, Layers]:
    """The plan, the layers of its steps, and those of its mask."""
    keras = keras_on(backend.name, backend.extra)
    build = build_for(spec, lowering, backend)
    if 0 in computed_spec(spec, lowering, backend).output_size:
        build = KerasBuild(reason=NO_OUTPUT)
    with translated("keras", keras.__version__):
        return build, _made(keras, build.steps), _made(keras, build.mask)


def _made(keras: Any, steps: Sequence[Step]) -> Layers:
    return tuple(
        tuple(made_layer(keras, step) for _ in range(step.split if step.is_layer else 0))
        for step in steps
    )


def _channels_last(x: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(x, 1, -1), dtype=np.float32)


def _channels_first(y: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(y, -1, 1))


def _apply(
    keras: Any, spec: OpSpec, step: Step, layers: tuple[Any, ...], x: Any, weight: Any, bias: Any
) -> Any:
    if not step.weights:
        return layers[0](x) if step.is_layer else _computed(keras, step, x)
    kernel = kernels(spec, step, weight)
    biases = [None] * step.split if bias is None else parts(bias, step.split)
    inputs = keras.ops.split(x, step.split, axis=-1) if step.split > 1 else [x]
    outputs = [
        _weighted(layers[i], inputs[i], kernel[i], biases[i])
        if step.is_layer
        else _convolved(keras, step, inputs[i], kernel[i], biases[i])
        for i in range(step.split)
    ]
    return keras.ops.concatenate(outputs, axis=-1) if step.split > 1 else outputs[0]


def _weighted(layer: Any, x: Any, kernel: np.ndarray, bias: Any) -> Any:
    if not layer.built:
        layer.build(x.shape)
    set_weights(layer, kernel, bias)
    return layer(x)


def _function(keras: Any, name: str) -> Any:
    """The function that `tf.nn.conv2d` or `ops.conv` names."""
    module, *names = name.split(".")
    root = keras.ops if module == "ops" else import_framework("tensorflow", extra="tensorflow")
    return functools.reduce(getattr, names, root)


def _convolved(keras: Any, step: Step, x: Any, kernel: np.ndarray, bias: Any) -> Any:
    arguments: dict[str, Any] = dict(step.arguments)
    if "output_shape" in arguments:
        arguments["output_shape"] = (x.shape[0], *arguments["output_shape"])
    if step.name.startswith("ops."):  # as the layers, whatever the user's keras.json says
        arguments["data_format"] = "channels_last"
    result = _function(keras, step.name)(x, kernel, **arguments)
    return result if bias is None else result + keras.ops.convert_to_tensor(bias)


def _computed(keras: Any, step: Step, x: Any) -> Any:
    arguments: dict[str, Any] = dict(step.arguments)
    if step.name == "root":  # the Runner protocol wants the p-th power of the norm
        return x
    if step.name == "strided":
        return x[(slice(None), *(slice(None, None, stride) for stride in arguments["strides"]))]
    function = _function(keras, step.name)
    if step.name.endswith(".abs"):
        return function(x) ** arguments["p"]
    return function(x, **{name: _plain(value) for name, value in arguments.items()})


def _plain(value: Any) -> Any:
    return list(value.positions) if isinstance(value, Border) else value

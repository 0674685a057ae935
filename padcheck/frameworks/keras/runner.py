"""Keras layers at work: built, given weights and called eagerly; CPU, float32, channels last."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.keras.build import KerasBuild, Step, build_for
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.lowering import NO_OUTPUT, same_upper, zero_padded
from padcheck.records import OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KerasRunner"]

#: How many ops keep their layers, for the next probe of the same op.
CACHED = 128


class KerasRunner:
    """Carries out the plan of `build_for` with real layers."""

    lowerings: tuple[str, ...] = ("tf_same", "tf_zeropad_valid")

    def __init__(self) -> None:
        self._layers = functools.lru_cache(maxsize=CACHED)(_layers)

    def versions(self) -> dict[str, str]:
        """{"keras": version, "tensorflow": version}; loads both."""
        keras, tf = _modules()
        return {"keras": str(keras.__version__), "tensorflow": str(tf.__version__)}

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
        or has no words for.
        """
        if lowering not in self.lowerings:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        keras, tf = _modules()
        build, layers = self._layers(spec, lowering)
        if build.reason is not None:
            raise FrameworkError(f"keras {keras.__version__}: {build.reason}")
        with translated("keras", keras.__version__), tf.device("CPU:0"):
            values = tf.constant(_channels_last(x))
            for step, made in zip(build.steps, layers, strict=True):
                values = _apply(spec, step, made, values, weight, bias)
            return _channels_first(values.numpy())


@functools.cache
def _modules() -> tuple[Any, Any]:
    """(keras, tensorflow), Keras on its TensorFlow backend or FrameworkError."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    keras = import_framework("keras", extra="tensorflow")
    if keras.backend.backend() != "tensorflow":
        raise FrameworkError(
            f"keras {keras.__version__}: runs on the {keras.backend.backend()} backend "
            "(set KERAS_BACKEND=tensorflow)"
        )
    return keras, import_framework("tensorflow", extra="tensorflow")


def _layers(spec: OpSpec, lowering: str) -> tuple[KerasBuild, tuple[Any, ...]]:
    """The plan, and per step the layers it needs: one per group, none for tf functions."""
    keras, _ = _modules()
    build = build_for(spec, lowering)
    computed = same_upper(spec) if lowering == "tf_same" else zero_padded(spec)
    if 0 in computed.output_size:
        build = KerasBuild(reason=NO_OUTPUT)
    with translated("keras", keras.__version__):
        return build, tuple(
            tuple(_layer(keras, step) for _ in range(step.split if step.is_layer else 0))
            for step in build.steps
        )


def _layer(keras: Any, step: Step) -> Any:
    """A layer that ignores the user's keras.json; its weights start at 0, to be set."""
    keywords: dict[str, Any] = dict(step.arguments)
    keywords["dtype"] = "float32"
    if step.weights:
        name = "depthwise_initializer" if step.weights == "depthwise" else "kernel_initializer"
        keywords[name] = "zeros"
    if step.name not in ("Cropping1D", "ZeroPadding1D"):
        keywords["data_format"] = "channels_last"
    return getattr(keras.layers, step.name)(**keywords)


def _channels_last(x: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(x, 1, -1), dtype=np.float32)


def _channels_first(y: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(y, -1, 1))


def _apply(
    spec: OpSpec, step: Step, layers: tuple[Any, ...], x: Any, weight: Any, bias: Any
) -> Any:
    if not step.weights:
        return layers[0](x) if step.is_layer else _tf_function(step, x)
    _, tf = _modules()
    kernels = _kernels(spec, step, weight)
    biases = [None] * step.split if bias is None else _parts(bias, step.split)
    inputs = tf.split(x, step.split, axis=-1) if step.split > 1 else [x]
    outputs = [
        _weighted(step, layers[i] if step.is_layer else None, inputs[i], kernels[i], biases[i])
        for i in range(step.split)
    ]
    return tf.concat(outputs, axis=-1) if step.split > 1 else outputs[0]


def _parts(array: np.ndarray, count: int) -> list[np.ndarray]:
    import numpy as np

    return np.split(array, count)


def _kernels(spec: OpSpec, step: Step, weight: np.ndarray) -> list[np.ndarray]:
    """One kernel per group split, in TensorFlow's layout: spatial axes first.

    (O, I/group, *k) -> (*k, I/group, O) or, depthwise, (C * m, 1, *k) -> (*k, C, m);
    transposed: (I, O/group, *k) -> (*k, O/group, I/group).
    """
    import numpy as np

    if step.weights == "depthwise":
        channels = spec.channels[0]
        weight = weight.reshape(channels, -1, *spec.kernel_size)
        return [np.moveaxis(weight, (0, 1), (-2, -1))]
    return [np.moveaxis(part, (0, 1), (-1, -2)) for part in _parts(weight, step.split)]


def _weighted(step: Step, layer: Any, x: Any, kernel: np.ndarray, bias: Any) -> Any:
    if layer is None:
        return _tf_conv(step, x, kernel, bias)
    if not layer.built:
        layer.build(x.shape)
    layer.kernel.assign(kernel)
    if bias is not None:
        layer.bias.assign(bias)
    return layer(x)


def _tf_conv(step: Step, x: Any, kernel: np.ndarray, bias: Any) -> Any:
    _, tf = _modules()
    arguments: dict[str, Any] = dict(step.arguments)
    if "output_shape" in arguments:
        arguments["output_shape"] = (x.shape[0], *arguments["output_shape"])
    result = getattr(tf.nn, step.name.removeprefix("tf.nn."))(x, kernel, **arguments)
    return result if bias is None else tf.nn.bias_add(result, bias)


def _tf_function(step: Step, x: Any) -> Any:
    _, tf = _modules()
    arguments: dict[str, Any] = dict(step.arguments)
    if step.name == "tf.abs":
        return tf.abs(x) ** arguments["p"]
    if step.name == "tf.root":  # the Runner protocol wants the p-th power of the norm
        return x
    if step.name == "tf.strided":
        return x[(slice(None), *(slice(None, None, stride) for stride in arguments["strides"]))]
    return tf.nn.pool(x, **arguments)

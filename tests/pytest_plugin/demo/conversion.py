"""An ONNX model as a Keras model, by onnx2keras: as it comes, and tidied up.

`python conversion.py` writes both from resnet_thin.onnx, as converted.keras and with_same.keras.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import keras
import onnx
from keras import layers, ops
from onnx2keras import onnx_to_keras

import padcheck

MODEL = Path(__file__).with_name("resnet_thin.onnx")


def as_converted(path: Path = MODEL) -> keras.Model:
    """Channels last, padding written out: a ZeroPadding2D called "<name>_pad", then VALID."""
    return onnx_to_keras(onnx.load(path), ["x"], change_ordering=True, verbose=False)


def with_same(path: Path = MODEL) -> keras.Model:
    """The same in fewer layers: `padding="same"` where a convolution had a ZeroPadding2D."""
    model = as_converted(path)
    names = {layer.name for layer in model.layers}
    convs = {layer.name for layer in model.layers if isinstance(layer, layers.Conv2D)}
    return rebuilt(model, same={name for name in convs if f"{name}_pad" in names})


def rebuilt(model: keras.Model, same: Collection[str] = ()) -> keras.Model:
    """The model with `padding="same"` in the layers named there, their ZeroPadding2D gone.

    Two steps that onnx2keras writes as Lambdas, which a .keras file cannot hold safely, become
    layers.
    """
    dropped = {f"{name}_pad" for name in same}

    def clone(layer: Any) -> Any:
        if layer.name == "mean":
            return layers.GlobalAveragePooling2D(keepdims=True, name="mean")
        if layer.name == "view_CHW":
            return layers.Permute((3, 1, 2), name="view_CHW")
        padding = {"padding": "same"} if layer.name in same else {}
        return type(layer).from_config({**layer.get_config(), **padding})

    def call(layer: Any, inputs: Any, **_: Any) -> Any:
        return inputs if layer.name in dropped else layer(inputs)

    made = keras.models.clone_model(model, clone_function=clone, call_function=call)
    for layer in made.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    return made


def convolution(spec: padcheck.OpSpec, padding: str = "valid") -> Callable[..., Any]:
    """How one convolution is converted, as a function of channels-last arrays."""

    def run(x: Any, weight: Any, bias: Any = 0.0) -> Any:
        pads = [(0, 0), *spec.resolved_pads, (0, 0)]
        x = x if padding == "same" else ops.pad(x, pads)
        y = ops.conv(x, weight, strides=spec.stride, padding=padding, dilation_rate=spec.dilation)
        return ops.convert_to_numpy(y + bias)

    return run


if __name__ == "__main__":
    rebuilt(as_converted()).save("converted.keras")
    with_same().save("with_same.keras")

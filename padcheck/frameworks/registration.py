"""What a framework registers, and the frameworks built in: strings only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BUILT_IN", "LOWERINGS", "Framework", "Package"]


@dataclass(frozen=True, slots=True)
class Package:
    """A module to import, and the names under which its distribution may be installed."""

    module: str
    distributions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One framework; `dialect`, `runner` and `reader` are "module:attribute" strings or None.

    `environment`: the variables, name and value, that its worker process is given.
    """

    name: str
    lowerings: tuple[str, ...]
    packages: tuple[Package, ...]
    extra: str
    dialect: str | None = None
    runner: str | None = None
    reader: str | None = None
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def hint(self) -> str:
        """The command that installs it."""
        return f"pip install 'padcheck[{self.extra}]'"


TORCH = Package("torch", ("torch",))
TENSORFLOW = Package("tensorflow", ("tensorflow", "tensorflow-cpu", "tf-nightly"))
KERAS = Package("keras", ("keras", "keras-nightly"))
ONNX = Package("onnx", ("onnx", "onnx-weekly"))
ORT = Package("onnxruntime", ("onnxruntime", "onnxruntime-gpu", "ort-nightly"))
LITERT = Package("ai_edge_litert", ("ai-edge-litert", "ai-edge-litert-nightly"))
ONNX2KERAS = Package("onnx2keras", ("onnx2keras",))

_TF_LOWERINGS = ("tf_same", "tf_zeropad_valid", "tf_pad_valid")

BUILT_IN = (
    Framework(
        name="torch",
        lowerings=("torch",),
        packages=(TORCH,),
        extra="torch",
        dialect="padcheck.frameworks.torch.dialect:DIALECT",
        runner="padcheck.frameworks.torch.runner:TorchRunner",
    ),
    Framework(
        name="keras",
        lowerings=_TF_LOWERINGS,
        packages=(KERAS, TENSORFLOW),
        extra="tensorflow",
        dialect="padcheck.frameworks.keras.dialect:DIALECT",
        runner="padcheck.frameworks.keras.runner:KerasRunner",
    ),
    Framework(
        name="tensorflow",
        lowerings=_TF_LOWERINGS,
        packages=(TENSORFLOW,),
        extra="tensorflow",
        dialect="padcheck.frameworks.tensorflow.dialect:DIALECT",
        runner="padcheck.frameworks.tensorflow.runner:TensorFlowRunner",
    ),
    Framework(
        name="onnx",
        lowerings=("onnxruntime", "onnxruntime_optimized", "onnxruntime_auto_pad"),
        packages=(ONNX, ORT),
        extra="onnxruntime",
        dialect="padcheck.frameworks.onnx.dialect:DIALECT",
        runner="padcheck.frameworks.onnx.runner:OnnxRuntimeRunner",
        reader="padcheck.frameworks.onnx.reader:READER",
    ),
    Framework(
        name="onnx_reference",
        lowerings=("onnx_reference", "onnx_reference_auto_pad"),
        packages=(ONNX,),
        extra="onnxruntime",
        dialect="padcheck.frameworks.onnx.dialect:REFERENCE_DIALECT",
        runner="padcheck.frameworks.onnx.reference:OnnxReferenceRunner",
    ),
    Framework(
        name="keras_torch",
        lowerings=("keras_torch_same", "keras_torch_zeropad_valid", "keras_torch_pad_valid"),
        packages=(KERAS, TORCH),
        extra="keras-torch",
        dialect="padcheck.frameworks.keras.dialect:TORCH_DIALECT",
        runner="padcheck.frameworks.keras.runner:KerasTorchRunner",
        environment=(("KERAS_BACKEND", "torch"),),
    ),
    Framework(
        name="litert",
        lowerings=(
            "litert_same",
            "litert_zeropad_valid",
            "litert_pad_valid",
            "litert_reference_same",
            "litert_reference_zeropad_valid",
            "litert_reference_pad_valid",
        ),
        packages=(LITERT, TENSORFLOW),  # models are built through TensorFlow's converter
        extra="litert",
        dialect="padcheck.frameworks.litert.dialect:DIALECT",
        runner="padcheck.frameworks.litert.runner:LiteRTRunner",
    ),
    Framework(
        name="tflite",
        lowerings=("tflite_same", "tflite_zeropad_valid", "tflite_pad_valid"),
        packages=(TENSORFLOW,),
        extra="tensorflow",
        dialect="padcheck.frameworks.litert.dialect:TFLITE_DIALECT",
        runner="padcheck.frameworks.litert.runner:TFLiteRunner",
    ),
    Framework(  # a converter: it runs no op
        name="onnx2keras",
        lowerings=(),
        packages=(ONNX2KERAS, KERAS, TENSORFLOW),
        extra="onnx2keras",
    ),
)

#: lowering -> the framework that measures it by default.
LOWERINGS: dict[str, str] = {
    "torch": "torch",
    "tf_same": "keras",
    "tf_zeropad_valid": "keras",
    "tf_pad_valid": "keras",
    "onnxruntime": "onnx",
    "onnxruntime_optimized": "onnx",
    "onnxruntime_auto_pad": "onnx",
    "onnx_reference": "onnx_reference",
    "onnx_reference_auto_pad": "onnx_reference",
    "keras_torch_same": "keras_torch",
    "keras_torch_zeropad_valid": "keras_torch",
    "keras_torch_pad_valid": "keras_torch",
    "litert_same": "litert",
    "litert_zeropad_valid": "litert",
    "litert_pad_valid": "litert",
    "litert_reference_same": "litert",
    "litert_reference_zeropad_valid": "litert",
    "litert_reference_pad_valid": "litert",
    "tflite_same": "tflite",
    "tflite_zeropad_valid": "tflite",
    "tflite_pad_valid": "tflite",
}

"""What stands in the table of `fixtures/README.md`, read from the files themselves."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import onnx

__all__ = ["describe"]

ONNX_WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "Pad")
KERAS_WINDOWED = ("Conv2D", "DepthwiseConv2D", "MaxPooling2D", "ZeroPadding2D")
TENSORFLOW_WINDOWED = ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "Pad")
TFLITE_WINDOWED = ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "PAD", "PADV2")


def describe(path: Path) -> tuple[str, str]:
    """The input shape and the count of each windowed op."""
    if path.is_dir():
        return describe_saved_model(path)
    readers = {".onnx": describe_onnx, ".keras": describe_keras, ".tflite": describe_tflite}
    return readers[path.suffix](path)


def describe_onnx(path: Path) -> tuple[str, str]:
    graph = onnx.load(path).graph
    dims = graph.input[0].type.tensor_type.shape.dim
    shape = " x ".join(dim.dim_param or str(dim.dim_value) for dim in dims)
    return shape, counted((node.op_type for node in graph.node), ONNX_WINDOWED)


def describe_keras(path: Path) -> tuple[str, str]:
    with zipfile.ZipFile(path) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    shape = " x ".join(str(size) for size in layers[0]["config"]["batch_shape"])
    return shape, counted((layer["class_name"] for layer in layers), KERAS_WINDOWED)


def describe_saved_model(path: Path) -> tuple[str, str]:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    graph = SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs[0]
    (tensor,) = graph.signature_def["serving_default"].inputs.values()
    shape = " x ".join(str(dim.size) for dim in tensor.tensor_shape.dim)
    functions = graph.graph_def.library.function  # one has the ops; the others call it or restore
    nodes = (node for function in functions for node in function.node_def)
    return shape, counted((node.op for node in nodes), TENSORFLOW_WINDOWED)


def describe_tflite(path: Path) -> tuple[str, str]:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    (graph,) = model.subgraphs
    shape = " x ".join(str(size) for size in graph.tensors[graph.inputs[0]].shape)
    codes = (model.operatorCodes[op.opcodeIndex].builtinCode for op in graph.operators)
    return shape, counted((names[code] for code in codes), TFLITE_WINDOWED)


def counted(names: Iterable[str], windowed: tuple[str, ...]) -> str:
    """`20 Conv, 1 MaxPool`: most frequent first, those in `windowed` only."""
    counts = Counter(name for name in names if name in windowed)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {name}" for name, count in ordered)

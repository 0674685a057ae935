"""The models that are measured."""

from __future__ import annotations

import os
from pathlib import Path


def resnet50(folder: str) -> str:
    """A ResNet-50 with real weights, about 98 MiB, from onnx's own light model."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    data = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    model = onnx.load(data / "light_resnet50.onnx")
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    generator = np.random.default_rng(0)
    kept = []
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        values = generator.standard_normal(tuple(shapes[node.input[0]])).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    path = os.path.join(folder, "resnet50.onnx")
    onnx.save(model, path)
    return path


def write_pairs(folder: str, *, width: int = 64, blocks: int = 2) -> None:
    """A ResNet-18 (11.7 M parameters) as resnet.onnx and, converted right and with SAME, as
    right.keras, same.keras, right.tflite and same.tflite; six `blocks` make it 53 ops.
    """
    import fixture_nets
    import fixture_savers
    import make_fixtures
    import torch
    from fixture_converters import Faults, convert

    shape, source = (1, 3, 224, 224), Path(folder) / "resnet.onnx"
    torch.manual_seed(0)
    net = fixture_nets.ResNet(same=False, static=True, width=width, blocks=blocks)
    make_fixtures.calibrate(net, shape)
    make_fixtures.write_torch(source, net, shape)
    for kind, same in (("right", ()), ("same", None)):
        model = convert(source, Faults(same=same), name="resnet", normalized=True)
        fixture_savers.save_keras(model, Path(folder) / f"{kind}.keras")
        fixture_savers.save_tflite(model, Path(folder) / f"{kind}.tflite")

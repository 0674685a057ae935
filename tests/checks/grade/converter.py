"""A correct converter: an ONNX model of one op to a function of torch, by padcheck's own rules.

`faulty` makes one with a fault: what it changes in every op that it converts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx

from padcheck.frameworks.onnx.reader import read_model
from padcheck.frameworks.torch.runner import TorchRunner
from padcheck.geometry import explicit
from padcheck.records import OpKind, OpSpec

__all__ = ["Change", "Function", "faulty", "to_torch"]

Function = Callable[[np.ndarray], np.ndarray]
#: What the converter takes an op for, and does to the arrays (x, weight, bias) beforehand.
Change = Callable[[OpSpec], OpSpec]
Arrays = list["np.ndarray | None"]
Numbers = Callable[[OpSpec, Arrays], Arrays]

_RUNNER = TorchRunner()


def to_torch(model: onnx.ModelProto) -> Function:
    """The model as a function of x (N, C, *spatial)."""
    return _converted(model, lambda spec: spec, lambda spec, arrays: arrays)


def faulty(
    change: Change | None = None, numbers: Numbers | None = None, *, frozen: bool = False
) -> Callable[[onnx.ModelProto], Function]:
    """A converter with one fault; `frozen`: what it makes of the op's own size it keeps."""

    def convert(model: onnx.ModelProto) -> Function:
        return _converted(
            model,
            change or (lambda spec: spec),
            numbers or (lambda spec, arrays: arrays),
            frozen=frozen,
        )

    return convert


def _converted(
    model: onnx.ModelProto, change: Change, numbers: Numbers, *, frozen: bool = False
) -> Function:
    """A Pad before the op that cannot be told as pads of the op is carried out beforehand."""
    (site,) = read_model(model).sites
    assert site.spec is not None, site.reason
    stored = {init.name: onnx.numpy_helper.to_array(init) for init in model.graph.initializer}
    own = site.spec
    padding = _padding(model, stored) if not site.folded else None

    def function(x: np.ndarray) -> np.ndarray:
        size = x.shape[2:]
        if padding is not None:
            return _ran(_changed(own.replace(**padding).resized(size)), x)
        return _ran(_changed(own, size), x)

    def _changed(spec: OpSpec, size: tuple[int, ...] | None = None) -> OpSpec:
        if size is None or frozen:
            made = change(spec)
            return made if size is None else made.resized(size)
        return change(spec.resized(size))

    def _ran(spec: OpSpec, x: np.ndarray) -> np.ndarray:
        arrays = numbers(spec, [x, stored.get("w"), stored.get("b")])
        bias = None if not spec.bias else arrays[2]
        output = _RUNNER.run(spec, "torch", arrays[0], arrays[1], bias)
        return output ** (1 / spec.p) if spec.kind is OpKind.LP_POOL else output

    return function


def _padding(model: onnx.ModelProto, stored: dict[str, np.ndarray]) -> dict[str, object] | None:
    """What a Pad node before the op says, as fields of the op; None without one."""
    pads = [node for node in model.graph.node if node.op_type == "Pad"]
    if not pads:
        return None
    (node,) = pads
    said = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    amounts = stored[node.input[1]].tolist() if len(node.input) > 1 else said["pads"]
    fill = float(stored[node.input[2]]) if len(node.input) > 2 else said.get("value", 0.0)
    rank = len(amounts) // 2
    pairs = tuple(
        explicit(int(before), int(after))
        for before, after in zip(amounts[2:rank], amounts[rank + 2 :], strict=True)
    )
    mode = said.get("mode", b"constant").decode()
    counted = {"count_include_pad": True} if model.graph.node[-1].op_type == "AveragePool" else {}
    return {"pads": pairs, "pad_mode": mode, "pad_value": fill, **counted}

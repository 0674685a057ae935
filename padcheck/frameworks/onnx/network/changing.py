"""A Change as nodes: from `Place.data` to `Place.tail`, in the types the graph has there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx.network.writing import NodeWriter
from padcheck.frameworks.onnx.plan import NodePlan, explicit_plan
from padcheck.records import Change, OpKind, Quantization

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Spot", "change_plan", "write_change"]

#: Where Round came, which rounds floats to a grid.
FIRST_ROUND = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a change is written: the names and types of its two ends.

    `stored` and `restored` are the quantizations of integers at `data` and `tail`; `data_type`
    and `tail_type` are TensorProto.DataTypes. `zero_point` is an input that the data's zero point
    comes in by, of an op whose integers have no scale. `weight` and `bias` are the names that
    the op itself uses. `node_names` are those of the op and of a Pad before it, "" for any.
    """

    data: str
    tail: str
    output: str
    node: str
    node_names: tuple[str, str] = ("", "")
    data_type: int = 1
    tail_type: int = 1
    stored: Quantization | None = None
    restored: Quantization | None = None
    zero_point: str = ""
    weight: str = ""
    bias: str = ""


def change_plan(change: Change) -> NodePlan:
    """The nodes for the op itself; raises FrameworkError where ONNX has no words for it."""
    spec = change.spec
    if spec.kind is OpKind.RESIZE:
        raise FrameworkError("ONNX: a resize is not written in place of an op")
    if spec.deviation is not None:
        raise FrameworkError(f"ONNX: no op computes {spec} with {spec.deviation}")
    plan = explicit_plan(spec)
    if plan.reason is not None:
        raise FrameworkError(f"ONNX: {plan.reason}")
    return plan


def write_change(writer: NodeWriter, spot: Spot, change: Change, plan: NodePlan) -> None:
    """Adds the nodes: real numbers in, Pad, op, offset, clip, rounding, and the type of `tail`.

    `Spot.output` names the op's own output where something follows it.
    """
    value = _real(writer, spot)
    if plan.first is not None:
        value = writer.pad(value, plan.first, plan.fill, plan.mode, spot.node_names[1])
    own_bias = spot.bias if change.weight is None and change.offset is None else ""
    inputs = [value]
    if change.spec.kind.has_weight:
        inputs += [_weight(writer, spot, change)]
        if own_bias:
            inputs.append(own_bias)
        elif change.offset is not None:
            inputs.append(writer.number(change.offset, title="bias"))
    last = _Steps(spot, change)
    value = writer.node(
        plan.op_type,
        inputs,
        last.name(spot.tail, spot.output),
        name=spot.node_names[0],
        **dict(plan.attributes),
    )
    if last.adds:
        shape = (-1, *(1,) * change.spec.rank)
        term = writer.number(_column(change.offset, shape), title="offset")
        value = writer.node("Add", [value, term], last.name(spot.tail))
    if last.clips and change.clip is not None:
        value = writer.clip(value, change.clip, last.name(spot.tail))
    if last.rounds and change.quantization is not None:
        value = _rounded(writer, value, change.quantization, last.name(spot.tail))
    if last.stores:
        _stored(writer, value, spot)


class _Steps:
    """What follows the op itself; `name` counts down what is left."""

    def __init__(self, spot: Spot, change: Change) -> None:
        self.adds = change.offset is not None and not change.spec.kind.has_weight
        self.clips = change.clip is not None
        self.stores = not _is_real(spot.tail_type)
        self.rounds = change.quantization is not None and not (
            self.stores and change.quantization == spot.restored
        )
        self._left = self.adds + self.clips + self.rounds + self.stores

    def name(self, tail: str, otherwise: str = "") -> str:
        """The name of the next output: `tail` for the last one."""
        self._left -= 1
        return tail if self._left < 0 else otherwise


def _is_real(elem_type: int) -> bool:
    import onnx

    kinds = onnx.TensorProto
    return elem_type in (kinds.FLOAT, kinds.FLOAT16, kinds.DOUBLE, kinds.BFLOAT16)


def _real(writer: NodeWriter, spot: Spot) -> str:
    """The data as real numbers."""
    import onnx

    if _is_real(spot.data_type):
        return spot.data
    value = writer.node("Cast", [spot.data], to=onnx.TensorProto.FLOAT)
    if spot.stored is not None:
        zero = writer.number(float(spot.stored.zero_point), title="zero_point")
        scale = writer.number(spot.stored.scale, title="scale")
        return writer.node("Mul", [writer.node("Sub", [value, zero]), scale])
    if not spot.zero_point:
        return value
    zero = writer.node("Cast", [spot.zero_point], to=onnx.TensorProto.FLOAT)
    return writer.node("Sub", [value, zero])


def _weight(writer: NodeWriter, spot: Spot, change: Change) -> str:
    if change.weight is None:
        if not _is_real(spot.data_type) or not spot.weight:
            raise FrameworkError(f"ONNX: {spot.node} has no weight of real numbers to keep")
        return spot.weight
    if tuple(change.weight.shape) != change.spec.weight_shape:
        shape, wanted = tuple(change.weight.shape), change.spec.weight_shape
        raise FrameworkError(f"ONNX: expected a weight of {wanted} but got {shape}")
    return writer.number(change.weight, title="weight")


def _column(offset: NDArray[Any] | None, shape: tuple[int, ...]) -> NDArray[Any]:
    import numpy as np

    return np.asarray(offset).reshape(shape)


def _rounded(writer: NodeWriter, value: str, to: Quantization, output: str) -> str:
    """scale * (clip(round(x / scale) + zero_point) - zero_point), in the type of `value`."""
    scale = writer.number(to.scale, title="scale")
    return writer.node("Mul", [_steps(writer, value, to, scale), scale], output)


def _steps(writer: NodeWriter, value: str, to: Quantization, scale: str) -> str:
    """clip(round(x / scale) + zero_point) - zero_point.

    Not by QuantizeLinear: around a Conv of float weights, onnxruntime takes it for leave to make
    integers of the weights as well [1.31.1].
    """
    if writer.opset < FIRST_ROUND:
        raise FrameworkError(f"ONNX opset {writer.opset} has no Round")
    rounded = writer.node("Round", [writer.node("Div", [value, scale])])
    return writer.clip(rounded, (float(to.low - to.zero_point), float(to.high - to.zero_point)))


def _stored(writer: NodeWriter, value: str, spot: Spot) -> None:
    """The real numbers as the integers that `tail` holds."""
    if spot.restored is not None:
        scale = writer.number(spot.restored.scale, title="scale")
        zero = writer.number(float(spot.restored.zero_point), title="zero_point")
        value = writer.node("Add", [_steps(writer, value, spot.restored, scale), zero])
    writer.node("Cast", [value], spot.tail, to=spot.tail_type)

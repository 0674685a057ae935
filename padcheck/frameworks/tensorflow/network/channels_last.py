"""Ops that are channels first, made channels last: what TensorFlow's own CPU kernels take.

Only oneDNN's kernels, which TensorFlow leaves out where the CPU does not suit, run NCHW
[tensorflow 2.21.0]; transposed around, the same numbers come out of every build.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["CHANNELS_FIRST", "is_channels_first", "made_channels_last"]

#: Data format -> its counterpart, with the channels last.
CHANNELS_FIRST = {b"NCHW": b"NHWC", b"NCDHW": b"NDHWC"}

#: Op -> which of its inputs is the image. Each has one output, an image as well.
_IMAGE = {
    "Conv2D": 0,
    "DepthwiseConv2dNative": 0,
    "Conv3D": 0,
    "Conv2DBackpropInput": 2,
    "Conv3DBackpropInputV2": 2,
    "MaxPool": 0,
    "AvgPool": 0,
    "MaxPool3D": 0,
    "AvgPool3D": 0,
    "SpaceToDepth": 0,
    "DepthToSpace": 0,
}
#: Those whose first input is the shape of the output.
_SIZED = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
_PER_AXIS = ("strides", "dilations", "ksize")
_INT32 = 3  # DT_INT32


def is_channels_first(node: Any) -> bool:
    """Whether a NodeDef is an op that is to be made channels last."""
    return (
        node.op in _IMAGE
        and "data_format" in node.attr
        and node.attr["data_format"].s in CHANNELS_FIRST
    )


def made_channels_last(node: Any) -> Iterator[Any]:
    """The nodes that stand for `node`: transposed, computed, transposed back under its name."""
    rank = 2 if node.attr["data_format"].s == b"NCHW" else 3
    last, first = (0, *range(2, rank + 2), 1), (0, rank + 1, *range(1, rank + 1))
    inner = type(node)()
    inner.CopyFrom(node)
    inner.name = f"{node.name}/channels_last"
    to_last, to_first = f"{inner.name}/last", f"{inner.name}/first"
    yield _integers(node, to_last, last)
    yield _integers(node, to_first, first)
    image = _IMAGE[node.op]
    yield _transposed(node, f"{inner.name}/image", node.input[image], to_last)
    inner.input[image] = f"{inner.name}/image"
    if node.op in _SIZED:
        yield _integers(node, f"{inner.name}/axis", None)
        yield _gathered(node, f"{inner.name}/sizes", to_last, f"{inner.name}/axis")
        inner.input[0] = f"{inner.name}/sizes"
    _permute_attributes(inner, last)
    yield inner
    yield _transposed(node, node.name, inner.name, to_first)


def _permute_attributes(node: Any, order: Sequence[int]) -> None:
    node.attr["data_format"].s = CHANNELS_FIRST[node.attr["data_format"].s]
    for name in _PER_AXIS:
        if name in node.attr and node.attr[name].list.i:
            numbers = list(node.attr[name].list.i)
            node.attr[name].list.i[:] = [numbers[axis] for axis in order]
    if "explicit_paddings" in node.attr and node.attr["explicit_paddings"].list.i:
        pads = list(node.attr["explicit_paddings"].list.i)
        moved = [pads[2 * axis + end] for axis in order for end in (0, 1)]
        node.attr["explicit_paddings"].list.i[:] = moved


def _integers(like: Any, name: str, values: Sequence[int] | None) -> Any:
    """A Const of int32: a vector, or 0."""
    node = type(like)(name=name, op="Const")
    node.attr["dtype"].type = _INT32
    tensor = node.attr["value"].tensor
    tensor.dtype = _INT32
    if values is None:
        tensor.int_val.append(0)
    else:
        tensor.tensor_shape.dim.add().size = len(values)
        tensor.int_val.extend(values)
    return node


def _transposed(like: Any, name: str, source: str, order: str) -> Any:
    node = type(like)(name=name, op="Transpose", input=[source, order])
    node.attr["T"].type = like.attr["T"].type
    node.attr["Tperm"].type = _INT32
    return node


def _gathered(like: Any, name: str, order: str, axis: str) -> Any:
    """The output's shape in the other order."""
    node = type(like)(name=name, op="GatherV2", input=[like.input[0], order, axis])
    node.attr["Tparams"].type = like.attr["Tshape"].type if "Tshape" in like.attr else _INT32
    for name in ("Tindices", "Taxis"):
        node.attr[name].type = _INT32
    return node

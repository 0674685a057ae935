"""Names that a user recognises, out of what converters make of them.

1. A converter joins the names of what it fused by `;`; the part that names a convolution or pool
   is the layer's, in the op's output or else in its weight. Otherwise the first one that is
   no placeholder of the converter's.
2. A part loses its `:0`, `StatefulPartitionedCall/`, and what the framework called the op:
   `/Conv2D`, `/BiasAdd`, `/Relu`, ..., with the number that a converter may add.
3. What all have in common at the front (the model's name), and a `_1` that every layer ends with
   (Keras 3 traces a model twice), is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["layer_name", "shortener"]

_WINDOW = (
    "AvgPool",
    "AvgPool1D",
    "Conv1D",
    "Conv2D",
    "Conv2DBackpropInput",
    "Conv3D",
    "Conv3DBackpropInputV2",
    "MaxPool",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "conv_transpose",
    "conv2d_transpose",
    "conv3d_transpose",
    "convolution",
    "depthwise",
    "separable_conv2d",
    "separable_conv2d/depthwise",
)

_OTHER = (
    "Add",
    "BatchToSpaceND",
    "BiasAdd",
    "ExpandDims",
    "FusedBatchNormV3",
    "Pad",
    "PadV2",
    "MirrorPad",
    "ReadVariableOp",
    "Relu",
    "Relu6",
    "Reshape",
    "SpaceToBatchND",
    "Squeeze",
    "add",
    "add_1",
    "batchnorm",
    "mul",
    "mul_1",
    "sub",
)

_WINDOW_END = re.compile(rf"(^|/)({'|'.join(_WINDOW)})(_\d+)?\d*$")
_OTHER_END = re.compile(rf"/({'|'.join(_OTHER)})(_\d+)?\d*$")
_CALL = re.compile(r"^((Stateful)?PartitionedCall(_\d+)?/)+")
_PLACEHOLDER = re.compile(
    r"^((Stateful)?PartitionedCall|Identity|tfl?\.|arith\.|pseudo|const|tensor )"
)
_MODEL = re.compile(r"^(functional|model|sequential)(_\d+)*$")
_NUMBER = re.compile(r"_\d+$")


def layer_name(output: str, weight: str | None, fallback: str) -> str:
    """The layer's path from the names of an op's output and weight (rules 1 and 2)."""
    parts = [
        _CALL.sub("", re.sub(r":\d+$", "", part))
        for name in (output, weight or "")
        for part in name.split(";")
    ]
    for part in parts:
        if _WINDOW_END.search(part) and _stem(part):
            return _stem(part)
    for part in parts:
        if part and not _PLACEHOLDER.match(part):
            return _stem(part) or part
    return fallback


def _stem(name: str) -> str:
    """The name without the ops at its end, "" where nothing else is in it."""
    name = _without_others(name)
    return _without_others(_WINDOW_END.sub("", name))


def _without_others(name: str) -> str:
    before = None
    while name != before:
        before, name = name, _OTHER_END.sub("", name)
    return name


def shortener(names: Sequence[str]) -> Callable[[str], str]:
    """Rule 3 for these names, to be applied to any; names without a slash are left as they are."""
    paths = [name for name in names if "/" in name]
    fronts = {name.split("/", 1)[0] for name in paths}
    cut = len(fronts) == 1 and (len(paths) > 1 or _MODEL.match(next(iter(fronts))) is not None)
    front = f"{fronts.pop()}/" if cut else ""
    ends = {_ending(name) for name in paths}
    end = ends.pop() if len(ends) == 1 and (len(paths) > 1 or cut) else ""

    def shortened(name: str) -> str:
        if "/" not in name:
            return name
        return "/".join(part.removesuffix(end) for part in name.removeprefix(front).split("/"))

    return shortened


def _ending(name: str) -> str:
    found = _NUMBER.search(name)
    return found.group() if found is not None else ""

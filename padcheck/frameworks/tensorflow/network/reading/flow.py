"""What reaches a tensor: the nearest sites before it, whether it can be negative, its channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from padcheck.frameworks.tensorflow.network.graph import IDENTITIES, Graph
from padcheck.frameworks.tensorflow.network.inlining import split_tensor
from padcheck.frameworks.tensorflow.network.reading.epilogue import clip_of

__all__ = ["axis_at_input", "sites_before", "words_for_never_negative"]

#: What they give is not negative, whatever comes in.
_NEVER = ("Abs", "Exp", "Relu", "Relu6", "Sigmoid", "Softmax", "Softplus", "Sqrt", "Square")
#: What they give is not negative if their first input is not.
_KEEP = frozenset(
    [
        *IDENTITIES,
        *("AvgPool", "AvgPool3D", "MaxPool", "MaxPool3D", "Max", "Mean", "Sum"),
        *("BatchToSpaceND", "DepthToSpace", "SpaceToBatchND", "SpaceToDepth"),
        *("Cast", "ExpandDims", "Reshape", "Slice", "Squeeze", "StridedSlice", "Transpose"),
        *("ResizeBilinear", "ResizeNearestNeighbor", "Pad", "MirrorPad"),
    ]
)
#: What they give is not negative if none of their inputs is.
_JOIN = frozenset(["Add", "AddN", "AddV2", "ConcatV2", "Maximum", "Minimum", "Mul"])
#: They look at a shape, not at numbers.
_OF_SHAPES = ("Rank", "Shape", "ShapeN", "Size")

#: What has the same axes as its inputs.
_UNARY = frozenset([*_NEVER, *IDENTITIES, "Cast", "LeakyRelu", "Elu", "Selu", "Tanh", "Neg"])
_SAME_AXES = _UNARY | {"Pad", "PadV2", "MirrorPad", "BiasAdd"} | {"FusedBatchNormV3"}
_BINARY = frozenset(["Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"])


def sites_before(graph: Graph, numbers: Mapping[str, Iterable[int]]) -> dict[str, frozenset[int]]:
    """Node -> the sites whose outputs reach it with no other site between.

    `numbers` has the sites of a node: its own, or those in the bodies that it runs.
    """
    reached: dict[str, frozenset[int]] = {}
    for name in graph.order:
        node = graph.nodes[name]
        if name in numbers:
            before = frozenset(numbers[name])
        elif node.op in _OF_SHAPES:
            continue
        else:
            sources = (split_tensor(one)[0] for one in node.input)
            before = frozenset().union(*(reached.get(one, frozenset()) for one in sources))
        if before:
            reached[name] = before
    return reached


def words_for_never_negative(graph: Graph) -> dict[str, str]:
    """Node -> the op that makes its first output so, where that is never negative."""
    words: dict[str, str] = {}
    for name in graph.order:
        node = graph.nodes[name]
        word = _word(graph, node, words)
        if word is not None:
            words[name] = word
    return words


def _word(graph: Graph, node: Any, words: Mapping[str, str]) -> str | None:
    """1. Relu and the like; a clip at 0 or above.
    2. What only moves, averages or joins numbers that are not negative.
    """
    if node.op in _NEVER:
        return str(node.op)
    sources = [one.removesuffix(":0") for one in node.input]
    if node.op in ("ClipByValue", "Maximum"):  # rule 1
        for source in sources[:2]:
            bounds = clip_of(graph, node, source)
            if bounds is not None and bounds[0] >= 0:
                return str(node.op)
    if node.op in _KEEP:  # rule 2
        return words.get(sources[0])
    if node.op in _JOIN:
        if node.op == "ConcatV2":
            sources = sources[:-1]
        found = [words.get(one) for one in sources]
        return found[0] if found and None not in found else None
    return None


def axis_at_input(graph: Graph, tensor: str, axis: int) -> tuple[str, int] | None:
    """(the input that `tensor` is made of, where its axis `axis` is there); None where it is lost.

    Through what works on each number alone, Pads and Transposes.
    """
    while (node := graph.producer(tensor)) is not None:
        if node.op in ("Placeholder", "PlaceholderWithDefault"):
            return tensor, axis
        if node.op == "Transpose":
            order = graph.constant(node.input[1].removesuffix(":0"))
            if order is None or not 0 <= axis < order.size:
                return None
            axis = int(order[axis])
        elif node.op in _BINARY:
            constant = [graph.is_constant(one.removesuffix(":0")) for one in node.input]
            if constant == [True, False]:
                tensor = node.input[1].removesuffix(":0")
                continue
            if constant != [False, True]:
                return None
        elif node.op not in _SAME_AXES:
            return None
        tensor = node.input[0].removesuffix(":0")
    return None

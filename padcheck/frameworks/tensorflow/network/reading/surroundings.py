"""What stands around an op and belongs to it: Pads, crops, reshapes, transposes, batched spaces.

    data -> Pad -> SpaceToBatchND -> ExpandDims -> op -> Squeeze -> BatchToSpaceND -> output

is one dilated 1-D convolution. What is undone after the op is taken in with what undoes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.graph import IDENTITIES, Graph
from padcheck.frameworks.tensorflow.network.reading.crops import crop_of
from padcheck.frameworks.tensorflow.network.reading.layouts import transposes_around
from padcheck.frameworks.tensorflow.network.reading.operators import Operator, Window
from padcheck.frameworks.tensorflow.network.reading.pad_nodes import (
    PADS,
    Border,
    UnknownAmounts,
    amounts_of,
    border_of,
    check_border,
)
from padcheck.records import OpKind, printable

__all__ = ["Surroundings", "surroundings_of"]

#: Nodes in a row before one op; a longer chain is left alone.
MAX_CHAIN = 64

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`data` and `output` are the tensors around it all, in which `axes` are the spatial ones.

    An axis is None where it is the lone one of an op that is really of one axis less. `pads` and
    `blocks` are per spatial axis of the op: what is padded (negative: cropped), and dilation by
    a batched space. `crops` are per spatial axis what is cut off a transposed convolution.
    `folded` are the Pads and the crop, `nodes` all that was taken in.
    """

    data: str
    output: str
    axes: tuple[int | None, ...]
    pads: Pairs
    channels_last: bool = True
    blocks: tuple[int, ...] = ()
    border: Border | None = None
    crops: Pairs = ()
    folded: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def pads_something(self) -> bool:
        """Whether Pads or a batched space pad, rather than the op itself."""
        return bool(self.folded or self.blocks)


def surroundings_of(
    graph: Graph, node: Any, operator: Operator, window: Window, kernel: Sequence[int]
) -> Surroundings:
    """What belongs to an op, from the op outwards.

    1. Pads that hold what the op may hold as its own (`check_border`), along spatial axes only,
       whatever else reads them; not before a transposed convolution, whose pads are crops, nor
       where the op's padding is SAME, whose total is worked out on the padded size.
    2. A lone axis that is put in before the op and taken out after it.
    3. A batched space around an undilated op of stride 1 that pads nothing.
    4. A Transpose that moves the channels before the op, and one that moves them back after it.
    5. A crop right after a transposed convolution.

    A Pad that breaks a rule stays apart, with a note. Raises ModelError where amounts are not
    known, or where a batched space is around an op that it does not dilate.
    """
    first = 1 if window.channels_last else 2
    found = Surroundings(
        data=node.input[operator.data].removesuffix(":0"),
        output=node.name,
        axes=tuple(range(first, first + operator.rank)),
        pads=((0, 0),) * operator.rank,
        channels_last=window.channels_last,
    )
    if operator.kind is OpKind.CONV_TRANSPOSE:
        found = _with_crop(graph, found)
    for _ in range(MAX_CHAIN):
        found = _skipping(graph, found)
        before = graph.producer(found.data)
        if before is None:
            break
        if before.op in PADS:
            further = _with_pad(graph, found, before, operator, window)
        elif before.op in ("ExpandDims", "Reshape"):
            further = _without_lone_axis(graph, found, before, window, kernel)
        elif before.op == "SpaceToBatchND":
            further = _with_batched_space(graph, found, before, operator, window)
        elif before.op == "Transpose":
            further = _without_transposes(graph, found, before)
        else:
            break
        if further.data == found.data:
            return further
        found = further
    return found


def _skipping(graph: Graph, found: Surroundings) -> Surroundings:
    """Past Identity nodes, if a Pad or the like stands behind them."""
    data, names = found.data, []
    for _ in range(MAX_CHAIN):
        node = graph.producer(data)
        if node is None or node.op not in IDENTITIES:
            break
        names.append(node.name)
        data = node.input[0].removesuffix(":0")
    node = graph.producer(data)
    taken = (*PADS, "ExpandDims", "Reshape", "SpaceToBatchND", "Transpose")
    if not names or node is None or node.op not in taken:
        return found
    return replace(found, data=data, nodes=(*found.nodes, *names))


def _with_pad(
    graph: Graph, found: Surroundings, pad: Any, operator: Operator, window: Window
) -> Surroundings:
    """Rule 1."""
    if operator.kind is OpKind.CONV_TRANSPOSE:
        return found
    try:
        if window.padding == "SAME":
            raise ModelError("padding SAME is worked out on the padded size")
        border = border_of(graph, pad)
        check_border(operator.kind, window.pads, border, found.border)
        rank = len(graph.shape(found.data) or ())
        pairs = amounts_of(graph, pad.input[1], rank, title="its amounts")
        spatial = [axis for axis in found.axes if axis is not None]
        if any(any(pair) for axis, pair in enumerate(pairs) if axis not in spatial):
            raise ModelError("it pads the batch or the channels")
    except UnknownAmounts as error:
        raise ModelError(f"Pad `{printable(pad.name)}` before it: {error}") from error
    except ModelError as error:
        note = f"Pad `{printable(pad.name)}` before it is not taken in: {error}"
        return replace(found, notes=(*found.notes, note))
    more = [(0, 0) if axis is None else pairs[axis] for axis in found.axes]
    return replace(
        found,
        data=pad.input[0].removesuffix(":0"),
        pads=_sum(found.pads, more),
        border=border if any(map(any, more)) else found.border,
        folded=(*found.folded, pad.name),
        nodes=(*found.nodes, pad.name),
    )


def _sum(pads: Sequence[tuple[int, int]], more: Sequence[tuple[int, int]]) -> Pairs:
    return tuple((b + c, a + d) for (b, a), (c, d) in zip(pads, more, strict=True))


def _without_lone_axis(
    graph: Graph, found: Surroundings, before: Any, window: Window, kernel: Sequence[int]
) -> Surroundings:
    """Rule 2: the axis has one element, a kernel of 1 and no pads, and is taken out after."""
    source = before.input[0].removesuffix(":0")
    for index, axis in enumerate(found.axes):
        if axis is None or kernel[index] != 1 or any(found.pads[index]) or any(window.pads[index]):
            continue
        after = _undoing(graph, found.output, axis)
        if not _inserts(graph, source, found.data, axis) or after is None:
            continue
        rest = (None if other == axis else other for other in found.axes)
        return replace(
            found,
            data=source,
            output=after.name,
            axes=tuple(one if one is None or one < axis else one - 1 for one in rest),
            nodes=(*found.nodes, before.name, after.name),
        )
    return found


def _inserts(graph: Graph, short: str, long: str, axis: int) -> bool:
    """Whether `long` is `short` with an axis of one element put in at `axis`."""
    before, after = graph.shape(short), graph.shape(long)
    if before is None or after is None or len(after) != len(before) + 1 or len(before) < 3:
        return False
    node = graph.producer(long)
    if node is not None and node.op == "ExpandDims":
        told = graph.constant(node.input[1])
        return told is not None and told.size == 1 and int(told.item()) % len(after) == axis
    return after == (*before[:axis], 1, *before[axis:])


def _undoing(graph: Graph, output: str, axis: int) -> Any | None:
    """The Squeeze or Reshape, the only reader of `output`, that takes a lone axis out again."""
    node = graph.only_reader(output)
    shape = graph.shape(output)
    if node is None or shape is None or shape[axis] != 1:
        return None
    if node.op == "Squeeze":
        dims = [dim % len(shape) for dim in node.attr["squeeze_dims"].list.i]
        ones = [index for index, size in enumerate(shape) if size == 1]
        return node if dims == [axis] or (not dims and ones == [axis]) else None
    if node.op == "Reshape" and node.input[0].removesuffix(":0") == output:
        return node if graph.shape(node.name) == (*shape[:axis], *shape[axis + 1 :]) else None
    return None


def _with_batched_space(
    graph: Graph, found: Surroundings, before: Any, operator: Operator, window: Window
) -> Surroundings:
    """Rule 3: blocks dilate, and what is padded and not cropped again is padding.

    Source: tf.nn.with_space_to_batch.
    """
    title = f"SpaceToBatchND `{printable(before.name)}` before it"
    blocks = graph.constant(before.input[1])
    after = graph.only_reader(found.output)
    if after is None or after.op != "BatchToSpaceND" or blocks is None:
        raise ModelError(f"{title} is not undone after it")
    crossed = graph.constant(after.input[1])
    if crossed is None or crossed.tolist() != blocks.tolist():
        raise ModelError(f"{title} is undone with other blocks")
    plain = set(window.stride) == {1} == set(window.dilation) and window.pads_nothing
    if operator.kind is not OpKind.CONV or not plain or found.folded or found.blocks:
        raise ModelError(f"{title}: expected an op of stride 1 that neither dilates nor pads")
    pads = amounts_of(graph, before.input[2], len(blocks), title="the pads of SpaceToBatchND")
    crops = amounts_of(graph, after.input[2], len(blocks), title="the crops of BatchToSpaceND")
    rest = enumerate(zip(blocks.tolist(), pads, crops, strict=True), start=1)
    if any(one != (1, (0, 0), (0, 0)) for axis, one in rest if axis not in found.axes):
        raise ModelError(f"{title}: expected blocks along spatial axes")
    net = {
        axis + 1: (low - cut_low, high - cut_high)
        for axis, ((low, high), (cut_low, cut_high)) in enumerate(zip(pads, crops, strict=True))
    }
    dilation = dict(enumerate((int(block) for block in blocks), start=1))
    return replace(
        found,
        data=before.input[0].removesuffix(":0"),
        output=after.name,
        pads=_sum(found.pads, [net.get(axis or 0, (0, 0)) for axis in found.axes]),
        blocks=tuple(dilation.get(axis or 0, 1) for axis in found.axes),
        nodes=(*found.nodes, before.name, after.name),
    )


def _without_transposes(graph: Graph, found: Surroundings, before: Any) -> Surroundings:
    """Rule 4."""
    moved = transposes_around(
        graph, before, found.output, found.axes, channels_last=found.channels_last
    )
    if moved is None:
        return found
    return replace(
        found,
        data=before.input[0].removesuffix(":0"),
        output=moved.after.name,
        axes=moved.axes,
        channels_last=moved.channels_last,
        nodes=(*found.nodes, before.name, moved.after.name),
    )


def _with_crop(graph: Graph, found: Surroundings) -> Surroundings:
    """Rule 5."""
    node = graph.only_reader(found.output)
    rank = len(graph.shape(found.output) or ())
    pairs = None if node is None else crop_of(graph, node, rank)
    if node is None or pairs is None or node.input[0].removesuffix(":0") != found.output:
        return found
    spatial = [axis for axis in found.axes if axis is not None]
    if any(any(pair) for axis, pair in enumerate(pairs) if axis not in spatial):
        return found
    return replace(
        found,
        output=node.name,
        crops=tuple(pairs[axis] for axis in spatial),
        folded=(node.name,),
        nodes=(node.name,),
    )

"""A frozen graph with some of its sites replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.tensorflow.network.change_graph import DATA, TAIL, WEIGHT, change_graph
from padcheck.frameworks.tensorflow.network.session import refused, tensor_name
from padcheck.records import Change

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Edit", "alter"]

_FLOAT32 = 1  # DT_FLOAT
#: What a network is fed, which stays even where nothing reads it any more.
_FED = ("Placeholder", "PlaceholderWithDefault")


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """What is to stand between two tensors of a graph; `output` lies between them.

    `data` and `tail` have `rank` + 2 axes, channels last or first.
    """

    data: str
    tail: str
    output: str
    channels_last: bool
    rank: int
    change: Change


def alter(graph_def: Any, edits: Sequence[Edit], *, keep: Collection[str] = ()) -> Any:
    """A copy of the GraphDef in which every edit's change is computed from `data` to `tail`.

    1. `tail` has its name, and whoever read it reads it still.
    2. What only served the replaced nodes is gone, but for what the network is fed and the
       tensors in `keep`; `output` is there no more, if it is not `tail` and has no other reader.
       That it had to run before another node keeps nothing.
    3. The batch stays open; other sizes are those of `change.spec`.

    Raises FrameworkError for a tensor that is not there, and, with the reason, for a change that
    TensorFlow has no words for.
    """
    tails = {tensor_name(edit.tail): edit for edit in edits}
    nodes = {node.name: node for node in graph_def.node}
    _check(nodes, tails, edits)
    gone = _unused(nodes, tails, {tensor_name(tensor).partition(":")[0] for tensor in keep})
    altered = type(graph_def)()
    altered.versions.CopyFrom(graph_def.versions)
    altered.library.CopyFrom(graph_def.library)
    for name, node in nodes.items():
        if name in tails:
            _replace(altered, nodes, tails[name])
        elif name not in gone:
            copy = altered.node.add()
            copy.CopyFrom(node)
            copy.attr.pop("_class", None)  # may name a node that is gone
            copy.input[:] = [
                tensor for tensor in node.input if tensor.removeprefix("^") not in gone
            ]
    return altered


def _check(nodes: dict[str, Any], tails: dict[str, Edit], edits: Sequence[Edit]) -> None:
    if len(tails) < len(edits):
        raise refused("two changes of one tensor")
    for edit in edits:
        for tensor in (edit.data, edit.tail):
            if tensor.partition(":")[0] not in nodes:
                raise refused(f"there is no tensor `{tensor}` to change the graph at")
    read = {tensor for node in nodes.values() for tensor in node.input if ":" in tensor}
    for tensor in map(tensor_name, read):
        name, _, output = tensor.partition(":")
        if output and name in tails:
            raise refused(f"`{name}` has more than one output that is read")
    for name in tails:
        if ":" in name:
            raise refused(f"`{name}` is not the only output of its op")


def _unused(nodes: dict[str, Any], tails: dict[str, Edit], keep: Collection[str]) -> set[str]:
    """The nodes that only served what is replaced (rule 2)."""
    readers = Counter(
        source for node in nodes.values() for source in dict.fromkeys(_sources(node.input))
    )
    readers.update(edit.data.partition(":")[0] for edit in tails.values())
    gone: set[str] = set()
    waiting = list(tails)
    while waiting:
        for source in dict.fromkeys(_sources(nodes[waiting.pop()].input)):
            readers[source] -= 1
            node = nodes.get(source)
            if node is None or readers[source] or source in tails or source in keep:
                continue
            if node.op not in _FED:
                gone.add(source)
                waiting.append(source)
    return gone


def _sources(inputs: Iterable[str]) -> Iterable[str]:
    return (tensor.partition(":")[0] for tensor in inputs if not tensor.startswith("^"))


def _replace(altered: Any, nodes: dict[str, Any], edit: Edit) -> None:
    """Adds the nodes of a change under names of their own, the last one `tail`."""
    tail, data = tensor_name(edit.tail), tensor_name(edit.data)
    dtype = _dtype(nodes, edit)
    made, weight = change_graph(edit.change, dtype=dtype, channels_last=edit.channels_last)
    prefix = _prefix(nodes, tail)
    renamed = {node.name: f"{prefix}/{node.name}" for node in made.node} | {DATA: data, TAIL: tail}
    for node in made.node:
        if node.name == DATA:
            continue
        copy = altered.node.add()
        copy.CopyFrom(node)
        copy.name = renamed[node.name]
        copy.input[:] = [_renamed(tensor, renamed) for tensor in node.input]
        if node.name == WEIGHT and weight is not None:
            _fill(copy, weight)


def _fill(node: Any, array: np.ndarray) -> None:
    """Makes a placeholder the constant."""
    node.op = "Const"
    tensor = node.attr["value"].tensor
    tensor.dtype = node.attr["dtype"].type
    tensor.tensor_shape.CopyFrom(node.attr["shape"].shape)
    tensor.tensor_content = array.tobytes()
    del node.attr["shape"]


def _renamed(tensor: str, renamed: dict[str, str]) -> str:
    name, colon, output = tensor.partition(":")
    control = "^" if name.startswith("^") else ""
    return f"{control}{renamed[name.removeprefix('^')]}{colon}{output}"


def _prefix(nodes: dict[str, Any], tail: str) -> str:
    """`tail/altered`, or with a number where an earlier change has taken that."""
    taken = {
        name[len(tail) + 1 :].partition("/")[0] for name in nodes if name.startswith(f"{tail}/")
    }
    numbered = ("altered", *(f"altered_{number}" for number in range(1, len(taken) + 1)))
    return f"{tail}/" + next(name for name in numbered if name not in taken)


def _dtype(nodes: dict[str, Any], edit: Edit) -> int:
    """The type of what is replaced, as the nodes that compute it say."""
    for tensor in (edit.tail, edit.output):
        node = nodes.get(tensor.partition(":")[0])
        if node is not None and "T" in node.attr:
            return int(node.attr["T"].type)
    return _FLOAT32

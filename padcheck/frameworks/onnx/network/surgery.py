"""Puts nodes in place of others in a program, and drops what nothing needs any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from padcheck.frameworks.onnx.network.program import Program
from padcheck.frameworks.onnx.network.reaching import taken

if TYPE_CHECKING:
    import onnx

    from padcheck.frameworks.onnx.network.program import Weight

__all__ = ["without"]


def without(
    program: Program,
    written: Mapping[str, Sequence[onnx.NodeProto]],
    weights: Mapping[str, Weight],
    *,
    is_resized: bool,
) -> Program:
    """The program with new nodes for each value of `written`, where its old node was.

    1. A node that gave what a new one gives is dropped; where something else of it is used, it
       stays and gives that under another name.
    2. So is, from there upwards, every node and weight that nothing uses any more.
    """
    nodes: list[onnx.NodeProto] = []
    dropped: list[onnx.NodeProto] = []
    uses = _uses(program, written)
    made = {name for new in written.values() for node in new for name in node.output}
    for node in program.nodes:
        for name in node.output:
            nodes.extend(written.get(name, ()))
        if made.isdisjoint(node.output):
            nodes.append(node)
        elif any(uses[name] for name in node.output if name and name not in made):
            nodes.append(_renamed(node, made))  # rule 1
        else:
            dropped.append(node)
    dead = _dead(nodes, dropped, uses)
    kept = [node for node in nodes if id(node) not in dead]
    old = {
        name: one for name, one in program.weights.items() if uses[name] > 0 or name in uses.keep
    }
    return replace(
        program,
        nodes=kept,
        weights={**old, **weights},
        path=None,
        is_resized=program.is_resized or is_resized,
    )


class _Counted(Counter[str]):
    """How often a value is used; `keep` are those that never were, and so are no one's waste."""

    keep: frozenset[str] = frozenset()


def _uses(program: Program, written: Mapping[str, Sequence[onnx.NodeProto]]) -> _Counted:
    uses = _Counted(program.outputs)
    for node in program.nodes:
        uses.update(taken(node))
    uses.keep = frozenset(name for name in program.weights if not uses[name])
    for nodes in written.values():
        for node in nodes:
            uses.update(taken(node))
    return uses


def _renamed(node: onnx.NodeProto, made: set[str]) -> onnx.NodeProto:
    import onnx

    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    for index, name in enumerate(node.output):
        if name in made:
            copy.output[index] = f"{name}/replaced"
    return copy


def _dead(
    nodes: Sequence[onnx.NodeProto], dropped: Sequence[onnx.NodeProto], uses: _Counted
) -> set[int]:
    """The ids of nodes that are of no use once `dropped` are gone; takes their uses away."""
    producers = {name: node for node in nodes for name in node.output if name}
    dead: set[int] = set()
    waiting = list(dropped)
    while waiting:
        for name in taken(waiting.pop()):
            uses[name] -= 1
            node = producers.get(name)
            if node is None or id(node) in dead or uses[name] > 0:
                continue
            if not any(uses[other] > 0 for other in node.output if other):
                dead.add(id(node))
                waiting.append(node)
    return dead

"""A frozen graph to be read: who makes a tensor, who reads it, its shape, and its constants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.tensorflow.network.freezing import Frozen
from padcheck.frameworks.tensorflow.network.inlining import split_tensor
from padcheck.frameworks.tensorflow.network.quiet import load_tensorflow, quietly
from padcheck.records import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Graph", "Shape"]

Shape = tuple["int | None", ...]

#: Ops that pass their first input on.
IDENTITIES = ("Identity", "StopGradient", "PreventGradient", "Snapshot", "EnsureShape")

#: Constants are worked out up to this many numbers, or as many as go into them.
MAX_CONSTANT = 1 << 22

#: A graph with a tensor of more numbers is refused.
MAX_NUMBERS = 1 << 33

#: Ops whose output a shape alone tells.
_OF_SHAPES = ("Rank", "Shape", "Size")


class Graph:
    """The graph at some input shapes; tensors are called `node`, or `node:1`.

    `order` has the nodes in topological order. `shapes`: user name -> the shape of an input,
    None for a size that is open. Raises ModelError where TensorFlow refuses the graph.
    """

    def __init__(self, frozen: Frozen, shapes: Mapping[str, Shape], where: str) -> None:
        self.frozen = frozen
        self.nodes: dict[str, Any] = {node.name: node for node in frozen.graph_def.node}
        self.readers: dict[str, list[Any]] = {}
        for node in frozen.graph_def.node:
            for name in node.input:
                self.readers.setdefault(name.removesuffix(":0"), []).append(node)
        self.ends = frozenset(frozen.outputs.values())
        self.order = tuple(_ordered(self.nodes, where))
        self._tf = load_tensorflow()
        self._imported = self._import(shapes, where)
        self._check_sizes(where)
        self._constant = self._constant_nodes()
        self._known: dict[str, NDArray[Any] | None] = {}
        self._session: Any = None

    def _import(self, shapes: Mapping[str, Shape], where: str) -> Any:
        tf, graph, given = self._tf, self._tf.Graph(), {}
        try:
            with quietly(), graph.as_default():
                for name, shape in shapes.items():
                    tensor = self.frozen.inputs[name]
                    dtype = self.nodes[tensor].attr["dtype"].type
                    given[f"{tensor}:0"] = tf.compat.v1.placeholder(dtype, shape, "padcheck_input")
                tf.import_graph_def(self.frozen.graph_def, input_map=given, name="")
        except Exception as error:
            reason = f"TensorFlow refuses its graph ({one_line(error)})"
            raise ModelError(reason, where=where) from error
        self._inputs = {name.removesuffix(":0"): tensor for name, tensor in given.items()}
        return graph

    def _check_sizes(self, where: str) -> None:
        for name in self.order:
            for output in self._imported.get_operation_by_name(name).outputs:
                count = output.shape.num_elements() or 0
                if count > MAX_NUMBERS:
                    problem = f"makes a tensor of {count} numbers, which is not read"
                    raise ModelError(problem, where=where, node=printable(name)[:100])

    def producer(self, tensor: str) -> Any | None:
        """The node that makes a tensor."""
        return self.nodes.get(split_tensor(tensor)[0])

    def only_reader(self, tensor: str) -> Any | None:
        """The node that alone reads a tensor once; None also for an output of the graph."""
        readers = self.readers.get(tensor, [])
        return readers[0] if len(readers) == 1 and tensor not in self.ends else None

    def shape(self, tensor: str) -> Shape | None:
        """The sizes of a tensor, None where open; None altogether where the rank is."""
        if tensor in self._inputs:
            found = self._inputs[tensor].shape
        else:
            node, index = split_tensor(tensor)
            found = self._imported.get_tensor_by_name(f"{node}:{index}").shape
        return None if found.rank is None else tuple(found.as_list())

    def dtype(self, tensor: str) -> Any:
        """TensorFlow's type of a tensor."""
        node, index = split_tensor(tensor)
        return self._imported.get_tensor_by_name(f"{node}:{index}").dtype

    def is_constant(self, tensor: str) -> bool:
        """Whether a tensor depends on no input's numbers (it may on their shapes)."""
        return split_tensor(tensor)[0] in self._constant

    def root(self, tensor: str) -> str:
        """The tensor that Identity nodes pass on."""
        while (node := self.producer(tensor)) is not None and node.op in IDENTITIES:
            tensor = node.input[0].removesuffix(":0")
        return tensor

    def origin(self, tensor: str) -> str | None:
        """The one constant that a tensor is made of, None where there are more or none."""
        if not self.is_constant(tensor):
            return None
        leaves = [name for name in self._leaves(tensor) if not self._is_of_shape(name)]
        large = [name for name in leaves if self._numbers(name) > 1]
        return large[0] if len(large) == 1 else (leaves[0] if len(leaves) == 1 else None)

    def constant(self, tensor: str) -> NDArray[Any] | None:
        """The numbers of a constant tensor, None where it is none."""
        if not self.is_constant(tensor):
            return None
        if tensor not in self._known:
            self.work_out([tensor])
        return self._known[tensor]

    def work_out(self, tensors: Sequence[str]) -> None:
        """Makes many constants known in one go."""
        roots = {tensor: self.root(tensor) for tensor in tensors if self.is_constant(tensor)}
        computed = []
        for tensor, root in roots.items():
            node = self.producer(root)
            if root in self.frozen.weights:
                self._known[tensor] = self.frozen.weights[root]
            elif node is not None and node.op == "Const":
                self._known[tensor] = self._tf.make_ndarray(node.attr["value"].tensor)
            else:
                computed.append(tensor)
        if computed:
            self._known.update(zip(computed, self._computed(computed), strict=True))

    # ---- constants --------------------------------------------------------------------------

    def _computed(self, tensors: Sequence[str]) -> list[NDArray[Any] | None]:
        """By TensorFlow itself, from the constants and shapes that they are made of."""
        import numpy as np

        tf = self._tf
        if self._session is None:
            config = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
            config.graph_options.rewrite_options.disable_meta_optimizer = True
            self._session = tf.compat.v1.Session(graph=self._imported, config=config)
        feeds = {}
        for tensor in tensors:
            for leaf in self._leaves(tensor):
                if leaf in self.frozen.weights:
                    feeds[f"{leaf}:0"] = self.frozen.weights[leaf]
                elif self._is_of_shape(leaf):
                    feeds[f"{leaf}:0"] = self._of_shape(np, self.nodes[leaf])
        names = [tensor if ":" in tensor else f"{tensor}:0" for tensor in tensors]
        try:
            with quietly():
                computed: list[NDArray[Any] | None] = self._session.run(names, feeds)
        except tf.errors.OpError:
            return [None] * len(tensors)
        return computed

    def _leaves(self, tensor: str) -> Iterator[str]:
        """The nodes without inputs, or that only a shape goes into, behind a constant."""
        waiting, seen = [split_tensor(tensor)[0]], set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            node = self.nodes[name]
            if not node.input or self._is_of_shape(name):
                yield name
            else:
                waiting += [split_tensor(source)[0] for source in node.input]

    def _numbers(self, tensor: str) -> int:
        """How many numbers a tensor holds; 0 where that is open."""
        shape = self.shape(tensor)
        return 0 if shape is None else math.prod(size or 0 for size in shape)

    def _is_of_shape(self, name: str) -> bool:
        return self.nodes[name].op in _OF_SHAPES

    def _of_shape(self, np: Any, node: Any) -> NDArray[Any]:
        source = node.input[0].removesuffix(":0")
        shape = self.shape(source) or ()
        value = {"Shape": shape, "Rank": len(shape), "Size": self._numbers(source)}
        enum = node.attr["out_type"].type or 3
        dtype = np.int32 if node.op == "Rank" else self._tf.as_dtype(enum).as_numpy_dtype
        array: NDArray[Any] = np.asarray(value[node.op], dtype)
        return array

    def _constant_nodes(self) -> frozenset[str]:
        """1. Constants and weights.
        2. What tells a shape that is known.
        3. What is made of these alone, has no state, and is of a known, sane size.
        """
        found: set[str] = set()
        for name in self.order:
            node = self.nodes[name]
            if name in self.frozen.weights or self._is_plain(node):  # rule 1
                found.add(name)
            elif node.op in _OF_SHAPES:  # rule 2
                shape = self.shape(node.input[0].removesuffix(":0"))
                if shape is not None and (node.op == "Rank" or None not in shape):
                    found.add(name)
            elif self._is_made_of(node, found) and self._is_pure(name):  # rule 3
                found.add(name)
        return frozenset(found)

    def _is_plain(self, node: Any) -> bool:
        """Whether a node is a Const that is as large as it is stored, or not large."""
        if node.op != "Const":
            return False
        stored = len(node.attr["value"].tensor.tensor_content)
        return self._numbers(node.name) <= max(MAX_CONSTANT, stored)

    def _is_made_of(self, node: Any, found: set[str]) -> bool:
        return bool(node.input) and all(split_tensor(one)[0] in found for one in node.input)

    def _is_pure(self, name: str) -> bool:
        operation = self._imported.get_operation_by_name(name)
        if operation.op_def.is_stateful or not operation.outputs:
            return False
        if any(attr.type in ("func", "list(func)") for attr in operation.op_def.attr):
            return False
        sources = (self._numbers(one.removesuffix(":0")) for one in self.nodes[name].input)
        most = max([MAX_CONSTANT, *sources])
        shapes = [output.shape for output in operation.outputs]
        return all(one.is_fully_defined() and one.num_elements() <= most for one in shapes)


def _ordered(nodes: Mapping[str, Any], where: str) -> Iterator[str]:
    """Every node after those it reads; loops of `NextIteration` are cut."""
    done: set[str] = set()
    for first in nodes:
        path = [(first, iter(_sources(nodes, first)))] if first not in done else []
        open_nodes = {first}
        while path:
            name, sources = path[-1]
            source = next((one for one in sources if one not in done), None)
            if source is None:
                path.pop()
                open_nodes.discard(name)
                if name not in done:
                    done.add(name)
                    yield name
            elif source in open_nodes:
                problem = "its graph goes in a circle"
                raise ModelError(problem, where=where, node=printable(source)[:100])
            else:
                open_nodes.add(source)
                path.append((source, iter(_sources(nodes, source))))


def _sources(nodes: Mapping[str, Any], name: str) -> list[str]:
    if nodes[name].op == "NextIteration":
        return []
    return [
        one for one in (split_tensor(source)[0] for source in nodes[name].input) if one in nodes
    ]

"""Builds the scopes of a model: subgraphs become bodies, model-local functions are expanded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, free_names, printable
from padcheck.frameworks.onnx.reading.loading import MAX_DEPTH
from padcheck.frameworks.onnx.reading.order import in_topological_order
from padcheck.frameworks.onnx.reading.tensors import constant_tensor

if TYPE_CHECKING:
    import onnx

    Attributes = Mapping[str, onnx.AttributeProto]
    FunctionKey = tuple[str, str, str]

__all__ = ["MAX_ENTRIES", "build_scopes"]

#: Nodes in all; real models have a few ten thousands at most.
MAX_ENTRIES = 200_000

#: Nodes that come out of function calls, which a small file can multiply without end.
MAX_EXPANDED = 50_000

DEFAULT_DOMAIN = "ai.onnx"


def build_scopes(proto: onnx.ModelProto, where: str) -> Scope:
    """The scope of the main graph, with everything below it.

    Raises ModelError for cycles, values produced twice, functions that call themselves, names
    that are not UTF-8, and more nodes than MAX_ENTRIES, or than MAX_EXPANDED out of calls.
    """
    opsets = _opsets(proto.opset_import)
    builder = _Builder(where, _functions(proto))
    return builder.scope(proto.graph, _Frame("", opsets), None)


def domain_name(domain: str) -> str:
    """The domain, with the default one spelled as the empty string."""
    return "" if domain == DEFAULT_DOMAIN else domain


def _opsets(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    return {domain_name(one.domain): one.version for one in imports}


def _functions(proto: onnx.ModelProto) -> dict[FunctionKey, onnx.FunctionProto]:
    return {
        (domain_name(one.domain), one.name, getattr(one, "overload", "")): one
        for one in proto.functions
    }


class _Frame:
    """Where nodes are being read: the path before their names, and a function call's bindings."""

    __slots__ = ("arguments", "attributes", "calls", "depth", "opsets", "prefix")

    def __init__(
        self,
        prefix: str,
        opsets: Mapping[str, int],
        *,
        arguments: Mapping[str, str] | None = None,
        attributes: Attributes | None = None,
        calls: tuple[FunctionKey, ...] = (),
        depth: int = 0,
    ) -> None:
        self.prefix = prefix
        self.opsets = opsets
        self.arguments = arguments
        self.attributes = attributes
        self.calls = calls
        self.depth = depth

    def inside(self, prefix: str, hidden: Iterable[str]) -> _Frame:
        """The frame of a body: the same bindings, without the names that the body hides."""
        arguments = self.arguments
        if arguments is not None:
            own = set(hidden)
            arguments = {name: value for name, value in arguments.items() if name not in own}
        return _Frame(
            prefix,
            self.opsets,
            arguments=arguments,
            attributes=self.attributes,
            calls=self.calls,
            depth=self.depth + 1,
        )

    def value(self, name: str) -> str:
        """The name of a value in the scope that the call is expanded into."""
        return name if self.arguments is None else self.arguments.get(name, name)


class _Builder:
    def __init__(self, where: str, functions: Mapping[FunctionKey, onnx.FunctionProto]) -> None:
        self._where = where
        self._functions = functions
        self._count = 0
        self._expanded = 0
        self._call_paths: set[str] = set()

    def scope(self, graph: onnx.GraphProto, frame: _Frame, parent: Scope | None) -> Scope:
        if frame.depth > MAX_DEPTH:
            raise self._error(f"its graphs are nested more than {MAX_DEPTH} deep", frame.prefix)
        scope = Scope(parent=parent, inputs=self._texts(one.name for one in graph.input))
        scope.constants = {one.name: one for one in graph.initializer}
        for sparse in graph.sparse_initializer:
            scope.constants[sparse.values.name] = _dense(sparse)
        self._texts(scope.constants)
        scope.outputs = tuple(map(frame.value, self._texts(one.name for one in graph.output)))
        for one in (*graph.value_info, *graph.output, *graph.input):
            scope.declared[frame.value(one.name)] = one.type
        self._nodes(graph.node, frame, scope)
        self._finish(scope)
        return scope

    def _nodes(self, nodes: Iterable[onnx.NodeProto], frame: _Frame, scope: Scope) -> None:
        for node in nodes:
            self._count += 1
            self._expanded += bool(frame.calls)
            if self._count > MAX_ENTRIES:
                raise self._error(f"has more than {MAX_ENTRIES} nodes", frame.prefix)
            if self._expanded > MAX_EXPANDED:
                problem = f"its functions expand to more than {MAX_EXPANDED} nodes"
                raise self._error(problem, frame.prefix)
            self._node(node, frame, scope)

    def _node(self, node: onnx.NodeProto, frame: _Frame, scope: Scope) -> None:
        name, op_type, domain = self._texts((node.name, node.op_type, node.domain))
        outputs = self._texts(node.output)
        entry = Entry(
            path=frame.prefix + printable(name or next(filter(None, outputs), op_type)),
            op_type=op_type,
            domain=domain_name(domain),
            inputs=tuple(map(frame.value, self._texts(node.input))),
            outputs=tuple(map(frame.value, outputs)),
            attributes=_attributes(node, frame),
            opsets=frame.opsets,
        )
        key = (entry.domain, entry.op_type, getattr(node, "overload", ""))
        function = self._functions.get(key)
        if function is not None:
            self._call(entry, key, function, frame, scope)
        elif not (entry.op_type == "Constant" and _take_constant(entry, scope)):
            self._bodies(entry, frame, scope)
            self._register(entry, scope)

    def _call(
        self,
        entry: Entry,
        key: FunctionKey,
        function: onnx.FunctionProto,
        frame: _Frame,
        scope: Scope,
    ) -> None:
        """Expands a call in place: formal names become actual ones, others get the call's path."""
        if key in frame.calls or len(frame.calls) >= MAX_DEPTH:
            problem = f"function `{printable(entry.op_type)}` calls itself or is nested too deep"
            raise self._error(problem, entry.path)
        for inner_node in function.node:
            self._texts((*inner_node.input, *inner_node.output))
        self._texts((*function.input, *function.output))
        prefix = self._call_prefix(entry.path)
        inner = _Frame(
            prefix,
            {**frame.opsets, **_opsets(function.opset_import)},
            arguments=_arguments(function, entry, prefix),
            attributes=_bound_attributes(function, entry),
            calls=(*frame.calls, key),
            depth=frame.depth,
        )
        for one in getattr(function, "value_info", ()):
            scope.declared.setdefault(inner.value(one.name), one.type)
        self._nodes(function.node, inner, scope)

    def _call_prefix(self, path: str) -> str:
        prefix, number = f"{path}/", 2
        while prefix in self._call_paths:
            prefix, number = f"{path}#{number}/", number + 1
        self._call_paths.add(prefix)
        return prefix

    def _bodies(self, entry: Entry, frame: _Frame, scope: Scope) -> None:
        for name, attribute in entry.attributes.items():
            graphs = [(name, attribute.g)] if attribute.HasField("g") else []
            graphs += [(f"{name}[{index}]", one) for index, one in enumerate(attribute.graphs)]
            for title, graph in graphs:
                inner = frame.inside(f"{entry.path}/{printable(title)}/", _defined(graph))
                entry.bodies[title] = self.scope(graph, inner, scope)

    def _register(self, entry: Entry, scope: Scope) -> None:
        for name in filter(None, entry.outputs):
            if name in scope.producers or name in scope.constants:
                raise self._error(
                    f"value `{printable(name)}` is produced twice", entry.path, field="output"
                )
            scope.producers[name] = entry
        scope.entries.append(entry)

    def _finish(self, scope: Scope) -> None:
        """Counts the uses of each value, and puts the entries in order."""
        needs: dict[Entry, tuple[str, ...]] = {}
        for entry in scope.entries:
            outer = [name for body in entry.bodies.values() for name in free_names(body)]
            needs[entry] = (*filter(None, entry.inputs), *outer)
            scope.uses.update(needs[entry])
        scope.uses.update(scope.outputs)
        scope.entries = in_topological_order(scope.entries, needs, scope.producers, self._where)

    def _texts(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names; raises ModelError for one that is not UTF-8, which protobuf gives as bytes."""
        texts = tuple(names)
        for text in texts:
            if not isinstance(text, str):
                raise ModelError(
                    f"expected names in UTF-8 but got {text!r:.40}; export the model again",
                    where=self._where,
                )
        return texts

    def _error(self, problem: str, path: str, *, field: str = "") -> ModelError:
        help_ = "; export the model again"
        return ModelError(problem + help_, where=self._where, node=path.rstrip("/"), field=field)


def _take_constant(entry: Entry, scope: Scope) -> bool:
    """Files a Constant node's tensor under its output; False when it holds none."""
    name = entry.output
    if not name or name in scope.producers or name in scope.constants:
        return False
    for attribute in entry.attributes.values():
        tensor = constant_tensor(attribute)
        if tensor is not None:
            scope.constants[name] = tensor
            return True
    return False


def _attributes(node: onnx.NodeProto, frame: _Frame) -> Attributes:
    """By name; a reference to an attribute of the enclosing function is replaced by its value."""
    found: dict[str, onnx.AttributeProto] = {}
    for attribute in node.attribute:
        if not isinstance(attribute.name, str):
            continue  # not UTF-8, so it is none that ONNX knows
        if not attribute.ref_attr_name:
            found[attribute.name] = attribute
        elif frame.attributes is not None and attribute.ref_attr_name in frame.attributes:
            found[attribute.name] = frame.attributes[attribute.ref_attr_name]
    return found


def _bound_attributes(function: onnx.FunctionProto, entry: Entry) -> Attributes:
    """The call's attributes, and the function's defaults where the call has none."""
    defaults = {one.name: one for one in getattr(function, "attribute_proto", ())}
    return {**defaults, **entry.attributes}


def _arguments(function: onnx.FunctionProto, entry: Entry, prefix: str) -> dict[str, str]:
    """Every name of the function's graph -> a name of the scope that it is expanded into."""
    names = {name for node in function.node for name in (*node.input, *node.output) if name}
    bound = {name: prefix + name for name in names | _free_in_bodies(function.node)}
    for index, formal in enumerate(function.input):
        bound[formal] = entry.input(index)
    for formal, actual in zip(function.output, entry.outputs, strict=False):
        if actual:
            bound[formal] = actual
    return bound


def _free_in_bodies(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """The names that the subgraphs of these nodes mention; a superset of those from around."""
    names: set[str] = set()
    for node in nodes:
        for attribute in node.attribute:
            for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                names |= {name for one in graph.node for name in one.input if name}
                names |= {one.name for one in graph.output} | _free_in_bodies(graph.node)
    return {name for name in names if isinstance(name, str)}


def _defined(graph: onnx.GraphProto) -> set[str]:
    names = {one.name for one in graph.input} | {one.name for one in graph.initializer}
    return names | {name for node in graph.node for name in node.output}


def _dense(sparse: onnx.SparseTensorProto) -> onnx.TensorProto:
    """A tensor of the same type and dims, without values."""
    import onnx

    return onnx.TensorProto(
        name=sparse.values.name, data_type=sparse.values.data_type, dims=list(sparse.dims)
    )

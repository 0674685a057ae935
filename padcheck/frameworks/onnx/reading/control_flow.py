"""The types of what If, Loop and Scan give, from those of their bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from padcheck.frameworks.onnx.reading.attributes import integers
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.tensors import Dims, dims_of, tensor_type

if TYPE_CHECKING:
    import onnx

    Types = Sequence["onnx.TypeProto | None"]

__all__ = ["infer_bodies"]

#: A loop within more loops than this gets its body inferred once, without what it carries.
MAX_CAREFUL_DEPTH = 3

#: The first Scan without a batch axis and with axes for its scan outputs.
FIRST_SCAN_WITHOUT_BATCH = 9


def infer_bodies(
    scope: Scope,
    entry: Entry,
    run: Callable[[Scope], None],
    forget: Callable[[set[Scope]], None],
) -> None:
    """Runs inference in the entry's bodies, and types its outputs from theirs."""

    def start(body: Scope, types: Types) -> Types:
        forget(set(_scopes(body)))
        for one in _scopes(body):
            one.types.clear()
        for name, kind in zip(body.inputs, [*types, *[None] * len(body.inputs)], strict=False):
            known = kind if kind is not None else body.declared.get(name)
            if known is not None:
                body.types[name] = known
        run(body)
        return [body.type_of(name) for name in body.outputs]

    handlers = {"If": _infer_if, "Loop": _infer_loop, "Scan": _infer_scan}
    handler = handlers.get(entry.op_type) if entry.domain == "" else None
    if handler is None:
        for body in entry.bodies.values():
            start(body, ())
        return
    for name, kind in zip(entry.outputs, handler(scope, entry, start), strict=False):
        if name and kind is not None:
            scope.types[name] = kind


def _scopes(body: Scope) -> Iterator[Scope]:
    yield body
    for entry in body.entries:
        for inner in entry.bodies.values():
            yield from _scopes(inner)


def _depth(scope: Scope) -> int:
    depth, outer = 0, scope.parent
    while outer is not None:
        depth, outer = depth + 1, outer.parent
    return depth


def _infer_if(_: Scope, entry: Entry, start: Callable[[Scope, Types], Types]) -> Types:
    """What both branches agree on."""
    branches = [start(body, ()) for body in entry.bodies.values()]
    if len(branches) != 2:
        return ()
    return [_common(one, other) for one, other in zip(*branches, strict=False)]


def _common(one: onnx.TypeProto | None, other: onnx.TypeProto | None) -> onnx.TypeProto | None:
    if one is None or other is None:
        return None
    elem = one.tensor_type.elem_type
    left, right = dims_of(one), dims_of(other)
    if left is None or right is None or len(left) != len(right):
        return tensor_type(elem, None)
    pairs = zip(left, right, strict=True)
    return tensor_type(elem, tuple(a if a == b else None for a, b in pairs))


def _infer_loop(scope: Scope, entry: Entry, start: Callable[[Scope, Types], Types]) -> Types:
    """Loop(M, cond, v...) with body (iteration, cond, v...) -> (cond, v..., scanned...).

    A carried value whose shape comes out as it went in has that shape in every iteration, by
    induction; one that does not has none.
    """
    body = entry.bodies.get("body")
    if body is None:
        return ()
    initial = [scope.type_of(name) for name in entry.inputs[2:]]
    head: Types = (tensor_type(7, ()), tensor_type(9, ()))  # int64 iteration, bool condition
    if _depth(scope) >= MAX_CAREFUL_DEPTH:
        carried = [_shapeless(kind) for kind in initial]
    else:
        carried = _carried(initial, start(body, (*head, *initial))[1:])
    given = start(body, (*head, *carried))[1:]
    scanned = [_stacked(kind, 0, None) for kind in given[len(carried) :]]
    return [*carried, *scanned]


def _carried(before: Types, after: Types) -> list[onnx.TypeProto | None]:
    """The types that an iteration keeps; all without a shape as soon as one is not kept."""
    kept = [
        one is not None and other is not None and dims_of(one) == dims_of(other)
        for one, other in zip(before, [*after, *[None] * len(before)], strict=False)
    ]
    return list(before) if all(kept) else [_shapeless(kind) for kind in before]


def _shapeless(kind: onnx.TypeProto | None) -> onnx.TypeProto | None:
    return None if kind is None else tensor_type(kind.tensor_type.elem_type, None)


def _infer_scan(scope: Scope, entry: Entry, start: Callable[[Scope, Types], Types]) -> Types:
    """Scan(state..., scanned...) from opset 9 on: each iteration sees one slice of the scanned."""
    body = entry.bodies.get("body")
    attribute = entry.attributes.get("num_scan_inputs")
    if body is None:
        return ()
    if attribute is None or entry.opset < FIRST_SCAN_WITHOUT_BATCH:
        start(body, ())
        return ()
    states = max(len(entry.inputs) - max(attribute.i, 0), 0)
    kinds = [scope.type_of(name) for name in entry.inputs]
    axes = _axes(entry, "scan_input_axes", len(kinds) - states)
    slices = [_sliced(kind, axis) for kind, axis in zip(kinds[states:], axes, strict=False)]
    given = start(body, (*kinds[:states], *slices))
    length = _length(kinds[states:], axes)
    scanned = given[states:]
    axes = _axes(entry, "scan_output_axes", len(scanned))
    stacked = [_stacked(kind, axis, length) for kind, axis in zip(scanned, axes, strict=False)]
    return [*kinds[:states], *stacked]


def _axes(entry: Entry, name: str, count: int) -> Sequence[int]:
    from padcheck.errors import ModelError

    count = max(count, 0)
    try:
        axes = integers(entry, name, count, low=-64, high=64)
    except ModelError:
        axes = None
    return axes if axes is not None else (0,) * count


def _sliced(kind: onnx.TypeProto | None, axis: int) -> onnx.TypeProto | None:
    dims = dims_of(kind)
    if kind is None or dims is None or not -len(dims) <= axis < len(dims):
        return _shapeless(kind)
    position = axis % len(dims)
    return tensor_type(kind.tensor_type.elem_type, dims[:position] + dims[position + 1 :])


def _length(kinds: Types, axes: Sequence[int]) -> int | str | None:
    for kind, axis in zip(kinds, axes, strict=False):
        dims = dims_of(kind)
        if dims is not None and -len(dims) <= axis < len(dims):
            return dims[axis]
    return None


def _stacked(
    kind: onnx.TypeProto | None, axis: int, length: int | str | None
) -> onnx.TypeProto | None:
    dims = dims_of(kind)
    if kind is None or dims is None or not -len(dims) - 1 <= axis <= len(dims):
        return _shapeless(kind)
    position = axis % (len(dims) + 1)
    stacked: Dims = (*dims[:position], length, *dims[position:])
    return tensor_type(kind.tensor_type.elem_type, stacked)

"""From an entry of a scope to a Site: gathers what is known around the node and reads it."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.errors import GeometryError, ModelError
from padcheck.frameworks.onnx.reading.attributes import MAX_EXTENT, auto_pad, is_set, shown
from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.folding import Folded, fold_pads
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, printable
from padcheck.frameworks.onnx.reading.operators import Operator, operator_of, refusal_of
from padcheck.frameworks.onnx.reading.pool_pads import ceil_objection
from padcheck.frameworks.onnx.reading.tensors import Dims
from padcheck.frameworks.onnx.reading.windows import Shapes, WindowReading, read_window_op
from padcheck.records import Site

__all__ = ["Located", "is_open", "is_windowed", "output_dims", "read_site"]


@dataclass(frozen=True, slots=True)
class Located:
    """A site and where it was found; `operator` and `folded` are None where it was not read."""

    site: Site
    scope: Scope
    entry: Entry
    operator: Operator | None = None
    folded: Folded | None = None


def is_windowed(entry: Entry) -> bool:
    """Whether an entry is a windowed op, or works like one that padcheck cannot read."""
    return operator_of(entry) is not None or refusal_of(entry) is not None


def read_site(scope: Scope, entry: Entry, name: str, evaluator: Evaluator) -> Located:
    """The Site of a windowed entry, with a reason instead of a spec where it cannot be read."""
    operator, op_type = operator_of(entry), printable(entry.op_type)
    if operator is None:
        site = Site(name=name, op_type=op_type, reason=refusal_of(entry))
        return Located(site, scope, entry)
    try:
        reading, folded = _read(scope, entry, operator, evaluator)
    except (ModelError, GeometryError) as error:
        site = Site(name=name, op_type=op_type, reason=str(error))
        return Located(site, scope, entry)
    site = Site(
        name=name,
        op_type=op_type,
        spec=reading.spec,
        folded=folded.names,
        dynamic=reading.dynamic,
        notes=(*reading.notes, *folded.notes, *_fused(entry, operator)),
    )
    return Located(site, scope, entry, operator, folded)


def output_dims(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator
) -> Dims | None:
    """The dims of the first output, for the operators that onnx's inference does not know."""
    try:
        reading, folded = _read(scope, entry, operator, evaluator)
    except (ModelError, GeometryError):
        return None
    sized = zip(reading.spec.output_size, reading.dynamic, strict=True)
    spatial = tuple(None if is_dynamic else size for size, is_dynamic in sized)
    data = scope.dims(folded.data)
    batch = data[0] if data else None
    channels: int | str | None = reading.spec.channels[1]
    if operator.weight is None:
        channels = None if data is None else data[-1 if operator.channels_last else 1]
    return (batch, *spatial, channels) if operator.channels_last else (batch, channels, *spatial)


def is_open(scope: Scope, entry: Entry) -> bool:
    """Whether an input of a windowed op has no known shape yet."""
    operator = operator_of(entry)
    if operator is None:
        return False
    names = [entry.input(0)]
    if operator.weight is not None:
        names.append(entry.input(operator.weight))
    dims = [scope.dims(name) for name in names if name]
    return any(one is None or not all(isinstance(size, int) for size in one[1:]) for one in dims)


def _read(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator
) -> tuple[WindowReading, Folded]:
    if not entry.input(0):
        raise ModelError("expected a tensor but it is left out", field="input")
    if scope.owner(entry.input(0)) is None:
        problem = f"expected a tensor but the model has no `{printable(entry.input(0))}`"
        raise ModelError(problem, field="input")
    weight = _weight(scope, entry, operator)
    rank = max(len(weight) - 2, 0) if weight is not None else _pool_rank(entry)
    folded = fold_pads(scope, entry, operator, evaluator, rank)
    reading = _read_folded(scope, entry, operator, evaluator, folded)
    objection = ceil_objection(reading.spec, folded.pads, reading.dynamic, folded.border)
    if objection is None:
        return reading, folded
    note = f"Pad `{folded.names[0]}` before it is not taken in: {objection}"
    apart = Folded(entry.input(0), notes=(note,))
    return _read_folded(scope, entry, operator, evaluator, apart), apart


def _pool_rank(entry: Entry) -> int:
    return len(entry.attributes["kernel_shape"].ints) if is_set(entry, "kernel_shape") else 0


def _read_folded(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator, folded: Folded
) -> WindowReading:
    shapes = Shapes(
        data=scope.dims(folded.data),
        weight=_weight(scope, entry, operator),
        has_bias=operator.bias is not None and bool(entry.input(operator.bias)),
        given_pads=_given_pads(scope, entry, operator, evaluator),
        folded=folded.pads,
        border=folded.border,
    )
    return read_window_op(entry, operator, shapes)


def _weight(scope: Scope, entry: Entry, operator: Operator) -> Dims | None:
    if operator.weight is None:
        return None
    name = entry.input(operator.weight)
    if not name:
        raise ModelError("expected a weight but it is left out", field="W")
    if scope.owner(name) is None:
        raise ModelError(f"expected a weight but the model has no `{printable(name)}`", field="W")
    dims = scope.dims(name)
    if dims is None:
        raise ModelError(
            f"expected a weight of known shape but `{printable(name)}` has none", field="W"
        )
    return dims


def _given_pads(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator
) -> tuple[int, ...] | None:
    """Pads that come as an input (ConvTransposeWithDynamicPads)."""
    if operator.pads is None or not entry.input(operator.pads):
        return None
    if auto_pad(entry) != "NOTSET":
        return None
    value = evaluator.value(scope, entry.input(operator.pads))
    if isinstance(value, Unknown):
        raise ModelError(f"expected constant pads, but {value.reason}", field="Pads")
    numbers = [int(number) for number in value.ravel()] if value.dtype.kind in "iu" else []
    weight = _weight(scope, entry, operator)
    count = 2 * (len(weight) - 2) if weight is not None else len(numbers)
    if len(numbers) != count or any(abs(number) > MAX_EXTENT for number in numbers):
        problem = f"expected {count} ints of at most {MAX_EXTENT} but got {shown(numbers)}"
        raise ModelError(problem, field="Pads")
    return tuple(numbers)


def _fused(entry: Entry, operator: Operator) -> tuple[str, ...]:
    """What an op of onnxruntime does after its window, which the spec leaves out."""
    after = []
    if operator.added is not None and entry.input(operator.added):
        after.append(f"adds `{printable(entry.input(operator.added))}`")
    if "activation" in entry.attributes:
        word = entry.attributes["activation"].s.decode("utf-8", "replace")
        after.append(f"applies {printable(word)}")
    return (f"then it {' and '.join(after)}",) if after else ()

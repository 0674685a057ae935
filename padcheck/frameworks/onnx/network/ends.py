"""The inputs and outputs of a model as Tensors: types, shapes, and where their channels are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from padcheck.frameworks.onnx.network.quantized import is_linear
from padcheck.frameworks.onnx.network.wiring import Wiring
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.tensors import dims_of
from padcheck.records import Place, Quantization, Tensor

__all__ = ["input_tensors", "output_tensors"]

#: They keep every axis where it is.
_ELEMENTWISE = frozenset(
    [
        "Add",
        "BatchNormalization",
        "Cast",
        "Clip",
        "Concat",
        "DequantizeLinear",
        "Div",
        "Dropout",
        "Elu",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "InstanceNormalization",
        "LeakyRelu",
        "Mul",
        "PRelu",
        "Pad",
        "QuantizeLinear",
        "Relu",
        "Resize",
        "Sigmoid",
        "Softmax",
        "Sub",
        "Tanh",
        "Upsample",
    ]
)

#: Values looked at between an end and the first site.
MAX_LOOKED_AT = 64

#: Axis of an end that each axis of a value comes from.
_Axes = tuple[int, ...]


def input_tensors(
    wiring: Wiring,
    names: Iterable[str],
    places: Iterable[Place],
    quantized: Mapping[str, Quantization],
) -> tuple[Tensor, ...]:
    """The true inputs, with the sizes they were read at."""
    known = {place.data: place.channels_last for place in places}
    return tuple(
        _tensor(wiring.root, name, _layout(wiring, name, known), _of_input(wiring, name, quantized))
        for name in names
    )


def output_tensors(
    wiring: Wiring, places: Iterable[Place], quantized: Mapping[str, Quantization]
) -> tuple[Tensor, ...]:
    """The outputs; a layout is that of the site that an output comes from."""
    known = {name: place.channels_last for place in places for name in (place.output, place.tail)}
    root = wiring.root
    return tuple(
        _tensor(root, name, _origin_layout(root, name, known), quantized.get(name))
        for name in root.outputs
    )


def _of_input(
    wiring: Wiring, name: str, quantized: Mapping[str, Quantization]
) -> Quantization | None:
    """That of an input that all its readers take for real numbers."""
    readers = wiring.readers(name)
    if all(one.op_type == "DequantizeLinear" or is_linear(one) for one in readers):
        return quantized.get(name)
    return None


def _tensor(
    root: Scope, name: str, channels_last: bool | None, quantization: Quantization | None
) -> Tensor:
    import onnx

    kind = root.type_of(name) or root.declared.get(name)
    dtype = "object"
    if kind is not None and kind.HasField("tensor_type"):
        try:
            dtype = str(onnx.helper.tensor_dtype_to_np_dtype(kind.tensor_type.elem_type))
        except (KeyError, TypeError, ValueError):
            dtype = "float32"
    return Tensor(
        name=name,
        shape=dims_of(kind),
        dtype="float32" if quantization is not None else dtype,
        channels_last=channels_last,
        quantization=quantization,
    )


def _layout(wiring: Wiring, name: str, known: Mapping[str, bool]) -> bool | None:
    """Breadth first from an input to the data of a site, through what keeps or permutes axes."""
    rank = len(wiring.root.dims(name) or ())
    waiting: deque[tuple[str, _Axes]] = deque([(name, tuple(range(rank)))])
    seen = {name}
    while rank > 2 and waiting and len(seen) < MAX_LOOKED_AT:
        value, axes = waiting.popleft()
        if value in known:
            return _told(axes, known[value])
        for entry in wiring.readers(value):
            moved = _moved(entry, axes)
            if moved is not None and entry.output and entry.output not in seen:
                seen.add(entry.output)
                waiting.append((entry.output, moved))
    return None


def _origin_layout(root: Scope, name: str, known: Mapping[str, bool]) -> bool | None:
    """The same from an output upwards, along the first inputs that are no constants."""
    rank = len(root.dims(name) or ())
    axes: _Axes = tuple(range(rank))  # where each axis of the value ends up in the output
    for _ in range(MAX_LOOKED_AT):
        if name in known:
            return _told(axes, known[name]) if rank > 2 else None
        entry = root.producers.get(name)
        moved = None if entry is None else _moved(entry, tuple(range(rank)))
        if entry is None or moved is None:
            return None
        came_from = {source: axes[axis] for axis, source in enumerate(moved)}
        axes = tuple(came_from[axis] for axis in range(rank))
        name = next((one for one in entry.inputs if one not in root.constants), "")
    return None


def _moved(entry: Entry, axes: _Axes) -> _Axes | None:
    """The axes after an entry; None where it does not keep them apart."""
    if entry.domain != "":
        return None
    if entry.op_type == "Transpose":
        given = entry.attributes.get("perm")
        order = tuple(given.ints) if given is not None else tuple(reversed(range(len(axes))))
        if sorted(order) != list(range(len(axes))):
            return None
        return tuple(axes[axis] for axis in order)
    return axes if entry.op_type in _ELEMENTWISE else None


def _told(axes: _Axes, channels_last: bool) -> bool | None:
    """What the axis that the channels come from says: 1 is first, the last one is last."""
    channel = axes[-1] if channels_last else axes[1]
    if axes[0] != 0:
        return None
    return {1: False, len(axes) - 1: True}.get(channel)

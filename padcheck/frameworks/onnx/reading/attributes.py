"""Typed access to a node's attributes; what ONNX does not allow is a ModelError with the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.graph import Entry

if TYPE_CHECKING:
    import onnx

__all__ = ["MAX_EXTENT", "auto_pad", "integer", "integers", "is_set", "shown", "whole_number"]

#: Kernels, pads and the extents of windows past this are no model's; sizes may be larger.
MAX_EXTENT = 1 << 20

#: How much of a list is quoted in a message.
QUOTED = 8

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")

#: AttributeProto.AttributeType, of those that padcheck asks for.
FLOAT, INT, STRING, INTS = 1, 2, 3, 7

_TYPE_NAMES = [
    "undefined",
    "float",
    "int",
    "string",
    "tensor",
    "graph",
    "floats",
    "ints",
    "strings",
    "tensors",
    "graphs",
    "sparse_tensor",
    "sparse_tensors",
    "type_proto",
    "type_protos",
]


def is_set(entry: Entry, name: str) -> bool:
    """Whether the node has the attribute."""
    return name in entry.attributes


def integer(entry: Entry, name: str, default: int, *, low: int, high: int) -> int:
    """An int attribute within [low, high]; raises ModelError naming it."""
    attribute = entry.attributes.get(name)
    if attribute is None:
        return default
    _expect(attribute, name, INT)
    value: int = attribute.i
    if not low <= value <= high:
        raise ModelError(f"expected {_range(low, high)} but got {value}", field=name)
    return value


def whole_number(entry: Entry, name: str, default: int, *, low: int, high: int) -> int:
    """As `integer`, also where it is spelled as a float (`p` of LpPool-1)."""
    attribute = entry.attributes.get(name)
    if attribute is None or attribute.type != FLOAT:
        return integer(entry, name, default, low=low, high=high)
    if not (attribute.f.is_integer() and low <= attribute.f <= high):
        raise ModelError(f"expected {_range(low, high)} but got {attribute.f}", field=name)
    return int(attribute.f)


def integers(
    entry: Entry, name: str, count: int | Sequence[int], *, low: int, high: int
) -> tuple[int, ...] | None:
    """A list of `count` ints (or of one of several counts), each within [low, high].

    None where the attribute is left out; raises ModelError naming it.
    """
    attribute = entry.attributes.get(name)
    if attribute is None:
        return None
    _expect(attribute, name, INTS)
    counts = (count,) if isinstance(count, int) else tuple(count)
    values = attribute.ints
    if len(values) not in counts or not all(low <= value <= high for value in values):
        wanted = " or ".join(str(one) for one in counts)
        problem = f"expected {wanted} {_range(low, high, plural=True)} but got {shown(values)}"
        raise ModelError(problem, field=name)
    return tuple(values)


def auto_pad(entry: Entry) -> str:
    """One of AUTO_PADS; left out or empty is NOTSET. Raises ModelError for any other word."""
    attribute = entry.attributes.get("auto_pad")
    if attribute is None:
        return "NOTSET"
    _expect(attribute, "auto_pad", STRING)
    word = attribute.s.decode("utf-8", "replace") or "NOTSET"
    if word not in AUTO_PADS:
        known = ", ".join(AUTO_PADS)
        raise ModelError(f"expected one of {known} but got {word[:40]!r}", field="auto_pad")
    return word


def shown(values: Sequence[int]) -> str:
    """A list as a message quotes it, cut short where it is long."""
    head = ", ".join(str(value) for value in values[:QUOTED])
    return f"[{head}{', ...' if len(values) > QUOTED else ''}]"


def _range(low: int, high: int, *, plural: bool = False) -> str:
    noun = "ints" if plural else "int"
    return f"{noun} >= {low}" if high >= 1 << 31 else f"{noun} in [{low}, {high}]"


def _expect(attribute: onnx.AttributeProto, name: str, kind: int) -> None:
    """Raises ModelError where the attribute is of another type; 0 is what files of IR 1 say."""
    if attribute.type not in (kind, 0):
        got = _TYPE_NAMES[attribute.type] if attribute.type < len(_TYPE_NAMES) else "unknown"
        raise ModelError(f"expected {_TYPE_NAMES[kind]} but got {got}", field=name)

"""A model as scopes of entries: one scope per graph or body, one entry per node, names resolved.

Nothing large is copied: an entry refers to the attributes of the parsed model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from padcheck.frameworks.onnx.reading.tensors import Dims, dims_of, type_of_tensor

if TYPE_CHECKING:
    import onnx

__all__ = ["Entry", "Scope", "free_names", "printable"]

#: Names from a file are cut to this length in paths and messages.
MAX_NAME = 200


def printable(name: str) -> str:
    """A name as messages show it: one line, no control characters, not too long."""
    short = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "..."
    if short.isprintable():
        return short
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in short
    )


@dataclass(slots=True, eq=False)
class Entry:
    """One node: `path` is its name with those of the bodies and calls around it.

    `inputs` and `outputs` are names in its scope, "" where left out; `opsets` maps a domain to
    its version; `bodies` are its subgraphs by attribute, `GRAPHS` attributes as name[0], ...
    """

    path: str
    op_type: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, onnx.AttributeProto]
    opsets: Mapping[str, int]
    bodies: dict[str, Scope] = field(default_factory=dict)

    @property
    def opset(self) -> int:
        """The version of the entry's own domain; 1 where the model names none."""
        return self.opsets.get(self.domain, 1)

    def input(self, index: int) -> str:
        """The name of an input, "" where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""

    @property
    def output(self) -> str:
        """The first output that has a name, "" when none has."""
        return next((name for name in self.outputs if name), "")


@dataclass(slots=True, eq=False)
class Scope:
    """One graph or body: entries in topological order, and what is known of its values."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    declared: dict[str, onnx.TypeProto] = field(default_factory=dict)
    types: dict[str, onnx.TypeProto] = field(default_factory=dict)
    producers: dict[str, Entry] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    parent: Scope | None = None
    _input_set: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._input_set = frozenset(self.inputs)

    def defines(self, name: str) -> bool:
        """Whether a value comes into being in this very scope."""
        return name in self.producers or name in self.constants or name in self._input_set

    def owner(self, name: str) -> Scope | None:
        """The innermost scope that defines a value."""
        scope: Scope | None = self
        while scope is not None:
            if scope.defines(name):
                return scope
            scope = scope.parent
        return None

    def constant(self, name: str) -> onnx.TensorProto | None:
        """The tensor of an initializer or Constant node, here or further out."""
        owner = self.owner(name)
        return owner.constants.get(name) if owner is not None else None

    def type_of(self, name: str) -> onnx.TypeProto | None:
        """The type of a value as far as it is known, here or further out."""
        owner = self.owner(name)
        if owner is None:
            return None
        if name in owner.types:
            return owner.types[name]
        tensor = owner.constants.get(name)
        return None if tensor is None else type_of_tensor(tensor)

    def dims(self, name: str) -> Dims | None:
        """The dims of a value; None when its rank is open."""
        owner = self.owner(name)
        if owner is not None and name not in owner.types and name in owner.constants:
            return tuple(owner.constants[name].dims)
        return dims_of(self.type_of(name))

    def walk(self) -> Iterator[tuple[Scope, Entry]]:
        """Every entry of this scope and of the bodies in it, in order."""
        for entry in self.entries:
            yield self, entry
            for body in entry.bodies.values():
                yield from body.walk()


def free_names(scope: Scope) -> set[str]:
    """The names that a body takes from around it: its uses that no scope of its own defines."""
    return {name for name in scope.uses if not scope.defines(name)}

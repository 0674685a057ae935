"""Evaluates the small integer subgraphs that feed pads, shapes and sizes, within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.onnx.reading.constant_ops import (
    OPEN,
    Unknown,
    has_open,
    is_allowed,
    refusal,
    run_node,
)
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, printable
from padcheck.frameworks.onnx.reading.tensors import MAX_ELEMENTS, small_value

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Evaluator"]

#: Nodes run per model; a large model with a computed Pad before each op needs a few thousand.
MAX_RUNS = 20_000


class Evaluator:
    """Values of a model's small constants; remembers what it has run."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._runs = 0
        self._known: dict[tuple[Scope, str], np.ndarray | Unknown] = {}

    def forget_unknown(self) -> None:
        """Asks anew for what was unknown, after more shapes have been found."""
        self._known = {
            key: value for key, value in self._known.items() if not isinstance(value, Unknown)
        }

    def forget(self, scopes: set[Scope]) -> None:
        """Drops what was worked out in these scopes, since the types in them are to change."""
        self._known = {key: value for key, value in self._known.items() if key[0] not in scopes}

    def value(self, scope: Scope, name: str) -> np.ndarray | Unknown:
        """The value of `name` seen from `scope`, without open sizes in it."""
        found = self.partial(scope, name)
        if not isinstance(found, Unknown) and has_open(found):
            return Unknown(f"`{printable(name)}` depends on an open size", open_size=True)
        return found

    def partial(self, scope: Scope, name: str) -> np.ndarray | Unknown:
        """As `value`, but with OPEN where a size is open; sources first, without recursion."""
        stack = [(scope, name)]
        while stack:
            scope_now, name_now = stack[-1]
            owner = scope_now.owner(name_now)
            if owner is None or (owner, name_now) in self._known:
                stack.pop()
                continue
            waiting = self._waiting(owner, name_now)
            if waiting:
                stack += waiting
                continue
            stack.pop()
            self._evaluate(owner, name_now)
        owner = scope.owner(name)
        if owner is None:
            return Unknown(f"`{printable(name)}` is no value of the graph")
        return self._known[(owner, name)]

    def _waiting(self, owner: Scope, name: str) -> list[tuple[Scope, str]]:
        """The sources that must be known first; [] when it is already clear what comes out."""
        entry = owner.producers.get(name)
        if name in owner.constants or entry is None or not is_allowed(entry):
            return []
        if entry.op_type in ("Shape", "Size"):
            return []
        sources = [(owner.owner(source), source) for source in entry.inputs if source]
        missing = [(scope, source) for scope, source in sources if scope is not None]
        return [pair for pair in missing if pair not in self._known]

    def _evaluate(self, owner: Scope, name: str) -> None:
        tensor = owner.constants.get(name)
        if tensor is not None:
            value = small_value(tensor, self._folder)
            unread = Unknown(f"`{printable(name)}` is too large or cannot be read")
            self._known[(owner, name)] = unread if value is None else value
            return
        entry = owner.producers.get(name)
        if entry is None:
            self._known[(owner, name)] = Unknown(f"`{printable(name)}` is an input")
        else:
            self._run(owner, entry)

    def _run(self, owner: Scope, entry: Entry) -> None:
        results = self._results(owner, entry)
        for index, output in enumerate(entry.outputs):
            if not output:
                continue
            result: np.ndarray | Unknown
            if isinstance(results, Unknown):
                result = results
            elif index >= len(results):
                result = Unknown(f"`{printable(output)}` has no value")
            else:
                result = _bounded(results[index], output)
            self._known[(owner, output)] = result

    def _results(self, owner: Scope, entry: Entry) -> Sequence[Any] | Unknown:
        if not is_allowed(entry):
            return Unknown(f"`{printable(entry.output)}` comes out of {printable(entry.op_type)}")
        self._runs += 1
        if self._runs > MAX_RUNS:
            return Unknown(f"more than {MAX_RUNS} nodes compute shapes")
        if entry.op_type in ("Shape", "Size"):
            return _shape(owner, entry)
        inputs: list[np.ndarray | None] = []
        for name in entry.inputs:
            value = self._input(owner, name) if name else None
            if isinstance(value, Unknown):
                return value
            inputs.append(value)
        problem = refusal(entry, inputs)
        return problem if problem is not None else run_node(entry, inputs)

    def _input(self, owner: Scope, name: str) -> np.ndarray | Unknown:
        scope = owner.owner(name)
        if scope is None:
            return Unknown(f"`{printable(name)}` is no value of the graph")
        return self._known.get((scope, name), Unknown(f"`{printable(name)}` depends on itself"))


def _bounded(result: Any, name: str) -> np.ndarray | Unknown:
    import numpy as np

    array = np.asarray(result)
    if array.size > MAX_ELEMENTS:
        return Unknown(f"`{printable(name)}` has more than {MAX_ELEMENTS} elements")
    return array


def _shape(owner: Scope, entry: Entry) -> Sequence[np.ndarray] | Unknown:
    """Shape (with its start and end, opset 15) and Size, from the type; OPEN for open sizes."""
    import numpy as np

    source = entry.input(0)
    dims = owner.dims(source)
    if dims is None:
        return Unknown(f"the shape of `{printable(source)}` is open", open_size=True)
    sizes = [size if isinstance(size, int) else OPEN for size in dims]
    if entry.op_type == "Size":
        if OPEN in sizes:
            return Unknown(f"the size of `{printable(source)}` is open", open_size=True)
        return [np.array(min(math.prod(sizes), (1 << 63) - 1), dtype=np.int64)]
    start, end = (
        entry.attributes[name].i if name in entry.attributes else default
        for name, default in (("start", 0), ("end", len(sizes)))
    )
    return [np.array(sizes[slice(start, end)], dtype=np.int64)]

"""A TensorFlow model as a `Network`: its sites read, its graph at work."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from padcheck.errors import FrameworkError
from padcheck.frameworks.tensorflow.network.altering import Edit, alter
from padcheck.frameworks.tensorflow.network.at_shapes import read_at
from padcheck.frameworks.tensorflow.network.freezing import Frozen
from padcheck.frameworks.tensorflow.network.isolating import isolate
from padcheck.frameworks.tensorflow.network.running import GraphRunner
from padcheck.frameworks.tensorflow.network.shaking import shaken_frozen
from padcheck.records import Change, ModelRef

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TensorFlowNetwork"]


class TensorFlowNetwork:
    """The Protocol `Network` of frameworks/base.py, on one frozen graph; made by `open_network`.

    Inputs and outputs are called as the user calls them; what can be fetched besides are tensors
    of the graph, `node` or `node:1`.
    """

    def __init__(
        self,
        frozen: Frozen,
        ref: ModelRef,
        versions: Mapping[str, str],
        shapes: Mapping[str, Sequence[int]],
        notes: tuple[str, ...] = (),
    ) -> None:
        read = read_at(frozen, shapes, ref.path or "model in memory")
        self.ref, self.notes = ref, notes
        self.inputs, self.outputs = read.inputs, read.outputs
        self.sites = tuple(one.site for one in read.sites)
        self.places = tuple(one.place for one in read.sites)
        self._read = read.sites
        self._frozen, self._versions = frozen, dict(versions)
        self._shapes = {name: tuple(shape) for name, shape in shapes.items()}
        self._runner = _runner(frozen)

    def versions(self) -> dict[str, str]:
        """Name -> version of what runs it."""
        return dict(self._versions)

    def at(self, shapes: Mapping[str, Sequence[int]]) -> TensorFlowNetwork:
        """The network at other input shapes, by name; itself where nothing changes.

        Raises UsageError for a shape that the model does not leave open.
        """
        wanted = {**self._shapes, **{name: tuple(shape) for name, shape in shapes.items()}}
        told = {tensor.name: tensor.shape for tensor in self.inputs}
        if all(told.get(name) == shape for name, shape in wanted.items()):
            return self
        return TensorFlowNetwork(self._frozen, self.ref, self._versions, wanted, self.notes)

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str] = (), *, only: bool = False
    ) -> dict[str, np.ndarray]:
        """Every output by name, and the tensors asked for that are there; these alone if `only`.

        Raises FrameworkError, with the version, for whatever TensorFlow raises.
        """
        return self._runner.run({**self._frozen.weights, **feeds}, fetches, only=only)

    def isolate(self, index: int) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
        """The op of one site alone, with what was taken in with it; see `Network.isolate`."""
        one = self._read[index]
        if one.reading is None or one.place is None:
            raise FrameworkError(f"`{one.site.name}` was not read: {one.site.reason}")
        return isolate(
            self._frozen.graph_def,
            data=one.place.data,
            weight=one.reading.weight,
            output=one.place.output,
            rank=one.reading.spec.rank,
            kind=one.reading.spec.kind,
            channels_last=one.place.channels_last,
            nodes=one.nodes,
        )

    def altered(self, changes: Mapping[int, Change]) -> TensorFlowNetwork:
        """The network with some sites replaced; the same names. Raises FrameworkError."""
        edits = [self._edit(index, change) for index, change in changes.items()]
        graph_def = alter(self._frozen.graph_def, edits, keep=tuple(self._frozen.outputs.values()))
        changed = copy.copy(self)
        changed._runner = _runner(
            Frozen(graph_def, self._frozen.weights, self._frozen.inputs, self._frozen.outputs)
        )
        return changed

    def shaken(self, of_itself: float, of_largest: float, seed: int = 0) -> TensorFlowNetwork:
        """The network with its variables changed at random, as `Shakeable` says."""
        changed = copy.copy(self)
        changed._frozen = shaken_frozen(
            replace(self._frozen, graph_def=self._runner.graph_def), of_itself, of_largest, seed
        )
        changed._runner = _runner(changed._frozen)
        return changed

    def _edit(self, index: int, change: Change) -> Edit:
        one = self._read[index]
        if one.place is None:
            raise FrameworkError(f"`{one.site.name}` was not read: {one.site.reason}")
        return Edit(
            data=one.place.data,
            tail=one.place.tail,
            output=one.place.output,
            channels_last=one.place.channels_last,
            rank=change.spec.rank,
            change=change,
        )


def _runner(frozen: Frozen) -> GraphRunner:
    """Weights are inputs that the user is not asked for."""
    weights = {name: name for name in frozen.weights}
    return GraphRunner(frozen.graph_def, {**weights, **frozen.inputs}, frozen.outputs)

"""The Protocols of a framework: what it says it computes, what it computes, what it can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from padcheck.records import Change, Lowered, ModelRef, OpSpec, Place, Site, Tensor

__all__ = ["Dialect", "Network", "Reader", "Runner", "Shakeable"]


class Dialect(Protocol):
    """A framework's words for an op, worked out in plain ints; loads no framework."""

    lowerings: tuple[str, ...]

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        """The spec that this lowering of `spec` should compute, with the code that builds it.

        An op that the framework has no words for gives `Lowered(spec=None, reason=...)`.
        Raises UsageError for a lowering it does not know.
        """
        ...


class Runner(Protocol):
    """A framework at work; may load it, in functions only."""

    lowerings: tuple[str, ...]

    def versions(self) -> dict[str, str]:
        """Name -> version of what is loaded to run."""
        ...

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of one lowering of `spec`.

        `x` is float32 (N, C, *spatial); `weight` and `bias` are as `OpSpec.weight_shape` says,
        None for pools and where there is no bias. Lp pools return the p-th power of the norm.
        Raises FrameworkError, with the version, for whatever the framework raises.
        """
        ...


class Reader(Protocol):
    """Reads a model into its windowed ops, in order."""

    def read(
        self, model: Any, *, input_shapes: dict[str, Sequence[int]] | None = None
    ) -> tuple[Site, ...]:
        """The sites of a model; raises ModelError for a model that cannot be read."""
        ...


class Network(Protocol):
    """A model that was read: its sites and their numbers, and the model itself at work.

    `places` has one entry per site, in the same topological order, None where the site could
    not be read. Tensors are named as in the model and come in the model's own layout; integers
    that stand for real numbers are dequantized. Read-only.
    """

    ref: ModelRef
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    sites: tuple[Site, ...]
    places: tuple[Place | None, ...]
    notes: tuple[str, ...]

    def versions(self) -> dict[str, str]:
        """Name -> version of what runs it."""
        ...

    def at(self, shapes: Mapping[str, Sequence[int]]) -> Network:
        """The network at other input shapes, by name; itself where nothing changes.

        Raises UsageError for a shape that it has no use for.
        """
        ...

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str] = (), *, only: bool = False
    ) -> dict[str, np.ndarray]:
        """Every output by name, and the tensors asked for: `Place.data`, `output` or `tail`.

        `only`: nobody asks for the outputs; they may be left out, and what leads to them alone.
        Raises FrameworkError, with the version, for whatever the framework raises. A tensor that
        the framework has optimized away is left out.
        """
        ...

    def isolate(self, index: int) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
        """The op of one site alone, as it stands in the model, with the Pads folded into it.

        The function takes x (N, C, *spatial), of any size, and a weight as `weight_shape` says
        with any number of channels in groups of the same kind, None for a pool; it returns
        (N, C, *spatial), without bias and epilogue. Both raise FrameworkError.
        """
        ...

    def altered(self, changes: Mapping[int, Change]) -> Network:
        """The network with some sites replaced; the same tensor names. Never writes to a file.

        Raises FrameworkError, with the reason, where the format cannot express a change.
        """
        ...


@runtime_checkable
class Shakeable(Protocol):
    """A network that can say what rounding its numbers more coarsely would do."""

    def shaken(self, of_itself: float, of_largest: float, seed: int = 0) -> Network:
        """The network with the numbers that the model holds changed at random: each by this share
        of itself and that of its tensor's largest. What a Change brought stays.

        Raises FrameworkError.
        """
        ...

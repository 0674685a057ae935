"""The Protocols of a framework: what it says it computes, what it computes, what it can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from padcheck.records import Lowered, OpSpec, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["Dialect", "Reader", "Runner"]


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

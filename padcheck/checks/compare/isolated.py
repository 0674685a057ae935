"""A site of the target as a black box that the verdict can ask."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.probes import Probe
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.base import Network

__all__ = ["IsolatedBox"]


class IsolatedBox:
    """The op of one site as `box(spec, probe) -> (N, C, *spatial)` in float64.

    `added`: the axes of the site that the probes lack; they have size 1. Lp pools are raised to
    the p-th power. Raises FrameworkError where the op cannot be isolated or run.
    """

    def __init__(self, network: Network, index: int, added: Sequence[int] = ()) -> None:
        self._network, self._index = network, index
        self._axes = tuple(axis + 2 for axis in added)

    @functools.cached_property
    def _run(self) -> Callable[[NDArray[Any], NDArray[Any] | None], NDArray[Any]]:
        return self._network.isolate(self._index)

    def __call__(self, spec: OpSpec, probe: Probe) -> NDArray[Any]:
        x, weight, _ = probe.as_float32()
        output = np.asarray(self._run(self._grown(x), self._grown(weight)), dtype=np.float64)
        if self._axes and all(output.shape[axis : axis + 1] == (1,) for axis in self._axes):
            output = np.squeeze(output, self._axes)
        if spec.kind is OpKind.LP_POOL and spec.p > 1:
            return np.asarray(np.sign(output) * np.abs(output) ** spec.p)
        return output

    def _grown(self, array: Any) -> Any:
        return array if array is None or not self._axes else np.expand_dims(array, self._axes)

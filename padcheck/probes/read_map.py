"""Which input each tap of a black-box convolution really read, from one run.

The weight has one output channel per tap, 1 at that tap and 0 elsewhere; the input holds its
own position plus one. Output channel j at o is then the position that tap j of o read, plus
one, and 0 where it read a pad.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.oracle import tap_table
from padcheck.probes.signals import EXACT, Probe
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decode", "expected_map", "read_map_probe", "read_map_spec"]


def read_map_spec(spec: OpSpec) -> OpSpec:
    """`spec` with one input channel and one output channel per tap. Convs only."""
    if spec.kind is not OpKind.CONV:
        raise UsageError(f"expected a conv but got kind={spec.kind.value}")
    taps = math.prod(spec.kernel_size)
    return spec.replace(channels=(1, taps), group=1, bias=False)


def read_map_probe(spec: OpSpec) -> Probe:
    """The signal; raises UsageError when positions exceed float32's exact integers."""
    size = math.prod(spec.input_size)
    if size + 1 >= EXACT:
        raise UsageError(f"input too large for a read map: {spec}")
    taps = math.prod(spec.kernel_size)
    x = np.arange(1, size + 1, dtype=np.int64).reshape(1, 1, *spec.input_size)
    weight = np.eye(taps, dtype=np.int64).reshape(taps, 1, *spec.kernel_size)
    return Probe(x, weight, None, "read map")


def decode(observed: NDArray[Any], spec: OpSpec) -> NDArray[np.int64] | None:
    """(taps, *outputs) -> flat input position, -1 for a pad tap.

    None for an output that is no read map of `spec`'s input.
    """
    largest = math.prod(spec.input_size)
    if observed.ndim != spec.rank + 2 or not np.isfinite(observed).all():
        return None
    if not observed.size or observed.min() < -0.5 or observed.max() >= largest + 0.5:
        return None
    positions: NDArray[np.int64] = np.rint(observed[0]).astype(np.int64) - 1
    return positions


def expected_map(spec: OpSpec) -> NDArray[np.int64]:
    """What `decode` gives for a box that computes `spec`: (taps, *outputs), -1 for a pad tap."""
    total = np.zeros((1,) * (2 * spec.rank), dtype=np.int64)
    pad = np.zeros((1,) * (2 * spec.rank), dtype=bool)
    for axis, n in enumerate(spec.input_size):
        table = tap_table(spec, axis).T  # (taps, outputs) of this axis
        shape = [1] * (2 * spec.rank)
        shape[axis], shape[spec.rank + axis] = table.shape
        total = total * n + np.where(table < n, table, 0).reshape(shape)
        pad = pad | (table == n).reshape(shape)
    return np.where(pad, -1, total).reshape(-1, *spec.output_size)

"""A convolution's numbers as one weight and one offset, in an order that two sides share.

Weights here are (O, I/group, *kernel) for transposed convolutions as well; the parts of a split
one are joined along O.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.aligning import joined
from padcheck.oracle import short
from padcheck.records import OpKind, OpSpec, OpValues, Place, Quantization, Site

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Effective", "dense", "effective", "grouped", "in_weight_shape", "outputs_first"]

#: Weights are taken to float64 so many elements at a time, which a processor's cache holds.
_CHUNK = 1 << 16


@dataclass(frozen=True)  # no slots: `scale` and the like are worked out once
class Effective:
    """y = op(x, weight * scale) + offset, clipped; `weight` is float32.

    `scale`, `offset` and `half_step` have one entry per output channel, float64; `half_step` is
    how far the rounding to integers may put a scaled weight off, 0 for a float weight. `nodes`:
    how many nodes were folded in. `spec` is the joined op.
    """

    spec: OpSpec
    weight: NDArray[Any]
    scale: NDArray[Any]
    offset: NDArray[Any]
    half_step: NDArray[Any]
    nodes: int
    quantization: Quantization | None = None

    def chunks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Some output channels at a time: (rows, elements) of the scaled weight, in float64."""
        elements = math.prod(self.weight.shape[1:])
        rows = max(1, _CHUNK // max(1, elements))
        for start in range(0, len(self.weight), rows):
            part = slice(start, start + rows)
            taken = self.weight[part]
            made = taken.reshape(len(taken), elements).astype(np.float64)
            made *= self.scale[part, None]
            yield part, made

    def scaled(self, weight: NDArray[Any] | None = None) -> NDArray[Any]:
        """All of it in float64; of another weight of this shape, if given."""
        taken = self.weight if weight is None else weight
        made: NDArray[Any] = taken.astype(np.float64) * self._factor
        return made

    def folded(self) -> NDArray[Any]:
        """The scaled weight, rounded to float32 once; not to be written to."""
        if (self.scale == 1).all():
            return self.weight.astype(np.float32, copy=False)
        made = np.empty(self.weight.shape, np.float32)
        with np.errstate(over="ignore"):
            np.multiply(self.weight, self._factor, out=made, casting="same_kind")
        return made

    @property
    def _factor(self) -> NDArray[Any]:
        return self.scale.reshape(-1, *(1,) * (self.weight.ndim - 1))

    def is_stored_as(self, dtype: str) -> bool:
        """Whether every weight is a number of a shorter float type."""
        flat = self.weight.reshape(-1)
        parts = (flat[start : start + _CHUNK] for start in range(0, flat.size, _CHUNK))
        return all(np.array_equal(part, short(part.astype(np.float64), dtype)) for part in parts)

    @functools.cached_property
    def is_finite(self) -> bool:
        """Whether there is no NaN and no infinity among the numbers."""
        if not (np.isfinite(self.offset).all() and np.isfinite(self.scale).all()):
            return False
        ends = (self.weight.min(initial=0), self.weight.max(initial=0))
        if not np.isfinite(ends).all():
            return False
        with np.errstate(over="ignore"):
            if np.isfinite(max(map(abs, map(float, ends))) * np.abs(self.scale)).all():
                return True
            return all(bool(np.isfinite(part).all()) for _, part in self.chunks())


def effective(sites: Sequence[Site], places: Sequence[Place]) -> Effective:
    """The numbers of one op, or of its parts in their order; each has a spec and values.

    Raises what `Place.values` raises.
    """
    parts = [_one(site, place) for site, place in zip(sites, places, strict=True)]
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Effective(
        spec=joined(first.spec, len(parts)),
        weight=np.concatenate([part.weight for part in parts]),
        scale=np.concatenate([part.scale for part in parts]),
        offset=np.concatenate([part.offset for part in parts]),
        half_step=np.concatenate([part.half_step for part in parts]),
        nodes=max(part.nodes for part in parts),
        quantization=first.quantization,
    )


def _one(site: Site, place: Place) -> Effective:
    assert site.spec is not None
    assert place.values is not None
    values: OpValues = place.values()
    outputs = site.spec.channels[1]
    scale = _channels(values.scale, outputs, 1.0)
    with np.errstate(invalid="ignore"):  # no step, and a scale that is infinite
        half_step = _channels(values.step, outputs, 0.0) / 2 * np.abs(scale)
    return Effective(
        spec=site.spec,
        weight=outputs_first(values.weight, site.spec),
        scale=scale,
        offset=_channels(values.offset, outputs, 0.0),
        half_step=half_step,
        nodes=len(place.epilogue.nodes),
        quantization=place.quantization,
    )


def _channels(numbers: NDArray[Any] | None, count: int, default: float) -> NDArray[Any]:
    if numbers is None:
        return np.full(count, default)
    return np.broadcast_to(np.asarray(numbers, dtype=np.float64), (count,))


def outputs_first(weight: NDArray[Any], spec: OpSpec) -> NDArray[Any]:
    """(O, I/group, *kernel) of a weight shaped as `OpSpec.weight_shape`."""
    if spec.kind is not OpKind.CONV_TRANSPOSE:
        return weight
    by_group = weight.reshape(spec.group, -1, *weight.shape[1:])
    return by_group.swapaxes(1, 2).reshape(-1, by_group.shape[1], *weight.shape[2:])


def in_weight_shape(weight: NDArray[Any], spec: OpSpec) -> NDArray[Any]:
    """The reverse of `outputs_first`, which exchanges the same two axes."""
    return outputs_first(weight, spec)


def dense(weight: NDArray[Any], group: int) -> NDArray[Any]:
    """(O, I, *kernel): a weight of `group` groups with the zeros that it leaves out."""
    outputs, inputs = weight.shape[0] // group, weight.shape[1]
    made = np.zeros((weight.shape[0], inputs * group, *weight.shape[2:]), dtype=weight.dtype)
    for at in range(group):
        rows = slice(at * outputs, (at + 1) * outputs)
        made[rows, at * inputs : (at + 1) * inputs] = weight[rows]
    return made


def grouped(weight: NDArray[Any], group: int) -> NDArray[Any] | None:
    """The reverse of `dense`; None where what a grouped weight leaves out is not 0."""
    outputs, inputs = weight.shape[0] // group, weight.shape[1] // group
    parts = [
        weight[at * outputs : (at + 1) * outputs, at * inputs : (at + 1) * inputs]
        for at in range(group)
    ]
    made = np.concatenate(parts)
    return made if np.array_equal(dense(made, group), weight) else None

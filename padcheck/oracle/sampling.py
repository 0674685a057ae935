"""A few outputs of many specs: enough to rule most of them out, at a small part of the cost."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.oracle.deviations import (
    changed_bias,
    changed_output,
    power,
    rearranged_input,
    rearranged_weight,
)
from padcheck.oracle.expected import Expected, slack
from padcheck.oracle.resizing import resized
from padcheck.oracle.taps import counted_taps, tap_rows
from padcheck.records import Deviation, OpKind, OpSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Sample", "sample_places"]

#: Outputs looked at along each axis of an op of 1, 2 and 3 axes: some at both ends, some between.
_ALONG = {1: 16, 2: 8, 3: 5}
#: Fewer are taken where a sample would take more multiplications, but never fewer than this.
_FEWEST, _COMFORTABLE = 3, 1 << 20


def sample_places(output_size: Sequence[int], terms: int = 1) -> NDArray[np.int64]:
    """(S, rank): the outputs of a sample, the corners and borders among them.

    `terms`: what one place takes to work out, over all channels; many terms, fewer places.
    """
    count = _ALONG.get(len(output_size), 3)
    while count > _FEWEST and count ** len(output_size) * terms > _COMFORTABLE:
        count -= 1
    axes = [_along(size, count) for size in output_size]
    return np.stack([grid.ravel() for grid in np.meshgrid(*axes, indexing="ij")], axis=1)


def _along(size: int, count: int) -> NDArray[np.int64]:
    if size <= count:
        return np.arange(size, dtype=np.int64)
    ends = count // 3
    middle = size // 2 + np.arange(count - 2 * ends)
    places = [np.arange(ends), middle, size - 1 - np.arange(ends)]
    return np.unique(np.concatenate(places)).astype(np.int64)


class Sample:
    """Evaluates specs on one probe at some places only; `places` is (S, rank).

    x is (N, C, *spatial) and must have the input size of every spec that is asked for.
    """

    def __init__(
        self,
        places: NDArray[np.int64],
        x: NDArray[Any],
        weight: NDArray[Any] | None,
        bias: NDArray[Any] | None,
    ) -> None:
        self.places = places
        self._x, self._weight, self._bias = x, weight, bias
        self._padded: dict[Any, NDArray[Any]] = {}
        self._weights: dict[Any, NDArray[Any]] = {}

    def at(self, chosen: NDArray[np.bool_]) -> Sample:
        """A sample of some of the places, which shares what has been worked out."""
        part = Sample(self.places[chosen], self._x, self._weight, self._bias)
        part._padded, part._weights = self._padded, self._weights
        return part

    def take(self, output: NDArray[Any]) -> NDArray[Any]:
        """(N, C, S): an output (N, C, *spatial) at the places."""
        return output[(slice(None), slice(None), *self.places.T)]

    def expected(self, spec: OpSpec) -> Expected:
        """(N, C, S): the op at the places; an output's own rearrangement is left out."""
        deviation = spec.deviation or Deviation()
        made = self._op(spec)
        if spec.kind is not OpKind.RESIZE:
            made = replace(made, slack=slack(spec, self._x, self._weight))
        return changed_output(deviation, made, power(spec)) if spec.deviation else made

    def _op(self, spec: OpSpec) -> Expected:
        if spec.kind is OpKind.RESIZE:
            made = resized(spec, rearranged_input(spec, self._x))
            return replace(made, numerator=self.take(made.numerator), divisor=made.divisor.ravel())
        rows = [
            tap_rows(spec, axis, self.places[:, axis].astype(np.int64)) for axis in range(spec.rank)
        ]
        if spec.kind is OpKind.MAX_POOL:
            return Expected(self._read(spec, rows, spec.pad_value).max(axis=-1), np.ones(1))
        if spec.kind is OpKind.LP_POOL:
            read = np.abs(self._read(spec, rows, spec.pad_value)) ** spec.p
            return Expected(read.sum(axis=-1), np.ones(1))
        if spec.kind is OpKind.AVERAGE_POOL:
            fill = spec.pad_value if math.isfinite(spec.pad_value) else 0.0
            counts = [counted_taps(spec, axis, self.places[:, axis]) for axis in range(spec.rank)]
            return Expected(self._read(spec, rows, fill).sum(axis=-1), np.prod(counts, axis=0))
        fill = 0.0 if spec.kind is OpKind.CONV_TRANSPOSE else spec.pad_value
        total = self._products(spec, self._read(spec, rows, fill))
        if self._bias is not None:
            shape = (1, spec.channels[1], *spec.output_size)
            total = total + self.take(np.broadcast_to(changed_bias(spec, self._bias), shape))
        return Expected(total, np.ones(1))

    def _read(self, spec: OpSpec, rows: list[NDArray[np.int64]], fill: float) -> NDArray[Any]:
        """(N, C, S, taps): what every tap reads."""
        flat = np.zeros((len(self.places), 1), dtype=np.int64)
        for axis, table in enumerate(rows):
            grown = flat[:, :, None] * (spec.input_size[axis] + 1) + table[:, None, :]
            flat = grown.reshape(len(self.places), -1)
        padded = self._with_fill(spec, fill)
        return padded[:, :, flat]

    def _with_fill(self, spec: OpSpec, fill: float) -> NDArray[Any]:
        """(N, C, elements): x with one position more per axis, which holds the fill."""
        how = spec.deviation.rearranged if spec.deviation else None
        key = (fill, how)
        if key not in self._padded:
            x = rearranged_input(spec, self._x).astype(np.float64)
            margins = [(0, 0), (0, 0)] + [(0, 1)] * spec.rank
            padded = np.pad(x, margins, constant_values=fill)
            self._padded[key] = padded.reshape(*padded.shape[:2], -1)
        return self._padded[key]

    def _products(self, spec: OpSpec, read: NDArray[Any]) -> NDArray[Any]:
        """(N, O, S): taps times weights, in float64, which holds a probe's sums exactly."""
        batch, _, places, taps = read.shape
        groups = spec.group
        c_in = spec.channels[0] // groups
        split = read.reshape(batch, groups, c_in, places, taps).transpose(0, 1, 3, 2, 4)
        rows = split.reshape(batch, groups, places, c_in * taps)
        total: NDArray[Any] = rows @ self._matrix(spec)
        return np.moveaxis(total, -1, 2).reshape(batch, spec.channels[1], places)

    def _matrix(self, spec: OpSpec) -> NDArray[Any]:
        """(groups, I/group * taps, O/group): the weight."""
        deviation = spec.deviation or Deviation()
        key = (deviation.rearranged, deviation.flipped)
        if key not in self._weights:
            assert self._weight is not None
            weight = rearranged_weight(spec, self._weight).astype(np.float64)
            groups = spec.group
            c_in, c_out = (channels // groups for channels in spec.channels)
            if spec.kind is OpKind.CONV_TRANSPOSE:
                matrix = weight.reshape(groups, c_in, c_out, -1).transpose(0, 1, 3, 2)
            else:
                matrix = weight.reshape(groups, c_out, c_in, -1).transpose(0, 2, 3, 1)
            self._weights[key] = matrix.reshape(groups, -1, c_out)
        return self._weights[key]

"""Signatures sorted so that the few that may be like a given one are found without a walk."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.matching.signature import Likeness, Signature, alike, bound_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Shelf"]

#: Rows looked at first.
FEW = 16


class Shelf:
    """Signatures by shape and number of rows; in each, some rows of all in one array.

    Equal ones are compared once, and what is asked for again is not worked out again.

    Products without their signs are compared first, in one step for all: they differ by no more
    than the products do, whatever the sign of a factor.
    """

    def __init__(self, signatures: Mapping[int, Signature]) -> None:
        equal: dict[bytes, list[int]] = defaultdict(list)
        self._found: dict[Hashable, list[int]] = {}
        self._sorted: dict[Hashable, list[tuple[Signature, list[int]]]] = defaultdict(list)
        for index, one in signatures.items():
            equal[one.digest()].append(index)
        for indices in equal.values():
            one = signatures[indices[0]]
            self._sorted[one.shape, one.rows].append((one, indices))
        self._rows = {
            key: _stacked([one for one, _ in found]) for key, found in self._sorted.items()
        }

    def like(self, one: Signature, likeness: Likeness, *, coarse: bool = False) -> list[int]:
        """Those of the same weight as `one`."""
        asked = one.digest(), likeness, coarse
        if asked not in self._found:
            self._found[asked] = sorted(self._like(one, likeness, coarse=coarse))
        return self._found[asked]

    def _like(self, one: Signature, likeness: Likeness, *, coarse: bool) -> Iterator[int]:
        key = one.shape, one.rows
        if key not in self._rows:
            return
        products, alive, noise = self._rows[key]
        few = _few(one)
        bound = bound_of(one.elements, few.noise, noise, coarse=coarse)
        differences = np.abs(few.projections) - products
        apart = np.sqrt(np.einsum("tij,tij->ti", differences, differences) / products.shape[2])
        telling = alive & (few.norms > 0)
        may_be = (telling & (apart <= bound)).any(axis=1) | ~telling.any(axis=1)
        for number in np.flatnonzero(may_be):
            other, indices = self._sorted[key][number]
            if alike(one, other, likeness, coarse=coarse):
                yield from indices


def _few(one: Signature) -> Signature:
    return one.taking(slice(None, None, -(-one.rows // FEW)))


def _stacked(signatures: Sequence[Signature]) -> tuple[NDArray[Any], ...]:
    """(T, R, m), (T, R), (T, R): products without signs, whether a row is alive, noise."""
    few = [_few(one) for one in signatures]
    return (
        np.stack([np.abs(one.projections) for one in few]),
        np.stack([one.norms > 0 for one in few]),
        np.stack([one.noise for one in few]),
    )

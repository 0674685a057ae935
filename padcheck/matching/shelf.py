"""Signatures sorted so that the few that may be like a given one are found without a walk."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.matching.signature import Likeness, Signature, alike, bound_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from numpy.typing import NDArray

__all__ = ["Shelf"]

#: Rows looked at first.
FEW = 16


class Shelf:
    """Signatures by shape and number of rows; in each, some rows of all in one array.

    Products without their signs are compared first, in one step for all: they differ by no more
    than the products do, whatever the sign of a factor.
    """

    def __init__(self, signatures: Mapping[int, Signature]) -> None:
        self._signatures = signatures
        self._indices: dict[Hashable, list[int]] = defaultdict(list)
        for index, one in signatures.items():
            self._indices[one.shape, one.rows].append(index)
        self._rows = {key: _stacked(signatures, found) for key, found in self._indices.items()}

    def like(
        self,
        one: Signature,
        likeness: Likeness,
        *,
        coarse: bool = False,
        wanted: Callable[[int], bool] = lambda index: True,
    ) -> list[int]:
        """Those of the same weight as `one`, among those wanted."""
        key = one.shape, one.rows
        if key not in self._rows:
            return []
        products, alive, noise = self._rows[key]
        few = _few(one)
        bound = bound_of(one.elements, few.noise, noise, coarse=coarse)
        differences = np.abs(few.projections) - products
        apart = np.sqrt(np.einsum("tij,tij->ti", differences, differences) / products.shape[2])
        telling = alive & (few.norms > 0)
        may_be = (telling & (apart <= bound)).any(axis=1) | ~telling.any(axis=1)
        found = (index for index, may in zip(self._indices[key], may_be, strict=True) if may)
        return [
            index
            for index in found
            if wanted(index) and alike(one, self._signatures[index], likeness, coarse=coarse)
        ]


def _few(one: Signature) -> Signature:
    rows = np.unique(np.linspace(0, one.rows - 1, FEW).astype(np.intp))
    return one.taking(rows)


def _stacked(signatures: Mapping[int, Signature], indices: list[int]) -> tuple[NDArray[Any], ...]:
    """(T, R, m), (T, R), (T, R): products without signs, whether a row is alive, noise."""
    few = [_few(signatures[index]) for index in indices]
    return (
        np.stack([np.abs(one.projections) for one in few]),
        np.stack([one.norms > 0 for one in few]),
        np.stack([one.noise for one in few]),
    )

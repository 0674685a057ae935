"""Weights that hold the same numbers in another order: flipped, transposed, or laid out wrongly.

Rules:
1. Spatial axes reversed or in reverse order: each way is tried, and compared as any weight is,
   so a factor per output channel and quantization change nothing.
2. Any other order, and zeros put between: the sums of the first four powers of the magnitudes
   and the largest magnitude, relative to the second sum. All must agree to 2**-`AGREEING`, which
   only a weight that is still in the same float format does. A factor per channel must be in
   both or folded into both.
3. A weight whose numbers are all of one magnitude says nothing by rule 2.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.matching.shelf import Shelf
from padcheck.matching.signature import Likeness, Signature, Turn, rows_of, sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from padcheck.matching.side import Side
    from padcheck.records import OpSpec, OpValues

__all__ = ["rearranged"]

#: Bits of a logarithm; what float32 rounding changes in a sum is far below.
AGREEING = 20
#: What turned weights must have in common, and whether a coarse float is allowed for.
_WAYS = tuple(itertools.product((Likeness.EITHER, Likeness.FACTOR), (False, True)))
#: Elements taken at a time.
BLOCK = 1 << 16
#: Magnitudes vary when their variance is more than this share of their mean square.
VARYING = 1e-6


def rearranged(source: Side, target: Side) -> dict[int, list[int]]:
    """Source -> targets that hold the same numbers in another order, among those in no pair.

    Reads the weights of these once more.
    """
    theirs = [index for index in target.free() if index in target.signatures]
    ours = [index for index in source.free() if index in source.signatures]
    if not (theirs and ours):
        return {}
    shelf = Shelf({index: target.signatures[index] for index in theirs})
    sums = [
        (index, one)
        for index, values in target.weights(theirs)
        for one in _sums(target.spec(index), values)
    ]
    owners, all_sums = [index for index, _ in sums], np.array([one for _, one in sums])
    found: dict[int, list[int]] = {}
    for index, values in source.weights(ours):
        spec = source.spec(index)
        likes: set[int] = set()
        for own in _sums(spec, values) if owners else []:
            agreeing = np.abs(all_sums - own).max(axis=1) < 2.0**-AGREEING  # rule 2
            likes.update(owners[number] for number in np.flatnonzero(agreeing))
        for one in _turned(spec, values):
            for likeness, coarse in _WAYS:
                likes.update(shelf.like(one, likeness, coarse=coarse))
        found[index] = sorted(likes)
    return found


def _turned(spec: OpSpec, values: OpValues) -> list[Signature]:
    """The signatures of a weight turned in every way of rule 1."""
    made = (sign(spec, values, turn) for turn in _turns(spec.kernel_size))
    return [one for one in made if one is not None]


def _turns(kernel: tuple[int, ...]) -> Iterator[Turn]:
    """Every way that changes a kernel."""
    for transposed in (False, True):
        sizes = kernel[::-1] if transposed else kernel
        long = [axis for axis, size in enumerate(sizes) if size > 1]
        if transposed and len(long) < 2:
            return
        for count in range(len(long) + 1):
            for flipped in itertools.combinations(long, count):
                if flipped or transposed:
                    yield Turn(transposed, flipped)


def _sums(spec: OpSpec, values: OpValues) -> list[NDArray[np.float64]]:
    """The numbers of rule 2, of the weight as it is and with its factors; none by rule 3."""
    rows = rows_of(spec, values.weight)
    powers, peaks, filled = _powers_of(rows.reshape(rows.shape[0], -1))
    factors = [np.ones(len(peaks))]
    if values.scale is not None:
        factors.append(np.abs(values.scale))
    made = []
    for factor in factors:
        size = (factor * peaks).max()
        relative = (factor * peaks) / size if size > 0 else peaks
        first, second, third, fourth = (powers[:, n - 1] @ relative**n for n in (1, 2, 3, 4))
        if fourth * filled[relative > 0].sum() <= second**2 * (1 + VARYING):
            continue
        sums = np.log(np.array([first, third, fourth, 1.0]))
        made.append(sums - np.log(second) * np.array([0.5, 1.5, 2.0, 0.5]))
    return made


def _powers_of(
    rows: NDArray[Any],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """(O, 4), (O,), (O,): the power sums of each row over its peak, its peak, its nonzeros."""
    powers, peaks, filled = [], [], []
    each = max(1, BLOCK // max(1, rows.shape[1]))
    for start in range(0, len(rows), each):
        size = np.abs(rows[start : start + each], dtype=np.float64)
        peak = size.max(axis=1)
        size /= np.where(peak > 0, peak, 1.0)[:, None]
        square = size * size
        sums = [
            size.sum(axis=1),
            square.sum(axis=1),
            np.einsum("ij,ij->i", size, square),
            np.einsum("ij,ij->i", square, square),
        ]
        powers.append(np.stack(sums, axis=1))
        peaks.append(peak)
        filled.append(np.count_nonzero(size, axis=1))
    return np.concatenate(powers), np.concatenate(peaks), np.concatenate(filled)

"""A weight in a few numbers per output channel, which tell it from others up to a factor.

Rules:
1. A row is what one output channel multiplies, (I/group, *k) flattened, without kernel axes of
   one tap. Its direction is kept as `PROJECTIONS` products with fixed random vectors, its length
   as a norm: a factor per channel, of a batch normalization or of a quantization, changes the
   norm and the sign only.
2. Two directions are the same when they differ by no more than rounding can make: an element
   stored in integers is off by step / sqrt(12) on average, so a row of n by the angle
   sqrt(n / 12) * step / norm; a float32 by 2**-24, the products' own rounding in it.
3. A row that rounding may turn too far to tell anything, or that is all zeros on either side (a
   factor of 0 folded in), has no say. At least half of the others must be the same.
4. Likeness by chance: a direction in d dimensions lies within an angle of a given one with about
   angle**d. The rows that are the same must have less than 2**-`BITS` together, whichever half
   of the rows they are: weights of one element per row are alike by their lengths only.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.records import OpKind, OpSpec, OpValues

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

__all__ = ["Likeness", "Signature", "Turn", "alike", "bound_of", "rows_of", "sign", "squeezed"]

PROJECTIONS = 8
BITS = 16
#: The least a row must tell, in bits; see rule 3.
ROW_BITS = 4
#: Of a longer row only so many elements are looked at, which bounds what is allocated.
LONGEST = 1 << 16
#: How many times its standard deviation a difference may be.
SIGMAS = 3
#: What bfloat16, the coarsest float, adds to a direction on average.
COARSE = 2.0**-8 / math.sqrt(3)


class Likeness(enum.Enum):
    """What two weights must have in common."""

    EFFECTIVE = "the weight with what follows folded in"
    EITHER = "the weight, as it is or folded, on either side"
    FACTOR = "the weight up to a factor per output channel"


@dataclass(frozen=True, slots=True)
class Turn:
    """Spatial axes in reverse order, if `transposed`, and then reversed along `flipped`."""

    transposed: bool
    flipped: tuple[int, ...]

    def shape(self, kernel: tuple[int, ...]) -> tuple[int, ...]:
        """The size of a kernel once turned."""
        return kernel[::-1] if self.transposed else kernel

    def undone(self, turned: NDArray[Any]) -> NDArray[Any]:
        """What was turned into this array, whose spatial axes start with the third."""
        straight: NDArray[Any] = np.flip(turned, tuple(axis + 2 for axis in self.flipped))
        axes = range(2, turned.ndim)
        return straight.transpose((0, 1, *reversed(axes))) if self.transposed else straight


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signature:
    """O rows: `projections` (O, m) of their unit vectors, `norms`, `scale` and `noise` (O,).

    `elements` is what a row has; `shape` what must be the same for a comparison besides O.
    `noise` is the angle of rule 2 that quantization makes.
    """

    shape: Hashable
    elements: int
    projections: NDArray[np.float32]
    norms: NDArray[np.float64]
    scale: NDArray[np.float64]
    noise: NDArray[np.float64]

    @property
    def rows(self) -> int:
        """The number of output channels."""
        return len(self.norms)

    def digest(self) -> bytes:
        """The same for the same numbers only."""
        made = hashlib.sha256(repr((self.shape, self.elements, self.rows)).encode())
        for array in (self.projections, self.norms, self.scale, self.noise):
            made.update(array.tobytes())
        return made.digest()

    def part(self, start: int, stop: int) -> Signature:
        """That of some of the rows."""
        return self.taking(slice(start, stop))

    def taking(self, rows: Any) -> Signature:
        """That of the rows that an index gives."""
        return Signature(
            shape=self.shape,
            elements=self.elements,
            projections=self.projections[rows],
            norms=self.norms[rows],
            scale=self.scale[rows],
            noise=self.noise[rows],
        )


def squeezed(kernel_size: tuple[int, ...]) -> tuple[int, ...]:
    """A kernel without its axes of one tap: a 1-D op is the same when written as a 2-D one."""
    return tuple(size for size in kernel_size if size > 1)


def rows_of(spec: OpSpec, weight: NDArray[Any]) -> NDArray[Any]:
    """(O, I/group, *k): a weight as `OpSpec.weight_shape` says, output channels first."""
    if spec.kind is not OpKind.CONV_TRANSPOSE:
        return weight
    groups, (c_in, c_out) = spec.group, spec.channels
    split = weight.reshape(groups, c_in // groups, c_out // groups, *spec.kernel_size)
    return split.swapaxes(1, 2).reshape(c_out, c_in // groups, *spec.kernel_size)


def sign(spec: OpSpec, values: OpValues, turn: Turn | None = None) -> Signature | None:
    """The signature of a weight, turned if asked; None where it is not finite, or all zero.

    A turned weight costs no copy: the random vectors are turned the other way.
    """
    rows = rows_of(spec, values.weight)
    kernel = rows.shape[2:] if turn is None else turn.shape(rows.shape[2:])
    length = math.prod(rows.shape[1:])
    if turn is not None and length > LONGEST:
        return None
    laid = _laid_out(rows)
    flat = laid.flat
    peak = max(float(flat.max()), -float(flat.min())) if flat.size else 0.0
    if not (math.isfinite(peak) and peak > 0):
        return None
    power = 2.0 ** -math.frexp(peak)[1] if not 2.0**-40 < peak < 2.0**40 else 1.0
    if power != 1.0:
        flat = (flat.astype(np.float64) * power).astype(np.float32)  # squares stay in range
    norms = np.sqrt(np.einsum(f"{laid.axes},{laid.axes}->o", flat, flat).astype(np.float64))
    alive = np.where(norms > 0, norms, 1.0)
    count = min(length, LONGEST)
    directions = _directions(count)
    if turn is not None:
        directions = turn.undone(directions.reshape(PROJECTIONS, rows.shape[1], *kernel))
    if laid.order is not None:
        directions = directions.reshape(PROJECTIONS, *rows.shape[1:]).transpose(0, *laid.order)
    directions = np.ascontiguousarray(directions).reshape(PROJECTIONS, count)
    # thin: BLAS threads would only wait
    products = np.einsum(f"{laid.axes},mj->om", flat, directions)
    step = values.step if values.step is not None else np.zeros(1)
    ones = np.ones(len(norms))
    return Signature(
        shape=(spec.kind, rows.shape[1], squeezed(kernel)),
        elements=count,
        projections=(products / alive[:, None]).astype(np.float32),
        norms=norms / power,
        scale=ones if values.scale is None else ones * values.scale,
        noise=ones * math.sqrt(count / 12) * np.abs(step) * power / alive,  # rule 2
    )


@dataclass(frozen=True, slots=True)
class _Laid:
    """A weight as a matrix of `axes` "oj" or "jo", rows or columns being output channels.

    `order`: the other axes of (O, I/group, *k) in the order in which j takes them; None for their
    own.
    """

    flat: NDArray[Any]
    axes: str
    order: tuple[int, ...] | None


def _laid_out(rows: NDArray[Any]) -> _Laid:
    """As the numbers lie in memory, if they lie there without gaps; else a copy."""
    length = math.prod(rows.shape[1:])
    order = sorted(range(rows.ndim), key=lambda axis: -rows.strides[axis])
    straight = rows.transpose(order)
    if length <= LONGEST and straight.flags.c_contiguous:
        others = tuple(axis for axis in order if axis != 0)
        if order[0] == 0:
            return _Laid(straight.reshape(len(rows), length), "oj", others)
        if order[-1] == 0:
            return _Laid(straight.reshape(length, len(rows)), "jo", others)
    return _Laid(rows.reshape(len(rows), -1)[:, :LONGEST], "oj", None)


@functools.lru_cache(maxsize=64)
def _directions(count: int) -> NDArray[np.float32]:
    """(m, count): random, each as long as the root of `count`."""
    drawn = np.random.default_rng(count).standard_normal((PROJECTIONS, count))
    drawn *= math.sqrt(count) / np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.astype(np.float32)


def alike(one: Signature, other: Signature, likeness: Likeness, *, coarse: bool = False) -> bool:
    """Whether two signatures of as many rows and one shape are of the same weight.

    `coarse`: whether a float may have been rounded to bfloat16 on its way.
    """
    hit, telling, bits = _compared(one, other, likeness, coarse)
    told = bits[hit].sum() - telling.sum()  # rule 4
    return bool(2 * hit.sum() >= telling.sum() and told >= BITS)  # rule 3


def bound_of(
    elements: int, noise: NDArray[Any], other: NDArray[Any], *, coarse: bool
) -> NDArray[np.float64]:
    """How far two directions may be apart: rule 2, with the noise of both."""
    rounding = 2.0**-24 * (4 + math.sqrt(elements)) + (COARSE if coarse else 0)
    bound: NDArray[np.float64] = SIGMAS * np.sqrt(noise**2 + other**2 + 2 * rounding**2)
    return bound


def _compared(
    one: Signature, other: Signature, likeness: Likeness, coarse: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Per row: whether it is the same, whether it has a say, and what it says in bits."""
    bound = bound_of(one.elements, one.noise, other.noise, coarse=coarse)
    length = likeness is not Likeness.FACTOR
    dimensions = min(one.elements - 1, PROJECTIONS) + length
    bits = -dimensions * np.log2(bound) - 1
    telling = (one.norms > 0) & (other.norms > 0) & (bits >= ROW_BITS)
    apart = _distance(one.projections - other.projections)
    opposed = _distance(one.projections + other.projections)
    if not length:
        return telling & (np.minimum(apart, opposed) <= bound), telling, bits
    if likeness is Likeness.EFFECTIVE:
        telling &= (one.scale != 0) & (other.scale != 0)
        ways = [(one.scale, other.scale)]
    else:
        bare = np.ones(1)
        ways = [(bare, bare), (one.scale, bare), (bare, other.scale), (one.scale, other.scale)]
    same = np.zeros(one.rows, dtype=bool)
    for left, right in ways:
        lengths = one.norms * np.abs(left), other.norms * np.abs(right)
        near = np.abs(lengths[0] - lengths[1]) <= bound * np.maximum(*lengths)
        same |= near & (np.where(left * right >= 0, apart, opposed) <= bound)
    return telling & same, telling, bits


def _distance(differences: NDArray[np.float32]) -> NDArray[np.float64]:
    """(O,): the root of the mean square of each row."""
    squares = np.einsum("ij,ij->i", differences, differences)
    distance: NDArray[np.float64] = np.sqrt(squares.astype(np.float64) / differences.shape[1])
    return distance

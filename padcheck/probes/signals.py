"""Integer signals that hide nothing, small enough that float32 holds every sum exactly.

Rules:
1. Convs: x and weight in [-64, 64] without 0 in x, so that a lost or added tap changes the
   sum, two sums are seldom equal by chance, and most are more than float16 holds; amplitudes
   shrink to 1 when taps * channels would exceed float32's exact integers.
2. Max pools: negative and all different within a plane, so that a 0 in the padding wins and
   every maximum names the input it came from; one plane rises and one falls, so that the maxima
   tell both ends of every window; one is far below 0, so that any fill above the lowest number
   wins, and, where there are more, one is positive, so that an activation shows.
3. Averages: large, so that every divisor gives another integer, and of both signs; sums
   stay under 2**18, where a quotient that is off by 1e-6 times its divisor still rounds to the
   sum.
4. Lp pools: nonzero in [-4, 4], or less where powers would exceed float32's exact integers.
5. A loud probe is as large as leaves every sum, scaled by a factor near 1 in float32, an
   integer after rounding: a factor of 1 + 1e-5 shows.
6. Where the op clips its output, amplitudes are such that outputs fall on both sides of the
   bounds, and of 6; a second signal is four times as large.
7. Two biases at least differ, so that one of another channel shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EXACT", "Probe", "make_probe", "probe_spec"]

#: Integers up to here are exact in float32.
EXACT = 1 << 24
#: Sums of averages stay below; see rule 3.
AVERAGE_SUM = 1 << 17
#: Where the lowest plane of a max pool's probe lies; see rule 2.
FAR_BELOW = 1 << 17
#: Sums of loud probes stay below; see rule 5.
LOUD_SUM = 1 << 21


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One signal: x (N, C, *spatial) int64, weight and bias int64 or None.

    Two probes of one spec and `name` hold the same numbers.
    """

    x: NDArray[np.int64]
    weight: NDArray[np.int64] | None
    bias: NDArray[np.int64] | None
    name: str
    loud: bool = False

    def as_float32(self) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
        """x, weight and bias as frameworks take them; exact."""
        arrays = (self.x, self.weight, self.bias)
        x, weight, bias = (None if a is None else a.astype(np.float32) for a in arrays)
        assert x is not None
        return x, weight, bias


def probe_spec(spec: OpSpec) -> OpSpec:
    """`spec` with as few channels as show the same geometry: what a verdict depends on.

    Keeps whether the op is grouped or depthwise, and the depth multiplier up to 2.
    """
    c_in, c_out = spec.channels
    if not spec.kind.has_weight:
        p = spec.p if spec.p <= 3 else 2 + spec.p % 2  # 4**p must stay exact in float32
        return spec.replace(channels=(2, 2), group=1, bias=False, p=p)
    if spec.group == 1:
        return spec.replace(channels=(min(c_in, 2), min(c_out, 3)), bias=False)
    if spec.group == c_in:
        multiplier = min(c_out // c_in, 2)
        return spec.replace(channels=(2, 2 * multiplier), group=2, bias=False)
    return spec.replace(channels=(4, 4), group=2, bias=False)


def make_probe(
    spec: OpSpec, *, seed: int = 0, batch: int | None = None, loud: bool = False
) -> Probe:
    """The signal for one op: same arguments, same numbers.

    `batch` is 2 for max pools and for ops that clip their output, else 1.
    """
    clipped = spec.deviation is not None and spec.deviation.clip is not None
    if batch is None:
        batch = 2 if spec.kind is OpKind.MAX_POOL or clipped else 1
    generator = np.random.default_rng(seed)
    loud = loud or (spec.deviation is not None and spec.deviation.epsilon is not None)
    name = f"{'loud ' if loud else ''}seed {seed}"
    shape = (batch, spec.channels[0], *spec.input_size)
    if not spec.kind.has_weight:
        return Probe(_for_pool(spec, generator, shape, loud), None, None, name, loud)
    amplitude = _amplitude(spec, loud)
    bias = None
    if spec.bias:
        bias = _nonzero(generator, (spec.channels[1],), 400 if loud and not clipped else 4)
        if (bias == bias[0]).all():  # rule 7
            bias[1:] *= -1
    weight = generator.integers(-amplitude, amplitude + 1, spec.weight_shape)
    x = _nonzero(generator, shape, amplitude)
    if clipped:
        x[batch // 2 :] *= 4  # rule 6
    return Probe(x, weight, bias, name, loud)


def _for_pool(
    spec: OpSpec, generator: np.random.Generator, shape: tuple[int, ...], loud: bool
) -> NDArray[np.int64]:
    taps = math.prod(spec.kernel_size)
    if spec.kind is OpKind.MAX_POOL:
        distinct = _distinct(generator, shape)  # rule 2
        return distinct * (4 if loud else 1)
    if spec.kind is OpKind.AVERAGE_POOL:
        low = max(1, AVERAGE_SUM // taps)
        averaged = -generator.integers(low, 2 * low, shape)  # rule 3, as loud as it gets
        averaged[:, 1::2] *= -1
        return averaged
    if spec.kind is OpKind.RESIZE:
        return _nonzero(generator, shape, 4096 if loud else 16)
    most = (LOUD_SUM / (taps * spec.p)) ** (1 / spec.p)
    if most < 2:
        raise UsageError(f"powers too large for float32: p={spec.p}")
    return _nonzero(generator, shape, int(most) if loud else min(4, int(most)))  # rule 4


def _amplitude(spec: OpSpec, loud: bool) -> int:
    """Of x and weight alike."""
    terms = math.prod(spec.kernel_size) * spec.channels[0] // spec.group
    clip = spec.deviation.clip if spec.deviation else None
    if clip is not None:  # rule 6: a sum of n terms of about a * a / 3 is about their root
        reach = max([abs(bound) for bound in clip if math.isfinite(bound)] + [6.0])
        return max(1, round(math.sqrt(2 * reach / math.sqrt(terms))))
    if loud:  # rule 5
        return max(1, math.isqrt(LOUD_SUM // terms))
    terms *= spec.group
    return next(a for a in (64, 16, 4, 1) if terms * a * a < EXACT or a == 1)  # rule 1


def _nonzero(
    generator: np.random.Generator, shape: tuple[int, ...], amplitude: int
) -> NDArray[np.int64]:
    magnitude = generator.integers(1, amplitude + 1, shape)
    signed: NDArray[np.int64] = magnitude * generator.choice(np.array([-1, 1]), shape)
    return signed


def _distinct(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """-1, -2, ... in every (N, C) plane: falling, shuffled, rising, shuffled, and so on.

    The rising plane is far below 0, the last of four or more is positive, and the others differ
    by a little. Exact in float32 up to 2**23 elements.
    """
    size, count = math.prod(shape[2:]), math.prod(shape[:2])
    rows = [-1 - row - generator.permutation(size) for row in range(count)]
    rows[0] = -1 - np.arange(size)
    step = max(1, FAR_BELOW // size)
    rows[count // 2] = -FAR_BELOW - step * np.arange(size)[::-1]
    if count > 3:
        rows[-1] = 1 + generator.permutation(size)
    return np.stack(rows).astype(np.int64).reshape(shape)

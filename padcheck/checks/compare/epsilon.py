"""A factor per output channel as the work of another epsilon in a normalization.

A weight that is divided by sqrt(variance + epsilon) changes by a factor on one side of 1, near 1
but in channels of small variance.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.compare.told import named
from padcheck.records import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["epsilon_finding", "is_epsilon"]

#: Epsilons that frameworks have as defaults, the commonest first.
_KNOWN = (1e-3, 1e-5, 1e-6, 1e-4)
#: Half of the channels are nearer to 1 than this; none is further off than _FURTHEST, which a
#: variance of 0 gives between the first two epsilons.
_NEAR, _FURTHEST = 0.7, (_KNOWN[1] / _KNOWN[0]) ** 0.5
#: Ratios that are one number but for float32's rounding, as at variance 1 everywhere.
_ONE_NUMBER = 2.0**-20


def is_epsilon(ratio: NDArray[Any], off: NDArray[np.bool_]) -> bool:
    """Whether the factors of the channels that are off may come from another epsilon."""
    factors = ratio[off]
    if (factors > 1).any() and (factors < 1).any():
        return False
    below = np.minimum(factors, 1 / factors)
    nearest, furthest = float(np.median(below)), float(below.min())
    return nearest > _NEAR and furthest >= _FURTHEST


def epsilon_finding(ratio: NDArray[Any], off: NDArray[np.bool_], count: int) -> Finding:
    """PAD905 for `count` weights of which some output channels are `off` by a factor."""
    factors = ratio[off]
    side = "below" if factors[0] < 1 else "above"
    span = f"{factors.min():.7g} to {factors.max():.7g}"
    message = f"weights are scaled by a constant per output channel, all {side} 1: {span}"
    notes = [
        f"{factors.size} of {ratio.size} output channels are scaled",
        f"proven: one factor per output channel makes all {count} weights those of the target, "
        "within rounding",
    ]
    unit = _at_variance_one(factors) if off.all() else None
    if unit is not None:
        message = f"normalization has epsilon {unit[1]:g}, expected {unit[0]:g}"
    else:
        notes += [_spread(factors, *pair) for pair in itertools.islice(_possible(factors), 1)]
    return named("PAD905", message, tuple(notes))


def _at_variance_one(factors: NDArray[Any]) -> tuple[float, float] | None:
    """The (source's, target's) epsilon, where all variances are 1, as before training."""
    for one, other in itertools.permutations((*_KNOWN, 0.0), 2):
        expected = ((1 + one) / (1 + other)) ** 0.5
        if (np.abs(factors / expected - 1) <= _ONE_NUMBER).all():
            return one, other
    return None


def _possible(factors: NDArray[Any]) -> Iterator[tuple[float, float]]:
    """The (source's, target's) epsilons for which every factor has a variance of 0 or more.

    Several may do; the pair that is met most often comes first.
    """
    pairs = itertools.combinations(_KNOWN, 2)
    for one, other in itertools.chain.from_iterable((pair, pair[::-1]) for pair in pairs):
        if (_variances(factors, one, other) >= 0).all():
            yield one, other


def _variances(factors: NDArray[Any], one: float, other: float) -> NDArray[Any]:
    """Of factor**2 = (variance + one) / (variance + other)."""
    squares = factors**2
    return np.asarray((squares * other - one) / (1 - squares))


def _spread(factors: NDArray[Any], one: float, other: float) -> str:
    variances = _variances(factors, one, other)
    span = f"{variances.min():.3g} to {variances.max():.3g}"
    return f"epsilon {other:g} in place of {one:g} would do that, at variances of {span}"

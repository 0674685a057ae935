"""Two weights: the same but for rounding, the same under a hypothesis, or others.

1. Equal within what storage and folding round (`storage`).
2. Equal up to a positive constant per output channel: a normalization with another epsilon if
   they are near 1 and all on one side of it, else another scale.
3. Equal once flipped, or once the axes or channels are put in another order.
4. Others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes import NO_CLUES, cause
from padcheck.checks.compare.effective import Effective, in_weight_shape, outputs_first
from padcheck.checks.compare.epsilon import epsilon_finding, is_epsilon
from padcheck.checks.compare.storage import TO_INTEGERS, TO_SHORT, shorter_type, weight_bound
from padcheck.checks.compare.told import named, other
from padcheck.oracle.deviations import rearranged_weight
from padcheck.records import Finding, Rearrangement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Made = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[np.int64] | None] | None]

__all__ = ["Weights", "judge_weights"]

_OF_WEIGHT = tuple(how for how in Rearrangement if how.name.startswith("WEIGHT_"))


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What was found: which output channels are `scaled` (rule 2), the `order` of the source's
    output channels in the target, None for their own; `known` unless they are others (rule 4).
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    scaled: NDArray[np.bool_] | None = None
    order: NDArray[np.int64] | None = None
    known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Tally:
    """Per output channel: the largest magnitude of either side, and the largest difference."""

    largest: NDArray[Any]
    apart: NDArray[Any]

    @property
    def unit(self) -> NDArray[Any]:
        """`largest`, with 1 for a channel of zeros."""
        return np.where(self.largest > 0, self.largest, 1.0)


def judge_weights(source: Effective, target: Effective) -> Weights:
    """The weights of two sides, of one shape and finite."""
    tally = _tally(source, target)
    short = None
    bound = weight_bound(source, target, tally.largest)
    if (tally.apart > bound).any():
        short = shorter_type(source, target)
        bound = weight_bound(source, target, tally.largest, short)
    if (tally.apart <= bound).all():  # rule 1
        return Weights(notes=_stored(source, target, tally, short))
    ratio = _ratio(source, target, tally)
    if (ratio > 0).all() and (_apart(source, target, ratio) <= bound).all():  # rule 2
        off = (np.abs(ratio - 1) > bound / tally.unit) | (tally.apart > bound)
        return Weights((_scaled(source.weight.size, ratio, tally, off),), scaled=off)
    return _reordered(source, target, bound) or _other(source, tally, bound)


def _pairs(source: Effective, target: Effective) -> Iterator[tuple[slice, Any, Any]]:
    for (rows, mine), (_, theirs) in zip(source.chunks(), target.chunks(), strict=True):
        yield rows, mine, theirs


def _tally(source: Effective, target: Effective) -> _Tally:
    found = [
        (np.maximum(_largest(mine), _largest(theirs)), _largest(theirs - mine))
        for _, mine, theirs in _pairs(source, target)
    ]
    return _Tally(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _ratio(source: Effective, target: Effective, tally: _Tally) -> NDArray[Any]:
    """Target over source per output channel, by least squares; 1 for a channel of zeros."""
    parts = []
    for rows, mine, theirs in _pairs(source, target):
        unit = tally.unit[rows, None]  # squares must not vanish
        one, two = mine / unit, theirs / unit
        squares = (one * one).sum(axis=1)
        whole = np.where(squares > 0, squares, 1.0)
        parts.append(np.where(squares > 0, (one * two).sum(axis=1) / whole, 1.0))
    return np.concatenate(parts)


def _largest(rows: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.abs(rows).max(axis=1, initial=0.0))


def _apart(source: Effective, target: Effective, ratio: NDArray[Any]) -> NDArray[Any]:
    """The largest difference per output channel, once the source is multiplied."""
    parts = [
        _largest(theirs - ratio[rows, None] * mine) for rows, mine, theirs in _pairs(source, target)
    ]
    return np.concatenate(parts)


def _stored(
    source: Effective, target: Effective, tally: _Tally, short: str | None
) -> tuple[str, ...]:
    """How the target keeps the weight, where that is what makes it differ."""
    if short is not None:
        return (TO_SHORT.format(short),)
    if target.half_step.any() and not source.half_step.any() and tally.apart.any():
        return (TO_INTEGERS,)
    return ()


def _scaled(count: int, ratio: NDArray[Any], tally: _Tally, off: NDArray[np.bool_]) -> Finding:
    """Rule 2."""
    if is_epsilon(ratio, off):
        return epsilon_finding(ratio, off, count)
    factors = ratio[off]
    span = f"{factors.min():.7g} to {factors.max():.7g}"
    return other(
        f"weights are scaled by a constant per output channel: {span}",
        (f"{factors.size} of {ratio.size} output channels are scaled",),
        float(tally.apart.max()),
    )


def _reordered(source: Effective, target: Effective, bound: NDArray[Any]) -> Weights | None:
    """Rule 3; all hypotheses are tried, and those that fit as well are rivals."""
    wanted = target.scaled()
    fits = [
        (code, message, order)
        for code, message, made in _hypotheses(source)
        for order in _fit(made, wanted, bound)
    ]
    if not fits:
        return None
    code, message, order = fits[0]
    rivals = tuple(dict.fromkeys(each for each, _, _ in fits[1:] if each != code))
    note = f"proven: {code} makes all {wanted.size} weights those of the target, within rounding"
    if rivals:
        note = note.replace("proven", "ambiguous", 1)
    return Weights((named(code, message, (note,), rivals),), order=order)


def _fit(made: _Made, wanted: NDArray[Any], bound: NDArray[Any]) -> Iterator[Any]:
    """The order of output channels under a hypothesis, if that gives the target's weight."""
    tried = made(wanted)
    if tried is None or tried[0].shape != wanted.shape:
        return
    apart = np.abs(tried[0] - wanted).reshape(len(wanted), -1).max(axis=1, initial=0.0)
    if (apart <= bound).all():
        yield tried[1]


def _hypotheses(source: Effective) -> Iterator[tuple[str, str, _Made]]:
    """(code, message, what the target's weight would be)."""
    spec = source.spec.replace(deviation=None)
    raw = in_weight_shape(source.weight, spec)
    for code in ("PAD902", "PAD901"):
        known = cause(code)
        for faulty in known.offers(spec, NO_CLUES):
            how = faulty.deviation.rearranged if faulty.deviation else None
            if how is None or how in _OF_WEIGHT:
                moved = functools.partial(_moved, source, raw, faulty)
                yield code, known.message(spec, faulty), moved
    buffer = "layout: the weight's buffer with its spatial axes first read as (O, I, ...)"
    yield "PAD901", buffer, functools.partial(_buffer, source, raw)
    for axis, what in ((0, "output"), (1, "input")):
        message = f"layout: the {what} channels are in another order"
        yield "PAD901", message, functools.partial(_permuted, source, axis)


def _moved(source: Effective, raw: NDArray[Any], faulty: Any, _: Any) -> Any:
    weight = outputs_first(rearranged_weight(faulty, raw), source.spec)
    return (source.scaled(weight), None) if weight.shape == source.weight.shape else None


def _buffer(source: Effective, raw: NDArray[Any], _: Any) -> Any:
    """What WEIGHT_BUFFER does, undone: (*kernel, I, O) numbers taken as (O, I, *kernel)."""
    last = np.moveaxis(raw, (0, 1), (-1, -2))
    weight = outputs_first(np.ascontiguousarray(last).reshape(raw.shape), source.spec)
    return source.scaled(weight), None


def _permuted(source: Effective, axis: int, wanted: NDArray[Any]) -> Any:
    """The source's channels sorted as the target's are, by their products with one vector."""
    mine = source.scaled()
    if mine.shape[axis] < 2:
        return None
    keys = []
    for weight in (mine, wanted):
        rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
        vector = np.random.default_rng(0).standard_normal(rows.shape[1])
        keys.append(np.argsort(rows @ vector, kind="stable"))
    order = np.empty_like(keys[0])
    order[keys[1]] = keys[0]
    return mine.take(order, axis=axis), order if axis == 0 else None


def _other(source: Effective, tally: _Tally, bound: NDArray[Any]) -> Weights:
    """Rule 4."""
    unit = float(tally.largest.max())
    worst = int((tally.apart / tally.unit).argmax())
    wrong = int((tally.apart > bound).sum())
    relative = float(tally.apart.max()) / unit if unit else 0.0
    finding = other(
        f"weights are others: the largest difference is {relative:.3g} of the largest weight",
        (
            f"{wrong} of {len(bound)} output channels differ",
            f"output channel {worst}: off by {tally.apart[worst]:.7g}, "
            f"where rounding may put it off by {bound[worst]:.3g}",
        ),
        float(tally.apart.max()),
    )
    return Weights((finding,), known=False)

"""Random ops by the oracle: with several faults, with none, and with what no cause explains."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import padcheck
from padcheck.errors import FrameworkError, UsageError
from padcheck.geometry import SAME_UPPER, VALID, Rounding
from padcheck.oracle import evaluate
from padcheck.probes import Probe, make_probe
from padcheck.records import OpKind, OpSpec, Rearrangement, same_function
from padcheck.verdict import judge
from padcheck.verdict.separation import small_sizes

Array = np.ndarray
_PADS = (0, 1, 1, 2, "same_upper", "same_lower")


def _op(rng: random.Random, smallest: int = 5) -> OpSpec:
    """A rich op of one axis, or of two."""
    while True:
        rank = rng.choice((1, 1, 2))
        kind = rng.choice(list(OpKind)[:5])
        given: dict[str, Any] = {
            "input_size": tuple(smallest + rng.randint(0, 5) for _ in range(rank)),
            "kernel_size": rng.choice((2, 3)),
            "stride": tuple(rng.choice((1, 2, 3)) for _ in range(rank)),
            "dilation": rng.choice((1, 2)),
            "pads": rng.choice(_PADS),
        }
        if kind.has_weight:
            given |= {"bias": True, "channels": (2, rng.choice((3, 4)))}
        elif not isinstance(given["pads"], str):
            given["ceil_mode"] = rng.choice((True, False))
        spec: OpSpec = getattr(padcheck, kind.value)(**given)
        if min(spec.output_size) > 0 and spec.reads_input:
            return spec


def _attribute(spec: OpSpec) -> Iterator[OpSpec]:
    ones = (1,) * spec.rank
    yield from (spec.replace(stride=ones), spec.replace(dilation=ones))
    yield spec.replace(stride=spec.stride[:1] * spec.rank)


def _rounded(spec: OpSpec) -> Iterator[OpSpec]:
    if not spec.kind.has_weight:
        yield from (spec.replace(rounding=how) for how in (Rounding.FLOOR, Rounding.CEIL))


def _padded(spec: OpSpec) -> Iterator[OpSpec]:
    yield spec.with_rule(VALID)
    yield spec.with_pads([(before, 0) for before, _ in spec.resolved_pads])
    if spec.kind is not OpKind.CONV_TRANSPOSE:
        yield spec.with_rule(SAME_UPPER).replace(rounding=Rounding.FLOOR)


def _biased(spec: OpSpec) -> Iterator[OpSpec]:
    if spec.bias:
        yield spec.deviating(bias_factor=0)
        if spec.output_size[-1] == spec.channels[1]:
            yield spec.deviating(rearranged=Rearrangement.BIAS_LAST)


def _filled(spec: OpSpec) -> Iterator[OpSpec]:
    if spec.kind is OpKind.MAX_POOL:
        yield spec.replace(pad_value=0.0)
    if spec.kind is OpKind.AVERAGE_POOL:
        yield spec.replace(count_include_pad=not spec.count_include_pad)
    if spec.kind is OpKind.CONV:
        yield spec.replace(pad_value=5.0)


def _faulty(spec: OpSpec, rng: random.Random) -> tuple[OpSpec, int]:
    """The op with faults of some stages, and how many they are; each changes something."""
    count = 0
    for stage in (_attribute, _rounded, _padded, _biased, _filled):
        made = [
            one for one in stage(spec) if min(one.output_size) > 0 and not same_function(one, spec)
        ]
        if made and rng.random() < 0.8:
            spec, count = rng.choice(made), count + 1
    return spec, count


def _computing(truth: OpSpec) -> Callable[[OpSpec, Probe], Array]:
    def box(spec: OpSpec, probe: Probe) -> Array:
        try:
            made = evaluate(truth.resized(spec.input_size), probe.x, probe.weight, probe.bias)
        except UsageError as error:
            raise FrameworkError(str(error)) from None
        return made.values.astype(np.float32)

    return box


def _numbers_agree(reference: OpSpec, one: OpSpec, other: OpSpec) -> bool:
    """Whether two ops give the same wherever the reference's small sizes go."""
    sizes = (reference.input_size, *small_sizes(reference))
    return all(
        same_function(one.resized(size), other.resized(size)) or _equal(reference, one, other, size)
        for size in sizes
    )


def _equal(reference: OpSpec, one: OpSpec, other: OpSpec, size: tuple[int, ...]) -> bool:
    probe = make_probe(reference.resized(size), seed=7)
    made, also = (
        evaluate(op.resized(size), probe.x, probe.weight, probe.bias).values for op in (one, other)
    )
    return made.shape == also.shape and np.allclose(made, also, rtol=1e-4, equal_nan=True)


def test_random_stacks_are_explained_by_the_function_that_they_are():
    rng = random.Random(6)
    tried = Counter[int]()
    named_all = right = 0
    while tried.total() < 100:
        spec = _op(rng)
        truth, count = _faulty(spec, rng)
        if count < 3 or same_function(truth, spec):
            continue
        tried[count] += 1
        found = judge(spec, _computing(truth))
        assert found.explained_by is not None, (spec, truth)
        right += _numbers_agree(spec, found.explained_by, truth)
        named_all += len(found.findings) == count
    assert min(tried[3], tried[4]) >= 15, tried
    assert right >= 98
    assert named_all >= 70  # of the others, fewer faults are the same function


def _wrong(spec: OpSpec, kind: int, probe: Probe, more: int) -> Array:
    """Outputs that come of no known fault, the same for the same arrays."""
    rng = np.random.default_rng(abs(int(probe.x.sum())) + kind)
    if kind == 0:
        wider = spec.replace(kernel_size=tuple(k + 1 for k in spec.kernel_size))
        weight = rng.integers(-9, 10, wider.weight_shape) if spec.kind.has_weight else None
        return evaluate(wider, probe.x, weight, probe.bias).values
    made = evaluate(spec, probe.x, probe.weight, probe.bias).values
    places = np.arange(made.size).reshape(made.shape)
    if kind == 1:
        return rng.integers(-999, 1000, made.shape)
    if kind == 2:
        sizes = [max(1, size + more) for size in made.shape[2:]]
        return rng.integers(-999, 1000, (*made.shape[:2], *sizes))
    if kind == 3:
        return rng.permutation(made.ravel()).reshape(made.shape)
    if kind == 4:
        return made * (2 + places % 7) + places
    if kind == 5:
        return made + rng.integers(1, 60, made.shape)
    return made**2 // 7 + 3 * places


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("kind", range(7))
def test_boxes_of_no_known_fault_are_given_none(kind):
    rng = random.Random(kind)
    for number in range(12):
        spec = _op(rng, smallest=8)
        more = (-1, 1, 2)[number % 3]

        def box(asked: OpSpec, probe: Probe, more: int = more) -> Array:
            try:
                return _wrong(asked, kind, probe, more).astype(np.float32)
            except UsageError as error:
                raise FrameworkError(str(error)) from None

        found = judge(spec, box)
        assert found.verdict == "mismatch"
        assert [finding.code for finding in found.findings] == ["PAD999"], (kind, spec)


def test_right_ops_are_right():
    rng = random.Random(1)
    for _ in range(30):
        spec = _op(rng)
        assert judge(spec, _computing(spec)).verdict == "equivalent", spec


def test_what_another_size_contradicts_is_not_laid_to_many():
    """At 5x5 a pool of a longer window is four faults of one of 3x2, and of padding alone."""
    spec = padcheck.max_pool(
        input_size=(5, 5), kernel_size=(3, 2), stride=2, dilation=(2, 1), pads="same_upper"
    )

    def box(asked: OpSpec, probe: Probe) -> Array:
        longer = asked.replace(kernel_size=tuple(k + 1 for k in asked.kernel_size))
        return evaluate(longer, probe.x).values.astype(np.float32)

    assert [finding.code for finding in judge(spec, box).findings] == ["PAD999"]

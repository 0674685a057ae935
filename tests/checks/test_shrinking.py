"""Shrinking takes away all that a fault does not need."""

from __future__ import annotations

import pytest

from padcheck.checks.shrinking import reads_nothing, shrink
from padcheck.checks.suite import case_id, suite
from padcheck.checks.suite.words import AVERAGE, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.errors import GeometryError
from padcheck.geometry import SAME_LOWER
from padcheck.records import OpSpec


@pytest.mark.parametrize(
    ("spec", "wrong", "left"),
    [
        (
            op(CONV, (8, 9), 3, 2, pads=(1, 1), bias=True),
            lambda spec: True,
            "conv(n=1, k=1, pads=(0,0))-c1-1-valid",
        ),
        (
            op(CONV, (8, 9), 3, 2, pads=SAME_LOWER),
            lambda spec: spec.rank == 2 and spec.resolved_pads[0] == (1, 0),
            "conv(n=1x1, k=1x1, pads=(1,0)x(0,0))-c1-1-explicit+valid",
        ),
        (
            op(MAX, (9, 8), 3, (3, 4), (2, 1), pads=(2, 2)),
            lambda spec: max(spec.stride) > max(spec.kernel_size),
            "max_pool(n=1, k=1, s=2, pads=(0,0))-valid",
        ),
        (
            op(AVERAGE, (9, 8, 7), 3, 2, pads=SAME_LOWER, **COUNTED),
            lambda spec: any(rule.size_dependent for rule in spec.pads),
            "average_pool(n=1, k=1, pads=(0,0))-same_upper",
        ),
        (
            op(TRANSPOSED, (4, 5), 3, 2, output_shape=(9, 11), group=2, channels=(4, 6)),
            lambda spec: spec.group > 1 and spec.channels[1] > spec.channels[0],
            "conv_transpose(n=1, k=1, crops=(0,0), group=2)-c2-4-valid",
        ),
        (
            op(LP, (9, 8), 5, p=3, pads=(3, -2)),
            lambda spec: spec.p == 3 and spec.kernel_size[-1] > 3,
            "lp_pool(n=4, k=4, pads=(0,0))-valid-p=3",
        ),
    ],
)
def test_only_what_the_fault_needs_is_left(spec: OpSpec, wrong, left: str) -> None:  # type: ignore[no-untyped-def]
    assert wrong(spec)
    assert case_id(shrink(spec, wrong)) == left


def test_a_fault_at_one_geometry_only_stays() -> None:
    spec = op(CONV, (8, 9), 3, 2, pads=(1, 1))
    assert shrink(spec, lambda other: other == spec) == spec


def test_no_more_than_the_most_are_tried() -> None:
    tried: list[OpSpec] = []

    def wrong(spec: OpSpec) -> bool:
        tried.append(spec)
        return False

    shrink(op(CONV, (224, 224, 8), 7, 5, 3, pads=(9, 9)), wrong, most=10)
    assert len(tried) == 9  # the case itself is known to be wrong


def test_none_is_tried_twice_and_none_is_without_output() -> None:
    tried: list[OpSpec] = []

    def wrong(spec: OpSpec) -> bool:
        tried.append(spec)
        return spec.kernel_size[0] > 1

    shrink(op(CONV, (8, 9), 3, 2, pads=(1, 1), bias=True), wrong)
    assert len(tried) == len(set(tried)) > 5
    assert all(0 not in spec.output_size for spec in tried)


def test_a_geometry_that_cannot_be_lowered_is_passed_over() -> None:
    def wrong(spec: OpSpec) -> bool:
        if spec.kernel_size == (1,):
            raise GeometryError("no")
        return True

    assert shrink(op(CONV, 9, 3), wrong).kernel_size == (2,)


def test_every_geometry_of_the_suite_shrinks_to_one_tap() -> None:
    for spec in suite(rank=2):
        least = shrink(spec, lambda spec: True)
        assert (least.rank, least.kernel_size, least.input_size) == (1, (1,), (1,)), spec


@pytest.mark.parametrize("needed", [1, 5, 16, 17, 113, 199])
def test_a_large_size_is_down_in_few_tries(needed: int) -> None:
    tried: set[int] = set()

    def wrong(spec: OpSpec) -> bool:
        tried.add(spec.input_size[0])
        return spec.input_size[0] >= needed

    assert shrink(op(CONV, 224, 1), wrong).input_size == (needed,)
    assert len(tried) <= 30


def test_reducers_of_the_callers_own() -> None:
    only = [lambda spec: iter([{"stride": (1, 1)}])]
    least = shrink(op(CONV, (8, 9), 3, 2, bias=True), lambda spec: True, reducers=only)
    assert least == op(CONV, (8, 9), 3, bias=True)


@pytest.mark.parametrize(
    ("spec", "nothing"),
    [
        (op(CONV, 4, 3, pads=(2, 2)), False),
        (op(CONV, 4, 3, pads=(3, 2)), True),
        (op(CONV, (4, 4), 3, pads=((2, 2), (2, 3))), True),
        (op(CONV, 1, 2, 1, 3, pads=(2, 2)), True),  # taps at -2 and 1
        (op(TRANSPOSED, 4, 3, pads=(4, 0)), False),
    ],
)
def test_a_window_that_holds_pads_alone(spec: OpSpec, nothing: bool) -> None:
    assert reads_nothing(spec) is nothing

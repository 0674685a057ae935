"""Every pair of levels that can meet does meet in some case of its level."""

from __future__ import annotations

import itertools
import random

import pytest

from padcheck.checks.corpus import corpus
from padcheck.checks.corpus.arrays import combinations_of
from padcheck.checks.corpus.factors import COARSE, FINE, factors
from padcheck.checks.corpus.making import case_of
from padcheck.checks.corpus.pairwise import Combination, Factors, Pair, pairs_of
from padcheck.checks.suite.words import CONV, KINDS, MAX
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, explicit
from padcheck.records import OpKind, OpSpec

HOLDS = {COARSE: "quick", FINE: "standard"}


def lacking(listed: Factors, made: tuple[Combination, ...]) -> list[Pair]:
    """The pairs of levels of two factors that nothing made holds."""
    held = {pair for combination in made for pair in pairs_of(combination)}
    return [
        ((one, a), (other, b))
        for one, other in itertools.combinations(listed, 2)
        for a, b in itertools.product(listed[one], listed[other])
        if ((one, a), (other, b)) not in held
    ]


@pytest.mark.parametrize("grain", HOLDS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_combination_holds_a_pair_that_is_not_covered(kind: OpKind, grain: str) -> None:
    """300 combinations of each pair, drawn from all: none is a question."""
    listed = factors(kind, grain)
    chance = random.Random(7)
    for pair in lacking(listed, combinations_of(kind, listed)):
        for _ in range(300):
            drawn = {name: chance.choice(levels) for name, levels in listed.items()}
            assert case_of(kind, drawn | dict(pair)) is None, drawn


@pytest.mark.parametrize("grain", HOLDS)
@pytest.mark.parametrize("kind", KINDS)
def test_few_pairs_cannot_meet(kind: OpKind, grain: str) -> None:
    listed = factors(kind, grain)
    made = combinations_of(kind, listed)
    level = set(corpus(HOLDS[grain]))
    assert {case_of(kind, combination) for combination in made} <= level
    sizes = [len(levels) for levels in listed.values()]
    pairs = sum(a * b for a, b in itertools.combinations(sizes, 2))
    assert len(lacking(listed, made)) < pairs / 10
    # the most that two factors ask for, and not many more
    largest = sorted(sizes)[-2:]
    assert largest[0] * largest[1] / 2 < len(made) < 1.6 * largest[0] * largest[1]


def test_every_level_of_every_factor_is_used() -> None:
    for kind, grain in itertools.product(KINDS, HOLDS):
        listed = factors(kind, grain)
        made = combinations_of(kind, listed)
        for name, levels in listed.items():
            assert {combination[name] for combination in made} == set(levels)


def asked(level: str, kind: OpKind) -> list[OpSpec]:
    return [case.spec for case in corpus(level) if case.spec.kind is kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", [SAME_UPPER, SAME_LOWER, VALID, explicit(1, 1)])
def test_policies_meet_opsets_and_open_sizes(kind: OpKind, rule: object) -> None:
    cases = [case for case in corpus("quick") if case.spec.kind is kind]
    met = [case for case in cases if set(case.spec.pads) == {rule}]
    assert {case.opset for case in met} >= {7, 11, 19, 22}
    assert {case.dynamic for case in met} == {False, True}
    assert {case.spec.rank for case in met} == {1, 2, 3}


def test_sizes_leave_every_remainder() -> None:
    for stride in (2, 3):
        left = {
            n % stride
            for spec in asked("quick", CONV)
            for n, s in zip(spec.input_size, spec.stride, strict=True)
            if s == stride
        }
        assert left == set(range(stride))


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
def test_border_modes_before_convolutions_and_pools(mode: str) -> None:
    for kind in KINDS[:1] + KINDS[2:]:
        assert {spec.rank for spec in asked("quick", kind) if spec.pad_mode == mode} == {1, 2, 3}


def test_fills_of_max_pools() -> None:
    assert {spec.pad_value for spec in asked("quick", MAX)} == {float("-inf"), 0.0, 5.0}

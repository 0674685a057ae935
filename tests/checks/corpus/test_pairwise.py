"""Pairwise coverage against brute force over all combinations."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from padcheck.checks.corpus.pairwise import Combination, Factors, Pair, pairs_of, pairwise

SMALL: dict[str, Factors] = {
    "two": {"a": (0, 1, 2), "b": "xy"},
    "three": {"a": (0, 1, 2), "b": "xyz", "c": (False, True)},
    "five": {name: range(3) for name in "abcde"},
    "uneven": {"a": range(6), "b": range(2), "c": range(4), "d": (None,), "e": range(3)},
}

RULES: dict[str, Callable[[Combination], bool]] = {
    "all": lambda levels: True,
    "none": lambda levels: False,
    "no two alike": lambda levels: len(set(levels.values())) == len(levels),
    "off plain only": lambda levels: sum(level in (0, "x", False) for level in levels.values()) < 2,
    "far from plain": lambda levels: all(level not in (0, "x") for level in levels.values()),
}


def every(factors: Factors) -> list[Combination]:
    return [
        dict(zip(factors, levels, strict=True)) for levels in itertools.product(*factors.values())
    ]


def held(combinations: list[Combination] | tuple[Combination, ...]) -> set[Pair]:
    return {pair for combination in combinations for pair in pairs_of(combination)}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("factors", SMALL.values(), ids=SMALL)
def test_every_pair_of_any_feasible_combination(
    factors: Factors, rule: Callable[[Combination], bool]
) -> None:
    made = pairwise(factors, rule)
    assert held(made) == held([levels for levels in every(factors) if rule(levels)])
    assert all(map(rule, made))
    assert len({tuple(levels.items()) for levels in made}) == len(made)


@pytest.mark.parametrize("seed", range(30))
def test_random_rules(seed: int) -> None:
    """Of 3 to 300 combinations, few or many of them feasible."""
    chance = random.Random(seed)
    factors = {name: range(chance.randint(1, 5)) for name in "abcd"[: chance.randint(2, 4)]}
    share = chance.choice((0.03, 0.2, 0.5, 0.9))
    feasible = [levels for levels in every(factors) if chance.random() < share]
    made = pairwise(factors, lambda levels: levels in feasible)
    assert held(made) == held(feasible)
    assert all(levels in feasible for levels in made)


def test_it_is_small() -> None:
    """13 factors of 3 levels have 59,049 x 27 combinations; AETG's paper gives 15 to 22."""
    made = pairwise({f"f{i}": range(3) for i in range(13)}, lambda levels: True)
    assert 9 <= len(made) <= 24
    assert len(pairwise({"a": range(7), "b": range(5), "c": range(2)}, lambda levels: True)) <= 37


def test_levels_are_used_alike() -> None:
    made = pairwise({"a": range(8), "b": range(8), "c": (False, True)}, lambda levels: True)
    assert len(made) == 64
    assert sum(levels["c"] for levels in made) == 32


def test_the_search_can_be_bounded() -> None:
    """`e` and `a` at 1 need two others off plain."""
    factors = dict.fromkeys("abcde", (0, 1))

    def feasible(levels: Combination) -> bool:
        return not (levels["a"] and levels["e"]) or bool(levels["b"] and levels["c"])

    rare = (("a", 1), ("e", 1))
    asked: list[Combination] = []
    assert rare not in held(pairwise(factors, feasible, off_plain=1))
    assert rare in held(pairwise(factors, feasible, off_plain=2))
    assert not pairwise(factors, lambda levels: asked.append(levels) is not None, off_plain=1)
    assert len(asked) == 40 * (1 + 3)  # pairs times plain and one off


def test_without_pairs_there_is_nothing() -> None:
    assert pairwise({"a": range(3)}, lambda levels: True) == ()
    assert pairwise({"a": range(3), "b": ()}, lambda levels: True) == ()

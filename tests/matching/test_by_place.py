"""Pools, and ops whose weights say nothing: told by what they stand between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from padcheck.matching import match
from padcheck.records import OpKind
from tests.matching.nets import Net, chain, conv, hows, named, net, pool

AVERAGE = OpKind.AVERAGE_POOL


def lone(source: Net, target: Net) -> tuple[list[str], list[str]]:
    made = match(source, target)
    return (
        [source.ops[index].name for index, _ in made.lone_sources],
        [target.ops[index].name for index, _ in made.lone_targets],
    )


def test_a_changed_weight_between_known_ones() -> None:
    source = chain(conv("a"), conv("b"), conv("c"))
    target = chain(conv("a"), conv("x"), conv("c"))
    assert named(source, target) == {"a": "a", "b": "x", "c": "c"}
    assert hows(source, target)["b"] == "between a and c"


@pytest.mark.parametrize("weight", [None, np.zeros((4, 4, 3, 3), np.float32)])
def test_weights_that_are_no_constant(weight: np.ndarray | None) -> None:
    source = chain(conv("a"), conv("b", weight=weight), conv("c"), conv("d", weight=weight))
    assert hows(source, source) == {
        "a": "by weights",
        "b": "between a and c",
        "c": "by weights",
        "d": "after c",
    }


def test_another_shape_in_the_same_place_is_another_op() -> None:
    source = chain(conv("a"), conv("b"), conv("c"))
    target = chain(conv("a"), conv("x", channels=(4, 8)), conv("c"))
    assert lone(source, target) == (["b"], ["x"])


def test_a_dropped_op_and_a_new_one_elsewhere() -> None:
    source = chain(conv("a"), conv("b"), conv("c"), conv("d"))
    target = chain(conv("a"), conv("c"), conv("x"), conv("d"))
    assert lone(source, target) == (["b"], ["x"])


def test_one_of_two_changed_weights_gone_is_not_guessed() -> None:
    source = chain(conv("a"), conv("b"), conv("c"), conv("d"))
    target = chain(conv("a"), conv("x"), conv("d"))
    assert lone(source, target) == (["b", "c"], ["x"])


def test_only_the_geometry_tells_which_of_two_is_gone() -> None:
    source = chain(conv("a"), conv("b", stride=2), conv("c"), conv("d"))
    target = chain(conv("a"), conv("x"), conv("d"))
    assert named(source, target) == {"a": "a", "c": "x", "d": "d"}


def test_pools_by_their_neighbours() -> None:
    source = chain(conv("a"), pool("p"), conv("b"), pool("q"), conv("c"), pool("r"))
    assert hows(source, source) == {
        "a": "by weights",
        "p": "between a and b",
        "b": "by weights",
        "q": "between b and c",
        "c": "by weights",
        "r": "after c",
    }
    for gone in "pqr":
        assert lone(source, source.without(gone)) == ([gone], [])
        assert lone(source.without(gone), source) == ([], [gone])


def test_pools_in_a_row() -> None:
    spatial = ("a", "p", "q", "r")
    source = net(conv("a"), pool("p", "a"), pool("q", "p"), pool("r", "q"), conv("b", spatial))
    assert named(source, source) == {n: n for n in "apqrb"}
    assert len(match(source, source.without("q")).pairs) == 4


def test_pools_beside_each_other() -> None:
    source = net(conv("a"), pool("p", "a"), pool("q", "a", AVERAGE), conv("b", ("p", "q")))
    target = net(conv("a"), pool("q", "a", AVERAGE), pool("p", "a"), conv("b", ("p", "q")))
    assert named(source, target) == {n: n for n in "apqb"}


def test_an_average_for_a_maximum() -> None:
    source = chain(conv("a"), pool("p"), conv("b"))
    target = chain(conv("a"), pool("x", kind=AVERAGE), conv("b"))
    assert named(source, target) == {"a": "a", "p": "x", "b": "b"}


def test_the_right_kind_comes_first() -> None:
    source = chain(conv("a"), pool("p"), pool("q", kind=AVERAGE), conv("b"))
    target = chain(conv("a"), pool("q", kind=AVERAGE), conv("b"))
    assert lone(source, target) == (["p"], [])


def test_another_window_in_the_same_place() -> None:
    source = chain(conv("a"), pool("p", kernel=(2, 2), stride=2), conv("b"))
    target = chain(conv("a"), pool("x", kernel=(3, 3), stride=2), conv("b"))
    assert named(source, target) == {"a": "a", "p": "x", "b": "b"}


def test_networks_of_pools_alone() -> None:
    assert hows(net(pool("p")), net(pool("x"))) == {"p": "by order"}
    assert hows(net(pool("p")), net(pool("x", kind=AVERAGE))) == {"p": "by order"}
    source = chain(pool("p"), pool("q", kind=AVERAGE), pool("r"))
    assert named(source, source) == {n: n for n in "pqr"}
    assert match(source, source).related


def test_a_pool_of_its_own_when_nothing_is_related() -> None:
    made = match(chain(conv("a"), pool("p")), chain(conv("x"), conv("y"), pool("q")))
    assert not made.related
    assert made.pairs == ()


def test_a_pool_that_has_no_partner_says_so() -> None:
    made = match(chain(conv("a"), pool("p")), chain(conv("a")))
    assert made.lone_sources == ((1, "no such op of the target stands in its place"),)


def test_an_op_that_could_not_be_read_hides_no_pool_behind_it() -> None:
    source = chain(conv("a"), conv("b", readable=False), pool("p"), conv("c"))
    target = Net(tuple(replace(op, readable=True) for op in source.ops))
    assert named(source, target) == {"a": "a", "p": "p", "c": "c"}
    assert named(target, source) == {"a": "a", "p": "p", "c": "c"}

"""Ops that are alike, told apart by where they stand."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.matching import match
from tests.matching.nets import Net, Op, chain, conv, hows, named, net, pool

ONES = np.ones((4, 4, 3, 3), np.float32)


def one(name: str, reads: str | tuple[str, ...] = (), **more: object) -> Op:
    """A conv whose weight says nothing."""
    return conv(name, reads, weight=ONES, **more)


def alike(*names: str) -> Net:
    return chain(*(one(name) for name in names))


def test_a_chain_of_equal_weights_goes_in_order() -> None:
    source = alike(*"abcde")
    assert named(source, source) == {n: n for n in "abcde"}
    assert set(hows(source, source).values()) == {"by weights, then by order"}


@pytest.mark.parametrize("gone", "abcdef")
def test_neighbours_tell_which_of_the_equals_is_gone(gone: str) -> None:
    source = chain(
        *(op for n in "abcdef" for op in (one(n), conv(f"after {n}"))),
    )
    target = source.without(gone)
    assert named(source, target) == {op.name: op.name for op in target.ops}
    assert [source.ops[i].name for i, _ in match(source, target).lone_sources] == [gone]
    assert named(target, source) == named(source, target)


def test_sizes_tell_which_of_the_equals_is_gone() -> None:
    sizes = [64, 64, 32, 32, 16, 8]
    source = chain(*(one(n, size=s) for n, s in zip("abcdef", sizes, strict=True)))
    for gone in "ef":
        target = source.without(gone)
        assert named(source, target) == {op.name: op.name for op in target.ops}


def test_a_lost_stride_moves_every_size_behind_it() -> None:
    source = chain(
        one("a", size=32, stride=2), one("b", size=16, stride=2), one("c", size=8, stride=2)
    )
    target = chain(one("a", size=32), one("b", size=32, stride=2), one("c", size=16, stride=2))
    assert named(source, target) == {n: n for n in "abc"}


def test_branches_in_another_order() -> None:
    def inception(*order: str, stem: str = "stem") -> list[Op]:
        branches = {
            "1": [one("1", stem)],
            "3": [one("3r", stem), conv("3", "3r")],
            "5": [one("5r", stem), one("5", "5r"), conv("5b", "5")],
            "p": [pool("p", stem), one("pr", "p")],
        }
        return [op for branch in order for op in branches[branch]]

    def end(*reads: str) -> Op:
        return conv("end", reads)

    ends = ("1", "3", "5b", "pr")
    source = net(conv("stem"), *inception("1", "3", "5", "p"), end(*ends))
    target = net(conv("stem"), *inception("p", "5", "1", "3"), end(*ends))
    assert named(source, target) == {op.name: op.name for op in source.ops}


def test_a_weight_used_at_several_sizes() -> None:
    def pyramid(*levels: int) -> Net:
        bodies = [conv(f"body{i}", f"body{i - 1}" if i else (), size=64 >> i) for i in range(4)]
        heads = [
            op
            for i in levels
            for op in (
                one(f"first{i}", f"body{i}", size=64 >> i),
                one(f"second{i}", f"first{i}", size=64 >> i),
            )
        ]
        return net(*bodies, *heads)

    source = pyramid(0, 1, 2, 3)
    for levels in ((3, 2, 1, 0), (1, 0, 3), (2,)):
        target = pyramid(*levels)
        assert named(source, target) == {op.name: op.name for op in target.ops}


def test_two_inputs_of_two_sizes() -> None:
    def tower(side: str, size: int) -> list[Op]:
        first = one(f"{side}1", size=size)
        return [first, one(f"{side}2", first.name, size=size // 2)]

    end = conv("end", ("left2", "right2"))
    source = net(*tower("left", 64), *tower("right", 32), end)
    target = net(*tower("right", 32), *tower("left", 64), end)
    assert named(source, target) == {op.name: op.name for op in source.ops}


def test_shared_weights_with_a_normalization_each() -> None:
    scales = {n: np.random.default_rng(ord(n)).uniform(0.5, 2, 4) for n in "abc"}
    source = net(*(conv(n, weight=ONES, scale=scales[n]) for n in "abc"))
    target = net(*(conv(n, weight=ONES, scale=scales[n]) for n in "cab"))
    assert named(source, target) == {n: n for n in "abc"}
    assert set(hows(source, target).values()) == {"by weights"}


def test_one_tap_per_channel_with_factors_folded_in() -> None:
    tiny = {"channels": (8, 8), "group": 8, "kernel": (1, 1)}
    rng = np.random.default_rng(0)

    def named_op(name: str) -> Op:
        return conv(name, weight=rng.normal(size=(8, 1, 1, 1)).astype(np.float32), **tiny)  # type: ignore[arg-type]

    source = chain(conv("a"), named_op("b"), conv("c"), named_op("d"), conv("e"))
    target = chain(conv("a"), named_op("b"), conv("c"), named_op("d"), conv("e"))
    assert named(source, target) == {n: n for n in "abcde"}
    assert hows(source, target)["d"] == "between c and e"


def test_too_many_of_one_kind_to_choose_from_go_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [64, 32, 16, 8]
    source = chain(*(one(n, size=s) for n, s in zip("abcd", sizes, strict=True)))
    target = source.without("a")
    assert named(source, target) == {n: n for n in "bcd"}
    monkeypatch.setattr("padcheck.matching.ties.WAYS", 11)
    assert named(source, target) == {"a": "b", "b": "c", "c": "d"}

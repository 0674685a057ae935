"""Weights with the same numbers in another order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from padcheck.matching import match
from tests.matching.nets import Net, Op, chain, conv, folded, hows, named, net, quantized

Change = Callable[[np.ndarray], np.ndarray]

TURNS: dict[str, Change] = {
    "flipped": lambda w: w[:, :, ::-1, ::-1],
    "upside down": lambda w: w[:, :, ::-1],
    "rows for columns": lambda w: w.swapaxes(2, 3),
    "a quarter turn": lambda w: w[:, :, ::-1].swapaxes(2, 3),
}
ORDERS: dict[str, Change] = {
    "channels exchanged": lambda w: w.swapaxes(0, 1),
    "channels in another order": lambda w: w[::-1, [2, 0, 3, 1]],
    "buffer of another layout": lambda w: w.transpose(2, 3, 1, 0).reshape(w.shape),
    "any order": lambda w: np.random.default_rng(5).permutation(w.ravel()).reshape(w.shape),
}


def turned(source: Net, change: Change) -> Net:
    return Net(
        tuple(
            conv(op.name, op.reads, weight=np.ascontiguousarray(change(op.weight)), scale=op.scale)
            for op in source.ops
            if op.weight is not None
        )
    )


@pytest.mark.parametrize("name", [*TURNS, *ORDERS])
def test_every_order_is_found(name: str) -> None:
    source = net(*(conv(n) for n in "abcdef"))
    target = turned(source, (TURNS | ORDERS)[name])
    assert named(source, Net(target.ops[::-1])) == {n: n for n in "abcdef"}
    assert set(hows(source, target).values()) == {"by rearranged weights"}
    assert match(source, target).related


@pytest.mark.parametrize("name", TURNS)
def test_turned_and_scaled_and_quantized(name: str) -> None:
    scale = np.array([-0.3, 2.0, 1.0, 0.7])
    source = net(*(conv(n, scale=scale) for n in "abcdef"))
    target = Net(tuple(quantized(op) for op in turned(source, TURNS[name]).ops[::-1]))
    assert named(source, target) == {n: n for n in "abcdef"}


@pytest.mark.parametrize("name", ORDERS)
def test_in_another_order_after_folding(name: str) -> None:
    scale = np.array([-0.3, 2.0, 1.0, 0.7])
    source = net(*(conv(n, scale=scale) for n in "abcdef"))
    target = turned(Net(tuple(folded(op) for op in source.ops)), ORDERS[name])
    assert named(source, Net(target.ops[::-1])) == {n: n for n in "abcdef"}


def test_a_group_of_each_channel_written_out_with_zeros() -> None:
    depthwise = conv("a", group=4)
    assert depthwise.weight is not None
    dense = np.zeros((4, 4, 3, 3), np.float32)
    dense[range(4), range(4)] = depthwise.weight[:, 0]
    assert hows(net(depthwise), net(conv("b", weight=dense))) == {"a": "by rearranged weights"}


def test_other_numbers_are_not_taken_for_them() -> None:
    source = chain(*(conv(n) for n in "abcd"))
    target = chain(*(conv(n) for n in "stuvw"))
    assert match(source, target).pairs == ()


def test_constants_tell_nothing() -> None:
    ones = np.ones((4, 4, 3, 3), np.float32)
    source = chain(conv("a"), conv("b", weight=ones, channels=(4, 4)))
    target = chain(conv("a"), conv("b", weight=ones.reshape(2, 8, 3, 3), channels=(8, 2)))
    assert named(source, target) == {"a": "a"}


def test_the_straight_weight_comes_first() -> None:
    first = conv("a")
    assert first.weight is not None
    flipped = conv("b", weight=first.weight[:, :, ::-1, ::-1].copy())
    assert named(net(first, flipped), net(flipped, first)) == {"a": "a", "b": "b"}


@pytest.mark.parametrize("axes", [(2,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("reverse", [False, True])
def test_three_axes_turned_and_quantized(axes: tuple[int, ...], reverse: bool) -> None:
    source = net(*(conv(n, kernel=(2, 3, 4)) for n in "abcd"))

    def turn(op: Op) -> Op:
        assert op.weight is not None
        weight = np.flip(op.weight.transpose(0, 1, 4, 3, 2) if reverse else op.weight, axes)
        return quantized(conv(op.name, kernel=weight.shape[2:], weight=weight.copy()))

    target = Net(tuple(turn(op) for op in source.ops[::-1]))
    assert named(source, target) == {n: n for n in "abcd"}

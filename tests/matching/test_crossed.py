"""Ops whose weights were exchanged."""

from __future__ import annotations

from tests.matching.nets import Net, chain, conv, hows, named

FOUR = chain(conv("a"), conv("b"), conv("c"), conv("d"))


def with_weights(*names: str) -> Net:
    """The four ops, with the weights of those named."""
    kept = [op.name for op in FOUR.ops]
    pairs = zip(kept, names, strict=True)
    return chain(*(conv(name, weight=FOUR.op(of).weight) for name, of in pairs))


def test_two_exchanged_weights_leave_the_ops_in_their_places() -> None:
    target = with_weights("a", "c", "b", "d")
    assert named(FOUR, target) == {"a": "a", "b": "b", "c": "c", "d": "d"}
    assert hows(FOUR, target)["b"] == "by place: its weight is in c"
    assert hows(FOUR, target)["a"] == "by weights"


def test_so_do_those_of_ops_far_apart() -> None:
    target = with_weights("d", "b", "c", "a")
    assert named(FOUR, target) == {"a": "a", "b": "b", "c": "c", "d": "d"}


def test_a_rotation_is_no_exchange() -> None:
    target = with_weights("b", "c", "d", "a")
    assert named(FOUR, target) == {"a": "d", "b": "a", "c": "b", "d": "c"}


def test_ops_side_by_side_have_no_order() -> None:
    source = Net((conv("a"), conv("b")))
    target = Net((conv("b", weight=source.op("b").weight), conv("a", weight=source.op("a").weight)))
    assert named(source, target) == {"a": "a", "b": "b"}

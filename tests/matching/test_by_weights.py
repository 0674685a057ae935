"""Ops with the same weights, whatever became of them on the way."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.matching import match
from padcheck.records import OpKind
from tests.matching.nets import Net, Op, chain, conv, folded, hows, named, net, quantized


def random_scale(count: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.uniform(0.2, 3, count) * generator.choice([-1.0, 1.0], count)


def of(net: Net, change: object) -> Net:
    return Net(tuple(change(op) for op in net.ops))  # type: ignore[operator]


THREE = chain(conv("a"), conv("b"), conv("c"))


def test_names_and_order_do_not_count() -> None:
    target = chain(
        conv("c", weight=THREE.op("b").weight),
        conv("a", weight=THREE.op("c").weight),
        conv("b", weight=THREE.op("a").weight),
    )
    assert named(THREE, target) == {"a": "b", "b": "c", "c": "a"}
    assert set(hows(THREE, target).values()) == {"by weights"}


def test_a_normalization_folded_in_is_the_same_weight() -> None:
    scaled = Net(tuple(conv(name, scale=random_scale(4, seed)) for seed, name in enumerate("abc")))
    assert set(hows(scaled, of(scaled, folded)).values()) == {"by weights"}


def test_a_factor_that_one_side_does_not_know_is_one_per_channel() -> None:
    scaled = of(Net(tuple(conv(n, scale=random_scale(4, s)) for s, n in enumerate("abc"))), folded)
    assert named(THREE, scaled) == {"a": "a", "b": "b", "c": "c"}
    assert set(hows(THREE, scaled).values()) == {"by weights up to a factor per channel"}


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("bits", [8, 6, 4])
def test_integers_are_the_weights_they_came_from(bits: int, per_channel: bool) -> None:
    source = Net(tuple(conv(n, channels=(8, 8), scale=random_scale(8)) for n in "abcdefgh"))
    target = of(source, lambda op: quantized(op, bits, per_channel=per_channel))
    assert named(source, Net(target.ops[::-1])) == {n: n for n in "abcdefgh"}


@pytest.mark.parametrize("digits", [10, 7])
def test_a_shorter_float_on_the_way_is_rounding(digits: int) -> None:
    def rounded(op: Op) -> Op:
        assert op.weight is not None
        mantissa, exponent = np.frexp(op.weight)
        short = np.ldexp(np.round(np.ldexp(mantissa, digits + 1)), exponent - digits - 1)
        return conv(op.name, op.reads, weight=short.astype(np.float32))

    assert named(THREE, of(THREE, rounded)) == {"a": "a", "b": "b", "c": "c"}
    assert set(hows(THREE, of(THREE, rounded)).values()) == {"by weights up to rounding"}


def test_channels_with_a_factor_of_zero_have_no_say() -> None:
    scale = np.array([0.0, 0.0, 0.0, 2.0])
    source = net(conv("a", scale=scale), conv("b"))
    target = net(folded(source.op("a")), conv("b"))
    assert named(source, target) == {"a": "a", "b": "b"}


def test_half_of_the_channels_may_have_changed() -> None:
    weight = np.array(conv("a").weight)
    weight[:2] += 1
    assert hows(net(conv("a")), net(conv("a", weight=weight))) == {"a": "by weights"}
    weight[2] += 1
    source = net(conv("z", channels=(4, 5)), conv("a"))
    target = net(conv("z", channels=(4, 5)), conv("a", weight=weight))
    assert hows(source, target)["a"] == "by order"


def test_very_small_and_very_large_weights() -> None:
    for power in (1e-30, 1e30):
        weight = (np.array(conv("a").weight, np.float64) * power).astype(np.float32)
        assert hows(net(conv("a", weight=weight)), net(conv("a", weight=weight))) == {
            "a": "by weights"
        }


@pytest.mark.parametrize("kernel", [(1, 3), (3, 1)])
def test_one_axis_written_as_two(kernel: tuple[int, int]) -> None:
    line = conv("a", kernel=(3,))
    assert line.weight is not None
    plane = conv("b", kernel=kernel, weight=line.weight.reshape(4, 4, *kernel))
    assert hows(net(line), net(plane)) == {"a": "by weights"}


def test_transposed_convolutions_have_their_output_channels_second() -> None:
    scale = random_scale(6)
    kind = OpKind.CONV_TRANSPOSE
    grouped = conv("a", channels=(4, 6), group=2, kind=kind)
    assert grouped.weight is not None
    factors = scale.reshape(2, 1, 3, 1, 1)
    weight = (grouped.weight.reshape(2, 2, 3, 3, 3) * factors).astype(np.float32)
    changed = conv("b", channels=(4, 6), group=2, kind=kind, weight=weight.reshape(4, 3, 3, 3))
    assert hows(net(grouped), net(changed)) == {"a": "by weights up to a factor per channel"}


def test_one_number_is_a_weight_too() -> None:
    small = {"channels": (1, 1), "kernel": (1, 1)}
    source = net(
        *(
            conv(name, weight=np.full((1, 1, 1, 1), v, np.float32), **small)  # type: ignore[arg-type]
            for name, v in (("a", 0.3), ("b", 0.7))
        )
    )
    target = net(
        *(
            conv(name, weight=np.full((1, 1, 1, 1), v, np.float32), **small)  # type: ignore[arg-type]
            for name, v in (("x", 0.7), ("y", 0.3))
        )
    )
    assert named(source, target) == {"a": "y", "b": "x"}


def test_two_models_that_have_nothing_in_common() -> None:
    made = match(chain(conv("a"), conv("b")), chain(conv("x"), conv("y"), conv("z")))
    assert not made.related
    assert made.pairs == ()
    assert made.lone_sources[0] == (
        0,
        "no op of the target has its weight, and none of its shape stands in its place",
    )
    assert [index for index, _ in made.lone_targets] == [0, 1, 2]


def test_the_same_ops_with_other_weights_are_paired_but_not_related() -> None:
    made = match(chain(conv("a"), conv("b")), chain(conv("x"), conv("y")))
    assert not made.related
    assert [(pair.sources, pair.targets) for pair in made.pairs] == [((0,), (0,)), ((1,), (1,))]


def test_weights_are_asked_for_once() -> None:
    source, target = chain(conv("a"), conv("b")), chain(conv("a"), conv("b"))
    match(source, target)
    assert source.asked == target.asked == ["a", "b"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_weights_that_are_no_use(bad: float) -> None:
    weight = np.full((4, 4, 3, 3), bad, np.float32)
    source = chain(conv("a"), conv("b", weight=weight), conv("c"))
    assert hows(source, source)["b"] == "between a and c"
    made = match(source, chain(conv("a"), conv("c")))
    assert made.lone_sources == (
        (
            1,
            "its weight is all zero or not finite, "
            "and no op of its shape in the target stands in its place",
        ),
    )


def test_what_could_not_be_read_is_alone_with_its_own_reason() -> None:
    source = chain(conv("a"), conv("b", readable=False), conv("c"))
    made = match(source, chain(conv("a"), conv("b"), conv("c")))
    assert made.lone_sources == ((1, "cannot read b"),)
    assert [index for index, _ in made.lone_targets] == [1]
    assert made.related


def test_weights_that_nobody_can_compare_make_no_strangers() -> None:
    source = chain(conv("a"), conv("b"))
    target = chain(conv("x", weight=None), conv("y", weight=None))
    assert match(source, target).related
    assert named(source, target) == {"a": "x", "b": "y"}


def test_rows_longer_than_what_is_looked_at() -> None:
    source = net(*(conv(n, channels=(5000, 2), kernel=(4, 4)) for n in "abc"))
    assert named(source, Net(source.ops[::-1])) == {n: n for n in "abc"}
    flipped = Net(
        tuple(
            conv(op.name, channels=(5000, 2), kernel=(4, 4), weight=op.weight[:, :, ::-1].copy())
            for op in source.ops[::-1]
            if op.weight is not None
        )
    )
    assert named(source, flipped) == {n: n for n in "abc"}

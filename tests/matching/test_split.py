"""A grouped convolution as several ops, and the reverse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from padcheck.matching import match
from padcheck.records import OpKind
from tests.matching.nets import Net, Op, conv, folded, named, net, quantized


def parts(
    whole: Op, sizes: list[int], names: Sequence[str], order: list[int] | None = None
) -> list[Op]:
    """A grouped conv as convs of some groups each; `order` is that in which they are listed."""
    assert whole.weight is not None
    transposed = whole.kind is OpKind.CONV_TRANSPOSE
    i, o = (count // whole.group for count in whole.channels)
    each = i if transposed else o
    made, start = [], 0
    for name, size in zip(names, sizes, strict=True):
        rows = slice(start * each, (start + size) * each)
        factors = slice(start * o, (start + size) * o)
        made.append(
            conv(
                name,
                whole.reads,
                channels=(i * size, o * size),
                group=size,
                kind=whole.kind,
                kernel=whole.kernel,
                weight=whole.weight[rows],
                scale=None if whole.scale is None else whole.scale[factors],
            )
        )
        start += size
    return [made[i] for i in order] if order else made


WHOLE = conv("whole", "a", channels=(8, 16), group=4)


def around(*ops: Op) -> Net:
    return net(conv("a"), *ops, conv("z", tuple(op.name for op in ops)))


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
@pytest.mark.parametrize("kind", [OpKind.CONV, OpKind.CONV_TRANSPOSE])
def test_each_group_its_own_op_in_the_order_of_the_groups(order: list[int], kind: OpKind) -> None:
    whole = conv("whole", "a", channels=(8, 16), group=4, kind=kind)
    source, target = around(whole), around(*parts(whole, [1] * 4, "pqrs", order))
    assert named(source, target) == {"a": "a", "whole": "p+q+r+s", "z": "z"}
    assert named(target, source) == {"a": "a", "p+q+r+s": "whole", "z": "z"}
    made = match(source, target)
    assert made.pairs[1].how == "by weights, the groups in 4 ops"
    assert made.lone_sources == made.lone_targets == ()


@pytest.mark.parametrize("sizes", [[2, 2], [1, 3], [1, 1, 2]])
def test_several_groups_in_one_op(sizes: list[int]) -> None:
    target = around(*parts(WHOLE, sizes, "pqr"[: len(sizes)]))
    assert named(around(WHOLE), target)["whole"] == "+".join("pqr"[: len(sizes)])


def test_depthwise_channel_by_channel_scaled_and_quantized() -> None:
    scale = np.linspace(-2, 2, 8)
    whole = conv("whole", "a", channels=(8, 8), group=8, scale=scale)
    target = around(*map(quantized, parts(whole, [1] * 8, "pqrstuvw")))
    assert named(around(whole), target)["whole"] == "p+q+r+s+t+u+v+w"
    target = around(*map(folded, parts(whole, [1] * 8, "pqrstuvw")))
    assert named(around(whole), target)["whole"] == "p+q+r+s+t+u+v+w"


def test_two_wholes_with_one_weight() -> None:
    twin = conv("twin", "b", channels=(8, 16), group=4, weight=WHOLE.weight)
    source = net(conv("a"), WHOLE, conv("b", "whole"), twin)
    first = parts(WHOLE, [1] * 4, "pqrs")
    second = parts(twin, [1] * 4, "tuvw")
    target = net(conv("a"), *first, conv("b", tuple("pqrs")), *second)
    assert named(source, target) == {
        "a": "a",
        "whole": "p+q+r+s",
        "b": "b",
        "twin": "t+u+v+w",
    }


def test_a_part_whose_weight_changed_fills_the_gap() -> None:
    target = around(*parts(WHOLE, [1] * 4, "pqrs")).changing("q", weight=conv("q").weight)
    changed = target.changing("q", weight=conv("q", channels=(2, 4)).weight)
    assert named(around(WHOLE), changed)["whole"] == "p+q+r+s"


def test_a_part_that_is_missing() -> None:
    target = around(*parts(WHOLE, [1] * 4, "pqrs")[:3])
    assert "whole" not in named(around(WHOLE), target)
    assert len(match(around(WHOLE), target).lone_targets) == 3


def test_parts_of_another_weight() -> None:
    other = conv("other", "a", channels=(8, 16), group=4)
    assert "whole" not in named(around(WHOLE), around(*parts(other, [1] * 4, "pqrs")))

"""Random networks, changed as converters change them: the true pairing is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from padcheck.matching import match
from padcheck.records import OpKind
from tests.matching.nets import Net, Op, conv, folded, named, pool, quantized
from tests.matching.test_split import parts

KERNELS = [(1, 1), (3, 3), (2, 2), (1, 3)]
POOLS = [OpKind.MAX_POOL, OpKind.AVERAGE_POOL]


@st.composite
def _op(draw: st.DrawFn, name: str, reads: tuple[str, ...], *, after_pool: bool) -> Op:
    form = draw(st.sampled_from(["dense", "dense", "depthwise", "grouped", "transposed", "pool"]))
    kernel = draw(st.sampled_from(KERNELS))
    if form == "pool" and not after_pool:
        return pool(name, reads, draw(st.sampled_from(POOLS)), kernel=kernel)
    if form == "depthwise":
        return conv(name, reads, channels=(4, 4), group=4, kernel=(3, 3))
    if form == "grouped":
        return conv(
            name, reads, channels=(8, 8), group=draw(st.sampled_from([2, 4])), kernel=kernel
        )
    kind = OpKind.CONV_TRANSPOSE if form == "transposed" else OpKind.CONV
    channels = draw(st.sampled_from([(4, 4), (4, 8)]))
    return conv(name, reads, channels=channels, kernel=kernel, kind=kind)


@st.composite
def networks(draw: st.DrawFn) -> Net:
    """Stages in a row; some have branches, some may be passed by."""
    ops: list[Op] = [conv("stem")]
    ends: tuple[str, ...] = ("stem",)
    for _ in range(draw(st.integers(1, 5))):
        merged: list[str] = list(ends) if draw(st.booleans()) else []
        for _ in range(draw(st.integers(1, 3))):
            reads = ends
            for _ in range(draw(st.integers(1, 3))):
                pooled = any(op.weight is None for op in ops if op.name in reads)
                ops.append(draw(_op(f"op{len(ops)}", reads, after_pool=pooled)))
                reads = (ops[-1].name,)
            merged += reads
        ops.append(conv(f"op{len(ops)}", tuple(dict.fromkeys(merged))))
        ends = (ops[-1].name,)
    return Net(tuple(ops))


@st.composite
def in_another_order(draw: st.DrawFn, net: Net) -> Net:
    """Topological as well."""
    left, order = list(net.ops), list[Op]()
    while left:
        done = {op.name for op in order}
        ready = [op for op in left if done.issuperset(op.reads)]
        order.append(draw(st.sampled_from(ready)))
        left.remove(order[-1])
    return Net(tuple(order))


def each(net: Net, change: Callable[[Op], Op]) -> Net:
    return Net(tuple(op if op.weight is None else change(op) for op in net.ops))


def scaled(op: Op, *, after: bool = True) -> Op:
    """With a factor per output channel after it."""
    generator = np.random.default_rng([*op.name.encode(), 7])
    factors = generator.uniform(0.1, 5, op.channels[1]) * generator.choice([-1, 1], op.channels[1])
    return replace(op, scale=factors)


def may_fold(op: Op) -> bool:
    return op.kind is not OpKind.CONV_TRANSPOSE or op.group == 1


def turned(op: Op) -> Op:
    assert op.weight is not None
    return replace(op, weight=np.flip(op.weight, (2, 3)).copy())


def stored(op: Op) -> Op:
    return quantized(op)


def unknown_factors(op: Op) -> Op:
    return folded(scaled(op))


CHANGES: dict[str, tuple[Callable[[Op], Op], Callable[[Op], Op]]] = {
    "nothing": (lambda op: op, lambda op: op),
    "normalization folded in": (scaled, folded),
    "factors that the source does not know": (lambda op: op, unknown_factors),
    "stored in integers": (scaled, stored),
    "kernels reversed": (scaled, turned),
    "kernels reversed and stored in integers": (scaled, lambda op: stored(turned(op))),
}


def agrees(source: Net, target: Net) -> bool:
    """Whether every op that both have is paired with itself, or with a pool just like it.

    Two pools of one window between the same ops are told apart by nothing.
    """
    twins: dict[object, str] = {op.name: op.name for op in source.ops}
    for net in (source, target):
        seen: dict[object, str] = {}
        for op in net.ops:
            readers = frozenset(other.name for other in net.ops if op.name in other.reads)
            like = op.name if op.weight is not None else (op.kind, op.kernel, op.reads, readers)
            twins[op.name] = twins.get(seen.setdefault(like, op.name), op.name)
    both = {op.name for op in source.ops} & {op.name for op in target.ops}
    made = sorted((twins[one], twins[other]) for one, other in named(source, target).items())
    return made == sorted((twins[name], twins[name]) for name in both)


@given(networks(), st.sampled_from(list(CHANGES)), st.data())
def test_every_op_is_found(net: Net, change: str, data: st.DataObject) -> None:
    first, second = CHANGES[change]
    source = each(net, first)
    target = data.draw(in_another_order(each(source, second)))
    assert agrees(source, target)
    assert agrees(target, source)
    assert match(source, target).related


@given(networks(), st.sampled_from(list(CHANGES)), st.data())
def test_an_op_that_is_gone_takes_no_other_with_it(
    net: Net, change: str, data: st.DataObject
) -> None:
    first, second = CHANGES[change]
    source = each(net, first)
    gone = data.draw(st.sampled_from(net.ops)).name
    target = data.draw(in_another_order(each(source, second).without(gone)))
    assert agrees(source, target)
    assert agrees(target, source)


@given(networks(), st.data())
def test_an_op_with_other_weights_is_known_by_its_place(net: Net, data: st.DataObject) -> None:
    which = data.draw(st.sampled_from([op.name for op in net.ops if op.weight is not None]))
    weight = np.random.default_rng(1).normal(size=net.op(which).spec().weight_shape)
    target = data.draw(in_another_order(net.changing(which, weight=weight.astype(np.float32))))
    assert agrees(net, target)


@given(networks(), st.data())
def test_one_weight_used_by_several_ops(net: Net, data: st.DataObject) -> None:
    shapes = {op.name: (op.kind, op.group, op.spec().weight_shape) for op in net.ops}
    lead = data.draw(st.sampled_from([op for op in net.ops if op.weight is not None]))
    alike = [name for name, shape in shapes.items() if shape == shapes[lead.name]]
    sharing = data.draw(st.lists(st.sampled_from(alike), min_size=1, unique=True))
    source = Net(
        tuple(replace(op, weight=lead.weight) if op.name in sharing else op for op in net.ops)
    )
    target = data.draw(in_another_order(each(source, quantized)))
    assert same_wiring(source, target)


@given(networks(), st.data())
def test_weights_that_tell_nothing(net: Net, data: st.DataObject) -> None:
    """Every weight is all ones: the wiring alone is left to go by."""
    source = each(net, lambda op: replace(op, weight=np.ones_like(op.weight)))
    target = data.draw(in_another_order(source))
    assert same_wiring(source, target)


@given(networks())
def test_groups_in_ops_of_their_own(net: Net) -> None:
    made: list[Op] = []
    names: dict[str, tuple[str, ...]] = {}
    for op in net.ops:
        reads = tuple(name for read in op.reads for name in names[read])
        moved = replace(op, reads=reads)
        split = [moved]
        if op.group > 1 and op.kind.has_weight:
            split = parts(moved, [1] * op.group, [f"{op.name}.{i}" for i in range(op.group)])
        names[op.name] = tuple(part.name for part in split)
        made += split
    target = Net(tuple(made))
    expected = {name: "+".join(ends) for name, ends in names.items()}
    assert named(net, target) == expected
    assert named(target, net) == {ends: name for name, ends in expected.items()}


def same_wiring(source: Net, target: Net) -> bool:
    """Whether every op is paired with one of its shape that reads from its readers' partners."""
    partners = named(source, target)
    return len(partners) == len(source.ops) and all(
        (op.kind, op.kernel, op.channels, op.group)
        == (one.kind, one.kernel, one.channels, one.group)
        and {partners[name] for name in op.reads} == set(one.reads)
        for op in source.ops
        for one in [target.op(partners[op.name])]
    )

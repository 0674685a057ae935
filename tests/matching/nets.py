"""Networks without a model: ops with weights, wired by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from padcheck.geometry import explicit
from padcheck.matching import Matching, match
from padcheck.records import OpKind, OpSpec, OpValues, Place, Site


@dataclass(frozen=True, kw_only=True)
class Op:
    """One op, what it reads from by name (nothing: the network's input), and its numbers."""

    name: str
    reads: tuple[str, ...] = ()
    kind: OpKind = OpKind.CONV
    channels: tuple[int, int] = (1, 1)
    kernel: tuple[int, ...] = (3, 3)
    stride: int = 1
    group: int = 1
    size: int = 16
    weight: np.ndarray | None = field(default=None, repr=False)
    scale: np.ndarray | None = field(default=None, repr=False)
    step: np.ndarray | None = field(default=None, repr=False)
    readable: bool = True

    def spec(self) -> OpSpec:
        rank = len(self.kernel)
        return OpSpec(
            kind=self.kind,
            input_size=(self.size,) * rank,
            kernel_size=self.kernel,
            stride=(self.stride,) * rank,
            dilation=(1,) * rank,
            pads=(explicit(1, 1),) * rank,
            group=self.group,
            channels=self.channels,
        )


class Net:
    """What `match` takes, made from ops in topological order; `asked` whose values were."""

    def __init__(self, ops: tuple[Op, ...]) -> None:
        self.ops = ops
        self.asked: list[str] = []

    def __repr__(self) -> str:
        return "\n".join(f"{op.name} reads {op.reads}: {op.spec()}" for op in self.ops)

    @property
    def sites(self) -> tuple[Site, ...]:
        return tuple(
            Site(name=op.name, op_type="Conv", spec=op.spec())
            if op.readable
            else Site(name=op.name, op_type="Conv", reason=f"cannot read {op.name}")
            for op in self.ops
        )

    @property
    def places(self) -> tuple[Place | None, ...]:
        return tuple(self._place(op) if op.readable else None for op in self.ops)

    def _place(self, op: Op) -> Place:
        index = {one.name: number for number, one in enumerate(self.ops)}

        def values() -> OpValues:
            self.asked.append(op.name)
            assert op.weight is not None
            return OpValues(weight=op.weight, scale=op.scale, step=op.step)

        return Place(
            data=f"{op.name}:in",
            output=f"{op.name}:out",
            tail=f"{op.name}:out",
            channels_last=False,
            values=None if op.weight is None else values,
            before=frozenset(index[name] for name in op.reads),
        )

    def op(self, name: str) -> Op:
        return next(op for op in self.ops if op.name == name)

    def changing(self, name: str, **changes: object) -> Net:
        """A network with one op changed."""
        return Net(tuple(replace(o, **changes) if o.name == name else o for o in self.ops))  # type: ignore[arg-type]

    def without(self, name: str) -> Net:
        """A network without one op; who read from it reads from what it read."""
        gone = self.op(name)
        kept = []
        for op in self.ops:
            if op.name != name:
                reads = [r for o in op.reads for r in (gone.reads if o == name else (o,))]
                kept.append(replace(op, reads=tuple(dict.fromkeys(reads))))
        return Net(tuple(kept))


def conv(
    name: str, reads: str | Sequence[str] = (), channels: tuple[int, int] = (4, 4), **more: object
) -> Op:
    """A convolution with random weights, others for every name."""
    reads = (reads,) if isinstance(reads, str) else tuple(reads)
    op = Op(name=name, reads=reads, channels=channels, **more)  # type: ignore[arg-type]
    if "weight" in more:
        return op
    generator = np.random.default_rng(list(name.encode()))
    return replace(op, weight=generator.normal(size=op.spec().weight_shape).astype(np.float32))


def pool(
    name: str, reads: str | Sequence[str] = (), kind: OpKind = OpKind.MAX_POOL, **more: object
) -> Op:
    """A max pool, unless told otherwise."""
    reads = (reads,) if isinstance(reads, str) else tuple(reads)
    return Op(name=name, reads=reads, kind=kind, **more)  # type: ignore[arg-type]


def net(*ops: Op) -> Net:
    return Net(ops)


def chain(*ops: Op) -> Net:
    """Each op reads from the one before."""
    names = [(), *((op.name,) for op in ops)]
    return Net(tuple(replace(op, reads=reads) for op, reads in zip(ops, names, strict=False)))


def named(source: Net, target: Net, matching: Matching | None = None) -> dict[str, str]:
    """Source names -> target names; several are joined by +."""
    matching = matching or match(source, target)
    return {
        "+".join(source.ops[i].name for i in pair.sources): "+".join(
            target.ops[i].name for i in pair.targets
        )
        for pair in matching.pairs
    }


def hows(source: Net, target: Net) -> dict[str, str]:
    """Source names -> how they were matched."""
    made = match(source, target)
    return {source.ops[pair.sources[0]].name: pair.how for pair in made.pairs}


def quantized(op: Op, bits: int = 8, *, per_channel: bool = True) -> Op:
    """With its factors folded in and stored in integers."""
    weight = folded(op).weight
    assert weight is not None
    axis = 1 if op.kind is OpKind.CONV_TRANSPOSE else 0
    assert axis == 0 or op.group == 1  # output channels are one axis
    rest = tuple(other for other in range(weight.ndim) if other != axis)
    peak = np.abs(weight).max(axis=rest, keepdims=True)
    if not per_channel:
        peak = np.full_like(peak, peak.max())
    step = np.maximum(peak, 1e-12) / (2 ** (bits - 1) - 1)
    stored = (np.round(weight / step) * step).astype(np.float32)
    return replace(op, weight=stored, scale=None, step=step.ravel().astype(np.float64))


def folded(op: Op) -> Op:
    """With its factors folded into the weight, in float32."""
    if op.weight is None or op.scale is None:
        return op
    shape = [1] * op.weight.ndim
    if op.kind is OpKind.CONV_TRANSPOSE:
        assert op.group == 1
        shape[1] = -1
    else:
        shape[0] = -1
    weight = (op.weight * op.scale.reshape(shape)).astype(np.float32)
    return replace(op, weight=weight, scale=None)

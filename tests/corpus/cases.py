"""A case of the corpus: a spec in the builders' words, a box, and what it is guilty of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import padcheck
from padcheck.records import OpKind
from tests.corpus import engine, tensorflow_boxes, torch_boxes

Box = Callable[..., np.ndarray]

WINDOWED = ("conv", "max_pool", "average_pool", "lp_pool")
POOLS = WINDOWED[1:]
RANKS = (1, 2, 3)


@dataclass(frozen=True)
class Case:
    """`codes` are what must be named, all of them and no others; () for an innocent."""

    codes: tuple[str, ...]
    kind: str
    title: str
    arguments: dict[str, Any]
    box: Box

    @property
    def rank(self) -> int:
        return len(self.arguments["input_size"])

    @property
    def has_weight(self) -> bool:
        return OpKind(self.kind).has_weight

    def __str__(self) -> str:
        named = "+".join(self.codes) or "innocent"
        return f"{named}-{self.kind}-{self.rank}d-{self.title.replace(' ', '_')}"

    def spec(self) -> Any:
        return getattr(padcheck, self.kind)(**self.arguments)


def ids(cases: list[Case]) -> list[str]:
    return [str(case) for case in cases]


def sizes(rank: int, n: int, stride: int = 1) -> tuple[int, ...]:
    """Different on every axis, of one residue."""
    return tuple(n + axis * stride for axis in range(rank))


def pads_argument(pads: Any, rank: int) -> Any:
    """A pair is repeated for every axis; ints and words are the same to the builders."""
    return (pads,) * rank if isinstance(pads, tuple) and isinstance(pads[0], int) else pads


def windowed(kind: str, rank: int, n: int, k: int, s: int, d: int, pads: Any) -> dict[str, Any]:
    """Arguments of an op with one window for all axes; a list of pads goes axis by axis."""
    given = {
        "input_size": sizes(rank, n, s),
        "kernel_size": k,
        "stride": s,
        "dilation": d,
        "pads": tuple(pads) if isinstance(pads, list) else pads_argument(pads, rank),
    }
    return {name: value for name, value in given.items() if (name, value) != ("dilation", 1)}


def numpy_box(kind: str, k: int, s: int, d: int, rule: Any, **how: Any) -> Box:
    """The corpus's own op under a padding rule."""
    op = getattr(engine, kind)
    if kind == "conv":
        return lambda x, w, b=None: op(x, w, b, stride=s, dilation=d, pads=rule, **how)
    return lambda x: op(x, kernel=k, stride=s, dilation=d, pads=rule, **how)


def torch_box(kind: str, k: int, s: int, d: int, pads: Any) -> Box | None:
    """PyTorch's own op with the same pads at both ends, None where it has no such op."""
    if kind == "conv":
        return torch_boxes.conv(pads=pads, stride=s, dilation=d)
    if kind == "max_pool" and pads <= k // 2:
        return torch_boxes.max_pool(kernel=k, stride=s, dilation=d, pads=pads)
    if kind == "average_pool" and pads <= k // 2 and d == 1:
        return torch_boxes.average_pool(kernel=k, stride=s, pads=pads, counted=False)
    return None


def tensorflow_box(kind: str, k: int, s: int, d: int, padding: str) -> Box | None:
    """TensorFlow's own op under SAME or VALID, None where it has no such op."""
    if kind == "conv" and 1 in (s, d):
        return tensorflow_boxes.conv(pads=padding, stride=s, dilation=d)
    if kind in ("max_pool", "average_pool") and d == 1:
        op = getattr(tensorflow_boxes, kind)
        made: Box = op(kernel=k, stride=s, pads=padding)
        return made
    return None


def real_box(kind: str, k: int, s: int, d: int, rule: Any) -> Box | None:
    """A framework's own call for a rule, None where none has it."""
    if rule is engine.same:
        return tensorflow_box(kind, k, s, d, "SAME")
    if isinstance(rule, int):
        return torch_box(kind, k, s, d, rule)
    return None

"""Specs and black boxes that several tests share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from padcheck.geometry import PadRule, explicit
from padcheck.oracle import evaluate
from padcheck.probes import Probe
from padcheck.records import OpKind, OpSpec

NO_INPUT = float("-inf")


def spec(
    n: int | tuple[int, ...],
    k: int,
    s: int = 1,
    pads: int | PadRule = 0,
    *,
    kind: OpKind = OpKind.CONV,
    rank: int = 2,
    **more: object,
) -> OpSpec:
    """An op with the same numbers on every axis."""
    rule = explicit(pads, pads) if isinstance(pads, int) else pads
    fields: dict[str, object] = {
        "input_size": n if isinstance(n, tuple) else (n,) * rank,
        "kernel_size": (k,) * rank,
        "stride": (s,) * rank,
        "dilation": (1,) * rank,
        "pads": (rule,) * rank,
        "pad_value": NO_INPUT if kind is OpKind.MAX_POOL else 0.0,
    }
    return OpSpec(kind=kind, **(fields | more))  # type: ignore[arg-type]


def box_of(faulty: Callable[[OpSpec], OpSpec]) -> Callable[[OpSpec, Probe], np.ndarray]:
    """A black box that computes `faulty(spec)` in float32."""

    def box(asked: OpSpec, probe: Probe) -> np.ndarray:
        made = evaluate(faulty(asked), probe.x, probe.weight, probe.bias)
        with np.errstate(invalid="ignore"):
            return (made.numerator / np.maximum(made.divisor, 1)).astype(np.float32)

    return box

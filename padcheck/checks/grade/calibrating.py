"""Where a converter's models have their channels, found out by running some that are plain."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.returned import FIRST, LAST, Layout, Opened, function_of
from padcheck.geometry import explicit
from padcheck.oracle import evaluate
from padcheck.probes import equals, make_probe
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import Case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Convert = Callable[[Case, NDArray[Any] | None], Opened]

__all__ = ["calibrated"]

#: All different, and none of them a number of channels, before and after the window.
_SIZES = (7, 9, 11)


def calibrated(convert: Convert, rank: int) -> Layout | None:
    """The one layout of input and output in which a plain op comes out right.

    1. A conv without pads of 2 to 3 channels, then pools, until one is converted and comes out
       right in exactly one layout. The sizes differ, so that a wrong layout shows.
    2. What raises is no answer.
    """
    for spec in _plain(rank):
        try:
            model = convert(*_put(spec))
        except FrameworkError:  # rule 2
            continue
        layouts = itertools.starmap(Layout, itertools.product((FIRST, LAST), repeat=2))
        fitting = [layout for layout in layouts if _fits(model, spec, layout)]
        if len(fitting) == 1:
            return fitting[0]
    return None


def _put(spec: OpSpec) -> tuple[Case, NDArray[Any] | None]:
    _, weight, _ = make_probe(spec).as_float32()
    return Case(spec=spec), weight


def _plain(rank: int) -> tuple[OpSpec, ...]:
    """Rule 1."""

    def op(kind: OpKind, k: int, channels: tuple[int, int], pad_value: float = 0.0) -> OpSpec:
        return OpSpec(
            kind=kind,
            input_size=_SIZES[:rank],
            kernel_size=(k,) * rank,
            stride=(1,) * rank,
            dilation=(1,) * rank,
            pads=(explicit(0, 0),) * rank,
            channels=channels,
            pad_value=pad_value,
        )

    return (
        op(OpKind.CONV, 1, (2, 3)),
        op(OpKind.MAX_POOL, 2, (2, 2), float("-inf")),
        op(OpKind.AVERAGE_POOL, 2, (2, 2)),
    )


def _fits(model: Opened, spec: OpSpec, layout: Layout) -> bool:
    probe = make_probe(spec)
    x, _, _ = probe.as_float32()
    try:
        y = function_of(model, spec.rank, layout)(x)
    except (FrameworkError, SystemExit):  # rule 2
        return False
    wanted = evaluate(spec, probe.x, probe.weight, probe.bias)
    return getattr(y, "shape", None) == wanted.shape and equals(y, wanted)

"""A combination of levels as a case, if it is a question."""

from __future__ import annotations

import functools
import math
from typing import Any

from padcheck.checks.corpus.factors import CAUSAL, HALF, SIZES
from padcheck.checks.corpus.pairwise import Combination
from padcheck.checks.corpus.questions import is_question
from padcheck.geometry import PadRule, Rounding, explicit
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import OWN, SPLIT, Case

__all__ = ["case_of"]

_PER_AXIS = ("kernel", "stride", "dilation", "pads", "output_padding", "output_shape")
_OWN_PADS = (OWN, "constant", None)


def case_of(kind: OpKind, levels: Combination) -> Case | None:
    """The case with these levels; None where they do not fit together.

    1. A level that tells axes apart needs two that it tells apart.
    2. A border other than the op's own needs pads that are read; a shared one, 2 or more at an
       end. A word for pads needs some that are not 0.
    3. An output_shape chooses the crops, and is not for open sizes.
    4. What comes of it is a question.
    """
    rank = levels["rank"]
    if any(_is_lost(levels.get(name), rank) for name in _PER_AXIS):  # rule 1
        return None
    pads = _pads(levels["pads"], levels["kernel"][:rank], levels["dilation"][:rank])
    if levels["pads"] in (HALF, CAUSAL) and not any(rule.before for rule in pads):  # rule 2
        return None
    if not (_fits_border(levels, pads) and _fits_output(levels, pads)):
        return None
    spec = _spec(kind, levels, pads)
    if not (levels.get("border", _OWN_PADS) == _OWN_PADS or spec.reads_padding):  # rule 2
        return None
    case = Case(
        spec=spec,
        opset=levels["opset"],
        dynamic=levels["dynamic"],
        padding=levels.get("border", _OWN_PADS)[0],
    )
    return case if is_question(case) else None  # rule 4


@functools.cache
def _is_lost(level: object, rank: int) -> bool:
    return isinstance(level, tuple) and len(set(level[:rank])) == 1 < len(set(level))


@functools.cache
def _pads(level: Any, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[PadRule, ...]:
    if isinstance(level, PadRule):
        return (level,) * len(kernel)
    if level not in (HALF, CAUSAL):
        return tuple(explicit(*pair) for pair in level[: len(kernel)])
    spans = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    if level == CAUSAL:
        return tuple(explicit(span, 0) for span in spans)
    return tuple(explicit(span // 2, span // 2) for span in spans)


def _fits_border(levels: Combination, pads: tuple[PadRule, ...]) -> bool:
    """Rule 2."""
    border = levels.get("border", _OWN_PADS)
    widest = max(max(rule.before, rule.after) for rule in pads)
    return border == _OWN_PADS or widest >= (2 if border[0] == SPLIT else 1)


def _fits_output(levels: Combination, pads: tuple[PadRule, ...]) -> bool:
    """Rule 3."""
    if levels.get("output_shape") is None:
        return True
    return not levels["dynamic"] and all((rule.before, rule.after) == (0, 0) for rule in pads)


def _spec(kind: OpKind, levels: Combination, pads: tuple[PadRule, ...]) -> OpSpec:
    rank = levels["rank"]
    size, stride = SIZES[kind][levels["size"]][rank - 1], levels["stride"][:rank]
    _, mode, fill = levels.get("border", _OWN_PADS)
    own_fill = -math.inf if kind is OpKind.MAX_POOL else 0.0
    group, c_in, c_out = levels.get("group", (1, 2, 2))
    longer = levels.get("output_padding", ())[:rank]
    more = levels.get("output_shape")
    axes = () if more is None else zip(size, stride, more[:rank], strict=True)
    return OpSpec(
        kind=kind,
        input_size=size,
        kernel_size=levels["kernel"][:rank],
        stride=stride,
        dilation=levels["dilation"][:rank],
        pads=pads,
        rounding=Rounding.CEIL if levels.get("ceil_mode") else Rounding.FLOOR,
        group=group,
        channels=(c_in, c_out),
        bias=levels.get("bias", False),
        pad_mode=mode,
        pad_value=own_fill if fill is None else fill,
        count_include_pad=levels.get("count_include_pad", False),
        p=levels.get("p", 2),
        output_padding=longer if any(longer) else (),
        output_shape=tuple(n * s + one for n, s, one in axes),
    )

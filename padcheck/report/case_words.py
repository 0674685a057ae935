"""A case of the corpus in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from padcheck.records import OpKind
from padcheck.records.case import NODE, OPSET, SPLIT, Case
from padcheck.records.scorecard import geometry
from padcheck.report.wording import cross, pads, plural

__all__ = ["case_words", "short_words"]


def case_words(case: Case) -> str:
    """`k3x3 s2x2 pads (1,1) at 5x5, bias`: what is at its default is not told, nor one channel."""
    return ", ".join(_parts(case, short=False))


def short_words(case: Case) -> str:
    """The same in fewer words, for a reader who knows the rank: `k3 s2 SAME_UPPER at 5x5`."""
    return ", ".join(_parts(case, short=True))


def _parts(case: Case, *, short: bool) -> Iterator[str]:
    listed = geometry(case)
    yield f"{' '.join(_window(listed, case, short))} at {cross(case.spec.input_size)}"
    yield from _op(listed, case)
    yield from _padding(case, short)
    yield from _model(case)


def _window(listed: Mapping[str, Any], case: Case, short: bool) -> Iterator[str]:
    spec = case.spec

    def sizes(letter: str, of: Sequence[int]) -> str:
        return f"{letter}{of[0] if short and len(set(of)) == 1 else cross(of)}"

    yield sizes("k", spec.kernel_size)
    if set(spec.stride) != {1}:
        yield sizes("s", spec.stride)
    if set(spec.dilation) != {1}:
        yield sizes("d", spec.dilation)
    if listed["auto_pad"] != "NOTSET":
        yield f"{'' if short else 'auto_pad '}{listed['auto_pad']}"
    elif not any(spec.output_shape):
        before, after = zip(*listed["pads"], strict=True)
        name = "crops" if spec.kind is OpKind.CONV_TRANSPOSE else "pads"
        if any((*before, *after)):
            yield f"{name} {pads(before, after)}"


def _op(listed: Mapping[str, Any], case: Case) -> Iterator[str]:
    """What few ops have."""
    spec = case.spec
    if spec.kind.has_weight and spec.channels != (1, 1):
        yield f"channels {spec.channels[0]} to {spec.channels[1]}"
    if spec.group > 1:
        yield plural(spec.group, "group")
    for name in ("bias", "ceil_mode", "count_include_pad"):
        if listed[name]:
            yield name
    if spec.kind is OpKind.LP_POOL and spec.p != 2:
        yield f"p {spec.p}"
    for name in ("output_padding", "output_shape"):
        if any(getattr(spec, name)):
            yield f"{name} {cross(getattr(spec, name))}"


def _padding(case: Case, short: bool) -> Iterator[str]:
    """What the pads hold, and where the model has them."""
    spec = case.spec
    if spec.pad_mode != "constant":
        yield f"{spec.pad_mode} pads" if short else f"pad mode {spec.pad_mode}"
    elif spec.pad_value != (-math.inf if spec.kind is OpKind.MAX_POOL else 0.0):
        yield f"padded with {spec.pad_value:g}"
    if case.padding == NODE:
        yield "Pad node" if short else "pads in a Pad node"
    elif case.padding == SPLIT:
        yield "Pad node and op" if short else "pads shared by a Pad node and the op"


def _model(case: Case) -> Iterator[str]:
    if case.dynamic:
        yield "open sizes"
    if case.opset != OPSET:
        yield f"opset {case.opset}"

"""A case of the corpus in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from padcheck.records import OpKind
from padcheck.records.case import NODE, OPSET, SPLIT, Case
from padcheck.records.scorecard import geometry
from padcheck.report.wording import cross, pads, plural

__all__ = ["case_words"]


def case_words(case: Case) -> str:
    """`k3x3 s2x2 pads (1,1) at 5x5, bias`: what is at its default is not told."""
    listed = geometry(case)
    window = " ".join(_window(listed, case))
    return ", ".join([f"{window} at {cross(case.spec.input_size)}", *_besides(listed, case)])


def _window(listed: Mapping[str, Any], case: Case) -> Iterator[str]:
    spec = case.spec
    yield f"k{cross(spec.kernel_size)}"
    if set(spec.stride) != {1}:
        yield f"s{cross(spec.stride)}"
    if set(spec.dilation) != {1}:
        yield f"d{cross(spec.dilation)}"
    if listed["auto_pad"] != "NOTSET":
        yield f"auto_pad {listed['auto_pad']}"
    elif not any(spec.output_shape):
        before, after = zip(*listed["pads"], strict=True)
        name = "crops" if spec.kind is OpKind.CONV_TRANSPOSE else "pads"
        yield f"{name} {pads(before, after)}"


def _besides(listed: Mapping[str, Any], case: Case) -> Iterator[str]:
    """What few cases have."""
    spec = case.spec
    if spec.kind.has_weight:
        yield f"channels {spec.channels[0]} to {spec.channels[1]}"
    if spec.group > 1:
        yield plural(spec.group, "group")
    for name in ("bias", "ceil_mode", "count_include_pad"):
        if listed[name]:
            yield name
    if spec.kind is OpKind.LP_POOL:
        yield f"p {spec.p}"
    for name in ("output_padding", "output_shape"):
        if any(getattr(spec, name)):
            yield f"{name} {cross(getattr(spec, name))}"
    if spec.pad_mode != "constant":
        yield f"pad mode {spec.pad_mode}"
    elif spec.pad_value != (-math.inf if spec.kind is OpKind.MAX_POOL else 0.0):
        yield f"padded with {spec.pad_value:g}"
    if case.padding == NODE:
        yield "pads in a Pad node"
    elif case.padding == SPLIT:
        yield "pads shared by a Pad node and the op"
    if case.dynamic:
        yield "open sizes"
    if case.opset != OPSET:
        yield f"opset {case.opset}"

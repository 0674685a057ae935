"""A fault is shown at the plainest geometry that has it, whatever was drawn first."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis.strategies import SearchStrategy

import padcheck
from padcheck.geometry import SAME_LOWER, SAME_UPPER, PadFlaw, PadRule, Rounding, explicit
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records import OpSpec, Rearrangement
from padcheck.strategies import conv_transposes, convs, ops, pools

Fault = Callable[[OpSpec], OpSpec]

THOROUGH = settings(max_examples=1000, database=None, deadline=None)


def same_for_ones(spec: OpSpec) -> OpSpec:
    """A converter that takes pads of 1 for SAME."""
    return spec.with_rule(SAME_UPPER) if set(spec.pads) == {explicit(1, 1)} else spec


def silently_same_for_ones(spec: OpSpec) -> OpSpec:
    """One that does so where the shapes agree."""
    made = same_for_ones(spec)
    return made if made.output_size == spec.output_size else spec


def filled_with_zeros(spec: OpSpec) -> OpSpec:
    return spec.replace(pad_value=0.0)


def undilated(spec: OpSpec) -> OpSpec:
    return spec.replace(dilation=(1,) * spec.rank)


def same_of_the_undilated(spec: OpSpec) -> OpSpec:
    if not spec.pads[0].size_dependent:
        return spec
    return spec.with_rule(PadRule(spec.pads[0].policy, flaw=PadFlaw.UNDILATED))


def without_output_padding(spec: OpSpec) -> OpSpec:
    return spec.replace(output_padding=())


def lower_for_upper(spec: OpSpec) -> OpSpec:
    return spec.with_rule(SAME_LOWER) if spec.pads[0] == SAME_UPPER else spec


def floored(spec: OpSpec) -> OpSpec:
    return spec.replace(rounding=Rounding.FLOOR)


def pads_not_counted(spec: OpSpec) -> OpSpec:
    return spec.replace(count_include_pad=False)


def first_group_only(spec: OpSpec) -> OpSpec:
    grouped = Rearrangement.GROUPS_FIRST if spec.group > 1 else None
    return spec.deviating(rearranged=grouped)


def wrong(fault: Fault) -> Callable[[OpSpec], bool]:
    """Whether the op with the fault gives other numbers, or another shape."""

    def differs(spec: OpSpec) -> bool:
        made = fault(spec)
        if made == spec or made.output_size != spec.output_size:
            return made != spec
        probe = make_probe(spec)
        arrays = (probe.x, probe.weight, probe.bias)
        return not np.array_equal(evaluate(spec, *arrays).values, evaluate(made, *arrays).values)

    return differs


SMALLEST: list[tuple[Fault, SearchStrategy[OpSpec], str]] = [
    (same_for_ones, convs(), "conv(input_size=1, kernel_size=1, pads=1)"),
    (
        silently_same_for_ones,
        convs(rank=2),
        "conv(input_size=(1, 1), kernel_size=2, stride=2, pads=1)",
    ),
    (filled_with_zeros, pools(kinds="max_pool"), "max_pool(input_size=1, kernel_size=2, pads=1)"),
    (
        filled_with_zeros,
        pools(rank=2, policies="same_lower", kinds="max_pool"),
        'max_pool(input_size=(1, 1), kernel_size=2, pads="same_lower")',
    ),
    (undilated, convs(), "conv(input_size=3, kernel_size=2, dilation=2)"),
    (undilated, convs(rank=3), "conv(input_size=(3, 3, 3), kernel_size=2, dilation=2)"),
    (
        same_of_the_undilated,
        convs(),
        'conv(input_size=1, kernel_size=2, dilation=2, pads="same_upper")',
    ),
    (
        without_output_padding,
        conv_transposes(),
        "conv_transpose(input_size=1, kernel_size=1, stride=2, output_padding=1)",
    ),
    (lower_for_upper, ops(rank=2), 'conv(input_size=(1, 1), kernel_size=2, pads="same_upper")'),
    (floored, pools(), "max_pool(input_size=3, kernel_size=2, stride=2, ceil_mode=True)"),
    (
        pads_not_counted,
        pools(rank=1),
        "average_pool(input_size=1, kernel_size=2, pads=1, count_include_pad=True)",
    ),
    (first_group_only, convs(rank=2), "conv(input_size=(1, 1), kernel_size=1, group=2)"),
]


@pytest.mark.parametrize(
    ("fault", "drawn", "smallest"), SMALLEST, ids=[f"{f.__name__}-{s}" for f, _, s in SMALLEST]
)
def test_the_smallest_geometry(fault: Fault, drawn: SearchStrategy[OpSpec], smallest: str) -> None:
    found = {repr(find(drawn, wrong(fault), settings=settings(THOROUGH, derandomize=True)))}
    for seed in range(2):  # whichever failure is met first
        found.add(repr(find(drawn, wrong(fault), settings=THOROUGH, random=Random(seed))))
    assert found == {f"padcheck.{smallest}"}


def test_a_failing_test_says_it_in_words_to_be_pasted() -> None:
    """Hypothesis spells dataclasses out by itself, unless told otherwise."""

    @settings(THOROUGH, derandomize=True)
    @given(spec=pools(kinds="max_pool"))
    def test(spec: OpSpec) -> None:
        def box(x: Any) -> Any:
            return evaluate(filled_with_zeros(spec), x).values.astype(np.float32)

        padcheck.assert_callable(spec, box)

    with pytest.raises(AssertionError, match="PAD201 zero_filled_max_pool") as caught:
        test()
    told = "".join("\n".join(caught.value.__notes__).split())  # lines break where they are long
    example = "padcheck.max_pool(input_size=1, kernel_size=2, pads=1)"
    assert f"test(spec={''.join(example.split())}" in told
    assert f"reproduce: padcheck.check_callable({example}, box)" in str(caught.value)

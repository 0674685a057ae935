"""What the strategies draw: always ops that a builder makes, and of every sort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import padcheck
from padcheck.geometry import PadPolicy, Rounding, real_taps
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records import OpSpec
from padcheck.strategies import conv_transposes, convs, ops, pools

#: The same on every run, and nothing kept from one to the next.
MANY = settings(max_examples=1000, derandomize=True, database=None, deadline=None)
SOME = settings(MANY, max_examples=300)

ALL = {"convs": convs(), "conv_transposes": conv_transposes(), "pools": pools(), "ops": ops()}


@pytest.mark.parametrize("drawn", ALL.values(), ids=ALL)
def test_every_op_is_one_that_a_builder_makes(drawn: st.SearchStrategy[OpSpec]) -> None:
    """`repr` is a builder's call; the builder refuses ops without outputs."""

    @SOME
    @given(drawn)
    def check(spec: OpSpec) -> None:
        text = repr(spec)
        assert text.startswith(f"padcheck.{spec.kind.value}(")
        assert ".replace" not in text
        assert eval(text, {"padcheck": padcheck}) == spec
        assert min(spec.output_size) >= 1

    check()


@SOME
@given(ops())
def test_the_oracle_gives_numbers(spec: OpSpec) -> None:
    """No window of a pool reads nothing."""
    probe = make_probe(spec)
    values = evaluate(spec, probe.x, probe.weight, probe.bias).values
    assert values.shape == (probe.x.shape[0], spec.channels[1], *spec.output_size)
    assert np.isfinite(values).all()


@SOME
@given(pools())
def test_every_window_of_a_pool_reads_an_input(spec: OpSpec) -> None:
    for axis, outputs in enumerate(spec.output_size):
        for output in range(outputs):
            window, n = spec.windows[axis], spec.input_size[axis]
            assert real_taps(output, n, window, spec.pad_before[axis]) > 0


def traits(spec: OpSpec) -> Iterator[str]:
    """What a converter may get wrong about it."""
    kernels = list(zip(spec.kernel_size, spec.stride, spec.dilation, strict=True))
    yield from (f"rank {spec.rank}", spec.kind.value, spec.pads[0].policy.value)
    if any(s > k for k, s, _ in kernels):
        yield "stride > kernel"
    if any(k > 1 and d > 1 for k, _, d in kernels):
        yield "dilated"
        yield f"dilated {spec.pads[0].policy.value}"
    if spec.pads[0].policy is PadPolicy.EXPLICIT:
        yield "no pads" if set(spec.resolved_pads) == {(0, 0)} else "pads"
        if any(rule.before != rule.after for rule in spec.pads):
            yield "asymmetric pads"
        if len(set(spec.pads)) > 1:
            yield "pads by axis"
    if spec.rank > 1:
        yield "square" if len(set(kernels)) == 1 else "kernel, stride or dilation by axis"
    if spec.group > 1:
        yield "depthwise" if spec.group == spec.channels[0] else "groups"
    if spec.bias:
        yield "bias"
    if spec.rounding is Rounding.CEIL:
        floored = spec.replace(rounding=Rounding.FLOOR)
        yield "ceil" if floored.output_size == spec.output_size else "ceil that shows"
    if spec.count_include_pad and spec.reads_padding:
        yield "counted pads"
    if any(spec.output_padding):
        explicit = spec.pads[0].policy in (PadPolicy.EXPLICIT, PadPolicy.VALID)
        yield "output_padding" if explicit else "output_padding beside a rule"
        least = zip(spec.output_padding, spec.stride, strict=True)
        if any(padding >= stride for padding, stride in least):
            yield "output_padding by dilation"


WINDOWS = {
    *("rank 1", "rank 2", "rank 3", "explicit", "valid", "same_upper", "same_lower"),
    *("stride > kernel", "dilated", "dilated same_upper", "dilated same_lower"),
    *("no pads", "pads", "asymmetric pads", "pads by axis"),
    *("square", "kernel, stride or dilation by axis"),
}
WEIGHTS = {"groups", "depthwise", "bias"}
LONGER = {"output_padding", "output_padding by dilation"}
POOLED = {"max_pool", "average_pool", "lp_pool", "ceil", "ceil that shows", "counted pads"}
EXPECTED = {
    "convs": {*WINDOWS, *WEIGHTS, "conv", "causal", "dilated causal"},
    "conv_transposes": {*WINDOWS, *WEIGHTS, "conv_transpose", *LONGER},
    "pools": {*WINDOWS, *POOLED},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_sort_occurs(name: str) -> None:
    """Each in one of a hundred at least, so that an ordinary run meets it."""
    seen: Counter[str] = Counter()

    @MANY
    @given(ALL[name])
    def collect(spec: OpSpec) -> None:
        seen.update(traits(spec))

    collect()
    rare = {trait: seen[trait] for trait in EXPECTED[name] if seen[trait] < 10}
    assert not rare
    others = {"dilated explicit", "dilated valid"}
    assert set(seen) <= EXPECTED[name] | others


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("max_size", [1, 2, 5])
def test_rank_and_size_are_kept(rank: int, max_size: int) -> None:
    sizes = set()

    @SOME
    @given(ops(rank=rank, max_size=max_size))
    def check(spec: OpSpec) -> None:
        assert spec.rank == rank
        sizes.update(spec.input_size)

    check()
    assert sizes == set(range(1, max_size + 1))


@pytest.mark.parametrize(
    ("drawn", "kinds", "policies"),
    [
        (convs(policies=["causal", "same"]), {"conv"}, {"causal", "same_upper"}),
        (pools(kinds="lp_pool", policies="valid"), {"lp_pool"}, {"valid"}),
        (pools(kinds=["average_pool", "max_pool"]), {"max_pool", "average_pool"}, None),
        (conv_transposes(policies=("same_lower",)), {"conv_transpose"}, {"same_lower"}),
        (ops(policies="causal"), {"conv"}, {"causal"}),
        (ops(policies=("causal", "valid")), None, {"causal", "valid"}),
    ],
)
def test_kinds_and_policies_are_kept(
    drawn: st.SearchStrategy[OpSpec], kinds: set[str] | None, policies: set[str] | None
) -> None:
    seen: list[OpSpec] = []

    @SOME
    @given(drawn)
    def collect(spec: OpSpec) -> None:
        seen.append(spec)

    collect()
    every = {"conv", "conv_transpose", "max_pool", "average_pool", "lp_pool"}
    assert {spec.kind.value for spec in seen} == (kinds or every)
    if policies is not None:
        assert {rule.policy.value for spec in seen for rule in spec.pads} == policies

"""Every framework does what its dialect says, but for the divergences that are known."""

from __future__ import annotations

import pytest

from padcheck.checks.conformance import assert_conforms
from padcheck.checks.conformance.faults import divergences
from padcheck.checks.conformance.known import KnownDivergence, find_known, load_known
from padcheck.checks.conformance.trials import Bench
from padcheck.checks.suite import case_id, suite
from padcheck.frameworks import LOWERINGS, framework, names

#: Those whose models are converted one by one come first.
SLOW = ("litert", "tflite")
RUN = [name for name in names() if framework(name).lowerings]
FRAMEWORKS = [*SLOW, *(name for name in RUN if name not in SLOW)]

#: lowering -> how it diverges, and the smallest geometry of each fault that is listed for it.
SMALLEST = {
    "onnxruntime_optimized": {("values", "max_pool(n=1, k=2, pads=(0,1))-explicit-fill=0")},
    "onnxruntime_auto_pad": {
        ("values", "conv(n=4, k=1, s=4, pads=(0,0))-c1-1-same_upper"),
        ("raises", "conv(n=1, k=1, d=2, pads=(0,0))-c1-1-same_upper"),
        ("shape", "conv_transpose(n=1, k=1, s=2, crops=(0,-1))-c1-1-same_upper"),
        ("raises", "max_pool(n=2, k=1, s=2, pads=(0,0))-same_upper"),
        ("shape", "max_pool(n=2, k=2, d=2, pads=(1,1))-same_upper"),
        ("shape", "average_pool(n=2, k=2, d=2, pads=(1,1))-same_upper"),
        ("shape", "lp_pool(n=2, k=2, d=2, pads=(1,1))-same_upper-p=1"),
    },
    "onnx_reference": {
        ("raises", "conv(n=2, k=1, pads=(0,-1))-c1-1-explicit"),
        ("raises", "conv(n=1, k=1, pads=(1,-1))-c1-1-explicit"),
        ("raises", "conv(n=1, k=1, pads=(-1,1))-c1-1-explicit"),
        ("raises", "max_pool(n=2, k=1, pads=(0,-1))-explicit"),
        ("raises", "average_pool(n=2, k=1, pads=(-1,0))-explicit"),
        ("raises", "average_pool(n=2, k=1, pads=(0,-1))-explicit"),
        ("raises", "conv_transpose(n=1, k=1, crops=(0,0), group=2)-c2-4-valid"),
        ("values", "conv_transpose(n=1, k=1, crops=(0,0), group=2)-c2-2-bias-valid"),
        ("shape", "max_pool(n=2, k=2, pads=(0,1))-explicit"),
        ("shape", "max_pool(n=2x2, k=2x2, pads=(0,0)x(1,0))-valid+explicit"),
        ("raises", "max_pool(n=2, k=2, pads=(1,0))-explicit"),
        (
            "raises",
            "max_pool(n=1x1x2, k=1x1x2, pads=(0,0)x(0,0)x(1,0))-valid+valid+explicit",
        ),
        ("values", "lp_pool(n=1, k=2, s=2, pads=(0,0), ceil)-valid-p=1"),
        ("values", "lp_pool(n=2, k=3, s=2, pads=(0,0), ceil)-valid-p=1"),
    },
    "onnx_reference_auto_pad": {
        ("values", "conv_transpose(n=1, k=1, s=2, crops=(0,-1))-c1-1-same_upper"),
        ("values", "conv_transpose(n=1, k=1, crops=(0,-9))-c1-1-same_upper-output_shape=10"),
        ("raises", "conv_transpose(n=1, k=1, crops=(0,0), group=2)-c2-4-valid"),
        ("values", "conv_transpose(n=1, k=1, crops=(0,0), group=2)-c2-2-bias-valid"),
        ("shape", "max_pool(n=1, k=1, s=2, pads=(0,0))-same_lower"),
        ("values", "max_pool(n=2, k=1, s=2, pads=(0,0))-same_upper"),
        ("values", "max_pool(n=3, k=2, d=3, pads=(2,1))-same_lower"),
        ("raises", "max_pool(n=1, k=1, pads=(0,0))-same_upper"),
        ("raises", "max_pool(n=1x1x1, k=1x1x1, pads=(0,0)x(0,0)x(0,0))-same_upper"),
        ("raises", "average_pool(n=2, k=1, s=2, pads=(0,0))-same_upper"),
        ("raises", "lp_pool(n=2, k=1, s=2, pads=(0,0))-same_upper-p=1"),
        ("values", "average_pool(n=2, k=2, d=2, pads=(1,1))-same_upper"),
        ("values", "lp_pool(n=2, k=2, d=2, pads=(1,1))-same_upper-p=1"),
        ("shape", "average_pool(n=3, k=2, d=2, pads=(0,0))-valid"),
        ("shape", "lp_pool(n=3, k=2, d=2, pads=(0,0))-valid-p=1"),
    },
    "keras_torch_same": {
        ("values", "average_pool(n=4, k=3, s=2, pads=(0,0))-valid"),
        ("values", "average_pool(n=4, k=4, pads=(0,0))-valid"),
        (
            "raises",
            "average_pool(n=1x1x2, k=1x1x3, pads=(0,0)x(0,0)x(0,1))-valid+valid+explicit",
        ),
    },
    "tflite_same": {
        ("values", "conv(n=2x2, k=2x1, s=1x2, pads=(0,0)x(0,0))-c1-1-valid"),
        ("values", "conv(n=2x2, k=1x2, s=2x1, pads=(0,0)x(0,0))-c1-1-valid"),
        ("values", "conv(n=3, k=2, s=3, pads=(0,0))-c1-1-valid"),
        ("values", "lp_pool(n=3, k=2, s=3, pads=(0,0))-valid-p=1"),
    },
}


def listed(lowering: str) -> tuple[KnownDivergence, ...]:
    """The entries of a lowering that hold on every CPU."""
    path = find_known(framework(LOWERINGS[lowering]))
    entries = () if path is None else load_known(path)
    return tuple(
        entry for entry in entries if lowering in entry.lowerings and not entry.cpu_dependent
    )


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_conforms(name: str) -> None:
    assert_conforms(name)


@pytest.mark.parametrize("lowering", [name for name in LOWERINGS if listed(name)])
def test_known_divergences_have_their_smallest_geometry(lowering: str) -> None:
    specs = {case_id(spec): spec for spec in suite()}
    entries = listed(lowering)
    places = [(lowering, case) for entry in entries for case in entry.cases]
    with Bench(framework(LOWERINGS[lowering])) as bench:
        outcomes = bench.outcomes((lowering, specs[case]) for _, case in places)
        seen = dict(zip(places, outcomes, strict=True))
        found = divergences(bench, seen, specs, entries, shrink_known=True)
    assert {(each.how, case_id(each.smallest)) for each in found} == SMALLEST[lowering]
    assert {each.known for each in found} == set(entries)
    assert {each.finding.code for each in found} == {"PAD998"}


def test_every_smallest_geometry_is_of_a_lowering_with_a_listed_divergence() -> None:
    assert set(SMALLEST) == {lowering for lowering in LOWERINGS if listed(lowering)}

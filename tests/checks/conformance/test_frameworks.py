"""Every framework does what its dialect says, but for the divergences that are known."""

from __future__ import annotations

import pytest

from padcheck.checks.conformance import assert_conforms, conformance
from padcheck.checks.suite import case_id
from padcheck.frameworks import names

#: Those whose models are converted one by one come first.
SLOW = ("litert", "tflite")
FRAMEWORKS = [*SLOW, *(name for name in names() if name not in SLOW)]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_conforms(name: str) -> None:
    assert_conforms(name)


@pytest.mark.parametrize(
    ("name", "lowering", "repros"),
    [
        ("onnx", "onnxruntime", set()),
        (
            "onnx",
            "onnxruntime_optimized",
            {("values", "max_pool(n=1, k=2, pads=(0,1))-explicit-fill=0")},
        ),
        (
            "onnx",
            "onnxruntime_auto_pad",
            {
                ("values", "conv(n=4, k=1, s=4, pads=(0,0))-c1-1-same_upper"),
                ("raises", "conv(n=1, k=1, d=2, pads=(0,0))-c1-1-same_upper"),
                ("shape", "conv_transpose(n=1, k=1, s=2, crops=(0,-1))-c1-1-same_upper"),
                ("raises", "max_pool(n=2, k=1, s=2, pads=(0,0))-same_upper"),
                ("shape", "max_pool(n=2, k=2, d=2, pads=(1,1))-same_upper"),
                ("shape", "average_pool(n=2, k=2, d=2, pads=(1,1))-same_upper"),
                ("shape", "lp_pool(n=2, k=2, d=2, pads=(1,1))-same_upper-p=1"),
            },
        ),
        (
            "keras_torch",
            "keras_torch_same",
            {
                ("values", "average_pool(n=4, k=3, s=2, pads=(0,0))-valid"),
                ("values", "average_pool(n=4, k=4, pads=(0,0))-valid"),
                (
                    "raises",
                    "average_pool(n=1x1x2, k=1x1x3, pads=(0,0)x(0,0)x(0,1))-valid+valid+explicit",
                ),
            },
        ),
    ],
)
def test_known_divergences_have_their_smallest_geometry(
    name: str, lowering: str, repros: set[tuple[str, str]]
) -> None:
    report = conformance(name, lowerings=[lowering])
    assert report.ok
    certain = [each for each in report.divergences if each.known and not each.known.cpu_dependent]
    assert {(each.how, case_id(each.smallest)) for each in certain} == repros
    assert {each.finding.code for each in certain} <= {"PAD998"}

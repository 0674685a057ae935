"""What onnx2keras 0.0.25 makes of single ops: right, wrong values, wrong shape, or a refusal.

A case that comes out otherwise is a new version, or a change of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx2keras.conversion import convert
from tests.frameworks.onnx2keras.nodes import conv, integers, outcome, pool

X1, X2, X3 = integers(1, 2, 12), integers(1, 2, 8, 9), integers(1, 2, 5, 6, 7)
ONE = {"pads": (1, 1, 1, 1)}
TWO = {"strides": (2, 2)}

CASES: dict[str, tuple[str, np.ndarray, Callable[[], Any]]] = {
    "conv": ("right", X2, lambda: conv(3, 3, bias=True, **ONE, **TWO)),
    "conv, pads all different": (
        "right",
        X2,
        lambda: conv(3, 5, pads=(1, 2, 3, 4), strides=(2, 1)),
    ),
    "conv, depthwise": ("right", X2, lambda: conv(3, 3, out=2, group=2, **TWO)),
    "conv, dilations (1, 2)": ("shape", X2, lambda: conv(3, 3, dilations=(1, 2))),
    "conv, auto_pad": ("shape", X2, lambda: conv(3, 3, auto_pad="SAME_UPPER", **TWO)),
    "conv, 3-D pads at the end": ("shape", X3, lambda: conv(3, 3, 3, pads=(0, 0, 0, 1, 1, 1))),
    "transposed": ("right", X2, lambda: conv(4, 4, op="ConvTranspose", bias=True, **ONE, **TWO)),
    "transposed, pads at the end": (
        "shape",
        X2,
        lambda: conv(3, 3, op="ConvTranspose", pads=(0, 0, 1, 1), **TWO),
    ),
    "max pool, stride 1": (
        "right",
        -abs(X2) - 1,
        lambda: pool("MaxPool", 3, 3, strides=(1, 1), **ONE),
    ),
    "max pool": ("values", -abs(X2) - 1, lambda: pool("MaxPool", 3, 3, **ONE, **TWO)),
    "max pool, ceil_mode": ("shape", X2, lambda: pool("MaxPool", 3, 3, ceil_mode=1, **TWO)),
    "average pool": ("values", X2, lambda: pool("AveragePool", 3, 3, **ONE, **TWO)),
    "average pool, pads at the end": (
        "shape",
        X2,
        lambda: pool("AveragePool", 3, 3, pads=(0, 0, 1, 1), **TWO),
    ),
}


@pytest.mark.parametrize("change_ordering", [False, True], ids=["first", "last"])
@pytest.mark.parametrize(("expected", "x", "model"), CASES.values(), ids=CASES)
def test_what_comes_out(
    expected: str, x: np.ndarray, model: Callable[[], Any], change_ordering: bool
) -> None:
    assert outcome(model(), x, change_ordering=change_ordering) == expected


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("right", {"pads": (1, 1)}),
        ("values", {"pads": (2, 0)}),
        ("values", {"pads": (1, 1), "strides": (2,)}),
        ("values", {"pads": (1, 1), "bias": True}),
        ("shape", {}),
    ],
    ids=str,
)
def test_conv_of_one_axis_is_always_same(expected: str, words: dict[str, Any]) -> None:
    assert outcome(conv(3, **words), X1, change_ordering=False) == expected


def test_a_bias_as_long_as_the_output_is_wide_is_added_along_the_width() -> None:
    """Keras 3.15.1 on TensorFlow, channels first, as `keras.ops.add` does; not onnx2keras."""
    model = conv(3, 3, out=9, bias=True, **ONE)
    assert outcome(model, X2, change_ordering=False) == "values"
    assert outcome(model, X2, change_ordering=True) == "right"


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (
            "node op: AttributeError: Cannot convert ConvTranspose2d with output_padding != 0",
            lambda: conv(3, 3, op="ConvTranspose", output_padding=(1, 1), **ONE, **TWO),
        ),
        ("node op: KeyError: 'strides'", lambda: pool("MaxPool", 2, 2)),
        ("node op: has no converter for LpPool", lambda: pool("LpPool", 2, 2)),
        (
            "node op: ValueError: `padding` should have 3 elements",
            lambda: pool("MaxPool", 2, strides=(2,)),
        ),
    ],
)
def test_a_refusal_names_version_and_node(text: str, model: Callable[[], Any]) -> None:
    with pytest.raises(FrameworkError, match=r"onnx2keras 0\.0\.25: ") as caught:
        convert(model())
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)

"""onnx.reference computes the op on a model of one node, but for what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from padcheck.records import OpSpec
from tests.frameworks.brute import example
from tests.frameworks.divergence import assert_as_known, ops
from tests.frameworks.grid import (
    AVERAGE,
    CEIL,
    CONV,
    COUNTED,
    GRID,
    LP,
    MAX,
    TRANSPOSED,
    name_of,
    op,
)
from tests.frameworks.onnx.auto_pads import (
    AUTO_PADS,
    DILATED,
    FARTHEST,
    GROUPED,
    LENGTHENED,
    LONGER,
    NEGATIVE,
    ROUNDED_UP,
    RULES,
    SAME,
    SHAPED,
    SHORT,
    SMALL,
    STRIDED,
    UNSTRIDED,
)

RUNNER = runner("onnx_reference")
DIALECT = dialect("onnx_reference")

#: Max pools of stride 1, which have code of their own, Lp pools whose last window is partial,
#: and groups with a bias.
MORE = [
    op(MAX, 12, 3, pads=(1, 1)),
    op(MAX, 12, 3, pads=(0, 1)),
    op(MAX, (8, 9), 3, pads=(1, 1)),
    op(MAX, (8, 9), 3, pads=(2, 1)),
    op(MAX, (5, 6, 4), 3, pads=(1, 1)),
    op(MAX, (5, 6, 4), 3, pads=(0, 1)),
    op(LP, (8, 9), 3, 2, pads=(1, 1), **CEIL),
    op(LP, 12, 3, 2, 2, pads=(1, 1), **CEIL),
    op(TRANSPOSED, (4, 5), 3, 2, pads=(0, 1), group=3, channels=(3, 3), bias=True),
]

#: onnx 1.23.2, explicit pads
DIVERGES = {
    # Pad takes no negative pads ("number of padding elements to add or remove (if negative)")
    op(CONV, (9, 8), 3, 2, pads=((-1, 2), (0, -2)), bias=True): "raises",
    op(CONV, (8, 1), (2, 1), 4, pads=((1, 2), (3, -1))): "raises",
    op(CONV, (4, 1), (4, 2), (1, 2), pads=((0, 3), (-2, 4))): "raises",
    op(MAX, (9, 8), 3, 2, pads=((-1, 1), (0, -2))): "raises",
    op(AVERAGE, (6, 6), 3, 2, pads=(-1, 2), **COUNTED): "raises",
    op(AVERAGE, (6, 6), 3, 2, 2, pads=(2, -1), **COUNTED, **CEIL): "raises",
    # ConvTranspose with groups mixes up their channels unless each has one in and one out
    op(
        *(TRANSPOSED, (4, 5), (3, 4), (2, 1)),
        pads=((1, 0), (2, 1)),
        **GROUPED,
    ): "raises",
    op(TRANSPOSED, (4, 5), 3, 2, 2, pads=(1, 2), **GROUPED): "raises",
    op(TRANSPOSED, (3, 4, 3), 2, 2, 2, pads=(1, 0), group=2, channels=(2, 4)): "raises",
    # ... and then adds the first group's bias to every one
    MORE[-1]: "values",
    # MaxPool of stride 1 takes pads axis by axis instead of befores first, on two axes; on one
    # or three it leaves them out of what it pads
    op(MAX, (13, 13), 2, 1, pads=(0, 1)): "shape",
    **dict.fromkeys((MORE[1], MORE[3], MORE[5]), "shape"),
    **dict.fromkeys((MORE[0], MORE[4]), "raises"),
    # LpPool is the average times k, though a partial window has fewer than k elements
    op(LP, (8, 9), 2, 2, p=1, **CEIL): "values",
    **dict.fromkeys(MORE[-3:-1], "values"),
}

#: onnx 1.23.2, auto_pad
AUTO_PAD_DIVERGES = {
    # MaxPool SAME_LOWER has floor(n / s) outputs, and takes the extra pad after as SAME_UPPER
    **dict.fromkeys(ops((MAX,), (SAME_LOWER,), (*STRIDED, *SHORT)), "shape"),
    **dict.fromkeys(ops((MAX,), (SAME_LOWER,), (DILATED[1], DILATED[3])), "shape"),
    op(MAX, (8, 9), (3, 5), (2, 1), 1, SAME_LOWER): "values",
    op(MAX, (8, 10), (3, 1), 2, 1, SAME_LOWER): "values",
    op(MAX, (9, 9), 2, 1, 3, SAME_LOWER): "values",
    op(MAX, 12, 3, 2, 1, SAME_LOWER): "values",
    **dict.fromkeys(ops((MAX,), (SAME_LOWER,), ROUNDED_UP, **CEIL), "shape"),
    # MaxPool of stride 1 pads two axes, no more and no fewer
    **dict.fromkeys(ops((MAX,), SAME, UNSTRIDED[-2:]), "raises"),
    # a negative total is halved and kept: by MaxPool ...
    **dict.fromkeys(ops((MAX,), (SAME_UPPER,), NEGATIVE), "values"),
    # ... by ConvTranspose, where it crops a negative amount off the low end ...
    **dict.fromkeys(ops((TRANSPOSED,), (SAME_UPPER,), SHORT), "values"),
    **dict.fromkeys(ops((TRANSPOSED,), (SAME_LOWER,), [FARTHEST]), "values"),
    **dict.fromkeys(ops((TRANSPOSED,), (SAME_UPPER,), SMALL, **LONGER), "values"),
    op(TRANSPOSED, (3, 4), 1, 2, 1, SAME_UPPER, bias=True): "values",
    # ... and by the other pools, which raise
    **dict.fromkeys(ops((AVERAGE, LP), SAME, NEGATIVE), "raises"),
    # AveragePool and LpPool leave dilation out of the total, and out of VALID's output size
    **dict.fromkeys(ops((AVERAGE, LP), SAME, DILATED), "values"),
    **dict.fromkeys(ops((AVERAGE, LP), (VALID,), DILATED), "shape"),
    **dict.fromkeys(ops((AVERAGE,), SAME, DILATED[1:2], **COUNTED), "values"),
    **dict.fromkeys(ops((AVERAGE,), (VALID,), DILATED[1:2], **COUNTED), "shape"),
    # AveragePool and LpPool refuse ceil_mode with auto_pad
    **dict.fromkeys(ops((AVERAGE, LP), RULES, ROUNDED_UP, **CEIL), "raises"),
    # ConvTranspose with groups, as above, and output_shape with VALID
    **dict.fromkeys(ops((TRANSPOSED,), RULES, SMALL, **GROUPED), "raises"),
    **dict.fromkeys(ops((TRANSPOSED,), (VALID,), SMALL, **SHAPED), "raises"),
    **dict.fromkeys(ops((TRANSPOSED,), (VALID,), SMALL, **SHAPED, **LENGTHENED), "raises"),
    **dict.fromkeys(ops((TRANSPOSED,), (VALID,), [((4, 5), 3, 2, 2)], **SHAPED), "raises"),
    # of the grid
    op(MAX, (8, 9), 3, 2, 1, SAME_LOWER): "shape",
    op(MAX, (9, 8), 2, 3, 1, SAME_UPPER): "values",
    op(AVERAGE, (8, 9), 2, 3, 1, SAME_UPPER): "raises",
    op(LP, (8, 9), 3, 2, 2, SAME_UPPER): "values",
}


@pytest.mark.parametrize("spec", [*GRID, *MORE], ids=name_of)
def test_computes_what_its_dialect_says_but_for_what_is_known(spec: OpSpec) -> None:
    assert_as_known(RUNNER, DIALECT, spec, "onnx_reference", DIVERGES)


@pytest.mark.parametrize("spec", [*GRID, *AUTO_PADS], ids=name_of)
def test_computes_what_onnx_promises_but_for_what_is_known(spec: OpSpec) -> None:
    assert_as_known(RUNNER, DIALECT, spec, "onnx_reference_auto_pad", AUTO_PAD_DIVERGES)


def test_what_is_known_is_run() -> None:
    assert set(DIVERGES) <= {*GRID, *MORE}
    assert set(AUTO_PAD_DIVERGES) <= {*GRID, *AUTO_PADS}


def test_its_nodes_are_those_of_onnxruntime() -> None:
    spec = op(MAX, (8, 9), 3, 2, pads=SAME_UPPER, pad_value=5.0)
    theirs = dialect("onnxruntime").lower(spec, "onnxruntime")
    ours = DIALECT.lower(spec, "onnx_reference")
    assert (ours.code, ours.spec) == (theirs.code, theirs.spec)


def test_an_average_over_nothing_is_no_warning() -> None:
    """numpy warns, and warnings are errors here."""
    spec = op(AVERAGE, 1, 2, 1, 2, pads=(1, 1))
    assert np.isnan(RUNNER.run(spec, "onnx_reference", example(spec).x, None, None)).all()


def test_needs_onnx_alone() -> None:
    assert set(RUNNER.versions()) == {"onnx"}


def test_what_onnx_reference_raises_is_a_framework_error() -> None:
    spec = op(MAX, 13, 4, pads=SAME_UPPER)
    with pytest.raises(FrameworkError, match=r"^onnx.reference \d+\.\d+\.\d+: IndexError: "):
        RUNNER.run(spec, "onnx_reference_auto_pad", example(spec).x, None, None)


def test_an_unknown_lowering_lists_the_known() -> None:
    spec = op(MAX, (8, 8), 3)
    message = "of onnx_reference, onnx_reference_auto_pad but got 'onnxruntime'"
    with pytest.raises(UsageError, match=message):
        RUNNER.run(spec, "onnxruntime", example(spec).x, None, None)

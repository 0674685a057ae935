"""onnxruntime computes the op on a model of one node."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.records import OpSpec
from tests.frameworks.brute import example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.divergence import assert_as_known
from tests.frameworks.grid import AVERAGE, CEIL, CONV, COUNTED, GRID, MAX, TRANSPOSED, name_of, op

RUNNER = runner("onnx")
DIALECT = dialect("onnxruntime")

#: Ops behind a Pad node, which fusions may touch.
PADDED_BEFORE = [
    op(MAX, (8, 9), 3, 1, pads=(0, 2), pad_value=0.0),
    op(MAX, (8, 9), 3, 2, pads=(1, 1), pad_value=0.0, **CEIL),
    op(MAX, 12, 3, 1, pads=(1, 1), pad_value=0.0),
    op(MAX, (5, 6, 4), 2, 1, pads=(0, 1), pad_value=0.0),
    op(MAX, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0),
    op(MAX, (8, 9), 2, 1, pads=(3, 2)),
    op(CONV, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0, bias=True),
    op(CONV, (8, 9), 3, 2, pads=(-1, 2)),
    op(AVERAGE, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0, **COUNTED),
    op(AVERAGE, (8, 9), 3, 2, pads=(-1, 2), **COUNTED),
    op(AVERAGE, (8, 9), 2, 1, pads=(3, 2), **COUNTED),
    op(AVERAGE, 6, 2, 1, pads=(0, 2), **COUNTED),
]

#: onnxruntime 1.31.1 at its default level of optimization
OPTIMIZED_DIVERGES = {
    # Pad(0) and MaxPool become MaxPool(pads), whose pads hold -inf
    op(MAX, (9, 8), 3, 2, pads=(1, 1), pad_value=0.0): "values",  # of the grid
    **dict.fromkeys(PADDED_BEFORE[:4], "values"),
    # Pad and AveragePool become AveragePool(pads), which refuses pads as long as its window
    **dict.fromkeys(PADDED_BEFORE[-2:], "raises"),
}


@pytest.mark.parametrize("spec", [*GRID, *PADDED_BEFORE], ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec) -> None:
    assert_conforms(RUNNER, DIALECT, spec, "onnxruntime")


@pytest.mark.parametrize("spec", [*GRID, *PADDED_BEFORE], ids=name_of)
def test_optimization_changes_nothing_but_what_is_known(spec: OpSpec) -> None:
    assert_as_known(RUNNER, DIALECT, spec, "onnxruntime_optimized", OPTIMIZED_DIVERGES)


def test_what_is_known_of_optimization_is_run() -> None:
    assert set(OPTIMIZED_DIVERGES) <= {*GRID, *PADDED_BEFORE}


def test_code() -> None:
    lowered = DIALECT.lower(op(CONV, (8, 9), 3, 2, pads=(0, 1), bias=True), "onnxruntime")
    assert lowered.code == (
        'helper.make_node("Conv", ["x", "w", "b"], ["y"], '
        "kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])",
    )


@pytest.mark.parametrize("lowering", ["onnxruntime", "onnxruntime_optimized"])
def test_code_with_a_pad_node(lowering: str) -> None:
    lowered = DIALECT.lower(op(MAX, (8, 9), 3, 2, pads=(0, 4)), lowering)
    assert lowered.code == (
        "p = [0, 0, 0, 0, 0, 0, 4, 4]",
        'helper.make_node("Pad", ["x", "p", "value"], ["padded"], mode="constant")',
        'helper.make_node("MaxPool", ["padded"], ["y"], kernel_shape=[3, 3], strides=[2, 2])',
    )
    assert lowered.notes == ("a Pad node does what the op's own pads attribute cannot",)


def test_what_onnxruntime_refuses_is_a_framework_error() -> None:
    spec = op(TRANSPOSED, (4, 4), 3, pads=(9, 9))
    case = example(op(TRANSPOSED, (4, 4), 3))
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d+\.\d+\.\d+: \w+: "):
        RUNNER.run(spec, "onnxruntime", case.x, case.weight, None)


def test_an_unknown_lowering_lists_the_known() -> None:
    spec = op(MAX, (8, 8), 3)
    message = (
        "expected a lowering of onnxruntime, onnxruntime_optimized, onnxruntime_auto_pad "
        "but got 'torch'"
    )
    with pytest.raises(UsageError, match=message):
        RUNNER.run(spec, "torch", np.zeros((2, 2, 8, 8), np.float32), None, None)

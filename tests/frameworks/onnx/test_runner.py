"""onnxruntime computes the op on a model of one node."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.frameworks.onnx.runner import OnnxRuntimeRunner
from padcheck.geometry import SAME_LOWER, SAME_UPPER, PadRule
from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import CONV, GRID, MAX, TRANSPOSED, name_of, op

RUNNER = runner("onnx")
DIALECT = dialect("onnxruntime")


@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec) -> None:
    assert_conforms(RUNNER, DIALECT, spec, "onnxruntime")


@pytest.mark.parametrize("rule", [SAME_UPPER, SAME_LOWER])
@pytest.mark.parametrize("kind", [CONV, MAX])
def test_auto_pad_where_asked_for(kind: OpKind, rule: PadRule) -> None:
    auto_pad = rule.policy.name
    spec = op(kind, (8, 9), 3, 2, pads=rule)
    case = example(spec)
    observed = OnnxRuntimeRunner().run(
        spec, "onnxruntime", case.x, case.weight, None, auto_pad=auto_pad
    )
    assert_computes(spec, case, observed, f"{auto_pad} {spec}")


@pytest.mark.parametrize("optimize", [False, True])
def test_optimization_on_and_off(optimize: bool) -> None:
    spec = op(CONV, (8, 9), 3, 2, pads=(0, 1), bias=True)
    case = example(spec)
    observed = OnnxRuntimeRunner().run(
        spec, "onnxruntime", case.x, case.weight, case.bias, optimize=optimize
    )
    assert_computes(spec, case, observed, str(spec))


def test_code() -> None:
    lowered = DIALECT.lower(op(CONV, (8, 9), 3, 2, pads=(0, 1), bias=True), "onnxruntime")
    assert lowered.code == (
        'helper.make_node("Conv", ["x", "w", "b"], ["y"], '
        "kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])",
    )


def test_code_with_a_pad_node() -> None:
    lowered = DIALECT.lower(op(MAX, (8, 9), 3, 2, pads=(0, 4)), "onnxruntime")
    assert lowered.code == (
        "p = [0, 0, 0, 0, 0, 0, 4, 4]",
        'helper.make_node("Pad", ["x", "p", "value"], ["padded"], mode="constant")',
        'helper.make_node("MaxPool", ["padded"], ["y"], kernel_shape=[3, 3], strides=[2, 2])',
    )


def test_what_onnxruntime_refuses_is_a_framework_error() -> None:
    spec = op(TRANSPOSED, (4, 4), 3, pads=(9, 9))
    case = example(op(TRANSPOSED, (4, 4), 3))
    with pytest.raises(FrameworkError, match=r"^onnxruntime \d+\.\d+\.\d+: \w+: "):
        RUNNER.run(spec, "onnxruntime", case.x, case.weight, None)


def test_an_unknown_lowering_lists_the_known() -> None:
    spec = op(MAX, (8, 8), 3)
    with pytest.raises(UsageError, match="expected a lowering of onnxruntime but got 'torch'"):
        RUNNER.run(spec, "torch", np.zeros((2, 2, 8, 8), np.float32), None, None)

"""Keras layers through tf2onnx; the faults are those of tf2onnx 1.17.0, seen by hand as well."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects.from_keras import input_shape, layers
from padcheck.checks.grade.subjects.tf2onnx import Tf2OnnxGrader
from padcheck.checks.suite.words import AVERAGE, CONV, MAX, TRANSPOSED, op
from padcheck.frameworks.tf2onnx.conversion import converted
from padcheck.geometry import SAME_LOWER, SAME_UPPER
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records.case import NODE, OWN, Case

GRADER = Tf2OnnxGrader()
#: k < s, of open sizes: tf2onnx pads what is missing with 0 after the bias.
UNBIASED = Case(spec=op(TRANSPOSED, (1, 1), 1, 2, bias=True), dynamic=True)
#: k < s in one dimension, below opset 12: what is missing stays so.
SHORT = Case(spec=op(TRANSPOSED, 5, 2, 3), opset=11)


def test_its_own_version_comes_first() -> None:
    assert list(GRADER.versions()) == ["tf2onnx", "keras", "tensorflow"]


@pytest.mark.parametrize(("opset", "asked"), [(6, 7), (7, 7), (13, 13), (18, 18), (22, 18)])
def test_the_opset_is_the_nearest_it_has(opset: int, asked: int) -> None:
    case = Case(spec=op(CONV, 6, 3), opset=opset, padding=NODE)
    assert GRADER.asks(case) == Case(spec=case.spec, opset=asked, padding=OWN)


def test_no_question_for_it() -> None:
    case = Case(spec=op(CONV, 6, 3, pads=SAME_LOWER))
    assert GRADER.asks(case) == "Keras layers have no SAME_LOWER"


@pytest.mark.parametrize("opset", [7, 18])
def test_the_model_has_the_opset_and_the_open_sizes(opset: int) -> None:
    case = Case(spec=op(CONV, (6, 7), 3, pads=(1, 0)), dynamic=True)
    _, w, b = make_probe(case.spec).as_float32()
    model = converted(layers(case, w, b), input_shape(case), opset=opset)
    onnx.checker.check_model(model, full_check=True)
    assert [entry.version for entry in model.opset_import if not entry.domain] == [opset]
    (entry,) = (value for value in model.graph.input if value.name == "x")
    sizes = [dim.dim_value for dim in entry.type.tensor_type.shape.dim]
    assert sizes == [0, 0, 0, 2]


@pytest.mark.parametrize(
    "case",
    [
        Case(spec=op(CONV, (8, 10), (3, 1), 2, pads=SAME_UPPER, bias=True)),
        Case(spec=op(CONV, (6, 7), 3, 2, pads=(2, 1)), dynamic=True, opset=18),
        Case(spec=op(CONV, (6, 7), 3, 1, 2, pads=SAME_UPPER, group=2, channels=(2, 4)), opset=7),
        Case(spec=op(MAX, 6, 3, 2, pads=SAME_UPPER), dynamic=True),
        Case(spec=op(AVERAGE, (5, 6), 3, 2, pads=SAME_UPPER)),
        Case(spec=op(TRANSPOSED, (3, 4), 3, 2, pads=SAME_UPPER, bias=True), dynamic=True),
    ],
    ids=str,
)
def test_right(case: Case) -> None:
    outcome = judged(GRADER, case)
    assert (outcome.how, outcome.findings, outcome.notes) == ("right", (), ())


def test_a_bias_that_is_missing_where_no_tap_writes() -> None:
    outcome = judged(GRADER, UNBIASED)
    assert outcome.how == "silent"
    assert outcome.mismatch is not None
    assert outcome.mismatch.wrong * 4 == outcome.mismatch.total * 3  # all but the one tap


def test_an_output_that_is_too_short() -> None:
    outcome = judged(GRADER, SHORT)
    assert (outcome.how, outcome.codes, outcome.proven) == ("shape", ("PAD402",), True)
    assert [finding.message for finding in outcome.findings] == ["output size is 14, expected 15"]


@pytest.mark.parametrize("case", [UNBIASED, SHORT], ids=str)
def test_the_fault_is_not_the_runtimes(case: Case) -> None:
    """What onnx's evaluator makes of the model is wrong in the same way, the layer is right."""
    spec = GRADER.reference(case)
    probe = make_probe(spec, batch=2)
    x, w, b = probe.as_float32()
    built = GRADER.build(case, w, b)
    model = converted(layers(case, w, b), input_shape(case), opset=case.opset)
    (evaluated,) = ReferenceEvaluator(model).run(None, {"x": np.moveaxis(x, 1, -1)})
    np.testing.assert_array_equal(built.run(x), np.moveaxis(evaluated, -1, 1))
    assert built.layer is not None
    right = evaluate(spec, probe.x, probe.weight, probe.bias).values
    np.testing.assert_array_equal(built.layer(x), right)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            Case(spec=op(CONV, (4, 4), 3, group=2, channels=(4, 4))),
            "NotImplementedError: Tensorflow op StatefulPartitionedCall is not supported",
        ),
        (
            Case(spec=op(TRANSPOSED, (1, 1), 1, 2)),
            "Fail: [ONNXRuntimeError] : 1 : FAIL : Node "
            "(sequential_1/conv2d_transpose_1/conv_transpose) Op (ConvTranspose) "
            "[ShapeInferenceError] Attribute pads must not contain negative values",
        ),
    ],
    ids=str,
)
def test_refused(case: Case, said: str) -> None:
    for _ in range(2):  # in the same words at every call
        outcome = judged(GRADER, case)
        assert (outcome.how, outcome.stage, outcome.said) == ("refused", "convert", said)


@pytest.mark.parametrize("case", [UNBIASED, SHORT], ids=str)
def test_script_computes_what_the_grader_does(case: Case) -> None:
    x, w, b = make_probe(GRADER.reference(case), batch=2).as_float32()
    script = GRADER.script(case)
    names = {"np": np, "x": x, "w": w, "b": b}
    exec("\n".join((*script.imports, *script.lines)), names)
    np.testing.assert_array_equal(names["y"], GRADER.build(case, w, b).run(x))

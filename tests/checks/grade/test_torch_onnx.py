"""torch.onnx as a subject: what it gets right, and where torch 2.13.0 is known to go wrong."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from padcheck.checks.grade.grader import Refused
from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects.torch_onnx import TorchOnnxGrader, dynamo, torchscript
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.frameworks.torch.export import quiet
from padcheck.geometry import SAME_UPPER
from padcheck.probes import make_probe
from padcheck.records import OpSpec
from padcheck.records.case import NODE, OWN, REFUSED, RIGHT, SHAPE, SILENT, SPLIT, Case, Outcome

BOTH = (dynamo(), torchscript())


def graded(grader: TorchOnnxGrader, spec: OpSpec, **more: Any) -> Outcome:
    outcome = judged(grader, Case(spec=spec, **more))
    assert outcome is not None
    return outcome


FEW = [
    (op(CONV, (8, 9), 3, 2, pads=(0, 1), bias=True), True, NODE),
    (op(MAX, (5, 5), 2, 2, pads=(1, 1), **CEIL), True, OWN),
    (op(TRANSPOSED, 5, 3, 2, pads=(0, 1)), True, OWN),
]
MORE = [
    (op(CONV, 8, 2, pads=SAME_UPPER), False, OWN),
    (op(CONV, (6, 7), 3, pads=(3, 2), group=2, channels=(2, 4)), True, SPLIT),
    (op(CONV, 8, 3, pads=(1, 1), pad_mode="wrap"), True, OWN),
    (op(AVERAGE, (9, 9), 7, 3, pads=(3, 3), **COUNTED, **CEIL), False, OWN),
    (op(LP, 8, 3, 2, pads=(0, 1), p=3), False, NODE),
    (op(TRANSPOSED, (4, 4), 3, 2, output_shape=(9, 10)), False, OWN),
]


@pytest.mark.parametrize(
    ("grader", "spec", "dynamic", "padding"),
    # torch.export takes its time
    [*((dynamo(), *case) for case in FEW), *((torchscript(), *case) for case in [*FEW, *MORE])],
    ids=str,
)
def test_right(grader: TorchOnnxGrader, spec: OpSpec, dynamic: bool, padding: str) -> None:
    outcome = graded(grader, spec, dynamic=dynamic, padding=padding)
    assert (outcome.how, outcome.notes, outcome.said) == (RIGHT, (), None)


def test_the_opset_is_the_nearest_that_the_exporter_writes() -> None:
    def opset(grader: TorchOnnxGrader, asked: int) -> int:
        case = grader.asks(Case(spec=op(CONV, 8, 3), opset=asked))
        assert isinstance(case, Case)
        return case.opset

    assert [opset(dynamo(), asked) for asked in (1, 18, 21, 99)] == [18, 18, 21, 23]
    assert [opset(torchscript(), asked) for asked in (1, 9, 13, 22)] == [7, 9, 13, 20]


@pytest.mark.parametrize("grader", BOTH)
def test_a_sum_becomes_an_average(grader: TorchOnnxGrader) -> None:
    """`divisor_override` is read by neither; only below opset 10 tracing refuses it."""
    spec = op(LP, (6, 6), 3, pads=(1, 1), p=1)
    outcome = graded(grader, spec, opset=18)
    assert outcome.how == SILENT
    assert "off by a constant factor: 0.1111111" in outcome.findings[0].notes[-1]


def test_tracing_loses_a_window_before_opset_10() -> None:
    """torch.nn.AvgPool1d(3, stride=3, padding=1, ceil_mode=True) of 3 inputs gives 2 outputs."""
    spec = op(AVERAGE, 3, 3, 3, pads=(1, 1), **CEIL, **COUNTED)
    outcome = graded(torchscript(), spec, opset=9)
    assert (outcome.how, outcome.codes) == (SHAPE, ("PAD301",))
    assert graded(torchscript(), spec, opset=10).how == RIGHT


@pytest.mark.parametrize(
    ("grader", "spec", "stage", "said"),
    [
        (
            dynamo(),
            op(MAX, 8, 3, 2),
            "convert",
            "ValueError: Found the following conflicts between user-specified ranges and inferred",
        ),
        (
            torchscript(),
            op(CONV, 8, 3, 1, 2, pads=SAME_UPPER),
            "run",
            "InvalidArgument: [ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Non-zero status code",
        ),
    ],
)
def test_refusals(grader: TorchOnnxGrader, spec: OpSpec, stage: str, said: str) -> None:
    outcome = graded(grader, spec, dynamic=True)
    assert (outcome.how, outcome.stage) == (REFUSED, stage)
    assert outcome.said is not None
    assert outcome.said.startswith(said)


def test_open_sizes_are_exported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("padcheck.checks.grade.subjects.torch_onnx")
    shapes, exported = [], module.exported

    def counted(layer: Any, shape: tuple[int, ...], *rest: Any, **more: Any) -> bytes:
        shapes.append(shape)
        made: bytes = exported(layer, shape, *rest, **more)
        return made

    monkeypatch.setattr(module, "exported", counted)
    assert graded(torchscript(), op(CONV, 10, 3, 2, pads=(2, 2)), dynamic=True).how == RIGHT
    assert shapes == [(2, 2, 10)]


@pytest.mark.parametrize(
    ("grader", "dynamic"), [(dynamo(), True), (torchscript(), True), (torchscript(), False)]
)
def test_the_script_is_what_was_run(grader: TorchOnnxGrader, dynamic: bool) -> None:
    case = grader.asks(Case(spec=op(CONV, (5, 6), 3, 2, pads=(1, 0), bias=True), dynamic=dynamic))
    assert isinstance(case, Case)
    script = grader.script(case)
    moved = case.spec.resized((6, 7)) if dynamic else case.spec
    x, weight, bias = make_probe(moved, batch=3).as_float32()
    names: dict[str, Any] = {"np": np, "x": x, "w": weight, "b": bias}
    with quiet():
        exec("\n".join((*script.imports, *script.lines)), names)
    built = grader.build(case, weight, bias)
    assert built.layer is not None
    assert np.array_equal(built.run(x), names["y"])
    assert np.array_equal(built.layer(x), names["y"])


def test_errors_of_the_layer_are_refusals() -> None:
    case = dynamo().asks(Case(spec=op(MAX, 5, 2)))
    assert isinstance(case, Case)
    built = torchscript().build(case, None, None)
    assert built.layer is not None
    for function in (built.run, built.layer):
        with pytest.raises(Refused):
            function(np.zeros((1, 2, 3, 3, 3), np.float32))


@pytest.mark.parametrize("grader", BOTH)
def test_versions(grader: TorchOnnxGrader) -> None:
    assert list(grader.versions()) == ["torch", "onnxscript", "onnxruntime"]

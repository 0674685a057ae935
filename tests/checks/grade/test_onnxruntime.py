import numpy as np
import onnx
import onnxruntime
import pytest

from padcheck.checks.grade.grader import Refused
from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects.onnxruntime import OnnxRuntimeGrader
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from padcheck.probes import make_probe
from padcheck.records.case import NODE, OWN, Case

GRADER = OnnxRuntimeGrader()


def test_its_own_version_comes_first():
    versions = GRADER.versions()
    assert versions == {
        "onnxruntime": onnxruntime.__version__,
        "onnx": onnx.__version__,
    }
    assert list(versions) == ["onnxruntime", "onnx"]


def test_what_it_is_asked():
    case = Case(spec=op(CONV, 6, 3, pads=SAME_UPPER), padding=NODE)
    assert GRADER.asks(case) == case.replace(padding=OWN)
    beyond = case.replace(spec=op(CONV, 6, 3, pads=(1, 1), pad_mode="symmetric"))
    assert GRADER.asks(beyond) == "ONNX's Pad has no mode for 'symmetric' pads"


def test_promises_are_those_of_the_text():
    case = Case(spec=op(MAX, 5, 2, 2, pads=VALID, **CEIL))
    assert GRADER.reference(case).output_size == (2,)


@pytest.mark.parametrize(
    "case",
    [
        Case(spec=op(CONV, (6, 7), 3, 2, pads=SAME_LOWER, bias=True), dynamic=True),
        Case(spec=op(CONV, (6, 7), 3, 2, pads=(1, 2)), padding=NODE, opset=10),
        Case(spec=op(AVERAGE, (6, 7), 3, 2, pads=(1, 1), **COUNTED), padding=NODE),
        Case(spec=op(LP, 6, 3, 2, pads=(1, 0), p=3), opset=2),
        Case(spec=op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER, output_shape=(9,)), opset=22),
    ],
    ids=str,
)
def test_right(case):
    outcome = judged(GRADER, case)
    assert (outcome.how, outcome.findings, outcome.notes) == ("right", (), ())


@pytest.mark.parametrize(
    ("case", "how", "codes", "note"),
    [
        (
            Case(spec=op(MAX, 3, 2, pads=(1, 0), pad_value=0.0)),
            "silent",
            ("PAD202",),
            "right without optimization",
        ),
        (
            Case(spec=op(MAX, 5, 2, 1, 2, pads=SAME_UPPER)),
            "shape",
            ("PAD106",),
            "the same without optimization",
        ),
        (
            Case(spec=op(TRANSPOSED, 2, 1, 2, pads=SAME_UPPER)),
            "shape",
            ("PAD402",),
            "the same without optimization",
        ),
        (
            Case(spec=op(CONV, 4, 1, 4, pads=SAME_UPPER)),
            "silent",
            ("PAD107",),
            "the same without optimization",
        ),
    ],
    ids=str,
)
def test_known_faults(case, how, codes, note):
    """onnxruntime 1.31.1."""
    outcome = judged(GRADER, case)
    assert (outcome.how, outcome.codes) == (how, codes)
    assert note in outcome.notes
    assert outcome.proven


def test_a_refusal_has_its_words_and_no_version():
    case = Case(spec=op(CONV, 6, 3, 1, 2, pads=SAME_UPPER))
    outcome = judged(GRADER, case)
    assert (outcome.how, outcome.stage) == ("refused", "run")
    assert outcome.said.startswith("InvalidArgument: [ONNXRuntimeError] : 2 : INVALID_ARGUMENT : ")
    assert onnxruntime.__version__ not in outcome.said


def test_a_session_that_cannot_be_made_is_refused_and_the_plain_one_is_not_in_the_way():
    """The default optimizations make pads of the Pad node that AveragePool does not take."""
    spec = op(AVERAGE, 4, 2, pads=(2, 0), **COUNTED)
    case = Case(spec=spec, padding=NODE)
    with pytest.raises(Refused, match=r"^Fail: .*pool_attributes"):
        GRADER.build(case, None, None)
    own = judged(GRADER, Case(spec=spec))
    assert (own.how, own.stage) == ("refused", "convert")


@pytest.mark.parametrize(
    "case",
    [
        Case(spec=op(CONV, (6, 7), 3, 2, pads=(1, 2), bias=True), padding=NODE, opset=10),
        Case(spec=op(MAX, 3, 2, pads=(1, 0), pad_value=0.0)),
    ],
    ids=str,
)
def test_the_script_computes_what_was_judged(case):
    x, weight, bias = make_probe(case.spec).as_float32()
    script = GRADER.script(case)
    scope = {"np": np, "x": x, "w": weight, "b": bias}
    exec("\n".join((*script.imports, *script.lines)), scope)
    assert np.array_equal(scope["y"], GRADER.build(case, weight, bias).run(x))

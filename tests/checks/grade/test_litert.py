"""Keras layers through TensorFlow's converter, on both of LiteRT's kernels."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from padcheck.checks.grade.grader import Refused
from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects import litert
from padcheck.checks.grade.subjects.litert import LiteRTGrader, default_kernels, reference_kernels
from padcheck.checks.suite.words import AVERAGE, CONV, MAX, TRANSPOSED, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER
from padcheck.probes import make_probe
from padcheck.records.case import NODE, OPSET, OWN, Case

KERNELS = {"default": default_kernels(), "reference": reference_kernels()}
BOTH = pytest.mark.parametrize("kernels", KERNELS)


def test_its_own_version_comes_first() -> None:
    assert list(default_kernels().versions()) == ["litert", "keras", "tensorflow"]


def test_what_it_is_asked() -> None:
    grader, case = default_kernels(), Case(spec=op(CONV, 6, 3), opset=11, padding=NODE)
    assert grader.asks(case) == Case(spec=case.spec, opset=OPSET, padding=OWN)
    beyond = case.replace(spec=op(CONV, 6, 3, pads=SAME_LOWER))
    assert grader.asks(beyond) == "Keras layers have no SAME_LOWER"


def test_a_transposed_layer_gives_no_less_than_n_times_stride() -> None:
    assert default_kernels().reference(Case(spec=op(TRANSPOSED, 2, 1, 3))).output_size == (6,)


@BOTH
@pytest.mark.parametrize(
    "case",
    [
        Case(spec=op(CONV, (8, 10), (3, 1), 2, pads=SAME_UPPER, bias=True)),
        Case(spec=op(CONV, (6, 7), 3, 2, pads=(2, 1)), dynamic=True),
        Case(spec=op(CONV, (6, 7), 3, 1, 2, pads=SAME_UPPER, group=2, channels=(2, 4))),
        Case(spec=op(MAX, 6, 3, 2, pads=SAME_UPPER), dynamic=True),
        Case(spec=op(AVERAGE, (5, 6), 3, 2, pads=SAME_UPPER)),
        Case(spec=op(TRANSPOSED, (3, 4), 1, 2, bias=True), dynamic=True),
    ],
    ids=str,
)
def test_right(kernels: str, case: Case) -> None:
    outcome = judged(KERNELS[kernels], case)
    assert (outcome.how, outcome.findings, outcome.notes) == ("right", (), ())


@pytest.mark.parametrize(
    ("case", "stage", "said"),
    [
        (
            Case(spec=op(MAX, (4, 4, 4), 2, 2)),
            "convert",
            "ConverterError: 'tf.MaxPool3D' op is neither a custom op nor a flex op",
        ),
        (
            Case(spec=op(CONV, (4, 4, 4), 3, group=2, channels=(2, 4))),
            "run",
            "RuntimeError: tflite/kernels/conv3d.cc:129 input->dims->data[4] != "
            "filter->dims->data[3] (2 != 1)Node number 0 (CONV_3D) failed to prepare.",
        ),
    ],
    ids=str,
)
def test_refused(case: Case, stage: str, said: str) -> None:
    outcome = judged(default_kernels(), case)
    assert (outcome.how, outcome.stage, outcome.said) == ("refused", stage, said)


def test_another_model_than_the_layer_is_silently_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the converter wrote SAME for pads of (1, 1)."""
    converted = litert.converted

    def same(model: keras.Sequential, shape: tuple[int | None, ...]) -> bytes:
        layer = keras.layers.Conv2D(3, 3, 2, "same", use_bias=False)
        other = keras.Sequential([keras.Input(shape[1:]), layer])
        other.set_weights(model.get_weights())
        return converted(other, shape)

    monkeypatch.setattr(litert, "converted", same)
    outcome = judged(default_kernels(), Case(spec=op(CONV, (6, 8), 3, 2, pads=(1, 1))))
    assert (outcome.how, outcome.codes, outcome.proven) == ("silent", ("PAD101",), True)


@BOTH
@pytest.mark.parametrize("dynamic", [False, True])
def test_script_computes_what_the_grader_does(kernels: str, *, dynamic: bool) -> None:
    grader: LiteRTGrader = KERNELS[kernels]
    case = Case(spec=op(CONV, (6, 7), 3, 2, pads=(1, 2), bias=True), dynamic=dynamic)
    x, w, b = make_probe(case.spec, batch=2).as_float32()
    script = grader.script(case)
    names = {"np": np, "x": x, "w": w, "b": b}
    exec("\n".join((*script.imports, *script.lines)), names)
    np.testing.assert_array_equal(names["y"], grader.build(case, w, b).run(x))


def test_what_the_interpreter_raises_is_refused() -> None:
    case = Case(spec=op(MAX, (4, 4), 2))
    run = default_kernels().build(case, None, None).run
    with pytest.raises(Refused, match=r"^\w+: "):
        run(np.zeros((1, 2, 4), np.float32))

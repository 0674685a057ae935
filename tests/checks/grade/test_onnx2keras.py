"""onnx2keras, unaided: known faults are found, what it does right is right, scripts run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from padcheck.checks.grade.grader import Refused
from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects.onnx2keras import channels_first, channels_last
from padcheck.geometry import SAME_UPPER
from padcheck.probes import make_probe
from padcheck.records.case import Case
from tests.frameworks.grid import AVERAGE, CEIL, CONV, MAX, TRANSPOSED, op

FIRST, LAST = channels_first(), channels_last()


@pytest.mark.parametrize("grader", [FIRST, LAST], ids=["first", "last"])
@pytest.mark.parametrize(
    ("case", "how", "codes"),
    [
        (Case(spec=op(CONV, (8, 9), 3, 2, pads=(1, 1))), "right", ()),
        (Case(spec=op(CONV, (8, 9), 3, 2, pads=(1, 1)), dynamic=True), "right", ()),
        (Case(spec=op(CONV, (8, 9), 3, 2, pads=SAME_UPPER)), "shape", ("PAD104",)),
        (Case(spec=op(CONV, (8, 9), 3, 1, (1, 2), pads=(2, 2))), "shape", ("PAD903",)),
        (Case(spec=op(MAX, (9, 8), 3, 2, pads=(1, 1))), "silent", ("PAD201",)),
        (Case(spec=op(MAX, (6, 7), 3, 2, **CEIL)), "shape", ("PAD301",)),
        (Case(spec=op(AVERAGE, (9, 8), 3, 2, pads=(1, 1))), "silent", ("PAD203",)),
        (Case(spec=op(TRANSPOSED, (5, 6), 3, 2, pads=SAME_UPPER)), "shape", ("PAD104",)),
    ],
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_both_orderings_have_the_same_faults(
    grader: Any, case: Case, how: str, codes: tuple[str, ...]
) -> None:
    outcome = judged(grader, case)
    assert outcome is not None
    assert (outcome.how, outcome.codes) == (how, codes)
    assert outcome.how == "right" or outcome.proven


def test_convs_of_one_dimension_are_same_without_bias() -> None:
    outcome = judged(FIRST, Case(spec=op(CONV, 12, 3, 2, pads=(1, 1))))
    assert outcome is not None
    assert (outcome.how, outcome.codes) == ("silent", ("PAD101",))
    outcome = judged(FIRST, Case(spec=op(CONV, 9, 3, pads=(1, 1), bias=True)))
    assert outcome is not None
    assert (outcome.how, outcome.codes) == ("silent", ("PAD904",))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            Case(spec=op(TRANSPOSED, (5, 6), 3, 2, pads=(1, 0))),
            "AssertionError at onnx2keras/convolution_layers.py:311",
        ),
        (Case(spec=op(TRANSPOSED, (5, 6, 7), 3)), "NotImplementedError: Not implemented"),
        (
            Case(spec=op(TRANSPOSED, (4, 5), 3, group=2, channels=(2, 4))),
            "AttributeError: Cannot convert ConvTranspose2d with groups != 1",
        ),
    ],
)
def test_a_refusal_is_one_line_in_its_own_words(case: Case, said: str) -> None:
    outcome = judged(FIRST, case)
    assert outcome is not None
    assert (outcome.how, outcome.stage, outcome.said) == ("refused", "convert", said)


@pytest.mark.parametrize("grader", [FIRST, LAST], ids=["first", "last"])
@pytest.mark.parametrize("dynamic", [False, True])
def test_the_script_computes_what_was_graded(grader: Any, dynamic: bool) -> None:
    spec = op(CONV, (8, 9), 3, 2, pads=(1, 2), bias=True)
    case = Case(spec=spec, dynamic=dynamic)
    x, weight, bias = make_probe(spec, batch=2).as_float32()
    wanted = grader.build(case, weight, bias).run(x)
    script = grader.script(case)
    names: dict[str, Any] = {"np": np, "x": x, "w": weight, "b": bias}
    exec("\n".join((*script.imports, *script.lines)), names)
    np.testing.assert_array_equal(names["y"], wanted)
    assert not any("padcheck" in line for line in (*script.imports, *script.lines))


def test_versions_have_its_own_first_and_numbers_alone() -> None:
    versions = FIRST.versions()
    assert list(versions) == ["onnx2keras", "keras", "tensorflow", "onnx"]
    assert all(version[0].isdigit() for version in versions.values())


def test_a_run_that_fails_is_refused() -> None:
    spec = op(CONV, (8, 9), 3)
    _, weight, _ = make_probe(spec).as_float32()
    run = FIRST.build(Case(spec=spec), weight, None).run
    with pytest.raises(Refused, match="ValueError"):
        run(np.zeros((1, 5, 8, 9), np.float32))

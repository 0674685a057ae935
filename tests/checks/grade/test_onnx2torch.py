"""onnx2torch, where its torchvision can be loaded beside torch; else the reason, and what to do."""

from __future__ import annotations

import pytest

from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.subjects.onnx2torch import Onnx2TorchGrader
from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx2torch.conversion import load
from padcheck.geometry import SAME_UPPER
from padcheck.records.case import Case
from tests.frameworks.grid import CONV, MAX, TRANSPOSED, op

EXPECTED = [
    (Case(spec=op(CONV, (8, 9), 3, 2, pads=(0, 1), bias=True)), "right", ()),
    (Case(spec=op(CONV, 9, 3, 2, 2, pads=(2, 2)), dynamic=True), "right", ()),
    (Case(spec=op(MAX, (6, 7, 8), 3, 2, pads=(0, 1))), "right", ()),
    (Case(spec=op(TRANSPOSED, (4, 4), 3, 2, output_shape=(10, 9))), "shape", ("PAD402",)),
    (Case(spec=op(CONV, (8, 9), 3, 2, pads=SAME_UPPER)), "refused", ()),
]


def why_not() -> str | None:
    """What `load` says; None where it loads."""
    try:
        load()
    except FrameworkError as error:
        return str(error)
    return None


def test_it_is_graded_or_says_what_to_install() -> None:
    grader, reason = Onnx2TorchGrader(), why_not()
    if reason is not None:
        assert reason.startswith("onnx2torch: ")
        assert "pip install" in reason
        with pytest.raises(FrameworkError):
            grader.versions()
        return
    assert list(grader.versions()) == ["onnx2torch", "torch", "onnx"]
    for case, how, codes in EXPECTED:
        outcome = judged(grader, case)
        assert outcome is not None
        assert (outcome.how, outcome.codes) == (how, codes), str(case)


def test_the_script_calls_it_as_its_users_do() -> None:
    script = Onnx2TorchGrader().script(EXPECTED[0][0])
    assert script.imports == ("import onnx", "import onnx2torch")
    assert "converted = onnx2torch.convert(model)" in script.lines

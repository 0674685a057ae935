"""Any function of an onnx.ModelProto: layouts found out, errors told, scripts as users call it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
import torch

from padcheck.checks.grade.calibrating import calibrated
from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.refusing import refused
from padcheck.checks.grade.subjects.callables import OnnxConverter, converter
from padcheck.checks.grade.subjects.origins import origin_of
from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.returned import FIRST, LAST, Layout, opened
from padcheck.probes import make_probe
from padcheck.records.case import Case
from tests.checks.grade import converters
from tests.frameworks.grid import CONV, MAX, TRANSPOSED, op

RIGHT = [
    Case(spec=op(CONV, (8, 9), 3, 2, pads=(1, 1))),
    Case(spec=op(CONV, (2, 2), 1, channels=(2, 2))),  # its shapes tell no layout
    Case(spec=op(CONV, (3, 3), 2, channels=(3, 2))),
    Case(spec=op(CONV, 9, 3, pads=(1, 1)), dynamic=True),
    Case(spec=op(CONV, (3, 4, 5), 2), dynamic=True),
]


@pytest.mark.parametrize("name", ["to_array", "to_keras", "to_onnx", "to_tflite", "to_torch"])
@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_a_right_converter_is_right_whatever_it_returns(name: str, case: Case) -> None:
    grader = OnnxConverter(getattr(converters, name))
    outcome = judged(grader, case)
    assert outcome is not None
    assert (outcome.how, outcome.said, outcome.notes) == ("right", None, ())


@pytest.mark.parametrize("ends", [(FIRST, LAST), (LAST, FIRST), (LAST, LAST)])
@pytest.mark.parametrize("declares", [True, False])
@pytest.mark.parametrize("case", RIGHT[:3], ids=str)
def test_each_end_has_its_own_layout(ends: tuple[str, str], declares: bool, case: Case) -> None:
    def convert(model: onnx.ModelProto) -> Any:
        return converters.laid_out(model, ends, declares=declares)

    outcome = judged(OnnxConverter(convert), case)
    assert outcome is not None
    assert (outcome.how, outcome.said) == ("right", None)


def test_a_fault_is_found_where_no_shape_tells_the_layout() -> None:
    case = Case(spec=op(CONV, (3, 3), 3, pads=(1, 1), channels=(3, 3)))

    def convert(model: onnx.ModelProto) -> Any:
        for attribute in model.graph.node[0].attribute:
            if attribute.name == "pads":
                attribute.ints[:] = [0, 0, 1, 1]
        return converters.laid_out(model, (LAST, FIRST), declares=False)

    outcome = judged(OnnxConverter(convert), case)
    assert outcome is not None
    assert (outcome.how, outcome.codes) == ("shape", ("PAD105",))


def test_a_converter_of_pools_alone_is_calibrated_on_pools() -> None:
    def convert(model: onnx.ModelProto) -> Any:
        if model.graph.node[-1].op_type == "Conv":
            raise NotImplementedError("no convs")
        return converters.laid_out(model, (LAST, LAST), declares=False)

    outcome = judged(OnnxConverter(convert), Case(spec=op(MAX, (2, 2), 2, channels=(2, 2))))
    assert outcome is not None
    assert outcome.how == "right"


def test_a_layout_that_cannot_be_told_leaves_the_case_unverified() -> None:
    outcome = judged(OnnxConverter(lambda model: lambda x: x), RIGHT[0])
    assert outcome is not None
    assert outcome.how == "unverified"
    assert outcome.said is not None
    assert "say layout='channels_first' or 'channels_last'" in outcome.said


def test_a_layout_that_is_given_is_not_looked_for() -> None:
    asked: list[str] = []

    def convert(model: onnx.ModelProto) -> Any:
        asked.append(model.graph.node[0].op_type)
        return converters.laid_out(model, (LAST, LAST), declares=False)

    grader = OnnxConverter(convert, "mine", LAST)
    case = RIGHT[0]
    x, weight, _ = make_probe(case.spec).as_float32()
    assert grader.build(case, weight, None).run(x).shape == (1, 3, 4, 5)
    assert asked == ["Conv"]


def test_calibration_gives_one_layout_or_none() -> None:
    found: list[Layout | None] = []
    for ends in [(FIRST, LAST), (LAST, LAST)]:
        grader = OnnxConverter(lambda model, ends=ends: converters.laid_out(model, ends))
        found.append(
            calibrated(lambda case, w, g=grader: g._opened(g._converted(case, w, None)), 3)
        )
    found.append(calibrated(lambda case, w: opened(lambda x: x), 2))
    assert found == [Layout(FIRST, LAST), Layout(LAST, LAST), None]


def test_what_a_converter_raises_or_leaves_by_is_refused() -> None:
    def leaves(model: onnx.ModelProto) -> Any:
        raise SystemExit(1)

    def asserts(model: onnx.ModelProto) -> Any:
        assert not model.graph.node

    said = []
    for convert in (leaves, asserts):
        outcome = judged(OnnxConverter(convert), RIGHT[0])
        assert outcome is not None
        assert (outcome.how, outcome.stage) == ("refused", "convert")
        said.append(outcome.said)
    assert said[0] == "SystemExit: 1"
    assert said[1] is not None
    assert said[1].startswith("AssertionError")


def test_an_error_without_a_text_is_told_by_the_last_line_of_its_package() -> None:
    try:
        converters.fails_deep_down()
    except AssertionError as error:
        told = str(refused(error, "tests"))
    assert told.startswith("AssertionError at tests/checks/grade/converters.py:")
    assert str(refused(ValueError("first\nsecond"), "tests")) == "ValueError: first second"
    wrapped = FrameworkError("KeyError: 'x'")
    wrapped.__cause__ = KeyError("x")
    assert str(refused(wrapped, "tests")) == "KeyError: 'x'"
    assert str(refused(FrameworkError("ours"), "tests")) == "FrameworkError: ours"


def test_a_run_that_fails_is_refused_at_that_stage() -> None:
    def convert(model: onnx.ModelProto) -> Callable[[Any], Any]:
        def run(x: np.ndarray) -> np.ndarray:
            raise RuntimeError("no kernel")

        return run

    outcome = judged(OnnxConverter(convert, layout=FIRST), RIGHT[0])
    assert outcome is not None
    assert (outcome.how, outcome.stage, outcome.said) == (
        "refused",
        "run",
        "RuntimeError: no kernel",
    )


def test_a_converter_that_warns_is_not_refused() -> None:
    def convert(model: onnx.ModelProto) -> Any:
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return converters.to_torch(model)

    outcome = judged(OnnxConverter(convert), RIGHT[0])
    assert outcome is not None
    assert outcome.how == "right"


@pytest.mark.parametrize("name", ["to_array", "to_keras", "to_onnx", "to_tflite", "to_torch"])
@pytest.mark.parametrize("dynamic", [False, True])
def test_a_script_calls_the_converter_by_its_name(name: str, dynamic: bool) -> None:
    where = f"tests.checks.grade.converters:{name}"
    grader = converter(where)
    spec = op(CONV, (8, 9), 3, 2, pads=(1, 2), bias=True)
    case = Case(spec=spec, dynamic=dynamic)
    x, weight, bias = make_probe(spec, batch=1).as_float32()
    wanted = grader.build(case, weight, bias).run(x)
    script = grader.script(case)
    imported = f"from tests.checks.grade.converters import {name}"
    assert imported in (*script.imports, *script.lines)
    names: dict[str, Any] = {"np": np, "x": x, "w": weight, "b": bias}
    exec("\n".join((*script.imports, *script.lines)), names)
    np.testing.assert_array_equal(names["y"], wanted)


@pytest.mark.parametrize("folder", ["", "src"])
@pytest.mark.parametrize("file", ["mine.py", "mypkg/mine.py", "mypkg/mine/__init__.py"])
def test_a_script_finds_a_module_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, file: str
) -> None:
    """A script that lies in another folder does not see it by itself."""
    made = tmp_path / folder / file
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text("def convert(model):\n    return model\n")
    (tmp_path / "repros").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / folder))
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for loaded in ("mine", "mypkg", "mypkg.mine"):  # which are gone again at the end
        monkeypatch.setitem(sys.modules, loaded, sys)
        del sys.modules[loaded]
    origin = origin_of(importlib.import_module(module).convert, None)
    code = "\n".join((*origin.imports, *origin.lines, "assert convert(3) == 3"))
    (tmp_path / "repros" / "script.py").write_text(code)
    command = [sys.executable, "repros/script.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in code
    monkeypatch.chdir("repros")
    assert origin_of(sys.modules[module].convert, None).lines == ()  # it is not below


def test_a_function_without_a_name_is_left_open() -> None:
    script = OnnxConverter(lambda model: converters.to_torch(model)).script(RIGHT[0])
    assert "convert = ...  # the converter under test" in script.lines
    assert "converted = convert(model)" in script.lines


def test_versions_are_of_the_distribution_where_there_is_one() -> None:
    assert OnnxConverter(converters.to_torch).versions() == {
        "to_torch": "unknown",
        "onnx": onnx.__version__,
    }
    assert OnnxConverter(torch.nn.Identity, "theirs").versions()["torch"] == torch.__version__
    assert origin_of(keras.layers.deserialize, None).distributions == ("keras",)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(UsageError, match="convert of type str"):
        OnnxConverter("module:function")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"one onnx.ModelProto but got convert\(model, to\)"):
        OnnxConverter(lambda model, to: model)  # type: ignore[arg-type, misc]
    OnnxConverter(lambda model, to=None: model)
    OnnxConverter(min)  # without a signature
    with pytest.raises(UsageError, match="layout='NCHW'"):
        OnnxConverter(converters.to_torch, layout="NCHW")
    with pytest.raises(FrameworkError, match=r"cannot load tests\.checks\.grade\.nowhere:f"):
        converter("tests.checks.grade.nowhere:f")


def test_what_onnx_has_no_words_for_is_no_question() -> None:
    grader = OnnxConverter(converters.to_torch)
    assert isinstance(
        grader.asks(Case(spec=op(CONV, (6, 7), 3, pads=(1, 1), pad_mode="symmetric"))), str
    )
    assert grader.asks(Case(spec=op(TRANSPOSED, (5, 6), 3))) == Case(spec=op(TRANSPOSED, (5, 6), 3))

"""What the options do, on the command line and in the ini file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.models import broken, chain, conv, max_pool
from tests.pytest_plugin.test_items import count_line, words

MODEL = ("--padcheck-model", "m.onnx")
STATIC = (*MODEL, "--padcheck-static")

#: A section of an ini file, how it writes a text and a list of texts.
INI_FILES = {
    "pytest.ini": ("[pytest]", str, "\n    ".join),
    "pyproject.toml": ("[tool.pytest.ini_options]", json.dumps, json.dumps),
}


@pytest.fixture
def model(project: Path) -> Path:
    """conv2 is not what SAME gives at 8x8, and is at 9x9; bad cannot be checked."""
    return chain(project / "m.onnx", conv("conv1"), conv("conv2", stride=2), broken("bad"))


@pytest.fixture(params=INI_FILES)
def ini(request: pytest.FixtureRequest, project: Path) -> object:
    """`ini(key=value)` writes a file of that kind."""

    def write(**keys: object) -> None:
        section, text, texts = INI_FILES[request.param]
        lines = [
            f"{key} = {texts(value) if isinstance(value, list) else text(value)}"
            for key, value in keys.items()
        ]
        (project / request.param).write_text("\n".join([section, *lines, ""]))

    return write


def letters(result: pytest.RunResult) -> str:
    """What a run without `-v` says of m.onnx."""
    (told,) = re.findall(r"^m\.onnx ([.FUsx]+) ", result.stdout.str(), re.M)
    return told


def test_what_is_allowed_and_skipped(model: Path, run: Run, spread: list[str]) -> None:
    lenient = ("--padcheck-allow", "PAD101,PAD203", "--padcheck-unverified", "skip")

    result = run(*STATIC, *lenient, "-v", "-rs", *spread)

    assert result.ret == 0
    result.assert_outcomes(passed=2, skipped=1)
    told = words(result)
    assert told["m.onnx::conv1"] == "EQUIVALENT"
    assert told["m.onnx::conv2"] == "ALLOWED PAD101"
    assert (
        count_line(result) == "padcheck: 3 ops, 1 equivalent, 1 mismatch, 1 unverified, 1 allowed"
    )
    assert "bad: strides: expected 2 ints >= 1 but got [0, 0]" in result.stdout.str()


def test_allow_is_repeatable_and_another_code_is_not_enough(model: Path, run: Run) -> None:
    allowed = ("--padcheck-allow", "PAD203", "--padcheck-allow", "PAD301 PAD101")

    assert letters(run(*STATIC, *allowed)) == "..U"
    assert letters(run(*STATIC, *allowed[:2])) == ".FU"


def test_allow_in_the_ini_file(model: Path, run: Run, ini) -> None:
    ini(padcheck_allow=["PAD101", "PAD203"])

    assert letters(run(*STATIC)) == "..U"
    assert letters(run(*STATIC, "--padcheck-allow", "PAD203")) == ".FU"
    assert letters(run(*STATIC, "--padcheck-allow=")) == ".FU"  # nothing is allowed


def test_unverified_fails_as_an_outcome_of_its_own(model: Path, run: Run) -> None:
    result = run(*STATIC, "-k", "bad", "-v")

    assert result.ret == 1
    assert words(result) == {"m.onnx::bad": "UNVERIFIED"}
    assert re.search(r"= 2 deselected, 1 unverified in ", result.stdout.str())
    result.stdout.fnmatch_lines(["bad: strides: expected 2 ints >= 1 but got [[]0, 0]"])


def test_unverified_in_the_ini_file(model: Path, run: Run, ini) -> None:
    ini(padcheck_unverified="skip")

    assert letters(run(*STATIC)) == ".Fs"
    assert letters(run(*STATIC, "--padcheck-unverified", "fail")) == ".FU"


def test_input_shape(model: Path, run: Run) -> None:
    assert letters(run(*STATIC, "--padcheck-input-shape", "x=1,2,9,9")) == "..U"
    assert letters(run(*STATIC, "--padcheck-input-shape", "x=1x2x10x10")) == ".FU"


def test_input_shape_in_the_ini_file(model: Path, run: Run, ini) -> None:
    ini(padcheck_input_shape=["x=1,2,9,9"])

    assert letters(run(*STATIC)) == "..U"
    assert letters(run(*STATIC, "--padcheck-input-shape", "x=1,2,10,10")) == ".FU"


def test_each_model_takes_the_shapes_of_its_own_inputs(project: Path, run: Run) -> None:
    chain(project / "m.onnx", conv("conv1", stride=2))
    chain(project / "n.onnx", conv("conv1", stride=2), source="image:0=in")
    both = (*STATIC, "--padcheck-model", "n.onnx")
    shape = "--padcheck-input-shape"

    run(*both, "--tb=no").assert_outcomes(failed=2)
    run(*both, shape, "x=1,2,9,9", "--tb=no").assert_outcomes(passed=1, failed=1)
    run(*both, shape, "x=1,2,9,9", shape, "image:0=in=1,2,9,9").assert_outcomes(passed=2)


def test_an_input_that_no_model_has(project: Path, run: Run, spread: list[str]) -> None:
    chain(project / "m.onnx", conv("conv1"))

    result = run(*STATIC, "--padcheck-input-shape", "y=1,2,9,9", *spread)

    assert result.ret == (1 if "2" in spread else 2)
    assert "expected an input of x but got input shape 'y'" in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("x=1,2,9", "expected 4 sizes, as the model has, but got input_shapes['x']=(1, 2, 9)"),
        ("x=1,3,9,9", ""),
        (f"x=1,2,9,1{'0' * 30}", "expected sizes of at most 2147483648 but got"),
    ],
)
def test_a_shape_that_the_model_cannot_have(project: Path, run: Run, shape: str, told: str) -> None:
    chain(project / "m.onnx", conv("conv1"))

    result = run(*STATIC, "--padcheck-input-shape", shape)

    assert result.ret == 1
    output = result.stdout.str()
    assert told in output
    assert "Traceback" not in output
    assert "During handling" not in output


def test_models_in_the_ini_file_start_at_it(
    project: Path, run: Run, ini, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those of the command line where pytest was called."""
    (project / "models").mkdir()
    chain(project / "models" / "m.onnx", conv("conv1"))
    chain(project / "models" / "t.onnx", conv("conv1"))
    ini(padcheck_model=["models/m.onnx"], padcheck_against=["models/t.onnx"])
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")

    run().assert_outcomes(passed=3)
    told = ("--padcheck-model", "../models/m.onnx", "--padcheck-against", "../models/t.onnx")
    assert run(*told, "--collect-only").ret == 0
    assert run("--padcheck-model", "models/m.onnx").ret == 4


def test_the_targets_of_the_ini_file_belong_to_its_models(project: Path, run: Run, ini) -> None:
    chain(project / "m.onnx", conv("conv1"))
    chain(project / "n.onnx", max_pool("pool"))
    ini(padcheck_model=["m.onnx"], padcheck_against=["m.onnx"], padcheck_static="true")

    run("--padcheck-model", "n.onnx").assert_outcomes(passed=1)  # not compared with m.onnx
    result = run("--padcheck-against", "n.onnx", "--collect-only")
    result.stdout.fnmatch_lines(["padcheck: m.onnx against n.onnx", "*<OpItem end-to-end>"])


def test_static_in_the_ini_file_runs_no_framework(model: Path, run: Run, ini) -> None:
    ini(padcheck_static="true", padcheck_model=["m.onnx"], padcheck_json="made.json")

    run("--tb=no")

    session = json.loads((model.parent / "made.json").read_text())
    measured = [
        lowering["measured"]
        for report in session["reports"]
        for op in report["ops"]
        for lowering in op["lowerings"].values()
    ]
    assert measured
    assert not any(measured)


def test_known_failures_in_the_ini_file_start_at_it(
    model: Path, run: Run, ini, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = model.parent / "below"
    below.mkdir()
    entry = {"id": "conv2", "code": "PAD101", "reason": "the exporter is old", "link": None}
    (model.parent / "known.json").write_text(json.dumps([entry]))
    (below / "none.json").write_text("[]")
    ini(padcheck_known="known.json")
    monkeypatch.chdir(below)
    static = ("--padcheck-model", "../m.onnx", "--padcheck-static", "--tb=no")

    run(*static).assert_outcomes(passed=1, xfailed=1)
    run(*static, "--padcheck-known", "none.json").assert_outcomes(passed=1, failed=1)


def test_json_in_the_ini_file_starts_at_it(
    model: Path, run: Run, ini, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = model.parent / "below"
    below.mkdir()
    ini(padcheck_json="made.json")
    monkeypatch.chdir(below)
    static = ("--padcheck-model", "../m.onnx", "--padcheck-static", "--tb=no")

    run(*static)
    assert (model.parent / "made.json").exists()
    run(*static, "--padcheck-json", "other.json")
    assert (below / "other.json").exists()


def test_empty_keys_of_the_ini_file_say_nothing(model: Path, run: Run) -> None:
    names = ("model", "against", "input_shape", "allow", "unverified", "known", "json")
    keys = "".join(f"padcheck_{name} =\n" for name in names)
    (model.parent / "pytest.ini").write_text(f"[pytest]\n{keys}")

    assert letters(run(*STATIC)) == ".FU"


def test_keys_given_by_o_and_in_a_toml_of_pytest_9(model: Path, run: Run) -> None:
    keys = {"allow": '["PAD101"]', "static": "true", "unverified": '"skip"', "model": '["m.onnx"]'}
    body = "".join(f"padcheck_{name} = {value}\n" for name, value in keys.items())
    table = "tool.pytest" if pytest.version_tuple >= (9, 0) else "tool.pytest.ini_options"
    (model.parent / "pyproject.toml").write_text(f"[{table}]\n{body}")

    assert letters(run()) == "..s"
    assert letters(run("-o", "padcheck_unverified=fail")) == "..U"


def test_the_command_line_beats_a_flag_of_the_ini_file(model: Path, run: Run, ini) -> None:
    ini(padcheck_static="true")
    told = run("--padcheck-model=m.onnx", "--no-padcheck-static", "--tb=no", "-k", "conv2", "-v")
    assert told.ret == 1
    command = run("--padcheck-model=m.onnx", "--no-padcheck-static", "-k", "bad").stdout.str()
    assert "reproduce: padcheck diagnose m.onnx\n" in command


def test_collecting_alone_writes_no_json(model: Path, run: Run) -> None:
    run(*STATIC, "--collect-only", "--padcheck-json=made.json")
    assert not (model.parent / "made.json").exists()
    run(*STATIC, "-k", "nosuch", "--padcheck-json=made.json")
    assert json.loads((model.parent / "made.json").read_text())["verdict"] == "unverified"


def test_a_marker_that_a_conftest_puts_on_an_op_holds(model: Path, run: Run) -> None:
    (model.parent / "conftest.py").write_text(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        item.add_marker(pytest.mark.padcheck(allow=['PAD101'], unverified='skip'))\n"
    )
    result = run(*STATIC)
    assert result.ret == 0
    result.assert_outcomes(passed=2, skipped=1)

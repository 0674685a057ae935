"""A bad value is one line that says what is wrong and where, and exit code 4."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.models import chain, conv
from tests.pytest_plugin.test_options import STATIC

#: Option, value, what is told.
BAD = [
    ("model", "none.onnx", "no such file or folder: {here}/none.onnx"),
    ("model", "", "expected a path but got ''"),
    ("model", "./m.onnx", "expected each model once but got {here}/m.onnx twice"),
    ("against", "none.onnx", "no such file or folder: {here}/none.onnx"),
    ("input-shape", "x", "expected NAME=1,3,224,224 but got 'x'"),
    ("input-shape", "", "expected NAME=1,3,224,224 but got ''"),
    ("input-shape", "x=", "expected NAME=1,3,224,224 but got 'x='"),
    ("input-shape", "=1,2", "expected NAME=1,3,224,224 but got '=1,2'"),
    ("input-shape", "x=1,0,2", "expected NAME=1,3,224,224 but got 'x=1,0,2'"),
    ("input-shape", "x=1,-2", "expected NAME=1,3,224,224 but got 'x=1,-2'"),
    ("input-shape", "x=1,2.5", "expected NAME=1,3,224,224 but got 'x=1,2.5'"),
    ("input-shape", "x=1,N", "expected NAME=1,3,224,224 but got 'x=1,N'"),
    ("allow", "PAD777", "expected codes of `padcheck explain` such as PAD203 but got 'PAD777'"),
    ("allow", "pad101", "expected codes of `padcheck explain` such as PAD203 but got 'pad101'"),
    ("allow", "PAD101;PAD203", "such as PAD203 but got 'PAD101;PAD203'"),
    ("unverified", "ignore", "expected one of fail, skip but got 'ignore'"),
    ("unverified", "Skip", "expected one of fail, skip but got 'Skip'"),
    ("json", "none/made.json", "expected a file in a folder that exists but got {here}/none/made"),
    ("json", ".", "expected a file in a folder that exists but got {here}"),
    ("known", "none.json", "{here}/none.json: cannot be read"),
    ("known", ".", "{here}: cannot be read"),
    ("known", "m.onnx", "{here}/m.onnx: cannot be read"),
    ("known", "object.json", "expected a list of entries but got dict"),
    ("known", "entry.json", "entry 0: expected a text but got reason=None"),
    ("known", "nested.json", "nested.json: cannot be read"),
]


@pytest.fixture
def here(project: Path) -> Path:
    chain(project / "m.onnx", conv("conv1"))
    (project / "object.json").write_text("{}")
    (project / "entry.json").write_text(json.dumps([{"id": "a", "code": "PAD101"}]))
    (project / "nested.json").write_text("[" * 100000)
    return project


def one_line(result: pytest.RunResult) -> str:
    """The error, which is all that is said."""
    assert result.ret == 4
    assert "Traceback" not in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    (line,) = [line for line in result.errlines if line]
    return line.removeprefix("ERROR: ")


@pytest.mark.parametrize(("option", "value", "told"), BAD)
def test_on_the_command_line(
    here: Path, run: Run, spread: list[str], option: str, value: str, told: str
) -> None:
    line = one_line(run(*STATIC, f"--padcheck-{option}={value}", *spread))

    assert line.startswith(f"--padcheck-{option}: ")
    assert told.format(here=here) in line


@pytest.mark.parametrize(
    ("option", "value", "told"), [each for each in BAD if each[1] not in ("", "./m.onnx")]
)
def test_in_the_ini_file(here: Path, run: Run, option: str, value: str, told: str) -> None:
    key = f"padcheck_{option.replace('-', '_')}"
    keys = {"padcheck_model": "m.onnx", key: value}
    told_there = "".join(f"{name} = {text}\n" for name, text in keys.items())
    (here / "pytest.ini").write_text(f"[pytest]\n{told_there}")

    line = one_line(run())

    assert line.startswith(f"pytest.ini: {key}: ")
    assert told.format(here=here) in line


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--padcheck-against", "m.onnx"), "expected one for each --padcheck-model but got 1"),
        (
            ("--padcheck-model=m.onnx", *["--padcheck-against=m.onnx"] * 2),
            "expected one for each of 1 models but got 2",
        ),
        (
            ("--padcheck-model=m.onnx", "--padcheck-model=n.onnx", "--padcheck-against=m.onnx"),
            "expected one for each of 2 models but got 1",
        ),
    ],
)
def test_as_many_targets_as_models(here: Path, run: Run, given: tuple[str, ...], told: str) -> None:
    shutil.copy(here / "m.onnx", here / "n.onnx")

    assert one_line(run(*given)) == f"--padcheck-against: {told}"


def test_a_model_twice_by_way_of_a_link(here: Path, run: Run) -> None:
    (here / "n.onnx").symlink_to("m.onnx")

    line = one_line(run(*STATIC, "--padcheck-model", "n.onnx"))

    assert line.startswith("--padcheck-model: expected each model once but got ")


def test_an_input_twice(here: Path, run: Run) -> None:
    shape = ("--padcheck-input-shape", "x=1,2,8,8")

    line = one_line(run(*STATIC, *shape, *shape))

    assert line == "--padcheck-input-shape: expected each input once but got 'x' twice"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        (section, key, value)
        for section in ("tool.pytest.ini_options", "tool.pytest")
        for key, value in (
            ("model", "[1, 2]"),
            ("input_shape", "[[1, 2]]"),
            ("allow", "[7]"),
            ("static", '"maybe"'),
            ("trust", "3"),
            ("json", '["a"]'),
        )
        if section != "tool.pytest" or pytest.version_tuple >= (9, 0)
        if section == "tool.pytest" or key != "json"  # there a text whatever it is, for now
    ],
)
def test_types_of_a_toml_file(here: Path, run: Run, section: str, key: str, value: str) -> None:
    (here / "pyproject.toml").write_text(f"[{section}]\npadcheck_{key} = {value}\n")

    line = one_line(run(*([] if key == "model" else ["--padcheck-model", "m.onnx"])))

    assert line.startswith(f"pyproject.toml: padcheck_{key}: ")


def test_a_file_name_steers_no_terminal(here: Path, run: Run) -> None:
    line = one_line(run("--padcheck-model", "x\nerror: y\x1b[31m.onnx"))

    assert "\x1b" not in line

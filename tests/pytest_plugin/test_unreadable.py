"""Models that cannot be read: one line, wherever it happens, and the other items still run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from onnx import TensorProto, helper, save

from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.models import chain, conv
from tests.pytest_plugin.test_items import words


def truncated(path: Path) -> None:
    chain(path, conv("conv1"))
    path.write_bytes(path.read_bytes()[:150])


def cyclic(path: Path) -> None:
    """Two nodes, each of which waits for the other."""
    nodes = [
        helper.make_node("MaxPool", ["b"], ["a"], "one", kernel_shape=[3]),
        helper.make_node("MaxPool", ["a"], ["b"], "two", kernel_shape=[3]),
    ]
    value = helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 2, 8])
    save(helper.make_model(helper.make_graph(nodes, "g", [], [value])), path)


def folder(path: Path) -> None:
    path.mkdir()


UNREADABLE = {
    "truncated.onnx": (truncated, "is not a binary ONNX model, or is cut short"),
    "text.onnx": (lambda path: path.write_text("hello"), "is not a binary ONNX model"),
    "empty.onnx": (lambda path: path.write_text(""), "is empty"),
    "folder": (folder, "expected an ONNX model to diagnose"),
    "pickle.pt": (lambda path: path.write_bytes(b"\x80\x04."), "a pickle is not opened"),
    "junk.tflite": (lambda path: path.write_text("hello"), "expected an ONNX model to diagnose"),
    "cyclic.onnx": (cyclic, "node one: input: its output is needed to compute its own input"),
}


@pytest.fixture
def unreadable(project: Path) -> list[str]:
    """Arguments for one readable model between many that are not."""
    chain(project / "m.onnx", conv("conv1"))
    for name, (make, _) in UNREADABLE.items():
        make(project / name)
    names = list(UNREADABLE)
    names.insert(3, "m.onnx")
    return [part for name in names for part in ("--padcheck-model", name)]


def test_each_is_one_line(
    unreadable: list[str], run: Run, spread: list[str], project: Path
) -> None:
    told = (*unreadable, "--padcheck-static", "-v", "--continue-on-collection-errors")

    result = run(*told, *spread, "--padcheck-json", "made.json")

    output = result.stdout.str()
    assert result.ret == 1
    assert words(result) == {"m.onnx::conv1": "EQUIVALENT"}
    for name, (_, message) in UNREADABLE.items():
        (text,) = re.findall(
            rf"^_+ ERROR collecting {re.escape(name)} _+\n(.+?)(?=\n[_=]{{3}}|\npadcheck: )",
            output,
            re.M | re.S,
        )
        assert text.startswith(f"{name}: "), text
        assert message in text
        assert "\n" not in text
    assert "Traceback" not in output
    assert "During handling" not in output
    session = json.loads((project / "made.json").read_text())
    assert session["verdict"] == "unverified"
    assert {test["id"] for test in session["tests"]} == {*UNREADABLE, "m.onnx::conv1"}


def test_the_run_is_interrupted_and_nothing_is_verified(
    unreadable: list[str], run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    result = run(*unreadable, "--padcheck-static", "--padcheck-json", "made.json")

    assert result.ret == 2
    result.stdout.fnmatch_lines([f"*Interrupted: {len(UNREADABLE)} errors during collection*"])
    session = json.loads((project / "made.json").read_text())
    assert session["verdict"] == "unverified"
    assert {test["id"]: test["outcome"] for test in session["tests"]} == dict.fromkeys(
        UNREADABLE, "error"
    )
    result.stdout.fnmatch_lines(
        ["::error file=empty.onnx,title=empty.onnx::empty.onnx: is empty; *"]
    )


@pytest.mark.parametrize("name", ["truncated.onnx", "text.onnx", "folder", "junk.tflite"])
def test_a_target_leaves_each_item_unverified_and_is_told_once(
    project: Path, run: Run, name: str, unreadable: list[str]
) -> None:
    result = run("--padcheck-model", "m.onnx", "--padcheck-against", name)

    output = result.stdout.str()
    assert result.ret == 1
    assert result.parseoutcomes() == {"unverified": 3}
    texts = re.findall(
        r"^_+ \S+ of m\.onnx and 2 more tests _+\n(.+?)(?=\nUNVERIFIED )", output, re.M | re.S
    )
    (text,) = texts
    assert "\n" not in text
    assert text.startswith(f"{name}: ")


def test_a_target_that_cannot_be_read_is_told_by_workers(
    project: Path, run: Run, unreadable: list[str]
) -> None:
    told = ("--padcheck-model", "m.onnx", "--padcheck-against", "text.onnx")

    result = run(*told, "-n", "2")

    assert result.parseoutcomes() == {"unverified": 3}
    assert result.stdout.str().count("\ntext.onnx: is not a binary ONNX model") == 1

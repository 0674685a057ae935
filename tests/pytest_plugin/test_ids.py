"""Node ids of ops, whatever the model calls them: selectable, each another, always the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from padcheck.pytest_plugin.collecting import safe_ids
from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.models import chain, conv
from tests.pytest_plugin.test_choosing import STATIC, collected
from tests.pytest_plugin.test_items import words

#: What an op is called, and its id. An op without a name goes by its first output.
NAMES = {
    "conv1": "conv1",
    "with space": "with_space",
    "br[ack]et": "br_ack_et",
    "a::b": "a_b",
    "/layer/0/conv": "/layer/0/conv",
    "dot.ted.name": "dot.ted.name",
    "and": "and_",
    "or": "or_",
    "not": "not_",
    "conv1 and not bias": "conv1_and_not_bias",
    "\u65e5\u672c\u8a9e": "\u65e5\u672c\u8a9e",
    "\u00e9te\u0301": "\u00e9te",
    "None": "None_",
    "": "t13",
    "x" * 300: "x" * 200 + "...",  # as the reports have it
    "-dash": "dash",
    "--lf": "lf",
    "+plus": "+plus",
    "a/": "a/",
    "..": "..",
    "../up": "../up",
    "back\\slash": "back_slash",
    "tab\tline\nend": "tab_tline_nend",
    "end-to-end": "end-to-end",
    "target-ops": "target-ops",
    "a b": "a_b-2",
    "a  b": "a_b-3",
    "a_b-2": "a_b-2-2",
    "%s{x}*$": "s_x",
    "m.onnx": "m.onnx",
    "[": "op",
    "::": "op-2",
    "op": "op-3",
    "0": "0",
    "1.5e-3": "1.5e-3",
    "#": "op-4",
    "lambda": "lambda",
}


@pytest.fixture
def model(project: Path) -> Path:
    return chain(project / "m.onnx", *(conv(name) for name in NAMES))


def node_ids() -> list[str]:
    return [f"m.onnx::{name}" for name in NAMES.values()]


def test_ids(model: Path, run: Run) -> None:
    once = run(*STATIC, "m.onnx", "--collect-only", "-q")
    again = run(*STATIC, "m.onnx", "--collect-only", "-q")

    assert collected(once) == node_ids()
    assert collected(again) == node_ids()


def test_all_ids_as_arguments(model: Path, run: Run) -> None:
    backwards = node_ids()[::-1]

    result = run(*STATIC, "m.onnx", *backwards, "--collect-only", "-q")

    assert collected(result) == backwards


def test_every_id_runs_on_workers_under_its_name(model: Path, run: Run) -> None:
    result = run(*STATIC, "m.onnx", "-n", "2", "-v")

    assert result.ret == 0
    told = {line.rsplit(" ", 1)[-1] for line in map(str.strip, result.outlines) if "::" in line}
    assert told == set(node_ids())


@pytest.mark.parametrize("name", NAMES.values(), ids=range(len(NAMES)))
def test_every_id_is_an_expression(model: Path, run: Run, name: str) -> None:
    """`-k` takes all that has the word in it, so what is chosen holds it."""
    chosen = collected(run(*STATIC, "m.onnx", "--collect-only", "-q", "-k", name))

    assert f"m.onnx::{name}" in chosen
    assert all(name.lower() in id_.lower() for id_ in chosen)


def test_the_items_of_a_comparison_keep_their_ids_apart(project: Path, run: Run) -> None:
    """An op that is called `end-to-end` comes first, and has the name."""
    for name in ("m.onnx", "t.onnx"):
        chain(project / name, conv("end-to-end"), conv("target-ops"))

    result = run("--padcheck-model", "m.onnx", "--padcheck-against", "t.onnx", "-v")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "m.onnx::end-to-end EQUIVALENT *",
            "m.onnx::target-ops EQUIVALENT *",
            "m.onnx::target-ops-2 EQUIVALENT *",
            "m.onnx::end-to-end-2 EQUIVALENT *",
            "padcheck: 2 ops, 2 equivalent, 0 mismatch, 0 unverified",
        ]
    )


def test_equal_names_are_told_apart(project: Path, run: Run) -> None:
    chain(project / "m.onnx", conv("same"), conv("same", stride=2), conv("same"))

    result = run(*STATIC, "m.onnx", "-v")

    told = words(result)
    assert list(told.values()) == ["EQUIVALENT", "MISMATCH PAD101", "EQUIVALENT"]
    run(*STATIC, "m.onnx", list(told)[1], "--tb=no").assert_outcomes(failed=1)


def test_many_names_that_are_no_ids_take_linear_time() -> None:
    ids = safe_ids(["*"] * 20000)

    assert len(set(ids)) == 20000
    assert ids[-1] == "op-20000"

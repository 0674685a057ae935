"""Which items run: arguments, `-k`, `-m`, `--deselect`, `--lf`, `-x`, `--collect-only`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.models import chain, conv, max_pool

STATIC = ("--padcheck-static", "--padcheck-model")
OPS = ("conv1", "conv2", "pool")


def make(path: Path) -> Path:
    """conv2 is not what SAME gives."""
    path.parent.mkdir(exist_ok=True, parents=True)
    return chain(path, conv("conv1"), conv("conv2", stride=2), max_pool("pool"))


def collected(result: pytest.RunResult) -> list[str]:
    """The node ids of `--collect-only -q`."""
    return [line for line in result.outlines if "::" in line]


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ([], OPS),
        (["m.onnx"], OPS),
        (["./m.onnx"], OPS),
        (["."], OPS),
        (["m.onnx::conv2"], ["conv2"]),
        (["m.onnx::pool", "m.onnx::conv1"], ["pool", "conv1"]),
        (["-k", "conv1 or pool"], ["conv1", "pool"]),
        (["-k", "conv and not 2"], ["conv1"]),
        (["--deselect", "m.onnx::conv2"], ["conv1", "pool"]),
        (["--deselect", "m.onnx"], []),
        (["-m", "padcheck"], OPS),
        (["-m", "not padcheck"], []),
    ],
    ids=" ".join,
)
def test_what_is_chosen(
    project: Path, run: Run, arguments: list[str], chosen: tuple[str, ...]
) -> None:
    make(project / "m.onnx")

    result = run(*STATIC, "m.onnx", "--collect-only", "-q", *arguments)

    assert collected(result) == [f"m.onnx::{name}" for name in chosen]
    assert result.ret == (0 if chosen else 5)


def test_an_op_that_is_not_there(project: Path, run: Run) -> None:
    make(project / "m.onnx")

    result = run(*STATIC, "m.onnx", "m.onnx::conv9")

    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: not found: *m.onnx::conv9"])


def test_a_single_op_leaves_out_the_other_models(project: Path, run: Run) -> None:
    make(project / "m.onnx")
    chain(project / "n.onnx", conv("other"))
    both = (*STATIC, "m.onnx", "--padcheck-model", "n.onnx", "--collect-only", "-q")

    assert collected(run(*both, "m.onnx::pool")) == ["m.onnx::pool"]
    assert collected(run(*both, "m.onnx")) == [*(f"m.onnx::{op}" for op in OPS), "n.onnx::other"]


def test_models_of_the_ini_file_leave_single_tests_alone(project: Path, run: Run) -> None:
    make(project / "m.onnx")
    chain(project / "n.onnx", conv("other"))
    (project / "pytest.ini").write_text(
        "[pytest]\npadcheck_model = m.onnx\n    n.onnx\npadcheck_static = true\n"
    )
    (project / "test_a.py").write_text("def test_a(): pass\n")

    def chosen(*arguments: str) -> list[str]:
        return collected(run(*arguments, "--collect-only", "-q"))

    models = [*(f"m.onnx::{op}" for op in OPS), "n.onnx::other"]
    assert chosen() == ["test_a.py::test_a", *models]
    assert chosen(".") == ["test_a.py::test_a", *models]
    assert chosen("test_a.py") == ["test_a.py::test_a"]
    assert chosen("test_a.py::test_a") == ["test_a.py::test_a"]
    assert chosen("n.onnx") == ["n.onnx::other"]
    assert chosen("m.onnx::pool") == ["m.onnx::pool"]
    assert chosen("test_a.py", "m.onnx::pool") == ["test_a.py::test_a", "m.onnx::pool"]
    assert chosen("test_a.py", *STATIC, "n.onnx") == ["test_a.py::test_a", "n.onnx::other"]


def test_x_ends_the_run_and_lf_takes_it_up(project: Path, run: Run) -> None:
    make(project / "m.onnx")

    result = run(*STATIC, "m.onnx", "-x", cache=True)
    result.assert_outcomes(passed=1, failed=1)
    result = run(*STATIC, "m.onnx", "--lf", cache=True)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["run-last-failure: rerun previous 1 failure"])
    result = run(*STATIC, "m.onnx", "--lf", "-n", "2", cache=True)
    result.assert_outcomes(failed=1)


def test_models_outside_of_the_root_have_ids_of_their_own(project: Path, run: Run) -> None:
    """pytest's own would be `::m.onnx::conv1` for both, which no argument can name."""
    make(project / "first" / "m.onnx")
    make(project / "second" / "m.onnx")
    root = project / "root"
    root.mkdir()
    (root / "test_a.py").write_text("def test_a(): assert 0\n")
    models = [*STATIC, "first/m.onnx", "--padcheck-model", "second/m.onnx", "--rootdir", "root"]
    listed = [f"../{name}/m.onnx::{op}" for name in ("first", "second") for op in OPS]

    result = run(*models, "root", "--collect-only", "-q", cache=True)
    assert collected(result)[1:] == listed

    result = run(*models, "root", "--tb=no", "-v", cache=True)
    result.assert_outcomes(passed=4, failed=3)
    result.stdout.fnmatch_lines(["MISMATCH PAD101 root/../second/m.onnx::conv2 - *"])
    result.stdout.fnmatch_lines(["padcheck: 6 ops, 4 equivalent, 2 mismatch, 0 unverified"])
    run(*models, "root", "--lf", "--tb=no", cache=True).assert_outcomes(failed=3)
    run(*models, "root/../second/m.onnx::conv2", "--tb=no").assert_outcomes(failed=1)


def test_from_a_folder_below_the_root(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(project / "models" / "m.onnx")
    (project / "pytest.ini").write_text("[pytest]\npadcheck_static = true\n")
    below = project / "tests"
    below.mkdir()
    monkeypatch.chdir(below)
    model = ("--padcheck-model", "../models/m.onnx")

    result = run(*model, "--collect-only", "-q")
    assert collected(result) == [f"models/m.onnx::{op}" for op in OPS]
    result = run(*model, "../models/m.onnx::conv2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MISMATCH PAD101 ../models/m.onnx::conv2 - *"])

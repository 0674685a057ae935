"""Pay for what you use: what the plugin loads, proved in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin.models import chain, conv
from tests.support import ROOT

FRAMEWORKS = {"torch", "tensorflow", "keras", "onnxruntime", "ai_edge_litert", "jax"}
HEAVY = {*FRAMEWORKS, "numpy", "onnx", "click", "rich", "hypothesis", "sqlite3", "google"}

#: Other plugins load what they like.
ALONE = [f"-pno:{name}" for name in ("hypothesispytest", "benchmark", "xdist", "cacheprovider")]

CONFTEST = """
import sys

def pytest_unconfigure():
    with open("modules.txt", "w") as file:
        print(*sys.modules, sep="\\n", file=file)
"""


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in that folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def loaded(folder: Path, *arguments: str, code: int = 0) -> set[str]:
    """The modules of a process that ran pytest there."""
    (folder / "conftest.py").write_text(CONFTEST)
    done = python(folder, "-m", "pytest", *ALONE, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return set((folder / "modules.txt").read_text().split())


def heads(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_the_plugins_module_loads_padcheck_and_itself(tmp_path: Path) -> None:
    code = "import sys, pytest; a = set(sys.modules); import {}; print(*set(sys.modules) - a)"

    done = python(tmp_path, "-c", code.format("padcheck.pytest_plugin"))

    assert set(done.stdout.split()) == {"padcheck", "padcheck.pytest_plugin"}, done.stderr


def test_a_run_without_padchecks_tests_loads_little(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n")

    without = loaded(tmp_path, "-pno:padcheck", "-q")
    more = loaded(tmp_path, "-q") - without

    assert {name for name in more if name.startswith("padcheck")} == {
        "padcheck",
        "padcheck.errors",
        "padcheck.pytest_plugin",
        *(
            f"padcheck.pytest_plugin.{name}"
            for name in (
                *("controller", "desk", "gathering", "junit", "known", "measuring", "options"),
                *("outcomes", "settings", "store", "terminal"),
            )
        ),
    }
    assert heads(more) - {"padcheck"} <= sys.stdlib_module_names
    assert not heads(more) & HEAVY


@pytest.mark.parametrize("option", ["--help", "--markers", "--fixtures"])
def test_what_pytest_tells_of_itself_loads_nothing_heavy(tmp_path: Path, option: str) -> None:
    assert not heads(loaded(tmp_path, option)) & HEAVY


@pytest.mark.parametrize("target", [[], ["--padcheck-against", "m.onnx"]], ids=["alone", "two"])
def test_collecting_reads_the_model_and_measures_nothing(tmp_path: Path, target: list[str]) -> None:
    chain(tmp_path / "m.onnx", conv("conv1", stride=2))

    modules = loaded(tmp_path, "--padcheck-model", "m.onnx", *target, "--collect-only")

    assert "onnx" in modules
    assert not heads(modules) & FRAMEWORKS
    assert not modules & {
        "padcheck.checks.survey",
        "padcheck.checks.compare.comparing",
        "padcheck.pytest_plugin.judging",
        "padcheck.verdict.judgement",
    }


def test_a_static_diagnosis_loads_no_framework(tmp_path: Path) -> None:
    chain(tmp_path / "m.onnx", conv("conv1", stride=2))

    modules = loaded(tmp_path, "--padcheck-model", "m.onnx", "--padcheck-static", code=1)

    assert "padcheck.checks.diagnose" in modules
    assert not heads(modules) & FRAMEWORKS


def test_help_lists_every_option_and_key(tmp_path: Path) -> None:
    told = python(tmp_path, "-m", "pytest", *ALONE, "--help").stdout
    names = ["model", "against", "input-shape", "allow", "unverified", "known", "json"]
    names += ["static", "trust"]

    assert [name for name in names if f"  --padcheck-{name}" not in told] == []
    assert [name for name in names if f"padcheck_{name.replace('-', '_')} (" not in told] == []


def test_markers_and_fixtures_are_listed(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a(padcheck): pass\n")

    marker = python(tmp_path, "-m", "pytest", *ALONE, "--markers").stdout
    fixture = python(tmp_path, "-m", "pytest", *ALONE, "--fixtures").stdout

    assert "@pytest.mark.padcheck(input_shape={}, allow=[], unverified='fail', " in marker
    assert "padcheck -- " in fixture
    assert "assert_equivalent(source, target)" in fixture

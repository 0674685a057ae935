"""A user's project, whose tests a pytest of its own runs; and what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import padcheck
from padcheck.report.failure import failure_text
from tests.pytest_plugin.models import chain, conv
from tests.support import ROOT

__all__ = ["MODELS", "PACKAGE", "SPREADS", "Ran", "bare", "models", "run", "spread", "warm"]

PACKAGE = str(Path(padcheck.__file__).parent)
SPREADS = {"plain": ("-p", "no:xdist"), "n0": ("-n", "0"), "n2": ("-n", "2")}
#: A run under each of them is another test.
spread = pytest.mark.parametrize("spread", SPREADS.values(), ids=list(SPREADS))

#: Plugins that no test here needs take as long to load as the rest.
_BARE = ("-p", "no:cacheprovider", "-p", "no:benchmark", "-p", "no:hypothesispytest")

#: What a CI sets; pytest itself tells more there.
_AROUND = ("GITHUB_", "CI", "BUILD_NUMBER")


def models(folder: Path) -> None:
    """good.onnx: one; bad.onnx: one and two, whose pads are not SAME's; same.onnx: with SAME."""
    chain(folder / "good.onnx", conv("one"))
    chain(folder / "bad.onnx", conv("one"), conv("two", stride=2))
    chain(folder / "same.onnx", conv("one"), conv("two", stride=2, auto_pad="SAME_UPPER"))


@dataclass(frozen=True)
class Ran:
    """A run's exit code, and all that it printed."""

    folder: Path
    code: int
    output: str

    def json(self, name: str = "session.json") -> Any:
        """What `--padcheck-json` wrote."""
        return json.loads((self.folder / name).read_text())

    def outcomes(self) -> dict[str, str]:
        """By the tests' ids, from the session's report."""
        return {test["id"]: test["outcome"] for test in self.json()["tests"]}

    def told(self, name: str) -> str:
        """What is told of one test, from its headline to the next."""
        headline = rf"^_+ {re.escape(name)} _+\n(.*?)(?=^[_=]{{3}}|\Z)"
        (found,) = re.findall(headline, self.output, re.MULTILINE | re.DOTALL)
        return str(found)

    def lines(self) -> list[str]:
        """Without the `E` before an error's lines, and without space around them."""
        return [line.removeprefix("E ").strip() for line in self.output.splitlines()]

    def counts(self) -> dict[str, int]:
        """Of pytest's last line."""
        last = re.findall(r"\d+ [a-z]+", self.output.splitlines()[-1].rpartition(" in ")[0])
        return {name: int(count) for count, name in map(str.split, last)}


def _path() -> str:
    """This package, then what the pytest around was given, which may be another pytest."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])


def run(
    folder: Path,
    *arguments: str,
    env: dict[str, str] | None = None,
    without: tuple[str, ...] = _BARE,
) -> Ran:
    """A process of its own in that folder, without what the pytest around has set."""
    around = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", *_AROUND))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *without, *arguments],
        cwd=folder,
        env=around | {"COLUMNS": "80", "PYTHONPATH": _path()} | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return Ran(folder, done.returncode, done.stdout)


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Loads what `bare` would load anew in each run; numpy and onnx cannot be loaded twice."""
    folder = tmp_path_factory.mktemp("warm")
    models(folder)
    report = padcheck.diagnose(folder / "bad.onnx", static=True)
    assert failure_text(report)
    assert failure_text(padcheck.compare(folder / "bad.onnx", folder / "same.onnx"))
    spec = padcheck.conv(input_size=8, kernel_size=3)
    assert failure_text(padcheck.check_callable(spec, lambda x, weight: x))


class Bare:
    """Runs in this very process, which is quick; not for what changes modules."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path

    def write(self, **files: str) -> None:
        """Test files by their names, without `.py`."""
        self.pytester.makepyfile(**files)

    def __call__(self, *arguments: str) -> Ran:
        done = self.pytester.runpytest_inprocess(*_BARE, *arguments)
        output = "\n".join([*done.outlines, *done.errlines])
        return Ran(self.folder, int(done.ret), output)


@pytest.fixture
def bare(warm: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Bare:
    """An empty project but for `MODELS`; call it to run its tests."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_XDIST", *_AROUND))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", _path())
    models(pytester.path)
    return Bare(pytester)


MODELS = ("good.onnx", "bad.onnx", "same.onnx")

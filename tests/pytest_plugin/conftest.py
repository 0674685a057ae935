"""Runs of pytest inside of a test: `run`, and `spread` for those that must hold under xdist too.

The runs share this process: what they import first is dropped behind them, which numpy and
frameworks do not survive, so it is imported here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np  # noqa: F401
import onnx  # noqa: F401
import onnxruntime  # noqa: F401
import pytest

import padcheck.checks.compare
import padcheck.checks.diagnose
import padcheck.frameworks.onnx.reader
import padcheck.strategies  # noqa: F401
from tests.support import ROOT

#: The demo is a project of its own, with a test that fails; `test_demo.py` runs it.
collect_ignore = ["demo"]

Run = Callable[..., pytest.RunResult]

#: How tests are spread over processes: the arguments for it.
SPREADS = {"plain": ["-p", "no:xdist"], "n0": ["-n", "0"], "n2": ["-n", "2"]}


@pytest.fixture(params=SPREADS)
def spread(request: pytest.FixtureRequest) -> list[str]:
    """Arguments for no xdist, for xdist without workers, and for two workers."""
    return SPREADS[request.param]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("GITHUB_ACTIONS", "CI", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_AUTO_NUM_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return pytester.path


@pytest.fixture
def run(project: Path, pytester: pytest.Pytester) -> Run:
    """`run(*arguments)`: pytest in the project's folder, without its cache."""
    assert Path.cwd() == project

    def run(*arguments: str | os.PathLike[str], cache: bool = False) -> pytest.RunResult:
        told = ["-p", "no:benchmark", *map(os.fspath, arguments)]
        return pytester.runpytest_inprocess(*told, *([] if cache else ["-p", "no:cacheprovider"]))

    return run

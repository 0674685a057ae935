"""What all processes of a session checked, gathered from the reports of their tests."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.known import problems

if TYPE_CHECKING:
    from padcheck.pytest_plugin.options import Options

__all__ = ["LEFT_OUT", "Gathering", "outcome_of"]

#: What a worker of pytest-xdist tells where it collected tests that are not to run.
LEFT_OUT = "padcheck_left_out"
#: When pytest-xdist tells of a worker that died, it is in no phase of a test.
_CRASHED = "???"
#: Outcomes of a test that an error while it is torn down replaces.
_HARMLESS = ("passed", "skipped", "xfailed")


def outcome_of(report: pytest.TestReport) -> str:
    """One word for how a phase of a test ended."""
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    if report.failed and report.when in ("setup", "teardown"):
        return "error"
    if report.failed and getattr(report, "padcheck", {}).get("unverified"):
        return "unverified"
    return report.outcome


class Gathering:
    """The tests that used padcheck, by node id; in the process that prints, and no other.

    `cut`: whether tests were left out that were asked for.
    """

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.options = options
        self.tests: dict[str, dict[str, Any]] = {}
        self.unverified: list[pytest.TestReport] = []
        self.failed: list[pytest.TestReport | pytest.CollectReport] = []
        self.cut = False
        self._config = config

    def take(self, report: pytest.TestReport) -> None:
        """Notes one phase of a test; its worst one counts, and a test that runs again starts anew.

        What a process was at when it died counts if the test was known to use padcheck, or where
        padcheck was asked for something.
        """
        told: Mapping[str, Any] | None = getattr(report, "padcheck", None)
        if report.when == _CRASHED:
            self.cut = True
            told = {"checks": []} if self._asked() or report.nodeid in self.tests else None
        if told is None:
            return
        outcome = outcome_of(report)
        test = self.tests.setdefault(
            report.nodeid, {"id": report.nodeid, "outcome": outcome, "checks": []}
        )
        if report.when == "setup":  # until it has run, it has not passed
            test.update(outcome="error" if outcome == "passed" else outcome, checks=[])
        elif report.when != "teardown" or (outcome != "passed" and test["outcome"] in _HARMLESS):
            test["outcome"] = outcome
        test["checks"] += told["checks"]
        if outcome == "skipped" and not test["checks"]:
            self.cut = True  # had it run, it would have checked something
        if outcome == "unverified":
            self.unverified.append(report)
        elif outcome in ("failed", "error"):
            self.failed.append(report)

    def missed(self, report: pytest.CollectReport) -> None:
        """Notes what could not be collected; a model that cannot be read is not checked."""
        if report.passed:
            return
        self.cut = True
        models = self.options.models
        if report.failed and report.nodeid in {pair.nodeid(self._config) for pair in models}:
            self.tests[report.nodeid] = {"id": report.nodeid, "outcome": "error", "checks": []}
            self.failed.append(report)

    def _asked(self) -> bool:
        options = self.options
        return bool(options.models or options.json or options.known)

    def checks(self) -> Iterator[Mapping[str, Any]]:
        """All checks, in no order."""
        for test in self.tests.values():
            yield from test["checks"]

    def problems(self) -> list[str]:
        """Entries of the file of known failures that are no longer true."""
        seen = {at for check in self.checks() for at in check["seen"]}
        hit = {at for check in self.checks() for at in check["known"]}
        return problems(self.options.known, seen, hit, all_ran=not self.left_out())

    def left_out(self) -> bool:
        """Whether the run may have left out tests of the suite."""
        if self.cut:
            return True
        option = self._config.option
        chosen = ("keyword", "markexpr", "deselect", "lf", "stepwise", "maxfail", "ignore")
        if any(getattr(option, name, None) for name in (*chosen, "collectonly", "ignore_glob")):
            return True
        if self._config.args_source is not pytest.Config.ArgsSource.ARGS:
            return False
        return not all(self._is_wide(arg) for arg in map(str, self._config.args))

    def _is_wide(self, arg: str) -> bool:
        """Whether an argument is a folder with all tests of a project: its root, or one in it."""
        root, path = self._config.rootpath, self._config.invocation_params.dir / arg
        folder = Path(os.path.realpath(path))
        return folder.is_dir() and (folder == root or folder.parent == root)

    def session(self, found: list[str]) -> dict[str, Any]:
        """The session's report, JSON-ready; `found` are the problems."""
        from padcheck import __version__
        from padcheck.report.session import session_report

        known = [dataclasses.asdict(entry) for entry in self.options.known]
        return session_report(
            list(self.tests.values()), padcheck=__version__, known=known, problems=found
        )

"""What all processes of a session checked, gathered from the reports of their tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin.known import problems

if TYPE_CHECKING:
    from padcheck.pytest_plugin.options import Options

__all__ = ["GATHERING", "Gathering", "outcome_of"]

#: When pytest-xdist tells of a worker that died, it is in no phase of a test.
_CRASHED = "???"


def outcome_of(report: pytest.TestReport) -> str:
    """One word for how a phase of a test ended."""
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    if report.failed and report.when != "call":
        return "error"
    if report.failed and getattr(report, "padcheck", {}).get("unverified"):
        return "unverified"
    return report.outcome


class Gathering:
    """The tests that used padcheck, by node id; in the process that prints, and no other."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.options = options
        self.tests: dict[str, dict[str, Any]] = {}
        self.unverified: list[pytest.TestReport] = []
        self.failed: list[pytest.TestReport] = []
        self._config = config

    def take(self, report: pytest.TestReport) -> None:
        """Notes one phase of a test; its worst one counts."""
        told: Mapping[str, Any] | None = getattr(report, "padcheck", None)
        if told is None and report.when != _CRASHED:
            return
        outcome = outcome_of(report)
        test = self.tests.setdefault(
            report.nodeid, {"id": report.nodeid, "outcome": outcome, "checks": []}
        )
        if outcome != "passed" and test["outcome"] in ("passed", "skipped"):
            test["outcome"] = outcome
        if told and told["checks"]:
            test["checks"] = told["checks"]
        if outcome == "unverified":
            self.unverified.append(report)
        elif outcome in ("failed", "error"):
            self.failed.append(report)

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
        option = self._config.option
        chosen = ("keyword", "markexpr", "deselect", "lf", "stepwise", "maxfail", "ignore")
        if any(getattr(option, name, None) for name in (*chosen, "collectonly", "ignore_glob")):
            return True
        return any("::" in arg or arg.endswith(".py") for arg in map(str, self._config.args))

    def session(self, found: list[str]) -> dict[str, Any]:
        """The session's report, JSON-ready; `found` are the problems."""
        from padcheck import __version__
        from padcheck.report.session import session_report

        known = [dataclasses.asdict(entry) for entry in self.options.known]
        return session_report(
            list(self.tests.values()), padcheck=__version__, known=known, problems=found
        )


#: The gathering of a run.
GATHERING = pytest.StashKey[Gathering]()

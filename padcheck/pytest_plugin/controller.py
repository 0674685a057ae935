"""The process that prints: it gathers what all processes checked, tells and writes it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from padcheck.pytest_plugin import junit
from padcheck.pytest_plugin.gathering import LEFT_OUT, Gathering
from padcheck.pytest_plugin.terminal import github_lines, header, show_lines, show_sections

if TYPE_CHECKING:
    from padcheck.pytest_plugin.options import Options

__all__ = ["Controller"]


class Controller:
    """Hooks of the one process that is no worker."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self._config = config
        self._options = options
        self._gathering = Gathering(config, options)
        self._shared: str | None = None
        self._problems: list[str] = []
        self._session: dict[str, Any] | None = None

    def pytest_report_header(self) -> list[str]:
        return header(self._options)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """A worker of pytest-xdist starts: it is told where the processes share reports."""
        if self._shared is None:
            self._shared = tempfile.mkdtemp(prefix="padcheck-")
        node.workerinput["padcheck_shared"] = self._shared

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._gathering.take(report)

    def pytest_deselected(self) -> None:
        self._gathering.cut = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._gathering.missed(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker ended: it tells of the tests that it did not take, unless it died."""
        self._gathering.cut |= LEFT_OUT in getattr(node, "workeroutput", {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        gathering = self._gathering
        gathering.cut |= bool(session.shouldstop or session.shouldfail)
        if not gathering.tests and not self._options.known and self._options.json is None:
            return
        ended = session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        stale = [] if ended else gathering.problems()
        self._problems = [f"known failures: {problem}" for problem in stale]
        self._problems += ["the run ended before all tests ran"] if ended else []
        self._session = gathering.session(self._problems)
        junit.add_properties(self._config, self._session)
        if self._options.json is not None and not self._config.option.collectonly:
            self._write(self._options.json, self._session)
        if self._problems and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write(self, path: os.PathLike[str], session: dict[str, Any]) -> None:
        import json

        from padcheck.checks.files import write_whole

        try:
            write_whole(path, (json.dumps(session, indent=2, allow_nan=False) + "\n").encode())
        except OSError as error:
            self._problems.append(f"cannot write {path}: {error.strerror or error}")

    def sections(self, terminal: pytest.TerminalReporter) -> None:
        """What goes among pytest's sections, before its short summary."""
        if self._session is not None:
            show_sections(terminal, self._gathering)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        yield
        if self._session is None:
            return
        show_lines(terminalreporter, self._gathering, self._session, self._problems)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for line in github_lines(self._config, self._gathering, self._problems):
                terminalreporter.line(line)

    def pytest_unconfigure(self) -> None:
        if self._shared is not None:
            shutil.rmtree(self._shared, ignore_errors=True)

"""What the plugin adds to pytest's own lines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from padcheck.pytest_plugin.gathering import Gathering
    from padcheck.pytest_plugin.options import Options

__all__ = ["github_lines", "header", "show", "status"]

Status = tuple[str, str, str | tuple[str, Mapping[str, bool]]]


def header(options: Options) -> list[str]:
    """What this run is to check, for the head of the output."""
    lines = []
    for pair in options.models:
        against = "" if pair.target is None else f" against {_short(pair.target)}"
        lines.append(f"padcheck: {_short(pair.source)}{against}")
    if options.known_file is not None:
        lines.append(
            f"padcheck: {len(options.known)} known failures in {_short(options.known_file)}"
        )
    return lines


def _short(path: os.PathLike[str]) -> str:
    return os.path.relpath(path)


#: Those of pytest; its plugins have further ones, with words of their own.
_OUTCOMES = ("passed", "failed", "skipped")


def status(report: pytest.TestReport) -> Status | None:
    """The verdict of an item made from a model, and what is unverified; None for pytest's own."""
    told: Mapping[str, Any] | None = getattr(report, "padcheck", None)
    if told is None or report.when != "call" or report.outcome not in _OUTCOMES:
        return None
    if told.get("unverified"):
        return "unverified", "U", ("UNVERIFIED", {"yellow": True})
    checks: Sequence[Mapping[str, Any]] = told["checks"]
    if hasattr(report, "wasxfail") or not checks or checks[0]["model"] is None:
        return None
    if report.passed:
        allowed = " ".join(checks[0]["allowed"])
        return "passed", ".", f"ALLOWED {allowed}" if allowed else "EQUIVALENT"
    if report.failed:
        ops = checks[0]["report"]["ops"]
        codes = dict.fromkeys(code for op in ops for code in op["findings"])
        return "failed", "F", " ".join(("MISMATCH", *codes))
    return None


def show(
    terminal: pytest.TerminalReporter,
    gathering: Gathering,
    session: Mapping[str, Any],
    problems: Sequence[str],
) -> None:
    """What could not be checked, what is wrong with the known failures, and the counts."""
    from padcheck.report.session import summary_line

    if gathering.unverified:
        _unverified(terminal, gathering.unverified)
    if problems:
        terminal.section("padcheck: known failures", sep="=", red=True, bold=True)
        for problem in problems:
            terminal.line(problem)
    if gathering.options.known and gathering.left_out():
        terminal.line(
            "padcheck: tests were left out, so known failures that match nothing are not looked for"
        )
    if session["counts"]["tests"]:
        colour = {"equivalent": "green", "mismatch": "red", "unverified": "yellow"}
        terminal.line(summary_line(session), **{colour[session["verdict"]]: True})


def _unverified(terminal: pytest.TerminalReporter, reports: Sequence[pytest.TestReport]) -> None:
    style = terminal.config.option.tbstyle
    terminal.section("UNVERIFIED", sep="=", yellow=True, bold=True)
    for report in sorted(reports, key=lambda each: each.nodeid):
        if style in ("no", "line"):
            first = next(iter(_message(report).splitlines()), "")
            terminal.line(f"{report.nodeid}: {first}")
            continue
        terminal.section(report.head_line or report.nodeid, sep="_", yellow=True, bold=True)
        terminal.line(_text(report))


def _text(report: pytest.TestReport) -> str:
    return report.longreprtext.strip("\n")


def github_lines(config: pytest.Config, gathering: Gathering) -> list[str]:
    """One workflow command per failing test, as GitHub Actions reads them."""
    from padcheck.report.github import annotation

    lines = []
    for report in (*gathering.failed, *gathering.unverified):
        file, line, name = _place(config, report)
        title = name or report.nodeid
        lines.append(annotation("error", _message(report), title=title, file=file, line=line))
    return lines


def _message(report: pytest.TestReport) -> str:
    """The failure's own text, without the lines of code around it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash is not None else _text(report)


def _place(config: pytest.Config, report: pytest.TestReport) -> tuple[str, int | None, str]:
    """Where a test failed: a file as seen from the repository's root, its line, and its name.

    A model has no lines.
    """
    path, line, name = report.location
    file = os.path.abspath(config.rootpath / path)
    base = os.environ.get("GITHUB_WORKSPACE") or str(config.rootpath)
    shown = os.path.relpath(file, base)
    if shown.startswith(os.pardir):
        shown = path
    told: Mapping[str, Any] = getattr(report, "padcheck", None) or {"checks": []}
    if any(check["model"] is not None for check in told["checks"]):
        return shown, None, name
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and os.path.abspath(config.rootpath / crash.path) == file:
        return shown, crash.lineno, name
    return shown, None if line is None else line + 1, name

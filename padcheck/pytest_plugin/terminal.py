"""What the plugin adds to pytest's own lines."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from padcheck.pytest_plugin.gathering import Gathering
    from padcheck.pytest_plugin.options import Options

__all__ = ["github_lines", "header", "show_lines", "show_sections", "status"]

AnyReport: TypeAlias = pytest.TestReport | pytest.CollectReport
Status: TypeAlias = tuple[str, str, str | tuple[str, Mapping[str, bool]]]


def header(options: Options) -> list[str]:
    """What this run is to check, for the head of the output."""
    lines = []
    for pair in options.models:
        against = "" if pair.target is None else f" against {_short(pair.target)}"
        lines.append(f"padcheck: {_short(pair.source)}{against}")
    if options.known_file is not None:
        counted = _plural(len(options.known), "known failure")
        lines.append(f"padcheck: {counted} in {_short(options.known_file)}")
    return lines


def _short(path: os.PathLike[str]) -> str:
    from padcheck.records import printable

    return printable(os.path.relpath(path))


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


def show_sections(terminal: pytest.TerminalReporter, gathering: Gathering) -> None:
    """The texts of what could not be checked, as pytest shows those of failures."""
    style = terminal.config.option.tbstyle
    if not gathering.unverified or style == "no":
        return
    terminal.section("UNVERIFIED", sep="=", yellow=True, bold=True)
    told = _message if style == "line" else _text
    for text, first, more in _grouped(gathering.unverified, told):
        head = f"{first.head_line or first.nodeid}{more}"
        terminal.section(head, sep="_", yellow=True, bold=True)
        terminal.line(text)


def _grouped(
    reports: Sequence[pytest.TestReport], told: Callable[[pytest.TestReport], str]
) -> Iterator[tuple[str, pytest.TestReport, str]]:
    """(text, first test, " and N more tests"): models first, in their order; each text once."""
    texts: dict[str, list[pytest.TestReport]] = {}
    for report in sorted(reports, key=_order):
        texts.setdefault(told(report), []).append(report)
    for text, (first, *others) in texts.items():
        yield text, first, f" and {_plural(len(others), 'more test')}" if others else ""


def _order(report: pytest.TestReport) -> tuple[bool, tuple[int, ...], str]:
    of_model = getattr(report, "padcheck", {}).get("of_model")
    return of_model is None, tuple(of_model or ()), report.nodeid


def show_lines(
    terminal: pytest.TerminalReporter,
    gathering: Gathering,
    session: Mapping[str, Any],
    problems: Sequence[str],
) -> None:
    """One line for each test that could not be checked, what is wrong with the run, the counts."""
    from padcheck.report.session import summary_line

    for text, first, more in _grouped(gathering.unverified, _message):
        told = text.removeprefix("Unverified: ")
        terminal.line(_fitted(f"UNVERIFIED {first.nodeid}{more} - {told}"), yellow=True)
    for problem in problems:
        terminal.line(f"padcheck: {problem}", red=True)
    stale = [problem for problem in problems if problem.startswith("known failures: ")]
    if stale:
        terminal.line(
            "padcheck: the run fails; take what is no longer so out of the file", red=True
        )
    if gathering.options.known and gathering.left_out():
        terminal.line(
            "padcheck: tests were left out, so known failures that match nothing are not looked for"
        )
    if session["counts"]["ops"]:
        colour = {"equivalent": "green", "mismatch": "red", "unverified": "yellow"}
        terminal.line(summary_line(session), **{colour[session["verdict"]]: True})


def github_lines(config: pytest.Config, gathering: Gathering, problems: Sequence[str]) -> list[str]:
    """One workflow command per failing test, as GitHub Actions reads them, and per problem."""
    from padcheck.report.github import annotation

    lines = []
    for report in (*gathering.failed, *gathering.unverified):
        file, line, name = _place(config, report)
        title = name or report.nodeid
        lines.append(annotation("error", _message(report), title=title, file=file, line=line))
    return lines + [annotation("error", problem, title="padcheck") for problem in problems]


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _fitted(line: str) -> str:
    """As much of a line as the terminal is wide; all of it in CI, as pytest has it."""
    width = shutil.get_terminal_size().columns
    whole = len(line) <= width or os.environ.get("CI") or os.environ.get("BUILD_NUMBER")
    return line if whole else f"{line[: width - 3]}..."


def _text(report: AnyReport) -> str:
    """The failure as pytest shows it, without the line that names a worker of pytest-xdist."""
    text = report.longreprtext.strip("\n")
    first, _, rest = text.partition("\n")
    return rest if re.match(r"\[gw\d+\] ", first) else text


def _message(report: AnyReport) -> str:
    """The failure's own text, without the lines of code around it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash is not None else _text(report)


def _place(config: pytest.Config, report: AnyReport) -> tuple[str, int | None, str]:
    """Where a test failed: a file as seen from the repository's root, its line, and its name.

    A model has no lines.
    """
    path, line, name = report.location or (report.nodeid, None, report.nodeid)
    file = os.path.abspath(config.rootpath / path)
    base = os.environ.get("GITHUB_WORKSPACE") or str(config.rootpath)
    shown = os.path.relpath(file, base)
    if shown.startswith(os.pardir):
        shown = path
    if (getattr(report, "padcheck", None) or {}).get("of_model"):
        return shown, None, name
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and os.path.abspath(config.rootpath / crash.path) == file:
        return shown, crash.lineno, name
    return shown, None if line is None else line + 1, name

"""Printing and writing: the only place that does either."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from padcheck.records import Report

__all__ = ["ProgressBar", "as_json", "as_text", "quiet", "say", "write"]


def say(text: str) -> None:
    """Prints to stdout; a reader that has gone away is no error, a full disk is."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.UsageError(f"cannot write to stdout: {error.strerror or error}") from error


def as_json(report: Report) -> str:
    import json

    return json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"


def as_text(report: Report) -> str:
    import shutil

    from padcheck.report.text import render

    width = min(shutil.get_terminal_size((80, 24)).columns, 120)
    return render(report, width=width, paint=lambda text, colour: click.style(text, fg=colour))


def write(path: str, text: str) -> None:
    """Writes a file whole or not at all."""
    from padcheck.checks.files import write_whole

    try:
        write_whole(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise click.UsageError(f"cannot write {path}: {error.strerror or error}") from error


class ProgressBar:
    """A progress bar on stderr, when stderr is a terminal; None otherwise.

    `then`: what is done once the first total is, where the total then grows; counted anew.
    """

    def __init__(self, what: str = "ops", *, then: str = "") -> None:
        self._what, self._then = what, then
        self._first: int | None = None

    def __enter__(self) -> Callable[[int, int], None] | None:
        self._bar: Any = None
        if sys.stderr is None or not sys.stderr.isatty():
            return None
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("starting frameworks", total=None)
        return self._advance

    def _advance(self, done: int, total: int) -> None:
        described = f"judging {self._what}"
        self._first = total if self._first is None else self._first
        if self._then and done >= self._first:
            described, done, total = self._then, done - self._first, max(total - self._first, 1)
        self._bar.update(self._task, completed=done, total=total, description=described)

    def __exit__(self, *details: object) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Frameworks in this process run as they do in a child, and write nothing to stderr."""
    from padcheck.frameworks.process import CHILD_ENVIRONMENT
    from padcheck.frameworks.quiet import muted

    os.environ.update(CHILD_ENVIRONMENT)
    with muted():
        yield

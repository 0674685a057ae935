"""What every reporting command has: `--format`, `-o`, and a way out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import click

from padcheck.cli.output import as_json, as_text, say, write

if TYPE_CHECKING:
    from padcheck.records import Report

__all__ = ["conclude", "deliver", "format_named", "output_options"]

Command = Callable[..., Any]


def output_options(command: Command) -> Command:
    """`--format` and `-o`, which every reporting command has."""
    command = click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False),
        help="Write the report to FILE, whole or not at all; .json means --format json.",
        metavar="FILE",
    )(command)
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        help="text (the default) or json.",
    )(command)


def deliver(report: Report, form: str | None, output: str | None) -> None:
    """Prints or writes the report, and ends with its exit code."""
    named_json = str(output or "").lower().endswith(".json")
    wants_json = form == "json" or (form is None and named_json)
    conclude(
        report,
        "report",
        output,
        shown=lambda: as_json(report) if wants_json else as_text(report),
        written=lambda: as_json(report) if wants_json else str(report),
    )


class Concluded(Protocol):
    """What a command comes to."""

    @property
    def verdict(self) -> str: ...

    @property
    def exit_code(self) -> int: ...


def conclude(
    result: Concluded,
    what: str,
    output: str | None,
    *,
    shown: Callable[[], str],
    written: Callable[[], str],
) -> NoReturn:
    """Prints what is `shown` on a terminal, or writes what goes to a file and says so, and ends
    with the exit code.
    """
    if output is None:
        say(shown())
    else:
        write(output, written())
        from padcheck.records import printable

        click.echo(printable(f"{result.verdict}: {what} written to {output}"), err=True)
    raise click.exceptions.Exit(result.exit_code)


def format_named(output: str | None, endings: Mapping[str, str]) -> str:
    """The format that a file name chooses by its ending; the first where there is no file.

    Raises UsageError where it chooses none.
    """
    if output is None:
        return next(iter(endings.values()))
    ending = os.path.splitext(output)[1].lower()
    if ending not in endings:
        known = ", ".join(endings)
        raise click.UsageError(f"expected a file name in {known}, or --format, but got {output}")
    return endings[ending]

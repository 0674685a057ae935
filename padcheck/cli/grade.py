"""`padcheck grade`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from padcheck.cli.delivery import conclude, format_named
from padcheck.cli.output import ProgressBar, say, write
from padcheck.cli.parameters import INTS
from padcheck.errors import FrameworkError, MissingFramework

if TYPE_CHECKING:
    from padcheck.records.scorecard import Scorecard

__all__ = ["grade"]

#: How a file name ends -> the format that it chooses.
ENDINGS = {".txt": "text", ".json": "json", ".md": "markdown"}
FORMATS = tuple(ENDINGS.values())
LEVELS = ("quick", "standard", "deep")
OPS = ("conv", "conv_transpose", "max_pool", "average_pool", "lp_pool")
LAYOUTS = ("channels_first", "channels_last")
#: Text is no wider than this, on however wide a terminal.
MOST_COLUMNS = 120


@click.command(short_help="Tell which geometries a converter gets wrong.")
@click.argument("subject", required=False)
@click.option("--list", "listing", is_flag=True, help="List the subjects, and what is installed.")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default=LEVELS[0],
    show_default=True,
    help="How many cases: a few hundred, over 1,000, or many more.",
)
@click.option(
    "--op",
    "ops",
    multiple=True,
    metavar="NAMES",
    help=f"These ops alone: {', '.join(OPS)}; joined by commas, or repeated.",
)
@click.option(
    "--rank",
    "ranks",
    type=INTS,
    multiple=True,
    help="Ops on so many axes alone: 1, 2 or 3; joined by commas, or repeated.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes at once; two unless told.")
@click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    help="Of a converter of your own: the order of what its results take and give.",
)
@click.option(
    "--known",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Known failures, which fail no more: a TOML file, or the JSON of an earlier run.",
)
@click.option(
    "--repros",
    type=click.Path(),
    metavar="DIR",
    help="Write a script for each failing class that shows it without padcheck.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="text (the default), json, or markdown: an issue to paste upstream.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write to FILE, whole or not at all; .txt, .json or .md chooses the format.",
)
def grade(
    subject: str | None,
    listing: bool,
    level: str,
    ops: tuple[str, ...],
    ranks: tuple[tuple[int, ...], ...],
    jobs: int | None,
    layout: str | None,
    known: str | None,
    repros: str | None,
    form: str | None,
    output: str | None,
) -> None:
    """Tell which geometries a converter, exporter or runtime gets wrong, and why.

    SUBJECT is a name that --list gives, or MODULE:FUNCTION, found from the working folder too: a
    converter that takes an onnx.ModelProto and returns a keras.Model, a tf.function, a
    torch.nn.Module, the bytes of a .tflite, or a function on arrays.

    Every case is converted, run on integers in another process, and compared exactly. The exit
    code is 1 where anything is silently wrong, of the wrong shape, or crashes. An error that is
    raised is a refusal, and no failure.

    \b
    Example: padcheck grade --list
             padcheck grade onnx2keras
             padcheck grade onnx2keras --op conv,max_pool --rank 2
             padcheck grade onnx2keras --level standard --jobs 2 -o card.json
             padcheck grade mypkg.convert:to_keras --format markdown --repros repros
    """  # noqa: D301 - click's own mark
    if listing:
        say("\n".join(_listed()) + "\n")
        return
    if subject is None:
        raise click.UsageError("expected a SUBJECT, or --list, which lists them")
    form = form or format_named(output, ENDINGS)
    _check_places(output, repros)
    with ProgressBar("cases", then="shrinking failing classes") as progress:
        from padcheck.checks.grade import grade as run

        try:
            card = run(
                subject,
                suite=level,
                kinds=[name.strip() for joined in ops for name in joined.split(",")],
                ranks=[rank for joined in ranks for rank in joined],
                jobs=jobs,
                layout=layout,
                known=known,
                progress=progress,
            )
        except MissingFramework as error:  # there is no --static to turn to
            raise FrameworkError(str(error)) from error
    if repros is not None:
        _write_repros(card, repros)
    _deliver(card, form, output)


def _listed() -> Iterator[str]:
    """Two lines per subject: what it is, and what of it is installed or missing."""
    from padcheck.checks.grade.registry import listed
    from padcheck.records import printable

    rows = list(listed())
    width = max(len(row[0]) for row in rows) + 2
    for name, about, missing in rows:
        yield printable(f"{name:<{width}}{about}").rstrip()
        told = f"not here: {missing}" if missing else _versions(name)
        if told:
            yield f"    {printable(told)}"
    yield f"{'MODULE:FUNCTION':<{width}}a converter of your own: an onnx.ModelProto in"


def _versions(name: str) -> str:
    from padcheck.checks.grade.registry import subject
    from padcheck.frameworks import installed_version

    packages = subject(name).packages
    return ", ".join(f"{package.module} {installed_version(package)}" for package in packages)


def _check_places(output: str | None, repros: str | None) -> None:
    """Raises UsageError, before anything has run, where nothing could be written after it."""
    if repros is not None and os.path.exists(repros) and not os.path.isdir(repros):
        raise click.UsageError(f"expected a folder but got --repros {repros}, which is a file")
    folder = os.path.dirname(output or "") or "."
    if not os.path.isdir(folder):
        raise click.UsageError(f"cannot write {output}: there is no folder {folder}")
    if output is not None and not os.access(folder, os.W_OK):
        raise click.UsageError(f"cannot write {output}: no permission to write into {folder}")
    above = os.path.abspath(repros or ".")
    while not os.path.exists(above):
        above = os.path.dirname(above)
    if repros is not None and not os.path.isdir(above):
        raise click.UsageError(f"cannot make {repros}: {above} is a file")
    if repros is not None and not os.access(above, os.W_OK):
        raise click.UsageError(f"cannot write to {repros}: no permission to write into {above}")


def _write_repros(card: Scorecard, folder: str) -> None:
    """One script per failing class that has one, each whole or not at all."""
    from padcheck.records import printable
    from padcheck.report.scorecard_words import script_names, worst_first

    failures = worst_first(card.failures)
    scripts = [
        (name, one.repro)
        for name, one in zip(script_names(failures), failures, strict=True)
        if name is not None
    ]
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"cannot make {folder}: {error.strerror or error}") from error
    for name, code in scripts:
        write(os.path.join(folder, name), code)
    count = f"{len(scripts)} script{'' if len(scripts) == 1 else 's'}"
    click.echo(printable(f"{count} written to {folder}"), err=True)


def _deliver(card: Scorecard, form: str, output: str | None) -> None:
    """Prints or writes it, and ends with its exit code."""
    conclude(
        card,
        "scorecard",
        output,
        shown=lambda: _text(card) if form == "text" else _rendered(card, form),
        written=lambda: _rendered(card, form),
    )


def _rendered(card: Scorecard, form: str) -> str:
    if form == "json":
        import json

        return json.dumps(card.to_dict(), indent=2, allow_nan=False) + "\n"
    if form == "markdown":
        from padcheck.report.scorecard_markdown import render_markdown

        return render_markdown(card)
    return str(card)


def _text(card: Scorecard) -> str:
    import shutil

    from padcheck.report.scorecard import render

    width = min(shutil.get_terminal_size((80, 24)).columns, MOST_COLUMNS)
    return render(card, width=width, paint=lambda text, colour: click.style(text, fg=colour))

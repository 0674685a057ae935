"""The command line: the only place that prints and that knows exit codes.

0 everything checked and equivalent; 1 a mismatch; 2 bad usage, unreadable input, missing
framework; 3 no mismatch, but something could not be checked.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from padcheck import __version__
from padcheck.errors import MissingFramework, PadcheckError

if TYPE_CHECKING:
    from padcheck.records import Report

__all__ = ["cli", "main"]

USAGE = 2


class Numbers(click.ParamType[Any]):
    """Ints joined by `x` or `,`: 224x224, 1,2,1,2; a single int stays one number."""

    name = "INTS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).replace("x", ",").split(","))
        except ValueError:
            self.fail(f"expected ints like 3 or 3x5 but got {value!r}", param, ctx)


class Padding(Numbers):
    """A policy's name, or ints."""

    name = "PADDING"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value[:1].isalpha():
            return value
        return super().convert(value, param, ctx)


class InputShape(click.ParamType[Any]):
    """NAME=1,3,225,225."""

    name = "NAME=INTS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        if isinstance(value, tuple):
            return value
        name, found, shape = str(value).rpartition("=")
        if not found or not name:
            self.fail(f"expected NAME=1,3,225,225 but got {value!r}", param, ctx)
        return name, Numbers().convert(shape, param, ctx)


INTS, PADDING, INPUT_SHAPE = Numbers(), Padding(), InputShape()

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


static_option = click.option(
    "--static", is_flag=True, help="Predict only: runs nothing and needs no framework."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="padcheck")
def cli() -> None:
    """Find out why a converted network has the right shapes and the wrong numbers.

    Exit codes: 0 equivalent, 1 mismatch, 2 bad usage or unreadable input, 3 something could not
    be checked.
    """


@cli.command()
@click.option("--input", "input_size", type=INTS, required=True, help="Input size, e.g. 224x224.")
@click.option("--kernel", type=INTS, required=True, help="Kernel size, e.g. 3 or 3x5.")
@click.option("--stride", type=INTS, default="1", show_default=True)
@click.option(
    "--padding",
    type=PADDING,
    default="0",
    show_default=True,
    help="N, one per axis, before,after per axis (t,b,l,r), or same, same_lower, valid, causal.",
)
@click.option("--dilation", type=INTS, default="1", show_default=True)
@click.option("--groups", type=int, default=1, show_default=True)
@click.option("--channels", type=INTS, help="IN,OUT; 2,3 by default, or GROUPS,GROUPS.")
@click.option("--bias/--no-bias", default=True, show_default=True)
@static_option
@output_options
def conv(
    input_size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: str | tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    channels: tuple[int, ...] | None,
    bias: bool,
    static: bool,
    form: str | None,
    output: str | None,
) -> None:
    """Build one convolution in PyTorch, Keras SAME and ZeroPadding + VALID, and compare.

    The longest of the sizes says how many axes there are: --input 224 is 1-D, 224x224 is 2-D.

    Example: padcheck conv --input 224x224 --kernel 3 --stride 2 --padding 1
    """
    from padcheck.checks.experiment import check_conv

    if channels is not None and len(channels) != 2:
        raise click.UsageError(f"expected --channels IN,OUT but got {len(channels)} numbers")
    pair = (channels[0], channels[1]) if channels else _channels(groups)
    report = check_conv(
        input_size=input_size,
        kernel_size=kernel,
        stride=stride,
        pads=padding,
        dilation=dilation,
        group=groups,
        channels=pair,
        bias=bias,
        static=static,
    )
    _deliver(report, form, output)


def _channels(groups: int) -> tuple[int, int]:
    return (2, 3) if groups == 1 else (groups, groups)


@cli.command()
@click.argument("model", type=click.Path())
@click.option(
    "--input-shape",
    "input_shapes",
    type=INPUT_SHAPE,
    multiple=True,
    help="The full shape of an input, e.g. x=1,3,225,225; repeatable.",
)
@static_option
@output_options
def diagnose(
    model: str,
    input_shapes: tuple[tuple[str, tuple[int, ...]], ...],
    static: bool,
    form: str | None,
    output: str | None,
) -> None:
    """Find the convolutions and pools of an ONNX MODEL that padding='same' would break.

    Example: padcheck diagnose model.onnx --input-shape x=1,3,225,225
    """
    from padcheck.checks.diagnose import diagnose as run

    with ProgressBar() as progress:
        report = run(model, input_shapes=dict(input_shapes), static=static, progress=progress)
    _deliver(report, form, output)


@cli.command()
@click.argument("code")
def explain(code: str) -> None:
    """Tell what a CODE means, why outputs differ, and what to use instead.

    Example: padcheck explain PAD101
    """
    from padcheck.causes import documentation

    click.echo(documentation(code).strip())


@cli.command()
def info() -> None:
    """List the frameworks, their versions, and how to get the missing ones."""
    from padcheck.frameworks import status

    click.echo(f"padcheck {__version__}, Python {sys.version.split()[0]}")
    for entry in status():
        versions = ", ".join(f"{name} {number}" for name, number in entry.packages if number)
        missing = [name for name, number in entry.packages if not number]
        line = f"  {entry.name:<12}{versions}"
        if missing:
            line = f"  {entry.name:<12}{', '.join(missing)} not installed: {entry.hint}"
        click.echo(line)


def _deliver(report: Report, form: str | None, output: str | None) -> None:
    """Prints or writes the report, and ends with its exit code."""
    as_json = form == "json" or (form is None and bool(output) and str(output).endswith(".json"))
    if output is None:
        click.echo(_json(report) if as_json else _text(report), nl=False)
    else:
        _write(output, _json(report) if as_json else _plain(report))
        click.echo(f"{report.verdict}: report written to {output}", err=True)
    raise click.exceptions.Exit(report.exit_code)


def _json(report: Report) -> str:
    import json

    return json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"


def _text(report: Report) -> str:
    import shutil

    from padcheck.report.text import render

    width = min(shutil.get_terminal_size((80, 24)).columns, 120)
    return render(report, width=width, paint=lambda text, colour: click.style(text, fg=colour))


def _plain(report: Report) -> str:
    return str(report)


def _write(path: str, text: str) -> None:
    """Writes a file whole or not at all."""
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, prefix=".padcheck-", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise click.UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class ProgressBar:
    """A progress bar on stderr, when stderr is a terminal; None otherwise."""

    def __enter__(self) -> Callable[[int, int], None] | None:
        self._bar: Any = None
        if not sys.stderr.isatty():
            return None
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("starting frameworks", total=None)
        return self._advance

    def _advance(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total, description="judging ops")

    def __exit__(self, *details: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line; a user's error is one line on stderr and exit code 2."""
    gc.set_threshold(100_000)  # loading makes only objects that stay: a fifth of a static verdict
    try:
        code = cli.main(args=arguments, prog_name="padcheck", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(USAGE)
    except click.ClickException as error:
        _fail(_usage(error))
    except MissingFramework as error:
        _fail(f"{error}; or use --static, which runs nothing")
    except PadcheckError as error:
        _fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(USAGE)
    except Exception as error:
        if os.environ.get("PADCHECK_TRACEBACK"):
            raise
        line = str(error).splitlines()[0] if str(error) else ""
        _fail(
            f"internal error, set PADCHECK_TRACEBACK=1 to see where: {type(error).__name__} {line}"
        )


def _usage(error: click.ClickException) -> str:
    """Click's message on one line, with where to read more."""
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "padcheck"
    return f"{message} (see {command} --help)"


def _fail(line: str) -> None:
    click.echo(f"padcheck: error: {line}", err=True)
    sys.exit(USAGE)

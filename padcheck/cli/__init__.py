"""The command line: the only place that prints and that knows exit codes.

0 everything checked and equivalent; 1 a mismatch; 2 bad usage, unreadable input, missing
framework; 3 no mismatch, but something could not be checked.
"""

from __future__ import annotations

import gc
import os
import sys

import click

from padcheck import __version__
from padcheck.cli.compare import compare
from padcheck.cli.delivery import deliver, output_options
from padcheck.cli.grade import grade
from padcheck.cli.output import ProgressBar, say
from padcheck.cli.parameters import INPUT_SHAPE, INTS, PADDING
from padcheck.cli.sweep import sweep
from padcheck.errors import MissingFramework, PadcheckError

__all__ = ["cli", "main"]

USAGE = 2
#: An error line is cut here.
MOST_LETTERS = 1000

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


@cli.command(short_help="Build one convolution three ways, and compare.")
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
    deliver(report, form, output)


def _channels(groups: int) -> tuple[int, int]:
    return (2, 3) if groups == 1 else (groups, groups)


@cli.command(short_help="Find what padding='same' would break in a model.")
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

    shapes = dict(input_shapes)
    if len(shapes) < len(input_shapes):
        raise click.UsageError("expected --input-shape once for each input")
    with ProgressBar() as progress:
        report = run(model, input_shapes=shapes, static=static, progress=progress)
    deliver(report, form, output)


@cli.command(short_help="Tell what a code means and what to use instead.")
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Tell what a CODE means, why outputs differ, and what to use instead.

    Without a CODE, lists them all.

    Example: padcheck explain PAD101
    """
    from padcheck.causes import CODES, documentation

    if code is None:
        say("".join(f"{known} {name}\n" for known, name in CODES.items()))
    else:
        say(documentation(code).strip() + "\n")


@cli.command(short_help="List the frameworks and their versions.")
def info() -> None:
    """List the frameworks, their versions, and how to get the missing ones."""
    from padcheck.frameworks import status

    lines = [f"padcheck {__version__}, Python {sys.version.split()[0]}"]
    entries = status()
    width = max(len(entry.name) for entry in entries) + 2
    for entry in entries:
        versions = ", ".join(f"{name} {number}" for name, number in entry.packages if number)
        missing = [name for name, number in entry.packages if not number]
        told = f"{', '.join(missing)} not installed: {entry.hint}" if missing else versions
        lines.append(f"  {entry.name:<{width}}{told}")
    say("\n".join(lines) + "\n")


cli.add_command(compare)
cli.add_command(grade)
cli.add_command(sweep)


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
    if sys.stderr is not None:
        from padcheck.records import printable  # late: --help needs none of it

        click.echo(printable(f"padcheck: error: {line}")[:MOST_LETTERS], err=True)
    sys.exit(USAGE)

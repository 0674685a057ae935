"""`padcheck sweep`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from padcheck.cli.delivery import conclude, format_named
from padcheck.cli.output import ProgressBar, quiet

if TYPE_CHECKING:
    from padcheck.records.sweep import Sweep

__all__ = ["sweep"]

FORMATS = ("text", "json", "svg")
#: How a file name ends -> the format that it chooses.
ENDINGS = {".txt": "text", ".json": "json", ".svg": "svg"}
OPS = ("conv", "conv_transpose", "max_pool", "average_pool", "lp_pool")
#: Geometries that JSON and SVG take; they list every one of them.
MOST_LISTED = 500_000
#: Maps are wider than prose may be.
MOST_COLUMNS = 200


Command = Callable[..., Any]


def _values(name: str, what: str, **more: Any) -> Callable[[Command], Command]:
    return click.option(f"--{name}", f"{name}_values", metavar="INTS", help=what, **more)


@click.command(short_help="Map where lowerings agree, over many geometries.")
@click.option("--op", type=click.Choice(OPS), default="conv", show_default=True)
@click.option("--rank", type=click.IntRange(1, 3), default=1, show_default=True, help="Axes.")
@_values("input", "Input sizes: 5..33, 1,3,5, 1,3..7, or 5..33:2 in steps.", required=True)
@_values("kernel", "Kernel sizes, written the same way.", required=True)
@_values("stride", "Strides.", default="1", show_default=True)
@_values("dilation", "Dilations.", default="1", show_default=True)
@click.option(
    "--padding",
    multiple=True,
    default=("half",),
    show_default=True,
    help="half ((k-1)//2), half_up (k//2), same, same_lower, valid, causal, N, BEFORE:AFTER; "
    "several joined by commas, or repeated.",
)
@click.option("--ceil-mode", is_flag=True, help="Pools: a last window that does not fit counts.")
@click.option("--count-include-pad", is_flag=True, help="Average pools: pads count.")
@click.option(
    "--lowerings",
    multiple=True,
    default=("torch,tf_same,tf_zeropad_valid",),
    show_default=True,
    help="What is compared with the op itself; joined by commas, or repeated.",
)
@click.option("--static", is_flag=True, help="Predict only: runs nothing and needs no framework.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="text (the default), json, svg.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write to FILE, whole or not at all; .txt, .json or .svg chooses the format.",
)
def sweep(
    op: str,
    rank: int,
    input_values: str,
    kernel_values: str,
    stride_values: str,
    dilation_values: str,
    padding: tuple[str, ...],
    ceil_mode: bool,
    count_include_pad: bool,
    lowerings: tuple[str, ...],
    static: bool,
    form: str | None,
    output: str | None,
) -> None:
    """Map where lowerings agree with an op, silently differ, or differ in shape.

    Every combination of the sizes is judged; the same numbers hold on every axis. Each framework
    runs in a process of its own, but for convolutions under exactly the default lowerings: they
    run in this one, for speed.

    Example: padcheck sweep --input 5..33 --kernel 1..7 --stride 1..4 --padding half
    """
    from padcheck.checks.sweep import grid_of
    from padcheck.checks.sweep import sweep as run

    grid = grid_of(
        op=op,
        input_size=input_values,
        kernel_size=kernel_values,
        stride=stride_values,
        dilation=dilation_values,
        padding=padding,
        rank=rank,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
    )
    form = form or format_named(output, ENDINGS)
    if form != "text" and len(grid) > MOST_LISTED:
        raise click.UsageError(
            f"expected at most {MOST_LISTED} geometries for {form} but got {len(grid)}"
        )
    names = [name.strip() for joined in lowerings for name in joined.split(",") if name.strip()]
    with ProgressBar("geometries") as progress, quiet():
        result = run(grid, lowerings=names, static=static, progress=progress)
    _deliver(result, form, output)


def _deliver(result: Sweep, form: str, output: str | None) -> None:
    """Prints or writes it, and ends with its exit code."""
    conclude(
        result,
        "sweep",
        output,
        shown=lambda: _text(result) if form == "text" else _rendered(result, form),
        written=lambda: _rendered(result, form),
    )


def _rendered(result: Sweep, form: str) -> str:
    if form == "json":
        from padcheck.report.sweep_json import render_json

        return render_json(result)
    if form == "svg":
        from padcheck.report.svg import render_svg

        return render_svg(result)
    return str(result)


def _text(result: Sweep) -> str:
    import shutil

    from padcheck.report.heatmap import render

    width = min(shutil.get_terminal_size((80, 24)).columns, MOST_COLUMNS)
    return render(result, width=width, paint=lambda text, colour: click.style(text, fg=colour))

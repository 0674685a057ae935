"""`padcheck compare`."""

from __future__ import annotations

import click

from padcheck.cli.delivery import deliver, output_options
from padcheck.cli.output import ProgressBar, quiet
from padcheck.cli.parameters import INPUT_SHAPE
from padcheck.errors import FrameworkError, MissingFramework

__all__ = ["compare"]

CONVERTERS = ("onnx2keras",)


@click.command(short_help="Tell whether a converted model is the same model.")
@click.argument("source", type=click.Path())
@click.argument("target", type=click.Path(), required=False)
@click.option(
    "--via",
    type=click.Choice(CONVERTERS),
    help="Convert SOURCE in this process, in place of a TARGET.",
)
@click.option(
    "--change-ordering",
    is_flag=True,
    help="With --via: have the converter change channels first to channels last.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]FILE",
    help="What to run both models on: FILE.npy, NAME=FILE.npy, or FILE.npz; repeatable.",
)
@click.option(
    "--input-shape",
    "input_shapes",
    type=INPUT_SHAPE,
    multiple=True,
    help="The full shape of an input, e.g. x=1,3,224,224; repeatable.",
)
@click.option(
    "--fix",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the target with its guilty layers repaired, once that compares as the same.",
)
@click.option(
    "--trust", is_flag=True, help="Load and run code that a model carries, such as a Lambda layer."
)
@output_options
def compare(
    source: str,
    target: str | None,
    via: str | None,
    change_ordering: bool,
    inputs: tuple[str, ...],
    input_shapes: tuple[tuple[str, tuple[int, ...]], ...],
    fix: str | None,
    trust: bool,
    form: str | None,
    output: str | None,
) -> None:
    """Tell whether TARGET computes what SOURCE does, and if not, which layer is to blame and why.

    Either may be a .onnx, .keras, .h5 or .tflite file or the folder of a SavedModel. Layers are
    paired and judged one by one, then both models run on the same input.

    \b
    Example: padcheck compare model.onnx model.keras
             padcheck compare model.onnx --via onnx2keras
             padcheck compare model.onnx model.tflite --input image.npy
             padcheck compare model.onnx model.keras --fix repaired.keras
    """  # noqa: D301 - click's own mark
    if (target is None) == (via is None):
        given = "both" if via is not None else "neither"
        raise click.UsageError(f"expected either TARGET or --via CONVERTER but got {given}")
    if change_ordering and via is None:
        raise click.UsageError("expected --change-ordering only with --via")
    shapes = dict(input_shapes)
    if len(shapes) < len(input_shapes):
        raise click.UsageError("expected --input-shape once for each input")
    from padcheck.cli.arrays import read_inputs

    arrays = read_inputs(inputs)
    with ProgressBar("layers") as progress, quiet():
        from padcheck.checks.compare import compare as run

        try:
            report = run(
                source,
                target,
                input_shapes=shapes or None,
                inputs=arrays,
                via=via,
                change_ordering=change_ordering,
                fix=fix,
                trust=trust,
                progress=progress,
            )
        except MissingFramework as error:  # there is no --static to turn to
            raise FrameworkError(str(error)) from error
    deliver(report, form, output)

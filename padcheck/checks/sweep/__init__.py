"""A grid of geometries over some lowerings: where they agree, silently differ, or differ in shape.

The reference of every geometry is the op itself, as the oracle evaluates it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from padcheck import __version__
from padcheck.checks.sweep.convs import SweepPoint, measure, predict, predict_axis
from padcheck.checks.sweep.grid import grid_of
from padcheck.checks.sweep.rules import Answer, known_lowerings, predicted
from padcheck.errors import UsageError
from padcheck.records import UNVERIFIED
from padcheck.records.grid import SweepGrid
from padcheck.records.sweep import (
    AGREES,
    DIVERGES,
    LEFT_OUT,
    LETTERS,
    NOT_RUN,
    SHAPE,
    SILENT,
    LoweringSweep,
    Sweep,
)

__all__ = [
    "AGREES",
    "DEFAULT",
    "MOST_MEASURED",
    "MOST_PREDICTED",
    "SHAPE",
    "SILENT",
    "SweepPoint",
    "grid_of",
    "measure",
    "predict",
    "predict_axis",
    "sweep",
]

#: The lowerings that a sweep compares unless told otherwise.
DEFAULT = ("torch", "tf_same", "tf_zeropad_valid")
#: Larger grids are refused.
MOST_PREDICTED, MOST_MEASURED = 2_000_000, 200_000
#: Geometries between two calls of `progress`.
_STEP = 64


def sweep(
    grid: SweepGrid,
    *,
    lowerings: Sequence[str] = DEFAULT,
    static: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Every geometry of `grid` (see `grid_of`) under every lowering.

    Outcomes: agrees; silent, the right shape and other numbers; shape; unverified, with a
    reason; diverges, where a framework did not do what its own rule says, raised or died
    (PAD998). A predicted difference stands where it could not be run, a predicted agreement does
    not. Each framework runs in a process of its own, but convolutions under exactly the lowerings
    of DEFAULT run in this one, where a crash would end it.

    `static` predicts only and needs no framework. `progress(done, total)` counts geometries.
    Raises UsageError for an unknown lowering or too large a grid, MissingFramework unless
    `static`.

    >>> grid = grid_of(input_size="5..8", kernel_size=3, stride=2)
    >>> sweep(grid, static=True).counts["tf_same"]["silent"]
    2
    """
    names = known_lowerings(lowerings)
    most = MOST_PREDICTED if static else MOST_MEASURED
    if len(grid) > most:
        how = "predicted" if static else "measured"
        more = "" if static or len(grid) > MOST_PREDICTED else "; --static takes more"
        raise UsageError(f"expected at most {most} geometries to be {how}, got {len(grid)}{more}")
    if static:
        answers, versions = predicted(grid, names), dict[str, str]()
        rows = _collect(grid, names, answers, progress)
    else:
        from padcheck.checks.sweep.measured import Measurement  # late: brings numpy

        with Measurement(grid, names) as measurement:
            rows = _collect(grid, names, measurement.answers(), progress)
            versions = measurement.versions()
    return Sweep(padcheck=__version__, grid=grid, lowerings=rows, frameworks=versions)


def _collect(
    grid: SweepGrid,
    names: Sequence[str],
    answers: Iterator[tuple[Answer, ...] | None],
    progress: Callable[[int, int], None] | None,
) -> tuple[LoweringSweep, ...]:
    """The letters of every lowering from one tuple of answers per geometry, None: no output.

    Raises UsageError where no geometry has any.
    """
    columns: list[tuple[list[str], list[str], list[str], dict[int, str]]]
    columns = [([], [], [], {}) for _ in names]
    for index, found in enumerate(answers):
        for column, answer in zip(columns, found or (None,) * len(names), strict=True):
            _note(column, index, answer)
        if progress is not None and (index % _STEP == 0 or index + 1 == len(grid)):
            progress(index + 1, len(grid))
    if set(columns[0][0]) == {LEFT_OUT}:
        raise UsageError("no geometry of this grid has an output: every window is too large")
    return tuple(
        LoweringSweep(
            lowering=name,
            outcomes="".join(outcomes),
            predicted="".join(predictions),
            measured="".join(measured),
            reasons=reasons,
        )
        for name, (outcomes, predictions, measured, reasons) in zip(names, columns, strict=True)
    )


def _note(
    column: tuple[list[str], list[str], list[str], dict[int, str]],
    index: int,
    answer: Answer | None,
) -> None:
    outcomes, predictions, measured, reasons = column
    if answer is None:
        for letters in (outcomes, predictions, measured):
            letters.append(LEFT_OUT)
        return
    outcomes.append(LETTERS[_outcome(answer)])
    predictions.append(LETTERS[answer.predicted])
    measured.append(NOT_RUN if answer.measured is None else LETTERS[answer.measured])
    if answer.reason is not None:
        reasons[index] = answer.reason


def _outcome(answer: Answer) -> str:
    if not answer.asked:
        return answer.predicted
    if not answer.obeys:
        return DIVERGES
    if answer.measured is None:
        return answer.predicted if answer.predicted in (SILENT, SHAPE) else UNVERIFIED
    return answer.predicted

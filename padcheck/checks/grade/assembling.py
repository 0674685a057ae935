"""The rows of a scorecard: each failing class with its smallest case, proof and script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from padcheck.checks.corpus.questions import is_question
from padcheck.checks.grade.classes import CRASH, FailingClass, failing_classes
from padcheck.checks.grade.pool import Pool
from padcheck.checks.grade.showing import showing
from padcheck.checks.grade.shrinking import MOST_TRIED, same_class, smallest
from padcheck.errors import PadcheckError
from padcheck.records.case import FAILURES, Case, Outcome
from padcheck.records.scorecard import Failure

__all__ = ["failures_of"]

Progress = Callable[[int, int], None]

#: Cases tried for a class of crashes: every one that crashes costs two processes.
MOST_CRASHES = 6


@dataclass(frozen=True, slots=True)
class _Row:
    """Classes that shrink to one case with the same causes, and what came of that case."""

    classes: tuple[FailingClass, ...]
    outcome: Outcome


def failures_of(
    pool: Pool, outcomes: Sequence[Outcome], progress: Progress | None = None
) -> tuple[Failure, ...]:
    """One per failing class, in the order of the corpus; classes are shrunk side by side.

    `progress(done, total)` counts on from the outcomes.
    """
    classes = failing_classes(outcomes)
    rows: list[_Row] = []
    for done, row in enumerate(pool.each(lambda found: _shrunk(pool, found), classes), start=1):
        rows.append(row)
        if progress is not None:
            progress(len(outcomes) + done, len(outcomes) + len(classes))
    return tuple(pool.each(lambda row: _failure(pool, row), _merged(rows)))


def _shrunk(pool: Pool, found: FailingClass) -> _Row:
    start = found.start
    most = MOST_CRASHES if found.cause == CRASH else MOST_TRIED
    alike = same_class(start, found.cause)
    asked = is_question(start.case)

    def fails(case: Case) -> bool:
        if asked and not is_question(case):
            return False
        outcome = pool.outcome(case)
        return outcome is not None and alike(outcome)

    shows = showing(start, found.cause)
    least = pool.outcome(smallest(start.case, fails, shows=shows, most=most))
    return _Row((found,), start if least is None else least)


def _merged(rows: Sequence[_Row]) -> list[_Row]:
    """Causes that never come alone shrink to one case: one row for all of them."""
    made: dict[tuple[str, Case, tuple[str, ...]], _Row] = {}
    for row in rows:
        outcome = row.outcome
        key = (outcome.how, outcome.case, outcome.codes)
        before = made[key].classes if key in made else ()
        made[key] = _Row((*before, *row.classes), outcome)
    return list(made.values())


def _failure(pool: Pool, row: _Row) -> Failure:
    members = {outcome.case: (outcome, found) for found in row.classes for outcome in found.members}
    counted = [outcome.how for outcome, _ in members.values()]
    first = row.classes[0]
    outcome = row.outcome
    notes: tuple[str, ...] = outcome.notes
    try:
        repro = pool.repro(outcome)
    except PadcheckError as error:
        repro, notes = "", (*notes, f"no script: {error}")
    return Failure(
        op_type=first.op_type,
        rank=first.rank,
        kind=outcome.how,
        codes=outcome.codes,
        count=len(members),
        kinds={kind: counted.count(kind) for kind in FAILURES if kind in counted},
        proven=sum(outcome.proven for outcome, _ in members.values()),
        case=outcome.case,
        findings=outcome.findings,
        said=outcome.said,
        notes=notes,
        repro=repro,
    )

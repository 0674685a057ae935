"""Where a cause can show at all: known without asking a subject.

A cause offers what a faulty side computes instead of the reference. Where each of its offers is
the same function as the reference, or has another output size where the shape is right, no
output can name that cause, and no subject need be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from padcheck.causes import GRID, NO_CLUES, VALUE, Cause, all_causes
from padcheck.records import OpSpec, same_function
from padcheck.records.case import SHAPE, SILENT, Case, Outcome

__all__ = ["showing"]


def showing(start: Outcome, code: str) -> Callable[[Case], bool] | None:
    """Whether a case may fail as `start` did, with `code`; None where nothing is known of that.

    A fault may befall one axis alone. A fault of the values shows anywhere.
    """
    cause = next((known for known in all_causes() if known.code == code), None)
    if cause is None or cause.family == VALUE:
        return None
    alone = start.codes == (code,) and cause.family == GRID
    kind = start.how if alone else ""

    def shows(case: Case) -> bool:
        return any(
            _differs(spec, made, kind)
            for spec in _parts(case.spec, cause)
            for made in _offers(cause, spec)
        )

    return shows if shows(start.case) else None


def _parts(spec: OpSpec, cause: Cause) -> Iterator[OpSpec]:
    """The op, and each of its axes alone."""
    yield spec
    if spec.rank > 1 and cause.per_axis:
        for axis, size in enumerate(spec.input_size):
            yield spec.along(axis, size)


def _offers(cause: Cause, spec: OpSpec) -> Iterator[OpSpec]:
    yield from cause.offers(spec, NO_CLUES)
    if cause.guesses is not None:
        yield from cause.guesses(spec, NO_CLUES)


def _differs(spec: OpSpec, made: OpSpec, kind: str) -> bool:
    sized = made.output_size == spec.output_size
    if (kind == SILENT and not sized) or (kind == SHAPE and sized):
        return False
    return not same_function(spec, made)

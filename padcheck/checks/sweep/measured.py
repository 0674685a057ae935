"""What a sweep measures: every lowering run on a probe that tells its rule from the op.

Rules:
1. The reference is the oracle's evaluation of the op; numbers are rounded and compared with `==`.
2. Where a lowering's own rule is another function of the same shape, the probe is one on which
   the two differ; a small input can make them equal by chance.
3. A lowering obeys its rule where its output is the oracle's evaluation of that rule.
4. What cannot be run has a reason and no outcome.
5. A framework that raises or dies where its rule gives an output does not obey the rule; one
   that cannot be loaded, has been given up or takes too long was not run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.sweep.convs import ConvBench
from padcheck.checks.sweep.rigs import InProcess, Rig, Workers
from padcheck.checks.sweep.rules import Answer, Plan, plain_convs, plan_of, plan_of_conv
from padcheck.errors import PadcheckError
from padcheck.oracle import Expected, fits
from padcheck.probes import Probe, equals
from padcheck.records import OpSpec
from padcheck.records.grid import SweepGrid
from padcheck.records.sweep import AGREES, SHAPE, SILENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Measurement"]

#: Probes tried to tell a rule from the op.
_MOST_SEEDS = 8
#: Geometries, and elements of their outputs, that the frameworks may be ahead of the comparison.
_AHEAD, _AHEAD_ELEMENTS = 32, 1 << 22


@dataclass(frozen=True, slots=True)
class _Asked:
    """One lowering of one geometry, on its way; `rule` None: it should be the op itself."""

    plan: Plan
    future: Future[NDArray[Any]] | None = None
    rule: Expected | None = None
    reason: str | None = None


class Measurement:
    """The frameworks at work on a grid; a context manager.

    Raises MissingFramework at once where one is not installed.
    """

    def __init__(self, grid: SweepGrid, lowerings: Sequence[str]) -> None:
        self._grid, self._lowerings = grid, lowerings
        whole = plain_convs(grid, lowerings) and set(lowerings) == set(ConvBench.lowerings)
        self._plan = plan_of_conv if whole else plan_of
        self._rig: Rig = InProcess() if whole else Workers(lowerings)

    def __enter__(self) -> Measurement:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._rig.close()

    def versions(self) -> dict[str, str]:
        """Name -> version of every framework that ran."""
        return self._rig.versions()

    def answers(self) -> Iterator[tuple[Answer, ...] | None]:
        """One answer per lowering for every geometry, in order; None for one without output."""
        self._rig.versions()  # all are loaded, or known not to be (rule 5)
        waiting: deque[tuple[int, Expected | None, list[_Asked]] | None] = deque()
        elements = 0
        for point in self._grid.points():
            spec = self._grid.spec(point)
            asked = self._ask(spec) if min(spec.output_size) > 0 else None
            waiting.append(asked)
            elements += asked[0] if asked else 0
            while waiting and (len(waiting) > _AHEAD or elements > _AHEAD_ELEMENTS):
                elements -= waiting[0][0] if waiting[0] else 0
                yield self._answered(waiting.popleft())
        while waiting:
            yield self._answered(waiting.popleft())

    def _answered(
        self, asked: tuple[int, Expected | None, list[_Asked]] | None
    ) -> tuple[Answer, ...] | None:
        """Waits for the lowerings of one geometry."""
        if asked is None:
            return None
        _, reference, rows = asked
        pairs = zip(self._lowerings, rows, strict=True)
        return tuple(self._answer(lowering, row, reference) for lowering, row in pairs)

    def _answer(self, lowering: str, row: _Asked, reference: Expected | None) -> Answer:
        """Rules 1, 3 and 5."""
        if row.future is None or reference is None:
            return Answer(row.plan.predicted, reason=row.reason, asked=True)
        try:
            observed = np.asarray(row.future.result())
        except PadcheckError as error:
            promised = row.rule is None or 0 not in row.rule.shape
            blame, reason = self._rig.failure(lowering, error)
            obeys = not (promised and blame)
            return Answer(row.plan.predicted, reason=reason, asked=True, obeys=obeys)
        if observed.shape != reference.shape:
            measured = SHAPE
        else:
            measured = AGREES if _same(observed, reference) else SILENT
        obeys = measured == AGREES if row.rule is None else _same(observed, row.rule)
        return Answer(row.plan.predicted, measured, asked=True, obeys=obeys)

    def _ask(self, spec: OpSpec) -> tuple[int, Expected | None, list[_Asked]]:
        """Starts every lowering of one op on one probe."""
        plans = [self._plan(spec, lowering) for lowering in self._lowerings]
        rules = [plan.rule for plan in plans if plan.rule is not None]
        if not all(map(fits, (spec, *rules))):
            too_large = f"too large to be run: {spec}"
            return 0, None, [_Asked(plan, reason=plan.reason or too_large) for plan in plans]
        seed, probe, reference, ruled = self._telling(spec, plans)
        rows = []
        for lowering, plan, rule in zip(self._lowerings, plans, ruled, strict=True):
            if plan.reason is not None:
                rows.append(_Asked(plan, reason=plan.reason))  # rule 4
            elif rule is not None and _same(rule.values, reference):
                reason = f"none of {_MOST_SEEDS} probes tells its rule from the op"
                rows.append(_Asked(plan, reason=reason))
            else:
                future = self._rig.ask(spec, lowering, probe, seed)
                rows.append(_Asked(plan, future, rule))
        return reference.numerator.size, reference, rows

    def _telling(
        self, spec: OpSpec, plans: Sequence[Plan]
    ) -> tuple[int, Probe, Expected, list[Expected | None]]:
        """The first probe on which the op differs from every rule that is not the op (rule 2)."""
        for seed in range(_MOST_SEEDS):
            probe = self._rig.probe(spec, seed)
            reference = self._rig.expected(spec, probe, seed)
            ruled: list[Expected | None] = []
            for number, plan in enumerate(plans):
                twin = next((at for at in range(number) if plans[at].rule == plan.rule), None)
                if plan.rule is None:
                    ruled.append(None)
                elif twin is None:
                    ruled.append(self._rig.expected(plan.rule, probe, seed))
                else:
                    ruled.append(ruled[twin])
            if not any(_same(one.values, reference) for one in ruled if one is not None):
                break
        return seed, probe, reference, ruled


def _same(observed: NDArray[Any], expected: Expected) -> bool:
    if observed.shape != expected.shape:
        return False
    plain = expected.offset is None and not expected.is_rounded and expected.divisor.size == 1
    if plain and expected.divisor.item() == 1:
        rounded = np.rint(observed)
        if np.array_equal(rounded, expected.numerator):
            return True  # what `equals` would say, sooner
    return equals(observed, expected)

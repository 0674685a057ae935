"""One geometry through one lowering, in a child process, and what came of it.

Rules:
1. Where the dialect has words for the op, the output is `Lowered.spec`'s, integer for integer,
   on the probe as it is and on one of batch 2.
2. Where it has none, the runner raises FrameworkError and returns no numbers. It may raise
   where the op has no output.
3. A process that dies, or answers too late, fails the trial at hand and no other.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks import Framework, dialect
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.worker import MAX_CRASHES, Worker
from padcheck.oracle import Expected, evaluate
from padcheck.probes import Probe, compare, equals, make_probe
from padcheck.records import Lowered, Mismatch, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ANSWERS",
    "CONFORMS",
    "CRASH",
    "HOWS",
    "RAISES",
    "REFUSED",
    "SHAPE",
    "UNRUN",
    "VALUES",
    "Bench",
    "Outcome",
    "Trial",
    "expected",
    "probe",
]

CONFORMS, REFUSED, UNRUN = "conforms", "refused", "unrun"
VALUES, SHAPE, RAISES, CRASH, ANSWERS = "values", "shape", "raises", "crash", "answers"

#: The ways to diverge; "answers": numbers for an op that the dialect has no words for.
HOWS = (VALUES, SHAPE, RAISES, CRASH, ANSWERS)

#: Trials handed to the child ahead of the one whose result is looked at.
_AHEAD = 16
#: Processes that may die before the rest is left unrun.
_MOST_CRASHES = 60
#: Seconds that loading, or one trial, may take.
_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a geometry: `said` is the framework's or the dialect's reason, `batch` that
    of the first probe that diverged.
    """

    how: str
    batch: int = 0
    said: str | None = None
    mismatch: Mismatch | None = None

    @property
    def diverges(self) -> bool:
        """Whether the framework did not do what its dialect says."""
        return self.how in HOWS


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: a geometry, what the lowering should make of it, and the probe's batch.

    `lowered` is the text of the error where the dialect raises one.
    """

    lowering: str
    spec: OpSpec
    lowered: Lowered | str
    batch: int


@functools.lru_cache(maxsize=1024)
def probe(spec: OpSpec, batch: int) -> Probe:
    """The signal of a trial, with the channels and bias that the geometry says."""
    return make_probe(spec, batch=batch)


@functools.lru_cache(maxsize=1024)
def expected(spec: OpSpec, computed: OpSpec, batch: int) -> Expected:
    """What `computed` gives on the probe of `spec`."""
    signal = probe(spec, batch)
    return evaluate(computed, signal.x, signal.weight, signal.bias)


class Bench:
    """A framework's worker, replaced when it has crashed too often; a context manager.

    Raises MissingFramework where the framework is not installed, UsageError where no framework
    of that name is registered.
    """

    def __init__(self, entry: Framework) -> None:
        self.framework = entry
        self._worker = Worker(entry.name, timeout=_TIMEOUT)
        self._versions: dict[str, str] | None = None
        self._crashes = 0
        self._crashes_in_all = 0
        self._waiting: deque[tuple[Trial, Future[NDArray[Any]]]] = deque()
        self._known: dict[tuple[str, OpSpec, int], Outcome] = {}

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.close()

    def versions(self) -> dict[str, str]:
        """Name -> version; raises FrameworkError where the framework cannot be loaded."""
        if self._versions is None:
            self._versions = self._worker.versions()
        return self._versions

    def lowered(self, lowering: str, spec: OpSpec) -> Lowered | str:
        """What the framework's own dialect makes of `spec`, or what it raises."""
        own = dialect(lowering, framework_name=self.framework.name)
        try:
            return own.lower(spec, lowering)
        except Exception as error:
            return f"its dialect raises {one_line(error)}"

    def outcomes(self, asked: Iterable[tuple[str, OpSpec]]) -> Iterator[Outcome]:
        """One outcome per lowering and geometry, in order; the child runs ahead of what is
        compared.
        """
        found: dict[tuple[str, OpSpec], list[Outcome]] = {}
        trials = [trial for pair in asked for trial in self._trials(*pair)]
        last = {(trial.lowering, trial.spec): trial for trial in trials}
        for trial, outcome in self._results(trials):
            pair = (trial.lowering, trial.spec)
            found.setdefault(pair, []).append(outcome)
            if trial is last[pair]:
                worst = _worst(found.pop(pair))
                self._known[trial.lowering, trial.spec, worst.batch] = worst
                yield worst

    def outcome(self, lowering: str, spec: OpSpec, batch: int) -> Outcome:
        """That of one geometry on one batch; runs nothing twice."""
        key = (lowering, spec, batch)
        if key not in self._known:
            trial = Trial(lowering, spec, self.lowered(lowering, spec), batch)
            ((_, self._known[key]),) = self._results([trial])
        return self._known[key]

    def observed(self, lowering: str, spec: OpSpec, batch: int) -> NDArray[Any]:
        """The output (N, C, *spatial) itself; raises what the runner raises."""
        return self._worker.run(spec, lowering, *probe(spec, batch).as_float32())

    def _trials(self, lowering: str, spec: OpSpec) -> list[Trial]:
        lowered = self.lowered(lowering, spec)
        first = make_probe(spec).x.shape[0]
        speaks = isinstance(lowered, Lowered) and lowered.spec is not None
        batches = {first, 2} if speaks else {first}
        return [Trial(lowering, spec, lowered, batch) for batch in sorted(batches)]

    def _results(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, Outcome]]:
        for trial in trials:
            self._waiting.append((trial, self._submit(trial)))
            if len(self._waiting) > _AHEAD:
                yield self._next()
        while self._waiting:
            yield self._next()

    def _submit(self, trial: Trial) -> Future[NDArray[Any]]:
        signal = probe(trial.spec, trial.batch)
        return self._worker.submit(trial.spec, trial.lowering, *signal.as_float32())

    def _next(self) -> tuple[Trial, Outcome]:
        trial, future = self._waiting.popleft()
        if self._crashes_in_all >= _MOST_CRASHES:
            future.cancel()
            said = f"left unrun after {self._crashes_in_all} crashes"
            return trial, Outcome(how=UNRUN, said=said)
        outcome = _judged(trial, future, self.framework.name)
        if outcome.how == CRASH:
            self._crashes += 1
            self._crashes_in_all += 1
            if self._crashes >= MAX_CRASHES:
                self._replace_worker()
        return trial, outcome

    def _replace_worker(self) -> None:
        """A worker gives up after MAX_CRASHES and fails all that waits: ask another one."""
        self._worker.close()
        self._worker = Worker(self.framework.name, timeout=_TIMEOUT)
        self._crashes = 0
        waiting, self._waiting = self._waiting, deque()
        self._waiting.extend((trial, self._submit(trial)) for trial, _ in waiting)


def _worst(outcomes: list[Outcome]) -> Outcome:
    """The first that diverges, else the first unrun, else the first."""
    ranked = sorted(outcomes, key=lambda outcome: (not outcome.diverges, outcome.how != UNRUN))
    return ranked[0]


def _judged(trial: Trial, future: Future[NDArray[Any]], framework: str) -> Outcome:
    if isinstance(trial.lowered, str):
        future.cancel()
        return Outcome(how=RAISES, batch=trial.batch, said=trial.lowered)
    computed, reason = trial.lowered.spec, trial.lowered.reason
    try:
        observed = np.asarray(future.result())
    except PadcheckError as error:
        return _failed(error, framework, trial.batch, computed, reason)
    if computed is None:  # rule 2
        return Outcome(how=ANSWERS, batch=trial.batch, said=reason)
    if observed.dtype.kind not in "fiub":
        said = f"returned {observed.dtype} instead of numbers"
        return Outcome(how=RAISES, batch=trial.batch, said=said)
    reference = expected(trial.spec, computed, trial.batch)
    if equals(observed, reference):  # rule 1
        return Outcome(how=CONFORMS)
    mismatch = compare(observed, reference, (computed,))
    how = SHAPE if mismatch.kind == "shape" else VALUES
    return Outcome(how=how, batch=trial.batch, mismatch=mismatch)


def _failed(
    error: PadcheckError, framework: str, batch: int, computed: OpSpec | None, reason: str | None
) -> Outcome:
    said = str(error)
    died = (f"{framework}: the process ended (", f"{framework}: no answer within ")
    if said.startswith(died):  # rule 3
        return Outcome(how=CRASH, batch=batch, said=said)
    speaks = computed is not None and 0 not in computed.output_size
    if not speaks and isinstance(error, FrameworkError):  # rule 2
        return Outcome(how=REFUSED, said=reason)
    if not isinstance(error, FrameworkError):
        said = f"{type(error).__name__} instead of FrameworkError: {said}"
    return Outcome(how=RAISES, batch=batch, said=said)

"""The processes of a subject, or this one: where cases are judged, each once.

1. A process that does not answer in time, or dies twice of the same case, fails that case and no
   other; after MOST_CRASHES of them the rest is left unjudged.
2. A subject that cannot be loaded raises FrameworkError, at the first question.
"""

from __future__ import annotations

import functools
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, cast

from padcheck.checks.grade.child import TASKS, argument_for
from padcheck.checks.grade.grader import Grader
from padcheck.checks.grade.hands import Died, Hand
from padcheck.checks.grade.registry import require, subject
from padcheck.errors import FrameworkError, PadcheckError, UsageError
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.process import Child
from padcheck.records.case import CRASHED, UNVERIFIED_CASE, Case, Outcome

__all__ = ["Here", "Pool", "Processes", "most_jobs"]

#: Processes that may die before the rest is left unjudged.
MOST_CRASHES = 40

T = TypeVar("T")
R = TypeVar("R")


class Pool(Protocol):
    """Where cases are judged; a context manager. Safe to be asked by several threads."""

    name: str
    jobs: int

    def __enter__(self) -> Pool: ...

    def __exit__(self, *details: object) -> None: ...

    def versions(self) -> dict[str, str]:
        """Name -> version, the subject's own first."""
        ...

    def asks(self, cases: Sequence[Case]) -> list[Case | str]:
        """`Grader.asks` of each."""
        ...

    def outcome(self, case: Case) -> Outcome | None:
        """What comes of a case, None where it is no question; judges nothing twice."""
        ...

    def repro(self, outcome: Outcome) -> str:
        """A script that shows it; raises FrameworkError where none can be written."""
        ...

    def each(self, task: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`task(item)` in order, as many at once as there are jobs."""
        ...


class _Asking:
    """What both kinds have in common: a memory of what was judged."""

    def __init__(self, name: str, jobs: int) -> None:
        self.name, self.jobs = name, jobs
        self._known: dict[Case, Outcome | None] = {}

    def _judged(self, case: Case) -> Outcome | None:
        raise NotImplementedError

    def outcome(self, case: Case) -> Outcome | None:
        if case not in self._known:
            self._known[case] = self._judged(case)
        return self._known[case]


class Here(_Asking):
    """A grader in this process, one case after the other; a crash ends it all."""

    def __init__(self, name: str, grader: Grader) -> None:
        super().__init__(name, 1)
        self._grader = grader

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *details: object) -> None:
        return None

    def versions(self) -> dict[str, str]:
        return self._grader.versions()

    def asks(self, cases: Sequence[Case]) -> list[Case | str]:
        return cast("list[Case | str]", TASKS["asks"](self._grader, cases))

    def _judged(self, case: Case) -> Outcome | None:
        try:
            return cast("Outcome | None", TASKS["judged"](self._grader, case))
        except Exception as error:
            return Outcome(case=case, how=UNVERIFIED_CASE, said=one_line(error))

    def repro(self, outcome: Outcome) -> str:
        return cast(str, TASKS["repro"](self._grader, self.name, outcome))

    def each(self, task: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        return map(task, items)


class Processes(_Asking):
    """A subject of the registry, or a converter named "module:function", in `jobs` processes.

    A converter finds modules in the working folder, too. Raises UsageError for an unknown
    subject, for what cannot be a module and a function of it, and for the layout of a subject
    that has its own; MissingFramework for one that is not installed.
    """

    def __init__(self, name: str, jobs: int, *, layout: str | None = None) -> None:
        super().__init__(name, jobs)
        entry = None if ":" in name else subject(name)
        if entry is None:
            _check_converter(name)
        else:
            require(entry)
            if layout is not None and not entry.is_converter:
                raise UsageError(f"{name} has a layout of its own: leave layout={layout!r} out")
        start = functools.partial(
            Child,
            argument_for(name, layout),
            module="padcheck.checks.grade.child",
        )
        if entry is None:
            path = (os.getcwd(),)
            self._start = functools.partial(start, environment=_own_backend(), path=path)
        elif entry.is_converter:
            self._start = functools.partial(start, environment=_own_backend())
        else:
            self._start = functools.partial(start, environment=dict(entry.environment))
        self._lock = threading.Lock()
        self._crashes = 0
        self._broken: PadcheckError | None = None
        self._versions: dict[str, str] = {}
        self._hands = [Hand(self._start) for _ in range(jobs)]
        self._idle: queue.SimpleQueue[Hand] = queue.SimpleQueue()
        for hand in self._hands:
            self._idle.put(hand)
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix=f"grade {name}")

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *details: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for hand in self._hands:
            hand.close()
        self._threads.shutdown()

    def versions(self) -> dict[str, str]:
        self._task("asks", [])
        return self._versions

    def asks(self, cases: Sequence[Case]) -> list[Case | str]:
        return cast("list[Case | str]", self._task("asks", list(cases)))

    def repro(self, outcome: Outcome) -> str:
        return cast(str, self._task("repro", self.name, outcome))

    def each(self, task: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        return self._threads.map(task, items)

    def _judged(self, case: Case) -> Outcome | None:
        if self._crashes >= MOST_CRASHES:  # rule 1
            said = f"left unjudged after {self._crashes} crashes"
            return Outcome(case=case, how=UNVERIFIED_CASE, said=said)
        try:
            return self._asked_again(case)
        except Died as error:
            with self._lock:
                self._crashes += 1
            return Outcome(case=case, how=CRASHED, said=str(error))
        except PadcheckError as error:
            if error is self._broken:
                raise
            return Outcome(case=case, how=UNVERIFIED_CASE, said=str(error))

    def _asked_again(self, case: Case) -> Outcome | None:
        """Once more in a new process, where one has died of what may be an earlier case's doing."""
        try:
            return cast("Outcome | None", self._task("judged", case))
        except Died as error:
            if error.timed_out:
                raise
        return cast("Outcome | None", self._task("judged", case))

    def _task(self, name: str, *arguments: Any) -> Any:
        hand = self._idle.get()
        try:
            if self._broken is not None:
                raise self._broken
            try:
                self._versions = hand.ready()
            except Died as error:  # rule 2
                self._broken = FrameworkError(f"{self.name}: cannot be loaded ({error})")
                raise self._broken from error
            except PadcheckError as error:
                self._broken = error
                raise
            return hand.ask(name, *arguments)
        finally:
            self._idle.put(hand)


def _own_backend() -> dict[str, str]:
    """That of the caller's Keras, where one is chosen: a converter may be made for it."""
    return {name: os.environ[name] for name in ("KERAS_BACKEND",) if name in os.environ}


def _check_converter(name: str) -> None:
    parts = [part for side in name.split(":") for part in side.split(".")]
    if name.count(":") != 1 or not all(map(str.isidentifier, parts)):
        raise UsageError(
            f"expected module:function, such as mypkg.convert:to_keras, but got {name!r}"
        )


def most_jobs() -> int:
    """How many processes are used unless told: two, or one where there is one processor."""
    return min(os.cpu_count() or 1, 2)

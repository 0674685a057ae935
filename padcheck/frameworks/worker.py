"""Any runner in a child process: frameworks load side by side, and a crash stays harmless.

    parent                          child
    Worker(framework)  ── starts ─▶ loads the framework, sends its versions
    submit(...)        ── job ────▶ runner.run(...)
    Future.result()    ◀─ result ── ("ok", array) or ("error", exception name, text)

One thread per worker speaks with its child, one job at a time, so that any number may be
submitted. A child that crashes fails the job at hand alone; the next one starts another child.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from padcheck import errors
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks import require
from padcheck.frameworks.process import Child
from padcheck.frameworks.wire import pack

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np

    from padcheck.records import OpSpec

__all__ = ["Worker"]

#: Seconds that loading the framework, or one job, may take.
TIMEOUT = 300.0

#: Children that may crash before a worker gives up.
MAX_CRASHES = 5


class Worker:
    """A runner in a child process, started at once and waited for only when asked.

    `timeout`: seconds that loading, or one job, may take before the child is killed. Raises
    UsageError for an unknown framework and MissingFramework for one that is not installed.
    """

    def __init__(self, framework: str, *, timeout: float = TIMEOUT) -> None:
        require(framework)
        self.framework = framework
        self._timeout = timeout
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._broken: PadcheckError | None = None
        self._crashes = 0
        self._versions: dict[str, str] = {}
        self._child: Child | None = Child(framework)
        self._thread = threading.Thread(target=self._serve, daemon=True, name=f"{framework} worker")
        self._thread.start()

    def submit(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None = None,
        bias: np.ndarray | None = None,
    ) -> Future[np.ndarray]:
        """A Future of `Runner.run`'s output; does not wait. FrameworkError comes from result()."""
        return self._put((spec, lowering, x, weight, bias))

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None = None,
        bias: np.ndarray | None = None,
    ) -> np.ndarray:
        """`Runner.run` in the child; waits for it."""
        return self.submit(spec, lowering, x, weight, bias).result()

    def versions(self) -> dict[str, str]:
        """Name -> version of what the child has loaded; waits until it has."""
        return cast("dict[str, str]", self._put(None).result())

    def _put(self, arguments: tuple[Any, ...] | None) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                future.set_exception(FrameworkError(f"{self.framework}: its worker is closed"))
            else:
                self._jobs.put(_Job(arguments, future))
        return future

    def close(self) -> None:
        """Ends the child and fails what is still to be done; never waits for a job."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
            child = self._child
        if child is not None:
            child.kill()
        self._thread.join(timeout=5.0)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- the worker's own thread ------------------------------------------------------------

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                result = self._answer(job)
            except BaseException as error:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
        if self._child is not None:
            self._child.reap()

    def _answer(self, job: _Job) -> Any:
        child = self._ready_child()
        if job.arguments is None:
            return self._versions
        return self._exchange(child, pack(job.arguments))

    def _ready_child(self) -> Child:
        """The child at hand, or a new one, after it has said its versions.

        A framework that cannot be loaded, or that dies while loading, is not tried again.
        """
        with self._lock:
            if self._closed:
                raise FrameworkError(f"{self.framework}: its worker is closed")
            if self._broken is not None:
                raise type(self._broken)(str(self._broken))
            if self._child is None:
                self._child = Child(self.framework)
            child = self._child
        if not child.ready:
            try:
                self._versions = cast("dict[str, str]", self._exchange(child, None))
            except PadcheckError as error:
                self._broken = error
                raise
            child.ready = True
        return child

    def _exchange(self, child: Child, packed: bytes | None) -> Any:
        """Sends a message (None: nothing) and takes the answer, within the timeout."""
        watchdog = threading.Timer(self._timeout, child.time_out)
        watchdog.daemon = True
        watchdog.start()
        try:
            status, *content = child.ask(packed)
        except Exception as error:  # the pipe broke, or what came through it did
            raise self._failure(child) from error
        finally:
            watchdog.cancel()
        if status == "ok":
            return content[0]
        name, text = content
        raise cast(type[PadcheckError], getattr(errors, name))(text)

    def _failure(self, child: Child) -> FrameworkError:
        """What to say of a child that is gone; the next job starts another."""
        epitaph = child.reap()
        with self._lock:
            self._child = None
            self._crashes += 1
            if self._closed:
                return FrameworkError(f"{self.framework}: its worker is closed")
        if child.timed_out:
            failure = FrameworkError(f"{self.framework}: no answer within {self._timeout:g} s")
        else:
            failure = FrameworkError(f"{self.framework}: the process ended ({epitaph})")
        if self._crashes >= MAX_CRASHES:
            self._broken = failure
        return failure


@dataclass(frozen=True, slots=True)
class _Job:
    """The arguments of one run, or None to ask for the versions."""

    arguments: tuple[Any, ...] | None
    future: Future[Any]

"""One process of a subject after the other, and what it answers.

1. A process that died, or did not answer in time, is replaced when it is next asked.
2. So is one that holds much more memory than at its first answer.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, cast

from padcheck import errors
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks.process import Child
from padcheck.frameworks.wire import pack

__all__ = ["Died", "Hand"]

#: Seconds that loading a subject, or one task, may take.
TIMEOUT = 300.0
#: MiB that a process may grow by.
MOST_GROWTH = 1500


class Died(FrameworkError):
    """The process ended, or was ended for taking too long; the text says how."""

    @property
    def timed_out(self) -> bool:
        """Whether it was ended."""
        return str(self).startswith(_LATE)


_LATE = "no answer within"


class Hand:
    """One process at a time, replaced when it has died or grown (rules 1 and 2)."""

    def __init__(self, start: Callable[[], Child]) -> None:
        self._start = start
        self._child: Child | None = start()
        self._closed = threading.Event()
        self._versions: dict[str, str] = {}
        self._first: int | None = None

    def ready(self) -> dict[str, str]:
        """The versions, once there is a process that has loaded the subject."""
        if self._closed.is_set():
            raise FrameworkError("the processes are closed")
        if self._child is None:
            self._child, self._first = self._start(), None
            if self._closed.is_set():  # meanwhile
                self._child.kill()
        if not self._child.ready:
            self._versions = self._exchange(None)
            self._child.ready = True
        return self._versions

    def ask(self, *job: Any) -> Any:
        """What a task returns; raises Died, and what the task raised."""
        found, size = self._exchange(pack(job))
        self._first = size if self._first is None else self._first
        if size > self._first + MOST_GROWTH:
            self._end()
        return found

    def close(self) -> None:
        """Ends the process; waits for no task."""
        self._closed.set()
        child = self._child
        if child is not None:
            child.kill()
            with contextlib.suppress(Exception):
                child.reap()

    def _end(self) -> str:
        child, self._child = self._child, None
        assert child is not None
        epitaph = child.reap()
        return f"{_LATE} {TIMEOUT:g} s" if child.timed_out else epitaph

    def _exchange(self, packed: bytes | None) -> Any:
        child = self._child
        assert child is not None
        watchdog = threading.Timer(TIMEOUT, child.time_out)
        watchdog.daemon = True
        watchdog.start()
        try:
            status, *content = child.ask(packed)
        except Exception as error:
            raise Died(self._end()) from error
        finally:
            watchdog.cancel()
        if status == "ok":
            return content[0]
        name, text = content
        raise cast("type[PadcheckError]", getattr(errors, name))(text)

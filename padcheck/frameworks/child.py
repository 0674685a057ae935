"""What runs in a worker's process: loads a framework, then answers jobs until its stdin ends."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from padcheck import errors
from padcheck.errors import PadcheckError
from padcheck.frameworks import runner
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.wire import pack, receive, send

if TYPE_CHECKING:
    from padcheck.frameworks.base import Runner

__all__ = ["main", "serve"]

Answer = Callable[..., Any]


def main(framework: str) -> None:
    """Sends ("ok", versions) once loaded, then an answer to every job; returns at the end."""

    def load() -> tuple[Any, Answer]:
        made: Runner = runner(framework)
        return made.versions(), made.run

    serve(framework, load)


def serve(name: str, load: Callable[[], tuple[Any, Answer]]) -> None:
    """Sends the first of what `load` returns, then what the second, a function, makes of the
    arguments of every job; returns when no more jobs can come.

    Standard output is kept for the answers alone: whatever a framework prints goes to stderr.
    """
    warnings.simplefilter("ignore")
    with os.fdopen(os.dup(0), "rb") as jobs, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        with contextlib.suppress(OSError, EOFError):  # the parent is gone: nothing to say
            _answer_all(name, load, jobs, answers)


def _answer_all(
    name: str, load: Callable[[], tuple[Any, Answer]], jobs: IO[bytes], answers: IO[bytes]
) -> None:
    loaded: list[Answer] = []

    def first() -> Any:
        # What a framework makes while loading stays: collecting it costs a sixth of the time.
        gc.disable()
        said, answer = load()
        loaded.append(answer)
        gc.freeze()
        gc.enable()
        return said

    send(answers, pack(_attempt(name, first)))
    while loaded:
        send(answers, pack(_attempt(name, loaded[0], *receive(jobs))))


def _attempt(name: str, task: Callable[..., Any], *arguments: Any) -> tuple[Any, ...]:
    """("ok", result), or ("error", name of an exception of ours, text)."""
    try:
        return "ok", task(*arguments)
    except PadcheckError as error:
        return "error", _exported_name(error), str(error)
    except Exception as error:
        return "error", "FrameworkError", f"{name}: {one_line(error)}"


def _exported_name(error: PadcheckError) -> str:
    """The name under which the parent finds it; ModelError takes more than a text."""
    name = type(error).__name__
    return name if name in errors.__all__ and name != "ModelError" else "PadcheckError"

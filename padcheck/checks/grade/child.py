"""What runs in the process of a subject: judges cases until its stdin ends.

The argument is JSON, as `argument_for` writes it. A job is (name of a task, its arguments); an
answer is (what the task returns, the memory of the process in MiB).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

from padcheck.checks.grade.grader import Grader
from padcheck.checks.grade.judging import judged
from padcheck.checks.grade.registry import Subject, subject
from padcheck.checks.grade.writing import written
from padcheck.errors import FrameworkError
from padcheck.frameworks.child import serve
from padcheck.frameworks.loading import loaded
from padcheck.records.case import Case

__all__ = ["TASKS", "argument_for", "grader_of", "main", "memory"]


def argument_for(subject_name: str, layout: str | None) -> str:
    """What `main` is given: the name of a subject, or the "module:function" of a converter."""
    return json.dumps({"subject": subject_name, "layout": layout})


def main(argument: str) -> None:
    """Sends the versions once loaded, then an answer to every job; returns at the end."""
    given = json.loads(argument)
    name = str(given["subject"])

    def load() -> tuple[dict[str, str], Callable[..., Any]]:
        grader = grader_of(name, given["layout"])

        def answer(task: str, *arguments: Any) -> tuple[Any, int]:
            return TASKS[task](grader, *arguments), memory()

        return grader.versions(), answer

    serve(name, load)


def grader_of(name: str, layout: str | None) -> Grader:
    """The grader of a subject, or of a converter named "module:function"."""
    if ":" in name:
        return _converter(name, loaded(name, name), layout)
    entry: Subject = subject(name)
    made = loaded(entry.name, entry.grader)
    if entry.is_converter:
        return _converter(entry.name, made, layout)
    try:
        grader: Grader = made()
    except TypeError as error:
        raise FrameworkError(f"{name}: {entry.grader} makes no grader ({error})") from error
    return grader


def _converter(name: str, convert: Any, layout: str | None) -> Grader:
    from padcheck.checks.grade.subjects.callables import OnnxConverter

    return OnnxConverter(convert, name, layout)


def _asks(grader: Grader, cases: Sequence[Case]) -> list[Case | str]:
    return [grader.asks(case) for case in cases]


#: Task -> what does it; all take the grader first.
TASKS: dict[str, Callable[..., Any]] = {"asks": _asks, "judged": judged, "repro": written}


def memory() -> int:
    """What this process holds now, in MiB; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
    except (OSError, ValueError, IndexError):
        return 0

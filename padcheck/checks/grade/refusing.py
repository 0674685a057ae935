"""What a subject raises, in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import FrameType

from padcheck.checks.grade.grader import Refused
from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import one_line

__all__ = ["refusals", "refused"]


@contextlib.contextmanager
def refusals(package: str = "") -> Iterator[None]:
    """Whatever is raised within is `refused`, leaving by sys.exit, too."""
    try:
        yield
    except Refused:
        raise
    except (Exception, SystemExit) as error:
        raise refused(error, package) from error


def refused(error: BaseException, package: str) -> Refused:
    """The error as a refusal: `Type: text`; a FrameworkError stands for what caused it.

    1. An error without a text is told by its place: the last line of `package` (a top-level
       module) that was running, `AssertionError at package/module.py:12`.
    2. Other errors are told by their text alone, so that equal ones read alike.

    >>> str(refused(AssertionError(), "numpy")), str(refused(ValueError("no"), "numpy"))
    ('AssertionError', 'ValueError: no')
    """
    if isinstance(error, FrameworkError) and error.__cause__ is not None:
        error = error.__cause__
    text, place = one_line(error), _place(error, package)
    if text == type(error).__name__ and place:  # rule 1
        text = f"{text} at {place}"
    return Refused(text)


def _place(error: BaseException, package: str) -> str:
    """`package/module.py:12`, or nothing where none of it was running."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            place = f"{_file(trace.tb_frame, package)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _file(frame: FrameType, package: str) -> str:
    """The file from the package's folder on; a module's own name where it has none."""
    parts = frame.f_code.co_filename.replace("\\", "/").split("/")
    folders = [index for index, part in enumerate(parts[:-1]) if part == package]
    return "/".join(parts[folders[-1] :] if folders else parts[-1:])

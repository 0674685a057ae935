"""Workflow commands of GitHub Actions: lines of a log that become annotations.

Source: the documentation of workflow commands, and `escapeData` and `escapeProperty` in
`packages/core/src/command.ts` of https://github.com/actions/toolkit.
"""

from __future__ import annotations

from padcheck.errors import UsageError

__all__ = ["LEVELS", "annotation"]

LEVELS = ("error", "warning", "notice")


def annotation(
    level: str, message: str, *, title: str, file: str | None = None, line: int | None = None
) -> str:
    """One line: `::error file=test_a.py,line=3,title=PAD101::extra pad is at the bottom/right`.

    `line` counts from 1. Raises UsageError for a level that is not in LEVELS.

    >>> annotation("notice", "a%", title="b: c")
    '::notice title=b%3A c::a%25'
    """
    if level not in LEVELS:
        raise UsageError(f"expected one of {', '.join(LEVELS)} but got level={level!r}")
    properties = {"file": file, "line": line, "title": title}
    told = (f"{name}={_property(str(x))}" for name, x in properties.items() if x is not None)
    return f"::{level} {','.join(told)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""Numbers and foreign text, fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["gist", "percent", "printable", "uniquely"]

#: What is quoted, or has a number in it, and lists of such.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_NUMBERED = re.compile(r"[-+]?\w*\d[\w.]*")
_LIST = re.compile(r"#(?:[\s,:;x*()]+#)*,?")


def gist(text: str) -> str:
    """`text` with its numbers and names left out; equal for texts that differ in those alone.

    >>> gist("node 'a': got (1, 2)") == gist("node 'b': got (3, 4, 5)")
    True
    """
    plain = _NUMBERED.sub("#", _QUOTED.sub("#", text))
    return _LIST.sub("#", plain)


def percent(share: float) -> str:
    """Two digits after the point, rounded so that neither 0 nor 100 is claimed falsely."""
    shown = min(max(share, 0.0001), 0.9999) if 0 < share < 1 else share
    return f"{shown:.2%}".replace("%", " %")


def printable(text: str) -> str:
    """`text` on one line, with what could steer a terminal spelled out."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text.encode("utf-8", "backslashreplace").decode()
    )


def uniquely(names: Iterable[str]) -> list[str]:
    """The names, with `#2`, `#3`, ... where one comes again; no two are the same."""
    uses: dict[str, int] = {}
    made = []
    for base in names:
        name = base
        while name in uses:
            uses[base] += 1
            name = f"{base}#{uses[base]}"
        uses[name] = 1
        made.append(name)
    return made

"""Numbers and foreign text, fit to be shown."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["percent", "printable", "uniquely"]


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

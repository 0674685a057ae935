"""Numbers and foreign text, fit to be shown."""

from __future__ import annotations

__all__ = ["percent", "printable"]


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

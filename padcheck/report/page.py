"""What every page of text is made with: prose and code of a given width, and paint."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED

__all__ = ["COLOURS", "Page", "Paint"]

#: Paints a text in a named colour, or leaves it as it is.
Paint = Callable[[str, str], str]

COLOURS = {MISMATCH: "red", UNVERIFIED: "yellow", EQUIVALENT: "green"}


class Page:
    """Lines no wider than `width`; without `paint` there is no colour."""

    def __init__(self, width: int, paint: Paint | None) -> None:
        self.width = max(width, 40)
        self.paint: Paint = paint or (lambda text, colour: text)

    def wrap(self, text: str, *, indent: int = 0, hang: int = 0) -> list[str]:
        """Prose; its further lines start `hang` after the first."""
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def code(self, code: Sequence[str], *, indent: int) -> list[str]:
        """Lines of code; one that is too long goes on at a space, within its parentheses."""
        return [part for line in code for part in self.wrap(line, indent=indent, hang=4)]

"""How a test ends that padcheck did not let pass."""

from __future__ import annotations

import re

__all__ = ["Mismatch", "Unverified", "in_pytest"]


class Mismatch(AssertionError):
    """Something was found."""


class Unverified(AssertionError):
    """Nothing was found, and something could not be checked."""


for _kind in (Mismatch, Unverified):
    _kind.__module__ = "builtins"  # in pytest's lines they go by their bare names

#: Options of the command line that the plugin has as well.
_OPTIONS = re.compile(r"(?<![\w-])--(input-shape|static|trust)\b")


def in_pytest(text: str) -> str:
    """Advice for the command line as advice for pytest: --input-shape is --padcheck-input-shape."""
    return _OPTIONS.sub(r"--padcheck-\1", text)

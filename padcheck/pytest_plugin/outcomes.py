"""How a test ends that padcheck did not let pass."""

from __future__ import annotations

__all__ = ["Mismatch", "Unverified"]


class Mismatch(AssertionError):
    """Something was found."""


class Unverified(AssertionError):
    """Nothing was found, and something could not be checked."""


for _kind in (Mismatch, Unverified):
    _kind.__module__ = "builtins"  # in pytest's lines they go by their bare names

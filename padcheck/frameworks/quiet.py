"""Frameworks write to stderr whatever they are told: a place where that goes nowhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

__all__ = ["muted", "nowhere"]


@contextlib.contextmanager
def nowhere(descriptor: int) -> Iterator[None]:
    """What this process writes to a file descriptor, past Python too, is lost."""
    try:
        kept = os.dup(descriptor)
    except OSError:  # there is none
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Nothing in this process writes to stderr, save through Python.

    TensorFlow greets on file descriptor 2 whatever its log level is [2.21.0].
    """
    shown, through = sys.stderr, None
    if shown is not None:
        shown.flush()
        with contextlib.suppress(OSError):  # there is none
            through = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    if through is not None:
        sys.stderr = through
    try:
        with nowhere(2):
            yield
    finally:
        if through is not None:
            sys.stderr = shown
            through.close()

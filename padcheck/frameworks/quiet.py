"""Frameworks write to stderr whatever they are told: a place where that goes nowhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

__all__ = ["muted"]


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Nothing in this process writes to stderr, save through Python.

    TensorFlow greets on file descriptor 2 whatever its log level is [2.21.0].
    """
    shown, through = sys.stderr, None
    if shown is not None:
        shown.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    if shown is not None:
        through = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
        sys.stderr = through
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        if through is not None:
            sys.stderr = shown
            through.close()

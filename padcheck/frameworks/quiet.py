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
    if sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    kept, shown = os.dup(2), sys.stderr
    with os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace") as sys.stderr:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            sys.stderr = shown

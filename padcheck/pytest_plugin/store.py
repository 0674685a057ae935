"""What the processes of one session share: texts by key, each made once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["Died", "Store"]

#: How long one process waits for what another makes, in seconds.
_PATIENCE = 24 * 3600.0


class Died(Exception):
    """The process that was making this ended before it was done."""


class Store:
    """A folder with one small database per key, which is also its lock.

    The lock is the operating system's: it goes with the process that holds it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def get(self, key: str, make: Callable[[], str]) -> str:
        """The text of `key`, made by the first process that asks; the others wait for it.

        Raises Died where that process is gone, and whatever `make` raises.
        """
        import sqlite3

        path = self._folder / hashlib.sha256(key.encode()).hexdigest()
        begun = path.with_suffix(".begun")
        with contextlib.closing(sqlite3.connect(path, _PATIENCE, isolation_level=None)) as kept:
            kept.execute("BEGIN EXCLUSIVE")
            kept.execute("CREATE TABLE IF NOT EXISTS kept (text TEXT)")
            row = kept.execute("SELECT text FROM kept").fetchone()
            if row is not None:
                return str(row[0])
            if begun.exists():
                raise Died(begun.read_text())
            begun.write_text(str(os.getpid()))
            try:
                text = make()
            except BaseException:
                begun.unlink()
                raise
            kept.execute("INSERT INTO kept VALUES (?)", (text,))
            kept.execute("COMMIT")
            return text

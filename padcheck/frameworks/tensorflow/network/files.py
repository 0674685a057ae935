"""What kind of model a path is, and the hash of its file."""

from __future__ import annotations

import hashlib
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from padcheck.errors import ModelError

__all__ = ["H5", "KERAS", "SAVED_MODEL", "Hash", "ModelFile", "inspect_path"]

#: What a .keras file, a .h5 file and a SavedModel folder are called.
KERAS, H5, SAVED_MODEL = "keras", "h5", "savedmodel"

_MAGIC = {b"PK\x03\x04": KERAS, b"\x89HDF": H5}
_HELP = "give a .keras or .h5 file, or a SavedModel folder"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    """`content` is the file that is hashed: the model's own, or saved_model.pb in its folder."""

    path: Path
    format: str
    content: Path

    @property
    def where(self) -> str:
        """What messages call it."""
        return str(self.path)


def inspect_path(path: Path) -> ModelFile:
    """The kind by what is there, not by its name.

    Raises ModelError for what is neither a zip archive, nor HDF5, nor a SavedModel folder.
    """
    where = str(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ModelError(f"no such file; {_HELP}", where=where) from None
    except (OSError, ValueError) as error:
        raise _unreadable(error, where) from error
    if stat.S_ISDIR(status.st_mode):
        content = path / "saved_model.pb"
        if not content.is_file():
            raise ModelError(f"is a folder without saved_model.pb; {_HELP}", where=where)
        return ModelFile(path, SAVED_MODEL, content)
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"is not a regular file; {_HELP}", where=where)
    return ModelFile(path, _format(path, where), path)


def _format(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise _unreadable(error, where) from error
    if not start:
        raise ModelError("is empty; save or download the model again", where=where)
    if start not in _MAGIC:
        raise ModelError(f"is neither a .keras archive nor HDF5; {_HELP}", where=where)
    return _MAGIC[start]


def _unreadable(error: Exception, where: str) -> ModelError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ModelError(f"cannot be read ({reason}); check its path and permissions", where=where)


class Hash:
    """The sha256 of a file, worked out in a thread while the model is loaded."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    self._hash.update(chunk)
        except OSError as error:
            self._error = error

    def hexdigest(self, where: str) -> str:
        """Waits for it; raises ModelError where the file could not be read."""
        self._thread.join()
        if self._error is not None:
            raise _unreadable(self._error, where) from self._error
        return self._hash.hexdigest()

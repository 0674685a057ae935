"""From a path or bytes to the content of a .tflite file, with its `ModelRef`."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padcheck.errors import ModelError
from padcheck.records import ModelRef

__all__ = ["FORMAT", "IN_MEMORY", "Content", "load_content"]

FORMAT = "tflite"

#: What messages call a model that has no file.
IN_MEMORY = "model in memory"

#: A flatbuffer's offsets have 32 bits, its signed ones 31.
MAX_FILE_BYTES = (1 << 31) - 1

#: The file identifier, at byte 4. Source: schema.fbs, `file_identifier`.
IDENTIFIER = b"TFL3"


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """The bytes of a model; `where` is what messages call it."""

    data: bytes
    ref: ModelRef
    where: str


def load_content(model: Any) -> Content:
    """Reads the file at a path whole, or takes bytes as they are.

    Raises ModelError for what is no regular file, too large, or carries no `TFL3`.
    """
    if isinstance(model, (bytes, bytearray, memoryview)):
        data = bytes(model)
        _check_identifier(data, IN_MEMORY)
        return Content(data, ModelRef(path=None, format=FORMAT), IN_MEMORY)
    if not isinstance(model, (str, os.PathLike)):
        kind = type(model).__name__
        raise ModelError(f"expected a path or the bytes of a .tflite but got model (type={kind})")
    path = Path(model)
    where = str(path)
    _check_file(path, where)
    try:
        data = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise _unreadable(error, where) from error
    _check_identifier(data, where)
    sha256 = hashlib.sha256(data).hexdigest()
    return Content(data, ModelRef(path=where, format=FORMAT, sha256=sha256), where)


def _check_file(path: Path, where: str) -> None:
    """Raises ModelError for anything but a regular file of a sane size."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ModelError("no such file; give the path of a .tflite file", where=where) from None
    except (OSError, ValueError) as error:
        raise _unreadable(error, where) from error
    if stat.S_ISDIR(status.st_mode):
        raise ModelError("is a folder; give the path of a .tflite file in it", where=where)
    if not stat.S_ISREG(status.st_mode):
        raise ModelError("is not a regular file; give the path of a .tflite file", where=where)
    if status.st_size > MAX_FILE_BYTES:
        raise ModelError("is 2 GiB or more, which is not read", where=where)


def _unreadable(error: BaseException, where: str) -> ModelError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ModelError(f"cannot be read ({reason}); check its path and permissions", where=where)


def _check_identifier(data: bytes, where: str) -> None:
    if not data:
        raise ModelError("is empty; convert or download the model again", where=where)
    if data[4:8] != IDENTIFIER:
        raise ModelError(
            "is no TensorFlow Lite model: bytes 4 to 7 are not `TFL3`; convert it again",
            where=where,
        )

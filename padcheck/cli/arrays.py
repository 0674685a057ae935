"""Inputs for models, from .npy and .npz files: numbers only, of bounded size, no pickle."""

from __future__ import annotations

import io
import math
import os
import zipfile
import zlib
from collections.abc import Iterable
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from padcheck.errors import UsageError
from padcheck.records import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_inputs"]

#: What all arrays of one file may hold at most.
MOST_BYTES = 1 << 30
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAGIC = b"\x93NUMPY"


def read_inputs(values: Iterable[str]) -> dict[str, NDArray[Any]] | NDArray[Any] | None:
    """The arrays of FILE.npy, NAME=FILE.npy and FILE.npz, whose arrays have names.

    None for no values, one array for a single one without a name. Raises UsageError for a file
    that cannot be read, and for names that are missing or given twice.
    """
    found: list[tuple[str, NDArray[Any]]] = []
    for value in values:
        name, path = _split(value)
        found += _from_file(name, path)
    names = [name for name, _ in found]
    if not found:
        return None
    if names == [""]:
        return found[0][1]
    if "" in names:
        raise UsageError("expected --input NAME=FILE.npy where there is more than one input")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"expected --input once for each input but got {printable(twice[0])} twice"
        )
    return dict(found)


def _split(value: str) -> tuple[str, str]:
    """NAME=FILE apart; a file whose own name has a `=` is a file."""
    name, sign, path = value.partition("=")
    return (name, path) if sign and not os.path.exists(value) else ("", value)


def _from_file(name: str, path: str) -> list[tuple[str, NDArray[Any]]]:
    try:
        with open(path, "rb") as file:
            first = file.read(len(_MAGIC))
            file.seek(0)
            if first == _MAGIC:
                return [(name, _array(file, os.path.getsize(path), path))]
            if first.startswith(b"PK"):
                return _members(name, file, path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    raise _unreadable(path, "expected a .npy or .npz file")


def _members(name: str, file: BinaryIO, path: str) -> list[tuple[str, NDArray[Any]]]:
    if name:
        raise UsageError(
            f"expected {printable(name)}=FILE.npy but the arrays in {printable(path)} have names"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if any(member.compress_type not in _COMPRESSIONS for member in members):
                raise _unreadable(path, "expected what numpy.savez writes")
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise _unreadable(path, f"expected at most {MOST_BYTES} bytes of arrays")
            return [
                (
                    member.filename.removesuffix(".npy"),
                    _array(io.BytesIO(archive.read(member)), member.file_size, path),
                )
                for member in members
            ]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise _unreadable(path, f"no whole .npz file ({error})") from error


def _array(file: BinaryIO, size: int, path: str) -> NDArray[Any]:
    """The one array of a .npy file of `size` bytes; its header is held to its size first."""
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise ValueError(f"version {version} of the format is not read")
        if dtype.hasobject:
            raise ValueError("it holds a pickle, which is not opened")
        if dtype.kind not in "fiub":
            raise ValueError(f"expected real numbers but got {dtype}")
        if min(shape, default=0) < 0:
            raise ValueError(f"expected sizes >= 0 but got shape {shape}")
        wanted = math.prod(shape) * dtype.itemsize
        if wanted > MOST_BYTES:
            raise ValueError(f"expected at most {MOST_BYTES} bytes but got shape {shape}")
        if wanted != size - file.tell():
            raise ValueError(f"it should hold {wanted} bytes of numbers, not {size - file.tell()}")
        file.seek(0)
        found: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        problem = error.args[0] if error.args else error  # a TokenError's args[1] is a place
        raise _unreadable(path, str(problem).partition("\n")[0]) from error
    return found


def _unreadable(path: str, problem: str) -> UsageError:
    return UsageError(f"--input {printable(path)}: {problem}")

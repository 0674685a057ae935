"""From a path or an object in memory to a ModelProto that is safe to walk, and its `ModelRef`."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.records import ModelRef

if TYPE_CHECKING:
    import onnx

__all__ = ["IN_MEMORY", "MAX_DEPTH", "LoadedModel", "load_model"]

#: What messages call a model that has no file.
IN_MEMORY = "model in memory"

#: Protobuf's own limit: a serialized message of 2 GiB or more cannot be parsed.
MAX_FILE_BYTES = (1 << 31) - 1

#: The first IR version whose models must say which opset they use.
FIRST_IR_WITH_OPSETS = 3

#: Graphs within graphs (bodies of If, Loop, Scan) deeper than this are refused.
MAX_DEPTH = 40

#: How many missing external files a note lists by name.
LISTED_FILES = 3


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A parsed model: `folder` is where its external data must be, None for one in memory."""

    proto: onnx.ModelProto
    ref: ModelRef
    where: str
    folder: Path | None
    notes: tuple[str, ...] = ()


def load_model(model: str | os.PathLike[str] | onnx.ModelProto) -> LoadedModel:
    """Reads a .onnx file once (hashing while parsing), or takes a ModelProto as it is.

    Raises ModelError for whatever is not a readable binary ONNX model, and for external data
    that leaves the model's folder (ONNX `ExternalData`: a path relative to the model).
    """
    if isinstance(model, (str, os.PathLike)):
        return _from_path(Path(model))
    return _from_proto(model)


def _from_path(path: Path) -> LoadedModel:
    where = str(path)
    _check_file(path, where)
    content = _Content(path)
    import onnx  # noqa: F401 - while the thread reads and hashes

    proto = _parse(content.take(where), where)
    ref = ModelRef(path=where, format="onnx", sha256=content.sha256)
    return LoadedModel(proto, ref, where, path.parent, _check(proto, where, path))


def _from_proto(proto: Any) -> LoadedModel:
    import onnx

    if not isinstance(proto, onnx.ModelProto):
        kind = type(proto).__name__
        raise ModelError(f"expected a path or an onnx.ModelProto but got model (type={kind})")
    ref = ModelRef(path=None, format="onnx")
    return LoadedModel(proto, ref, IN_MEMORY, None, _check(proto, IN_MEMORY, None))


def _check_file(path: Path, where: str) -> None:
    """Raises ModelError for anything but a regular file of a sane size."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ModelError("no such file; give the path of an .onnx file", where=where) from None
    except (OSError, ValueError) as error:
        raise _unreadable(error, where) from error
    if stat.S_ISDIR(status.st_mode):
        raise ModelError("is a folder; give the path of an .onnx file in it", where=where)
    if not stat.S_ISREG(status.st_mode):
        raise ModelError("is not a regular file; give the path of an .onnx file", where=where)
    if status.st_size == 0:
        raise ModelError("is empty; export or download the model again", where=where)
    if status.st_size > MAX_FILE_BYTES:
        raise ModelError(
            "is 2 GiB or more, which protobuf cannot parse; save it with external data",
            where=where,
        )


def _unreadable(error: Exception, where: str) -> ModelError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ModelError(f"cannot be read ({reason}); check its path and permissions", where=where)


class _Content:
    """Reads and hashes a file in a thread, both without the interpreter's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = b""
        self._hash = hashlib.sha256()
        self._error: Exception | None = None
        self._is_read = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            content = self._content = self._path.read_bytes()
        except (OSError, MemoryError) as error:
            self._error = error
            return
        finally:
            self._is_read.set()
        self._hash.update(content)

    def take(self, where: str) -> bytes:
        """The file's bytes, which are let go of here; raises ModelError if they are not read."""
        self._is_read.wait()
        if self._error is not None:
            raise _unreadable(self._error, where) from self._error
        content, self._content = self._content, b""
        return content

    @property
    def sha256(self) -> str:
        """The hash in hex; waits for it."""
        self._thread.join()
        return self._hash.hexdigest()


def _parse(content: bytes, where: str) -> onnx.ModelProto:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(content)
    except (DecodeError, RuntimeError, ValueError) as error:
        raise ModelError(
            "is not a binary ONNX model, or is cut short; export or download it again",
            where=where,
        ) from error
    return proto


def _check(proto: onnx.ModelProto, where: str, path: Path | None) -> tuple[str, ...]:
    """Notes on the model; raises ModelError where random bytes happened to parse."""
    help_ = "export it again, or give another file"
    if not proto.HasField("graph"):
        raise ModelError(f"is not an ONNX model: it has no graph; {help_}", where=where)
    if not proto.graph.node:
        raise ModelError(f"is not an ONNX model: its graph has no nodes; {help_}", where=where)
    if proto.ir_version >= FIRST_IR_WITH_OPSETS and not proto.opset_import:
        raise ModelError(f"is not an ONNX model: it names no opset; {help_}", where=where)
    if proto.ir_version < 1:
        raise ModelError(f"is not an ONNX model: it has no ir_version; {help_}", where=where)
    return _check_external(proto, where, path)


def _check_external(proto: onnx.ModelProto, where: str, path: Path | None) -> tuple[str, ...]:
    missing: dict[str, None] = {}
    seen: dict[str, bool] = {}
    for tensor in _tensors(proto, where):
        if not tensor.external_data:
            continue
        location = _location(tensor)
        if location not in seen:
            seen[location] = _inside(location, tensor.name, where, path)
        if not seen[location]:
            missing[location] = None
    if not missing:
        return ()
    names = ", ".join(f"{name!r:.80}" for name in list(missing)[:LISTED_FILES])
    more = f" and {len(missing) - LISTED_FILES} more" if len(missing) > LISTED_FILES else ""
    return (f"external data {names}{more} is not beside the model; only its shapes are used",)


def _location(tensor: onnx.TensorProto) -> str:
    """The file that holds the values, "" where none is named in UTF-8."""
    for pair in tensor.external_data:
        if pair.key == "location" and isinstance(pair.value, str):
            return pair.value
    return ""


def _inside(location: str, tensor: str, where: str, path: Path | None) -> bool:
    """Whether the file is there; raises ModelError where it is outside of the model's folder.

    1. The location must be relative, on every system's terms, and must not climb.
    2. Links are followed first: what they lead to must be in the model's folder, or in the one
       that the model itself is linked from (a download cache keeps both in another place).
    """
    parts = location.replace("\\", "/").split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    if not location or "\0" in location or parts[0] == "" or drive or ".." in parts:  # rule 1
        raise _outside(location, tensor, where)
    if path is None:
        return True
    try:
        target = (path.parent / location).resolve()
        folders = (path.parent.resolve(), path.resolve().parent)
        inside = any(target.is_relative_to(folder) for folder in folders)
        found = target.is_file()
    except (OSError, ValueError, RuntimeError):
        return False
    if not inside:  # rule 2
        raise _outside(location, tensor, where)
    return found


def _outside(location: str, tensor: str, where: str) -> ModelError:
    return ModelError(
        f"expected a file in the model's folder but got {location!r:.80}; put the data beside the "
        "model and save it again",
        where=where,
        field=f"tensor {tensor!r:.80}: external_data.location",
    )


def _tensors(proto: onnx.ModelProto, where: str) -> Iterator[onnx.TensorProto]:
    """Every tensor of the model: initializers and attributes, in subgraphs and functions too."""
    yield from _graph_tensors(proto.graph, where, MAX_DEPTH)
    for function in proto.functions:
        yield from _node_tensors(function.node, where, MAX_DEPTH)


def _graph_tensors(graph: onnx.GraphProto, where: str, depth: int) -> Iterator[onnx.TensorProto]:
    if depth == 0:
        raise ModelError(
            f"its graphs are nested more than {MAX_DEPTH} deep; flatten the model", where=where
        )
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    yield from _node_tensors(graph.node, where, depth)


def _node_tensors(nodes: Any, where: str, depth: int) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _graph_tensors(attribute.g, where, depth - 1)
            for graph in attribute.graphs:
                yield from _graph_tensors(graph, where, depth - 1)

"""Ops of TensorFlow that reach out of a model: into Python, files or the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.keras_config import TRUST
from padcheck.records import printable

__all__ = ["CHECKPOINT_OPS", "check_nodes", "is_unsafe"]

#: Ops that a SavedModel has for its own checkpoint, outside of its signatures.
CHECKPOINT_OPS = frozenset(
    [
        "MergeV2Checkpoints",
        "RestoreV2",
        "SaveV2",
        "ShardedFilename",
    ]
)

#: Source: TensorFlow's op registry [2.21.0].
_UNSAFE = frozenset(
    [
        *("EagerPyFunc", "PyFunc", "PyFuncStateless"),
        *("MatchingFiles", "ReadFile", "WriteFile"),
        *("MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2"),
        *("Save", "SaveSlices", "SaveV2"),
        *("DebugIdentity", "DebugIdentityV2", "DebugIdentityV3"),
        *("DebugNanCount", "DebugNumericSummary", "DebugNumericSummaryV2"),
    ]
)
_UNSAFE_ENDS = ("Dataset", "DatasetV2", "DatasetV3", "Reader", "ReaderV2", "SummaryFileWriter")
_UNSAFE_STARTS = ("Rpc", "WriteSummary", "CreateSummary", "LMDB", "Dump", "XlaHost")


def is_unsafe(node: Any) -> bool:
    """Whether a NodeDef runs Python, or reads or writes what is not the model's."""
    op = node.op
    if op == "PrintV2":
        return bool(node.attr["output_stream"].s.startswith(b"file:"))
    return op in _UNSAFE or op.endswith(_UNSAFE_ENDS) or op.startswith(_UNSAFE_STARTS)


def check_nodes(nodes: Iterable[Any], where: str, *, but: frozenset[str] = frozenset()) -> None:
    """Raises ModelError naming the first unsafe node; ops in `but` are let through."""
    for node in nodes:
        if node.op not in but and is_unsafe(node):
            raise ModelError(
                f"its op {printable(node.op)} reaches out of the model; {TRUST}",
                where=where,
                node=printable(node.name)[:100],
            )

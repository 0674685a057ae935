"""A SavedModel folder -> the function of its serving signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from padcheck.errors import ModelError, PadcheckError
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.tensorflow.network.files import ModelFile
from padcheck.frameworks.tensorflow.network.quiet import load_tensorflow, quietly
from padcheck.frameworks.tensorflow.network.unsafe_ops import CHECKPOINT_OPS, check_nodes
from padcheck.records import printable

__all__ = ["SIGNATURE", "load_saved_model"]

#: The signature that servers call, and TensorFlow's converters take.
SIGNATURE = "serving_default"

#: The attribute by which a SavedModel marks what it runs when it is loaded.
_INIT = "__saved_model_init_op"


def load_saved_model(file: ModelFile, *, trust: bool) -> tuple[Any, Any]:
    """(the ConcreteFunction of `serving_default`, what holds its variables).

    Raises ModelError for a folder that is no SavedModel, has no such signature, or whose ops
    would reach out of it without `trust`.
    """
    tf, where = load_tensorflow(), file.where
    meta = _parsed(file)
    _check_signature(meta, where)
    _check_assets(meta, where)
    if not trust:
        check_nodes(_callable_nodes(meta), where)
        check_nodes(meta.graph_def.node, where, but=CHECKPOINT_OPS)
    try:
        with quietly(), tf.device("CPU:0"):
            loaded = tf.saved_model.load(str(file.path))
        return loaded.signatures[SIGNATURE], loaded
    except PadcheckError:
        raise
    except Exception as error:
        raise ModelError(
            f"is no SavedModel that TensorFlow can load ({one_line(error)})", where=where
        ) from error


def _parsed(file: ModelFile) -> Any:
    """The MetaGraphDef with the tag `serve`, or the only one."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    help_ = "export it again, or give another folder"
    try:
        model.ParseFromString(file.content.read_bytes())
    except (DecodeError, RuntimeError, ValueError, OSError, MemoryError) as error:
        raise ModelError(
            f"is no SavedModel, or is cut short; {help_}", where=file.where, field="saved_model.pb"
        ) from error
    graphs = list(model.meta_graphs)
    serving = [graph for graph in graphs if "serve" in graph.meta_info_def.tags]
    if not graphs:
        problem = f"holds no graph; {help_}"
        raise ModelError(problem, where=file.where, field="saved_model.pb")
    return (serving or graphs)[0]


def _check_signature(meta: Any, where: str) -> None:
    names = [name for name in meta.signature_def if name != _INIT]
    if SIGNATURE in names:
        return
    known = ", ".join(printable(name) for name in sorted(names)) or "none"
    raise ModelError(
        f"has no signature {SIGNATURE}, only {known}; save it with one "
        "(model.export, or tf.saved_model.save with signatures=)",
        where=where,
        field="signatures",
    )


def _check_assets(meta: Any, where: str) -> None:
    """The files that it reads while loading lie in its own folder."""
    for asset in meta.asset_file_def:
        parts = asset.filename.replace("\\", "/").split("/")
        if parts[0] == "" or ".." in parts or ":" in parts[0]:
            field = f"asset {printable(asset.filename)[:100]!r}"
            raise ModelError("lies outside of the model's folder", where=where, field=field)


def _callable_nodes(meta: Any) -> Iterator[Any]:
    """The nodes of every function that loading or calling the model may run.

    Functions of its checkpoint are called from the graph alone, which loading never runs.
    """
    functions = {one.signature.name: one for one in meta.graph_def.library.function}
    checkpoint = _reachable(functions, _called(meta.graph_def.node))
    objects = set(meta.object_graph_def.concrete_functions)
    served = _reachable(functions, objects) if objects else set(functions)
    for name, function in functions.items():
        if name in served or name not in checkpoint:
            yield from function.node_def


def _reachable(functions: dict[str, Any], names: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = [name for name in names if name in functions]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            more = _called(functions[name].node_def)
            waiting += [one for one in more if one in functions]
    return found


def _called(nodes: Any) -> set[str]:
    """The functions that nodes name: as their op, or in an attribute."""
    names = set()
    for node in nodes:
        names.add(node.op)
        for value in node.attr.values():
            if value.HasField("func"):
                names.add(value.func.name)
            names.update(one.name for one in value.list.func)
    return names

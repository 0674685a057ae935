"""`open_network`: any TensorFlow model as a network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.files import (
    SAVED_MODEL,
    Hash,
    ModelFile,
    inspect_path,
)
from padcheck.frameworks.tensorflow.network.freezing import freeze
from padcheck.frameworks.tensorflow.network.keras_files import load_keras_file
from padcheck.frameworks.tensorflow.network.network import TensorFlowNetwork
from padcheck.frameworks.tensorflow.network.quiet import load_keras, load_tensorflow, quietly
from padcheck.frameworks.tensorflow.network.saved_models import load_saved_model
from padcheck.frameworks.tensorflow.network.signatures import (
    Signature,
    of_saved_model,
    trace_keras,
)
from padcheck.frameworks.tensorflow.network.unsafe_ops import check_nodes
from padcheck.records import ModelRef

if TYPE_CHECKING:
    import keras

__all__ = ["load_keras_model", "open_network"]


def open_network(
    model: str | os.PathLike[str] | keras.Model,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    *,
    trust: bool = False,
) -> TensorFlowNetwork:
    """A .keras or .h5 file, a SavedModel folder (`serving_default`), or a keras.Model.

    `input_shapes` gives whole shapes, batch and channels included, by the name of the input.
    `trust` lets a file run code of its own: Lambdas, custom objects, ops that run Python or read
    and write files.

    Raises ModelError for what cannot be read or must be trusted first, UsageError for shapes that
    the model has no use for, and FrameworkError where TensorFlow or Keras is missing or fails.

    >>> open_network("model.keras").sites[0].spec  # doctest: +SKIP
    """
    shapes = dict(input_shapes or {})
    if not isinstance(model, (str, os.PathLike)):
        return _in_memory(model, shapes)
    file = inspect_path(Path(model))
    sha256 = Hash(file.content)
    signature = _signature(file, shapes, trust=trust)
    with quietly():
        frozen = freeze(signature, file.where)
    if not trust:
        check_nodes(frozen.graph_def.node, file.where)
    ref = ModelRef(path=file.where, format=file.format, sha256=sha256.hexdigest(file.where))
    return TensorFlowNetwork(frozen, ref, _versions(file.format != SAVED_MODEL), shapes)


def load_keras_model(path: str | os.PathLike[str], *, trust: bool = False) -> Any:
    """The keras.Model of a .keras or .h5 file; raises as `open_network`."""
    file = inspect_path(Path(path))
    if file.format == SAVED_MODEL:
        raise ModelError("is a SavedModel, which holds no Keras model", where=file.where)
    return load_keras_file(file, trust=trust)


def _in_memory(model: Any, shapes: Mapping[str, Sequence[int]]) -> TensorFlowNetwork:
    """Its code is in this process already, so there is nothing left to trust."""
    if isinstance(model, (bytes, bytearray)):
        raise ModelError(f"expected a path or a keras.Model but got {len(model)} bytes")
    where = "model in memory"
    signature = trace_keras(model, shapes, where)
    with quietly():
        frozen = freeze(signature, where)
    return TensorFlowNetwork(frozen, ModelRef(path=None, format="keras"), _versions(True), shapes)


def _signature(file: ModelFile, shapes: Mapping[str, Sequence[int]], *, trust: bool) -> Signature:
    if file.format == SAVED_MODEL:
        return of_saved_model(*load_saved_model(file, trust=trust))
    return trace_keras(load_keras_file(file, trust=trust), shapes, file.where)


def _versions(with_keras: bool) -> dict[str, str]:
    versions = {"tensorflow": str(load_tensorflow().__version__)}
    if with_keras:
        versions["keras"] = str(load_keras().__version__)
    return versions

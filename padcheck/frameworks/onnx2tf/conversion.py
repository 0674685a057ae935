"""An ONNX model through onnx2tf."""

from __future__ import annotations

import contextlib
import io
import tempfile
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.quiet import muted

if TYPE_CHECKING:
    import onnx

__all__ = ["BATCH", "converted", "forget", "load"]

#: An open batch has a transposed conv refused after minutes of trials, and a batch of at most 20
#: images of 3 channels makes onnx2tf download photographs to compare outputs on [1.29.24].
BATCH = 32


def load() -> Any:
    """The module onnx2tf; raises FrameworkError where it cannot be loaded."""
    with muted():  # TensorFlow registers twice
        return import_framework("onnx2tf", extra="tensorflow")


def converted(model: onnx.ModelProto) -> Any:
    """The Keras 2 model of an ONNX model, as onnx2tf makes it before it writes any file.

    The batch of its inputs and outputs is set to BATCH. Raises what onnx2tf raises, SystemExit
    among it.
    """
    module, said = load(), io.StringIO()
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = BATCH
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        muted(),
    ):
        return module.convert(
            onnx_graph=model,
            output_folder_path=folder,
            disable_model_save=True,
            non_verbose=True,
        )


def forget() -> None:
    """Drops what Keras keeps of the models made so far."""
    import_framework("tf_keras", extra="tensorflow").backend.clear_session()

"""onnx2keras as it is installed."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as version_of
from typing import Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework

__all__ = ["EXTRA", "converter", "version"]

EXTRA = "onnx2keras"


def converter() -> Any:
    """The module `onnx2keras.converter`, with Keras on TensorFlow.

    Raises MissingFramework where it is not installed, FrameworkError for another backend.
    """
    if "keras" not in sys.modules:  # else the variable would change nothing any more
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import_framework("onnx2keras", extra=EXTRA)
    keras = import_framework("keras", extra=EXTRA)
    if keras.backend.backend() != "tensorflow":
        raise FrameworkError(
            f"onnx2keras {version()}: needs Keras on TensorFlow, but keras {keras.__version__} "
            f"runs on the {keras.backend.backend()} backend (set KERAS_BACKEND=tensorflow)"
        )
    return import_framework("onnx2keras.converter", extra=EXTRA)


def version() -> str:
    """Of the distribution."""
    return version_of("onnx2keras")

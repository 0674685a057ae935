"""Loading TensorFlow and models without a word on stderr, and without a GPU."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.tf_ops import tensorflow

__all__ = ["load_keras", "load_tensorflow", "quietly"]

#: What TensorFlow and Keras see while they are imported; the environment is then as before.
_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Swallows warnings, and what native code writes to stderr.

    TensorFlow greets before its log level counts [2.21.0], straight to the file descriptor.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            kept = os.dup(2)
        except OSError:  # stderr is closed
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def load_tensorflow() -> Any:
    """The module; kept off the GPU where it is first loaded here, whose sums are not exact.

    Raises MissingFramework or FrameworkError.
    """
    if "tensorflow" in sys.modules:
        return tensorflow()
    with quietly(), _environment():
        tf = tensorflow()
        with contextlib.suppress(RuntimeError, ValueError):
            tf.config.set_visible_devices([], "GPU")
    return tf


def load_keras() -> Any:
    """Keras on TensorFlow; raises FrameworkError where another backend is at work already."""
    load_tensorflow()
    with quietly(), _environment():
        keras = import_framework("keras", extra="tensorflow")
    backend = str(keras.config.backend())
    if backend != "tensorflow":
        raise FrameworkError(
            f"keras {keras.__version__}: works on {backend} in this process; a comparison needs "
            "KERAS_BACKEND=tensorflow"
        )
    return keras


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

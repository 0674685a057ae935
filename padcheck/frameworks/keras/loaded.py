"""Keras on the backend that is wanted.

Keras takes its backend from KERAS_BACKEND when it is first imported: one process, one backend.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework

__all__ = ["keras_on", "named_anew", "versions_on"]


@functools.cache
def keras_on(backend: str, extra: str) -> Any:
    """The module `keras` on "tensorflow", "torch" or "jax", which `extra` installs.

    Raises FrameworkError where Keras runs on another backend, or cannot be loaded.
    """
    if "keras" not in sys.modules:  # else the variable would change nothing any more
        os.environ.setdefault("KERAS_BACKEND", backend)
    keras = import_framework("keras", extra=extra)
    if keras.backend.backend() != backend:
        raise FrameworkError(
            f"keras {keras.__version__}: runs on the {keras.backend.backend()} backend "
            f"(set KERAS_BACKEND={backend})"
        )
    return keras


def versions_on(backend: str, extra: str) -> dict[str, str]:
    """Name -> version of Keras and its backend; loads both."""
    keras = keras_on(backend, extra)
    below = import_framework(backend, extra=extra)
    return {
        "keras": str(keras.__version__),
        backend: str(below.__version__).partition("+")[0],
    }


def named_anew() -> None:
    """Has Keras name layers from 1 on again, and lets go of what it keeps; loads Keras.

    What was made before stays as it is. The names of layers are those of nodes in what converters
    make of them, and so in what they and runtimes say.
    """
    import keras

    keras.utils.clear_session(free_memory=False)


def forget(backend: str) -> None:
    """Frees what was compiled: JAX keeps some 3 MiB for every geometry it was called with
    [jax 0.10.2]; the others keep nothing.
    """
    if backend == "jax":
        import_framework("jax", extra="keras-jax").clear_caches()

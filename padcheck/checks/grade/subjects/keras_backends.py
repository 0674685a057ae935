"""Keras layers on a backend that is not TensorFlow, against what Keras documents of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from padcheck.checks.grade.grader import Built, Script
from padcheck.checks.grade.subjects.from_keras import FromKeras, layers, on_arrays, refusals
from padcheck.frameworks.keras.layer import layer_code, outputs
from padcheck.frameworks.keras.loaded import forget, keras_on, versions_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.records.case import Case

__all__ = ["KerasGrader", "on_jax", "on_torch"]

#: After how many builds the backend is told to forget what it compiled.
REMEMBERED = 100


class KerasGrader(FromKeras):
    """The layers called eagerly; KERAS_BACKEND must name `backend` before Keras is imported."""

    def __init__(self, backend: str) -> None:
        self._backend, self._extra = backend, f"keras-{backend}"
        self._built = 0

    def versions(self) -> dict[str, str]:
        """Of Keras and its backend; raises FrameworkError where that is another one."""
        return versions_on(self._backend, self._extra)

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """The layers; their batch is open as Keras has it."""
        keras_on(self._backend, self._extra)
        self._built += 1
        if self._built % REMEMBERED == 0:
            forget(self._backend)
        with refusals():
            model = layers(case, weight, bias)
        return Built(run=on_arrays(functools.partial(outputs, model)))

    def script(self, case: Case) -> Script:
        """As a user calls the layers; Keras is imported once its backend is named."""
        return Script(
            imports=("import os", f'os.environ["KERAS_BACKEND"] = "{self._backend}"'),
            lines=(
                "import keras",
                *layer_code(case.spec, dynamic=case.dynamic),
                "values = np.ascontiguousarray(np.moveaxis(x, 1, -1))",
                "y = np.moveaxis(keras.ops.convert_to_numpy(model(values)), -1, 1)",
            ),
        )


def on_torch() -> KerasGrader:
    """On PyTorch."""
    return KerasGrader("torch")


def on_jax() -> KerasGrader:
    """On JAX."""
    return KerasGrader("jax")

"""What the converters of Keras layers share: the question, the layers, and errors of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.grade.refusing import refusals
from padcheck.frameworks.keras.layer import layer_of, layer_reason, layer_spec
from padcheck.frameworks.keras.loaded import named_anew, versions_on
from padcheck.records.case import OPSET, OWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.grade.grader import Function
    from padcheck.records import OpSpec
    from padcheck.records.case import Case

__all__ = ["FromKeras", "Shape", "input_shape", "keras_versions", "layers", "on_arrays", "refusals"]

#: (N, *spatial, C); None is open.
Shape = tuple[int | None, ...]


class FromKeras:
    """A subject that reads Keras layers on TensorFlow."""

    def asks(self, case: Case) -> Case | str:
        """The case without an opset or a place for its pads, or why there is no layer."""
        return layer_reason(case.spec) or case.replace(opset=OPSET, padding=OWN)

    def reference(self, case: Case) -> OpSpec:
        """What Keras's documentation says of the layers."""
        return layer_spec(case.spec)


def keras_versions() -> dict[str, str]:
    """Of Keras and TensorFlow; loads both."""
    return versions_on("tensorflow", "tensorflow")


def layers(case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Any:
    """The layers as a model; its batch is open, and its names are the same at every call."""
    named_anew()
    return layer_of(case.spec, weight, bias, dynamic=case.dynamic)


def input_shape(case: Case) -> Shape:
    """Of what the layers take."""
    sizes = (None,) * case.spec.rank if case.dynamic else case.spec.input_size
    return (None, *sizes, case.spec.channels[0])


def on_arrays(function: Callable[..., Any]) -> Function:
    """A function of channels last, of TensorFlow or numpy, as one of x (N, C, *spatial)."""

    def run(x: NDArray[Any]) -> NDArray[Any]:
        with refusals():
            values = np.ascontiguousarray(np.moveaxis(x, 1, -1))
            return np.moveaxis(np.asarray(function(values)), -1, 1)

    return run

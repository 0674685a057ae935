"""Many geometries at once: where PyTorch, SAME, and zeros + VALID agree.

Predicted in plain ints, and measured in this process through PyTorch's functions and tf.nn's
kernels, with inputs and weights made once per size. Convolutions, one or more axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import UsageError
from padcheck.frameworks import require
from padcheck.geometry import SAME_UPPER, Window, agree_at, output_size
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AGREES", "SHAPE", "SILENT", "SweepPoint", "measure", "predict", "predict_axis"]

#: What SAME does to a geometry: the same numbers, wrong ones silently, or another shape.
AGREES, SILENT, SHAPE = "agrees", "silent", "shape"


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One geometry: what SAME is predicted to do to it, and what it did.

    `zeropad_valid` and `measured` are None when nothing was run.
    """

    spec: OpSpec
    predicted: str
    measured: str | None = None
    zeropad_valid: str | None = None


def predict_axis(input_size: int, window: Window, pads: tuple[int, int]) -> str:
    """What SAME does to explicit pads on one axis."""
    same = SAME_UPPER.resolve(input_size, window)
    if agree_at(input_size, window, pads, same):
        return AGREES
    shapes = (output_size(input_size, window, *pair) for pair in (pads, same))
    return SILENT if len(set(shapes)) == 1 else SHAPE


def predict(specs: Iterable[OpSpec]) -> Iterator[SweepPoint]:
    """Every geometry, by the rules alone: the worst of its axes. Equal axes are asked once."""
    known: dict[tuple[int, Window, tuple[int, int]], str] = {}
    for spec in specs:
        outcomes = set()
        for axis in zip(spec.input_size, spec.windows, spec.resolved_pads, strict=True):
            if axis not in known:
                known[axis] = predict_axis(*axis)
            outcomes.add(known[axis])
        yield SweepPoint(spec, _worst(outcomes))


def _worst(outcomes: set[str]) -> str:
    return next(outcome for outcome in (SHAPE, SILENT, AGREES) if outcome in outcomes)


def measure(specs: Iterable[OpSpec]) -> Iterator[SweepPoint]:
    """Every geometry, predicted and run: PyTorch against SAME and against zeros + VALID.

    Raises MissingFramework without torch or tensorflow, UsageError for an op that is no
    convolution of one group.
    """
    for name in ("torch", "tensorflow"):
        require(name)
    bench = _Bench()
    for point in predict(specs):
        reference, same, zeropad = bench.run(point.spec)
        yield SweepPoint(
            point.spec, point.predicted, _outcome(reference, same), _outcome(reference, zeropad)
        )


class _Bench:
    """Tensors and calls, each made once."""

    def __init__(self) -> None:
        import numpy as np

        from padcheck.frameworks.tensorflow import ops as tf_ops

        self._generator = np.random.default_rng(0)
        self._tf = tf_ops
        self._inputs: dict[Any, tuple[Any, Any]] = {}
        self._weights: dict[Any, tuple[Any, Any]] = {}
        self._convs: dict[int, Callable[..., Any]] = {}

    def run(self, spec: OpSpec) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The outputs of PyTorch, SAME and zeros + VALID, channels last."""
        if spec.kind is not OpKind.CONV or spec.group != 1:
            raise UsageError(f"expected a convolution of one group but got {spec}")
        x, x_last = self._tensors(self._inputs, (spec.channels[0], *spec.input_size), "input")
        weight, kernel = self._tensors(self._weights, spec.weight_shape, "weight")
        if spec.rank not in self._convs:
            from padcheck.frameworks.torch.ops import conv

            self._convs[spec.rank] = conv(spec.rank)
        pads = spec.resolved_pads
        window = (spec.stride, spec.dilation)
        reference = self._convs[spec.rank](x, weight, *window, pads).numpy()
        same = self._tf.conv_same(x_last, kernel, *window).numpy()
        zeropad = self._tf.conv_zeropad_valid(x_last, kernel, *window, pads).numpy()
        return reference.transpose(0, *range(2, spec.rank + 2), 1), same, zeropad

    def _tensors(
        self, known: dict[Any, tuple[Any, Any]], shape: tuple[int, ...], what: str
    ) -> tuple[Any, Any]:
        """The same integers as a torch and as a tensorflow tensor."""
        if shape not in known:
            from padcheck.frameworks.torch.ops import tensor

            full = (1, *shape) if what == "input" else shape
            array = self._generator.integers(-4, 5, full).astype("float32")
            axes = range(2, len(full))
            order = (0, *axes, 1) if what == "input" else (*axes, 1, 0)
            constant = self._tf.tensorflow().constant(array.transpose(order))
            known[shape] = (tensor(array), constant)
        return known[shape]


def _outcome(reference: NDArray[Any], other: NDArray[Any]) -> str:
    """Rounded and compared exactly."""
    import numpy as np

    if reference.shape != other.shape:
        return SHAPE
    return AGREES if np.array_equal(np.rint(reference), np.rint(other)) else SILENT

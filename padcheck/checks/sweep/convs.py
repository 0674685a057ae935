"""Convolutions, many at once: PyTorch, SAME, and zeros + VALID, in this process.

Predicted in plain ints, and measured through PyTorch's functions and TensorFlow's kernels, with
inputs and weights made once per shape. One or more axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import UsageError
from padcheck.frameworks import require
from padcheck.geometry import SAME_UPPER, Window, agree_at, output_size
from padcheck.records import OpKind, OpSpec
from padcheck.records.sweep import AGREES, SHAPE, SILENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ConvBench", "SweepPoint", "measure", "predict", "predict_axis"]

#: Tensors are let go of when they have more elements than this together.
_KEPT = 1 << 24


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
    bench = ConvBench()
    for point in predict(specs):
        if point.spec.kind is not OpKind.CONV or point.spec.group != 1:
            raise UsageError(f"expected a convolution of one group but got {point.spec}")
        reference, same, zeropad = (bench.run(point.spec, name) for name in bench.lowerings)
        yield SweepPoint(
            point.spec, point.predicted, _outcome(reference, same), _outcome(reference, zeropad)
        )


class ConvBench:
    """Tensors and calls, each made once; for convolutions of one group.

    Raises MissingFramework without torch or tensorflow.
    """

    lowerings = ("torch", "tf_same", "tf_zeropad_valid")

    def __init__(self) -> None:
        for name in ("torch", "tensorflow"):
            require(name)
        from padcheck.frameworks import tf_ops

        self._tf = tf_ops
        self._known: dict[Any, tuple[NDArray[Any], Any, Any]] = {}
        self._elements = 0
        self._convs: dict[int, Callable[..., Any]] = {}

    def arrays(self, spec: OpSpec, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
        """x (1, C, *spatial) and the weight: small ints, as float32."""
        x, weight = self._pair(spec, seed)
        return x[0], weight[0]

    def run(self, spec: OpSpec, lowering: str, seed: int = 0) -> NDArray[Any]:
        """The output (N, C, *spatial) of one lowering on `arrays(spec, seed)`."""
        (_, x, x_last), (_, weight, kernel) = self._pair(spec, seed)
        window = (spec.stride, spec.dilation)
        output: NDArray[Any]
        if lowering == "torch":
            if spec.rank not in self._convs:
                from padcheck.frameworks.torch.ops import conv

                self._convs[spec.rank] = conv(spec.rank)
            output = self._convs[spec.rank](x, weight, *window, spec.resolved_pads).numpy()
            return output
        if lowering == "tf_same":
            output = self._tf.conv_same(x_last, kernel, *window).numpy()
        else:
            pads = spec.resolved_pads
            output = self._tf.conv_zeropad_valid(x_last, kernel, *window, pads).numpy()
        return output.transpose(0, spec.rank + 1, *range(1, spec.rank + 1))

    def _pair(self, spec: OpSpec, seed: int) -> tuple[Any, Any]:
        shapes = ("input", (1, spec.channels[0], *spec.input_size)), ("weight", spec.weight_shape)
        terms = math.prod(spec.weight_shape[1:])
        most = 4 if terms < 1 << 20 else 1  # float32 holds every sum
        x, weight = (self._tensors(what, shape, most, seed) for what, shape in shapes)
        return x, weight

    def _tensors(
        self, what: str, shape: tuple[int, ...], most: int, seed: int
    ) -> tuple[NDArray[Any], Any, Any]:
        """The same integers as an array, a torch tensor and a tensorflow tensor."""
        key = (what, shape, most, seed)
        if key not in self._known:
            import numpy as np

            from padcheck.frameworks.torch.ops import tensor

            self._elements += math.prod(shape)
            if self._elements > _KEPT:
                self._known.clear()
                self._elements = math.prod(shape)
            generator = np.random.default_rng([seed, *shape])
            array = generator.integers(-most, most + 1, shape).astype("float32")
            axes = range(2, len(shape))
            order = (0, *axes, 1) if what == "input" else (*axes, 1, 0)
            constant = self._tf.tensorflow().constant(array.transpose(order))
            self._known[key] = (array, tensor(array), constant)
        return self._known[key]


def _outcome(reference: NDArray[Any], other: NDArray[Any]) -> str:
    """Rounded and compared exactly."""
    import numpy as np

    if reference.shape != other.shape:
        return SHAPE
    return AGREES if np.array_equal(np.rint(reference), np.rint(other)) else SILENT

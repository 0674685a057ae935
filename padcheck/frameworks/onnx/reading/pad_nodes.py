"""What a Pad node says: its mode, what it fills with, and its amounts."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.attributes import MAX_EXTENT, shown
from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, printable

__all__ = ["UnknownAmounts", "pad_amounts", "pad_fill", "pad_mode", "scalar"]


class UnknownAmounts(ModelError):
    """A Pad whose amounts cannot be told, so that nobody knows what the op after it pads."""


def pad_mode(pad: Entry) -> str:
    """constant, edge, reflect, wrap, or whatever word is there."""
    word = pad.attributes["mode"].s if "mode" in pad.attributes else b""
    return printable(word.decode("utf-8", "replace")) or "constant"


def pad_fill(scope: Scope, pad: Entry, evaluator: Evaluator) -> float:
    """What a constant Pad fills with; raises ModelError where that is not known.

    Source: ONNX Pad-1 and Pad-2 (`value`), Pad-11 (input 2); 0 where it is left out.
    """
    if "value" in pad.attributes:
        fill: float = pad.attributes["value"].f
        return fill
    return scalar(scope, pad.input(2), evaluator)


def scalar(scope: Scope, name: str, evaluator: Evaluator) -> float:
    """The one number that an input holds, 0 where it is left out."""
    if not name:
        return 0.0
    value = evaluator.value(scope, name)
    if isinstance(value, Unknown) or value.size != 1 or value.dtype.kind not in "fiub":
        raise ModelError(f"the value of `{printable(name)}` is not a known number")
    return float(value.reshape(()))


def pad_amounts(
    scope: Scope, pad: Entry, evaluator: Evaluator, rank: int
) -> Sequence[tuple[int, int]]:
    """(before, after) of a Pad for each of `rank` axes; raises ModelError where unknown.

    Source: ONNX Pad-1 (`paddings`), Pad-2 (`pads`), Pad-11 (input 1), Pad-18 (axes, input 3).
    """
    numbers = _numbers(scope, pad, evaluator)
    axes = list(range(rank))
    if pad.input(3):
        axes = [axis + rank if axis < 0 else axis for axis in _list(scope, pad, 3, evaluator)]
    if len(numbers) != 2 * len(axes) or len(set(axes)) != len(axes):
        problem = f"expected {2 * len(axes)} amounts but got {shown(numbers)}"
        raise ModelError(problem, field="pads")
    if any(not 0 <= axis < rank for axis in axes):
        raise ModelError(f"expected axes in [0, {rank}) but got {shown(axes)}", field="axes")
    if any(abs(number) > MAX_EXTENT for number in numbers):
        problem = f"expected amounts of at most {MAX_EXTENT} but got {shown(numbers)}"
        raise ModelError(problem, field="pads")
    amounts = [(0, 0)] * rank
    for index, axis in enumerate(axes):
        amounts[axis] = (numbers[index], numbers[len(axes) + index])
    return amounts


def _numbers(scope: Scope, pad: Entry, evaluator: Evaluator) -> list[int]:
    for name in ("pads", "paddings"):
        if name in pad.attributes:
            return list(pad.attributes[name].ints)
    return _list(scope, pad, 1, evaluator)


def _list(scope: Scope, pad: Entry, index: int, evaluator: Evaluator) -> list[int]:
    name = pad.input(index)
    if not name:
        raise ModelError("its amounts are left out")
    value = evaluator.value(scope, name)
    if isinstance(value, Unknown):
        if value.open_size:
            raise UnknownAmounts(
                "its amounts depend on the input size; give the shape with --input-shape"
            )
        raise UnknownAmounts(f"its amounts are not constant, {value.reason}")
    if value.dtype.kind not in "iu":
        raise ModelError(f"its amounts are not ints but {value.dtype}")
    return [int(number) for number in value.ravel()]

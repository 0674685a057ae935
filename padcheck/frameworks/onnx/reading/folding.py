"""Takes the Pad nodes before a convolution in as if their amounts were its own pads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.attributes import MAX_EXTENT, auto_pad, shown
from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, printable
from padcheck.frameworks.onnx.reading.operators import MICROSOFT, Operator

__all__ = ["Folded", "fold_pads"]

#: Identities and Pads in a row before one op; a longer chain is left alone.
MAX_CHAIN = 64


class UnknownAmounts(ModelError):
    """A Pad whose amounts cannot be told, so that nobody knows what the op after it pads."""


@dataclass(frozen=True, slots=True)
class Folded:
    """`data` is the value before the Pads; `pads` is (before, after) per spatial axis."""

    data: str
    names: tuple[str, ...] = ()
    pads: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


def fold_pads(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator, rank: int
) -> Folded:
    """The Pads that can be read as the op's own, from the nearest one up.

    1. Only for convolutions: a pool would take the padding for part of its window's input, and
       a transposed convolution's pads are crops.
    2. Not where auto_pad is SAME: its total is worked out on the padded size.
    3. The Pad feeds this op alone, and is no output of the graph.
    4. Constant mode, holding what the op itself pads with: 0, or the input's zero point.
    5. None of the amounts is negative, and only spatial axes are padded.

    A Pad that breaks a rule stays apart, and the op reads the padded tensor as its own input.
    Raises ModelError where rules 1 to 4 hold and the amounts are not known.
    """
    name = entry.input(0)
    if not operator.takes_in_pads:  # rule 1
        return Folded(name)
    names: list[str] = []
    totals = [(0, 0)] * rank
    for _ in range(MAX_CHAIN):
        pad, source = _pad_before(scope, name)
        if pad is None:
            break
        try:
            amounts = _amounts(scope, entry, operator, evaluator, pad, rank)
        except UnknownAmounts as error:
            raise ModelError(f"Pad `{pad.path}` before it: {error}") from error
        except ModelError as error:
            note = f"Pad `{pad.path}` before it is not taken in: {error}"
            return Folded(name, tuple(names), tuple(totals) if names else (), (note,))
        totals = [(b + more[0], a + more[1]) for (b, a), more in zip(totals, amounts, strict=True)]
        names.append(pad.path)
        name = source
    return Folded(name, tuple(names), tuple(totals) if names else ())


def _pad_before(scope: Scope, name: str) -> tuple[Entry | None, str]:
    """The Pad that makes a value, perhaps through Identity nodes, with the Pad's own input."""
    for _ in range(MAX_CHAIN):
        entry = scope.producers.get(name)
        if entry is None:
            break
        if entry.op_type == "Pad" and entry.domain in ("", MICROSOFT):
            return entry, entry.input(0)
        if entry.op_type != "Identity" or entry.domain != "" or scope.uses[name] != 1:
            break
        name = entry.input(0)
    return None, name


def _amounts(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator, pad: Entry, rank: int
) -> Sequence[tuple[int, int]]:
    """(before, after) per spatial axis; raises ModelError saying why the Pad stays apart."""
    word = auto_pad(entry)
    if word.startswith("SAME"):  # rule 2
        raise ModelError(f"auto_pad {word} is worked out on the padded size")
    if scope.uses[pad.output] != 1:  # rule 3
        raise ModelError("something else reads it too")
    _check_fill(scope, entry, operator, evaluator, pad)  # rule 4
    axes = pad_amounts(scope, pad, evaluator, rank + 2)
    spatial = axes[1:-1] if operator.channels_last else axes[2:]
    others = (axes[0], axes[-1] if operator.channels_last else axes[1])
    if any(pair != (0, 0) for pair in others):  # rule 5
        raise ModelError("it pads the batch or the channels")
    if any(amount < 0 for pair in spatial for amount in pair):  # rule 5
        raise ModelError("it crops")
    return spatial


def _check_fill(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator, pad: Entry
) -> None:
    mode = pad.attributes["mode"].s if "mode" in pad.attributes else b"constant"
    if mode not in (b"constant", b""):
        raise ModelError(f"its mode is {printable(mode.decode('utf-8', 'replace'))}")
    if "value" in pad.attributes:
        fill: float = pad.attributes["value"].f
    else:
        fill = _scalar(scope, pad.input(2), evaluator)
    outside = 0.0
    if operator.zero_point is not None:
        outside = _scalar(scope, entry.input(operator.zero_point), evaluator)
    if fill != outside:
        raise ModelError(f"it pads with {fill:g}, and the op itself with {outside:g}")


def _scalar(scope: Scope, name: str, evaluator: Evaluator) -> float:
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

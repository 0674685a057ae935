"""Which Pads before a pool are its own pads: what they may hold, and where ceil_mode allows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.attributes import auto_pad, is_set
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.operators import Operator
from padcheck.geometry import Rounding, output_size
from padcheck.records import OpKind, OpSpec

__all__ = [
    "Border",
    "ceil_objection",
    "least_value",
    "never_negative",
    "pool_border",
    "reads_input",
]

#: TensorProto.DataType -> the least number, of the types that a MaxPool takes:
#: FLOAT, UINT8, INT8, FLOAT16, DOUBLE, BFLOAT16.
_LEAST = {
    1: -(2.0 - 2.0**-23) * 2.0**127,
    2: 0.0,
    3: -128.0,
    10: -65504.0,
    11: -(2.0 - 2.0**-52) * 2.0**1023,
    16: -(2.0 - 2.0**-7) * 2.0**127,
}

#: float32 holds every whole number up to this.
MOST_SUMMED = 1 << 24

#: What gives no negative number, whatever comes in.
_NEVER_NEGATIVE = ("Abs", "Exp", "HardSigmoid", "Relu", "Sigmoid", "Softmax", "Softplus")

_MODES = ("edge", "reflect", "wrap")


@dataclass(frozen=True, slots=True)
class Border:
    """What the Pads before a pool hold: a constant, or what their mode repeats."""

    value: float = 0.0
    mode: str = "constant"


def least_value(elem_type: int) -> float:
    """The least number of a TensorProto.DataType, -inf for a type that is not known here."""
    return _LEAST.get(elem_type, -math.inf)


def never_negative(scope: Scope, name: str) -> str | None:
    """The op whose output a value is, through any Identity, if that is never negative."""
    entry = scope.producers.get(name)
    for _ in range(len(scope.producers)):
        if entry is None or entry.domain != "" or entry.op_type != "Identity":
            break
        entry = scope.producers.get(entry.input(0))
    if entry is None or entry.domain != "" or entry.op_type not in _NEVER_NEGATIVE:
        return None
    return entry.op_type


def reads_input(entry: Entry, pads: Sequence[tuple[int, int]]) -> bool:
    """Whether every window surely reads an input: all pads narrower than an undilated window."""
    kernel = entry.attributes["kernel_shape"].ints
    if is_set(entry, "dilations") and any(d != 1 for d in entry.attributes["dilations"].ints):
        return False
    return not _pads_itself(entry) and all(
        max(pair) < k for pair, k in zip(pads, kernel, strict=True)
    )


def pool_border(entry: Entry, operator: Operator, border: Border, nearer: Border | None) -> Border:
    """`border` again, if a pool can hold it itself; raises ModelError saying why it cannot.

    `nearer` is what the Pads between this one and the pool hold, None where there are none.

    1. MaxPool: -inf adds up with its own; any other constant if it pads nothing itself. The
       least number of the type is -inf too: no finite element is less.
    2. AveragePool: any constant up to MOST_SUMMED if it pads nothing itself, and 0 if it counts
       its own pads (`count_include_pad`). The padded tensor is its input, so it is counted.
    3. LpPool: 0, as its own.
    4. A border mode before a MaxPool or AveragePool that pads nothing itself and rounds down:
       what ceil_mode reads past the end is no repetition.
    5. All the Pads in a row hold the same constant, or there is one with a border mode.
    """
    if operator.kind is OpKind.MAX_POOL and entry.input(1):
        raise ModelError("the mask is one of the padded tensor")
    _check_mode(entry, operator, border, nearer)
    value = border.value
    if border.mode == "constant":
        if math.isnan(value) or value == math.inf:
            raise ModelError(f"it pads with {value:g}")
        _check_value(entry, operator, value)
        if nearer is not None and nearer != border:  # rule 5
            raise ModelError(f"it pads with {value:g}, and a Pad after it with {nearer.value:g}")
    return border


def _check_mode(entry: Entry, operator: Operator, border: Border, nearer: Border | None) -> None:
    mode = border.mode
    if nearer is not None and not mode == nearer.mode == "constant":  # rule 5
        raise ModelError(f"its mode is {mode}, and that of a Pad after it {nearer.mode}")
    if mode == "constant":
        return
    if operator.kind is OpKind.LP_POOL or mode not in _MODES:
        raise ModelError(f"its mode is {mode}")
    if _pads_itself(entry):  # rule 4
        raise ModelError(f"its mode is {mode}, and the op pads itself")
    if _flag(entry, "ceil_mode"):
        raise ModelError(f"its mode is {mode}, which ceil_mode reads beyond")


def _check_value(entry: Entry, operator: Operator, value: float) -> None:
    pads = _pads_itself(entry)
    if operator.kind is OpKind.MAX_POOL:  # rule 1
        if pads and value != -math.inf:
            raise ModelError(f"it pads with {value:g}, and the op itself with -inf")
    elif operator.kind is OpKind.AVERAGE_POOL:  # rule 2
        if abs(value) > MOST_SUMMED:
            raise ModelError(f"it pads with {value:g}, and no sum with that is exact")
        if pads and value != 0:
            raise ModelError(f"it pads with {value:g}, and the op itself with 0")
        if pads and not _flag(entry, "count_include_pad"):
            raise ModelError("it is counted in the average, and the op's own pads are not")
    elif value != 0:  # rule 3
        raise ModelError(f"it pads with {value:g}, and the op itself with 0")


def _pads_itself(entry: Entry) -> bool:
    explicit = auto_pad(entry) == "NOTSET" and is_set(entry, "pads")
    return explicit and any(entry.attributes["pads"].ints)


def _flag(entry: Entry, name: str) -> bool:
    return is_set(entry, name) and entry.attributes[name].i != 0


def ceil_objection(
    spec: OpSpec, pads: Sequence[tuple[int, int]], dynamic: Sequence[bool], border: Border | None
) -> str | None:
    """Why ceil_mode makes `spec` another op than the pool on the padded tensor; None if it is not.

    `pads` are those of `spec` that come from Pads, `border` is what they hold.

    1. A window that starts in pads after the data is dropped. It is not where they are input,
       so the sizes must be alike (and at an open size, no window may start there).
    2. What the last window reads past all pads does not count, and pads of -inf, or of 0 where
       0s are summed, do not either. Any other constant must not be read there.
    3. But a maximum over a contiguous window that reads past the pads reads a pad too.
    """
    if spec.rounding is Rounding.FLOOR:
        return None
    neutral = -math.inf if spec.kind is OpKind.MAX_POOL else 0.0
    for axis, (more_before, more_after) in enumerate(pads):
        pair = (more_before, more_after)
        if not _size_stays(spec, axis, pair, is_open=dynamic[axis]):  # rule 1
            return "ceil_mode drops a window that starts in pads, and not in input"
        if border is None or border.value == neutral or not _overhangs(spec, axis, dynamic[axis]):
            continue
        contiguous = spec.dilation[axis] == 1 and more_after > 0
        if not (spec.kind is OpKind.MAX_POOL and contiguous):  # rules 2 and 3
            return f"it pads with {border.value:g}, and ceil_mode reads beyond"
    return None


def _size_stays(spec: OpSpec, axis: int, pair: tuple[int, int], *, is_open: bool) -> bool:
    """Whether the output is as long as that of the pool on the padded tensor."""
    window, (before, after) = spec.windows[axis], spec.resolved_pads[axis]
    if is_open:
        return pair[1] == 0 or after + window.stride <= window.effective_kernel
    padded = spec.input_size[axis] + sum(pair)
    size = output_size(padded, window, before - pair[0], after - pair[1], Rounding.CEIL)
    return size == spec.output_size[axis]


def _overhangs(spec: OpSpec, axis: int, is_open: bool) -> bool:
    """Whether the last window reads past all pads; at an open size, whether it ever may."""
    window, (before, after) = spec.windows[axis], spec.resolved_pads[axis]
    if is_open:
        return window.stride > 1
    end = (spec.output_size[axis] - 1) * window.stride + window.effective_kernel
    return end > before + spec.input_size[axis] + after

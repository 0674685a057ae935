"""The attributes of a windowed operator, read from its table and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.flatbuffer import guarded
from padcheck.frameworks.litert.network.operators import Windowed
from padcheck.frameworks.litert.network.records import OperatorInfo
from padcheck.frameworks.litert.network.schema import schema
from padcheck.geometry import SAME_UPPER, VALID, PadRule

__all__ = ["CLIPS", "MAX_EXTENT", "Attributes", "activation_of", "read_attributes"]

#: The widest window, stride or pad that is read; real ones have a few hundred at most.
MAX_EXTENT = 1 << 16

_AXES = {2: ("H", "W"), 3: ("D", "H", "W")}

#: ActivationFunctionType -> what it clips to; no entry for what does not clip.
CLIPS = {
    "RELU": (0.0, math.inf),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}


@dataclass(frozen=True, slots=True)
class Attributes:
    """Per spatial axis; `kernel` is () where the weight tells.

    `clip` is what the fused activation clips to; `activation` its word, "NONE" for none.
    """

    padding: PadRule
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    kernel: tuple[int, ...] = ()
    activation: str = "NONE"

    @property
    def clip(self) -> tuple[float, float] | None:
        """(low, high) of a fused activation that clips."""
        return CLIPS.get(self.activation)


def read_attributes(operator: OperatorInfo, windowed: Windowed) -> Attributes:
    """Raises ModelError, naming the field, for what is missing or out of range."""
    with guarded("", field="builtin_options"):
        table = _table(operator, windowed.options)
        axes = _AXES[windowed.rank]
        kernel: tuple[int, ...] = ()
        if windowed.weight is None:
            kernel = _extents("filter", (table.FilterHeight(), table.FilterWidth()))
        dilation = (1,) * windowed.rank
        if windowed.dilated:
            factors = [getattr(table, f"Dilation{axis}Factor")() for axis in axes]
            dilation = _extents("dilation", factors)
        return Attributes(
            padding=_rule(table.Padding()),
            stride=_extents("stride", [getattr(table, f"Stride{axis}")() for axis in axes]),
            dilation=dilation,
            kernel=kernel,
            activation=_activation(table.FusedActivationFunction()),
        )


def activation_of(operator: OperatorInfo, options: str) -> str:
    """The word of an operator's fused activation; raises ModelError for one that is unknown."""
    with guarded("", field="builtin_options"):
        if operator.options is None:
            return "NONE"
        return _activation(_table(operator, options).FusedActivationFunction())


def _table(operator: OperatorInfo, options: str) -> Any:
    """The operator's own table, seen as what it must be."""
    words = schema()
    if operator.options is None or operator.options_kind != getattr(words.BuiltinOptions, options):
        raise ModelError(f"expected {options}", field="builtin_options")
    table = getattr(words, options)()
    table.Init(operator.options.Bytes, operator.options.Pos)
    return table


def _rule(code: int) -> PadRule:
    rules = {schema().Padding.SAME: SAME_UPPER, schema().Padding.VALID: VALID}
    if code not in rules:
        raise ModelError(f"expected SAME (0) or VALID (1) but got {code}", field="padding")
    return rules[code]


def _extents(field: str, numbers: Any) -> tuple[int, ...]:
    extents = tuple(int(number) for number in numbers)
    if any(not 1 <= number <= MAX_EXTENT for number in extents):
        problem = f"expected ints in [1, {MAX_EXTENT}] but got {list(extents)}"
        raise ModelError(problem, field=field)
    return extents


def _activation(code: int) -> str:
    known: dict[str, Any] = vars(schema().ActivationFunctionType)
    for word, number in known.items():
        if number == code and isinstance(number, int):
            return word
    raise ModelError(f"expected a known activation but got {code}", field="fused_activation")

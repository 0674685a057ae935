"""Takes the Pad nodes before a convolution or pool in as if their amounts were its own pads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.attributes import auto_pad
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.operators import MICROSOFT, Operator
from padcheck.frameworks.onnx.reading.pad_nodes import (
    UnknownAmounts,
    pad_amounts,
    pad_fill,
    pad_mode,
    scalar,
)
from padcheck.frameworks.onnx.reading.pool_pads import (
    Border,
    least_value,
    never_negative,
    pool_border,
    reads_input,
)
from padcheck.records import OpKind

__all__ = ["Folded", "fold_pads"]

#: Identities and Pads in a row before one op; a longer chain is left alone.
MAX_CHAIN = 64


@dataclass(frozen=True, slots=True)
class Folded:
    """`data` is the value before the Pads; `pads` is (before, after) per spatial axis.

    `border` is what they hold, where that is not what the op itself pads with; `filled` is what
    they really hold where `border` says -inf by rule 6 of `fold_pads`. `nodes` are the Pads, from
    the nearest one up.
    """

    data: str
    nodes: tuple[Entry, ...] = ()
    pads: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()
    border: Border | None = None
    filled: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of the Pads."""
        return tuple(node.path for node in self.nodes)


def fold_pads(
    scope: Scope, entry: Entry, operator: Operator, evaluator: Evaluator, rank: int
) -> Folded:
    """The Pads that can be read as the op's own, from the nearest one up.

    1. Only for convolutions and pools: a transposed convolution's pads are crops.
    2. Not where auto_pad is SAME: its total is worked out on the padded size.
    3. The Pad feeds this op alone, and is no output of the graph.
    4. For convolutions: constant mode, holding what the op itself pads with: 0, or the input's
       zero point. For pools, the rules of `pool_border`.
    5. None of the amounts is negative, and only spatial axes are padded.
    6. Before a max pool, 0 or less around what is never negative (a Relu's output) is -inf, if
       every window reads an input: it is never the maximum.

    A Pad that breaks a rule stays apart, and the op reads the padded tensor as its own input.
    Raises ModelError where rules 1 to 4 hold and the amounts are not known.
    """
    folded = Folded(entry.input(0))
    if not operator.takes_in_pads:  # rule 1
        return folded
    for _ in range(MAX_CHAIN):
        pad, source = _pad_before(scope, folded.data)
        if pad is None:
            break
        try:
            border = _border(scope, entry, operator, evaluator, pad, folded)
            amounts = _amounts(scope, operator, evaluator, pad, rank)
        except UnknownAmounts as error:
            raise ModelError(f"Pad `{pad.path}` before it: {error}") from error
        except ModelError as error:
            note = f"Pad `{pad.path}` before it is not taken in: {error}"
            return replace(folded, notes=(*folded.notes, note))
        folded = Folded(
            source,
            (*folded.nodes, pad),
            _sum(folded.pads, amounts),
            border=border if any(map(any, amounts)) else folded.border,
        )
    return _never_winning(scope, entry, operator, folded)


def _never_winning(scope: Scope, entry: Entry, operator: Operator, folded: Folded) -> Folded:
    """Rule 6."""
    border = folded.border
    if operator.kind is not OpKind.MAX_POOL or border is None or border.mode != "constant":
        return folded
    if not -math.inf < border.value <= 0 or not reads_input(entry, folded.pads):
        return folded
    word = never_negative(scope, folded.data)
    if word is None:
        return folded
    note = f"Pad `{folded.names[0]}` before it is read as -inf: {border.value:g} never exceeds "
    note += f"what {word} gives"
    return replace(
        folded, border=Border(-math.inf), filled=border.value, notes=(*folded.notes, note)
    )


def _sum(
    pads: Sequence[tuple[int, int]], more: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    if not pads:
        return tuple(more)
    return tuple((b + c, a + d) for (b, a), (c, d) in zip(pads, more, strict=True))


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


def _border(
    scope: Scope,
    entry: Entry,
    operator: Operator,
    evaluator: Evaluator,
    pad: Entry,
    folded: Folded,
) -> Border | None:
    """What the Pad holds, None for what the op holds; raises ModelError saying why it is apart."""
    word = auto_pad(entry)
    if word.startswith("SAME"):  # rule 2
        raise ModelError(f"auto_pad {word} is worked out on the padded size")
    if scope.uses[pad.output] != 1:  # rule 3
        raise ModelError("something else reads it too")
    mode = pad_mode(pad)  # rule 4
    if mode != "constant":
        if operator.kind is OpKind.CONV:
            raise ModelError(f"its mode is {mode}")
        return pool_border(entry, operator, Border(mode=mode), folded.border)
    fill = pad_fill(scope, pad, evaluator)
    outside = 0.0
    if operator.zero_point is not None:
        outside = scalar(scope, entry.input(operator.zero_point), evaluator)
    if operator.kind is OpKind.CONV or operator.zero_point is not None:
        if fill != outside:
            raise ModelError(f"it pads with {fill:g}, and the op itself with {outside:g}")
        fill = 0.0
    if operator.kind is OpKind.CONV:
        return None
    kind = scope.type_of(pad.input(0))
    least = least_value(kind.tensor_type.elem_type if kind is not None else 0)
    if operator.kind is OpKind.MAX_POOL and fill == least:
        fill = -math.inf
    return pool_border(entry, operator, Border(fill), folded.border)


def _amounts(
    scope: Scope, operator: Operator, evaluator: Evaluator, pad: Entry, rank: int
) -> Sequence[tuple[int, int]]:
    """(before, after) per spatial axis; raises ModelError saying why the Pad stays apart."""
    axes = pad_amounts(scope, pad, evaluator, rank + 2)
    spatial = axes[1:-1] if operator.channels_last else axes[2:]
    others = (axes[0], axes[-1] if operator.channels_last else axes[1])
    if any(pair != (0, 0) for pair in others):  # rule 5
        raise ModelError("it pads the batch or the channels")
    if any(amount < 0 for pair in spatial for amount in pair):  # rule 5
        raise ModelError("it crops")
    return spatial

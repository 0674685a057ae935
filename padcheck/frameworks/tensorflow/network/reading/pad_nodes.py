"""What a Pad, PadV2 or MirrorPad says, and whether the op after it can hold it as its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from padcheck.errors import ModelError
from padcheck.frameworks.tensorflow.network.graph import Graph
from padcheck.frameworks.tensorflow.network.reading.operators import MAX_EXTENT
from padcheck.records import OpKind

__all__ = ["PADS", "Border", "UnknownAmounts", "amounts_of", "border_of", "check_border"]

PADS = ("MirrorPad", "Pad", "PadV2")

#: float32 holds every whole number up to this.
MOST_SUMMED = 1 << 24

#: Numbers from here down are the least of a float type, or -inf.
LEAST = {1: -3.4e38, 2: -1.79e308, 19: -65504.0, 14: -3.38e38}


@dataclass(frozen=True, slots=True)
class Border:
    """What Pads hold: a constant, or what their mode repeats."""

    value: float = 0.0
    mode: str = "constant"


class UnknownAmounts(ModelError):
    """A Pad whose amounts cannot be told, so that nobody knows what the op after it pads."""


def border_of(graph: Graph, node: Any) -> Border:
    """What a Pad holds; raises ModelError where that is not known."""
    if node.op == "MirrorPad":
        return Border(mode=node.attr["mode"].s.decode("utf-8", "replace").lower())
    if node.op == "Pad":
        return Border()
    value = graph.constant(node.input[2])
    if value is None or value.size != 1 or value.dtype.kind not in "fiu":
        raise ModelError("what it pads with is no known number")
    number = float(value.reshape(()))
    least = LEAST.get(node.attr["T"].type, -math.inf)
    return Border(-math.inf if number <= least else number)


def amounts_of(graph: Graph, tensor: str, rank: int, *, title: str) -> list[tuple[int, int]]:
    """(before, after) of each of `rank` axes; raises ModelError for what is no such table."""
    value = graph.constant(tensor)
    if value is None:
        raise UnknownAmounts(
            f"{title} depend on the numbers or the size of the input; give the shape with "
            "--input-shape"
        )
    if value.shape != (rank, 2) or value.dtype.kind not in "iu":
        raise ModelError(f"expected {title} for {rank} axes but got {list(value.shape)}")
    if (value < 0).any() or (value > MAX_EXTENT).any():
        raise ModelError(f"expected {title} in [0, {MAX_EXTENT}]")
    return [(int(before), int(after)) for before, after in value]


def check_border(
    kind: OpKind, pads: Sequence[tuple[int, int]], border: Border, nearer: Border | None
) -> None:
    """Raises ModelError saying why an op that pads by `pads` itself cannot hold `border`, too.

    `nearer` is what the Pads between this one and the op hold, None where there are none.

    1. A convolution holds zeros.
    2. A max pool holds -inf, or any constant or mirror if it pads nothing itself.
    3. An average pool that pads nothing itself holds constants up to MOST_SUMMED, and mirrors:
       the padded tensor is its input, so they are counted.
    4. All the Pads in a row hold the same constant, or there is one mirror.
    """
    itself = any(map(any, pads))
    if nearer is not None and (nearer != border or border.mode != "constant"):  # rule 4
        raise ModelError(f"it pads with {_word(border)}, and a Pad after it with {_word(nearer)}")
    if kind is OpKind.CONV:  # rule 1
        if border != Border():
            raise ModelError(f"it pads with {_word(border)}, and the op itself with 0")
        return
    if border.mode == "constant" and not border.value < math.inf:
        raise ModelError(f"it pads with {border.value:g}")
    if kind is OpKind.MAX_POOL:  # rule 2
        if itself and border != Border(-math.inf):
            raise ModelError(f"it pads with {_word(border)}, and the op itself with -inf")
        return
    if itself:  # rule 3
        raise ModelError("it is counted in the average, and the op's own pads are not")
    if border.mode == "constant" and abs(border.value) > MOST_SUMMED:
        raise ModelError(f"it pads with {border.value:g}, and no sum with that is exact")


def _word(border: Border) -> str:
    return f"{border.value:g}" if border.mode == "constant" else border.mode

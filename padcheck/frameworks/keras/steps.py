"""The steps by which Keras computes an op: layers, and functions where it has no layer."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.frameworks.lowering import PadPairs
from padcheck.frameworks.padding import Border

__all__ = ["Argument", "KerasBuild", "Step"]

Argument = int | float | str | bool | tuple[int, ...] | PadPairs | Border


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A layer (`Conv2D`) or a function (`tf.nn.conv2d`, `ops.conv`) with its arguments, in order.

    `weights`: the layout of the weight it takes: "", "conv" (*k, I/group, O), "depthwise"
    (*k, C, multiplier) or "transposed" (*k, O, I). `split`: the groups that it is applied to
    one by one, along channels, its outputs joined again.
    """

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()
    weights: str = ""
    bias: bool = False
    split: int = 1

    @property
    def is_layer(self) -> bool:
        """Whether it is a Keras layer."""
        return self.name[0].isupper()


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasBuild:
    """The steps; `reason` is set, and there are none, where there are no words.

    `mask`: the steps that make of ones what the outcome is divided by; none where it is not.
    """

    steps: tuple[Step, ...] = ()
    mask: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None

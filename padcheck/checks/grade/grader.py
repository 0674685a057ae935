"""The Protocol of what is graded: how a case is put to it, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from padcheck.errors import FrameworkError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.records import OpSpec
    from padcheck.records.case import Case

    Function = Callable[[NDArray[Any]], NDArray[Any]]

__all__ = ["Built", "Grader", "Refused", "Script"]


class Refused(FrameworkError):
    """The subject raised an error; the text is that error, on one line, without our own words."""


@dataclass(frozen=True, slots=True)
class Built:
    """What came out of a subject: `run` takes x (N, C, *spatial), float32, and returns
    (N, C, *spatial); Lp pools return the norm itself, not its p-th power.

    `layer`: what was converted, run by its own framework; right by definition. `plain`: another
    way to run the same model (a session without optimizations) that should give the same.
    """

    run: Function
    layer: Function | None = None
    plain: Function | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """Code that puts one case to the subject, for a repro.

    `lines` compute `y` (N, C, *spatial), a numpy array, from the float32 arrays `x`, `w` (ops
    with a weight) and `b` (with a bias), which are as for `Grader.build`, and from numpy as `np`;
    `imports` are whole lines.
    """

    imports: tuple[str, ...]
    lines: tuple[str, ...]


class Grader(Protocol):
    """A subject at work. Frameworks are loaded by `versions` and `build`, by nothing else."""

    def versions(self) -> dict[str, str]:
        """Name -> version, the subject's own first; loads them."""
        ...

    def asks(self, case: Case) -> Case | str:
        """The case as this subject is asked it: what it has no notion of (an opset, where no
        ONNX is involved) is at its default. Or the reason why it is no question for it: the
        language that the subject reads has no words for it.
        """
        ...

    def reference(self, case: Case) -> OpSpec:
        """What is right for a case that is asked: what the words that the subject reads mean."""
        ...

    def build(self, case: Case, weight: NDArray[Any] | None, bias: NDArray[Any] | None) -> Built:
        """Converts (exports, loads) a model of the case with these numbers.

        `weight` float32 as `OpSpec.weight_shape` says, None for a pool; `bias` (O,) or None.
        The functions of a dynamic case take x of any batch and spatial sizes; those of any
        other, x of `case.spec.input_size` and any batch.

        Raises Refused for whatever the subject raises; so do the functions.
        """
        ...

    def script(self, case: Case) -> Script:
        """The code of `build` and `run`."""
        ...

"""What a converter is asked, and what came of it: Case, Outcome."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

from padcheck.errors import UsageError
from padcheck.records.evidence import Finding, Mismatch
from padcheck.records.spec import OpKind, OpSpec

__all__ = [
    "CRASHED",
    "FAILURES",
    "HOWS",
    "NODE",
    "OPSET",
    "OP_TYPES",
    "OWN",
    "REFUSED",
    "RIGHT",
    "SHAPE",
    "SILENT",
    "SPLIT",
    "UNVERIFIED_CASE",
    "Case",
    "Outcome",
]

#: The opset of a case that does not say another one.
OPSET = 13

#: Where a case has its explicit pads: in the op, in a Pad node before it, or shared by both.
OWN, NODE, SPLIT = "own", "node", "split"

RIGHT, SILENT, SHAPE = "right", "silent", "shape"
REFUSED, CRASHED, UNVERIFIED_CASE = "refused", "crashed", "unverified"
HOWS = (RIGHT, SILENT, SHAPE, REFUSED, CRASHED, UNVERIFIED_CASE)
#: What makes a scorecard fail.
FAILURES = (SILENT, SHAPE, CRASHED)

OP_TYPES = {
    OpKind.CONV: "Conv",
    OpKind.CONV_TRANSPOSE: "ConvTranspose",
    OpKind.MAX_POOL: "MaxPool",
    OpKind.AVERAGE_POOL: "AveragePool",
    OpKind.LP_POOL: "LpPool",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An op, and how the model that holds it alone is written.

    Policies SAME_UPPER, SAME_LOWER and VALID stand for `auto_pad`; explicit pads are written as
    `padding` says: "own" (the op's attribute), "node" (a Pad node), "split" (half of each end,
    rounded up, in a Pad node, the rest in the op). Border modes and fill values that an op does
    not have by itself need a Pad node in any case. `dynamic`: the model leaves its batch and
    spatial sizes open. `opset` is a version of the operator set "ai.onnx".
    """

    spec: OpSpec
    opset: int = OPSET
    dynamic: bool = False
    padding: str = OWN

    def __post_init__(self) -> None:
        if self.padding not in (OWN, NODE, SPLIT):
            raise UsageError(f"expected padding of own, node, split but got {self.padding!r}")

    @property
    def op_type(self) -> str:
        """ONNX's name of the op."""
        return OP_TYPES[self.spec.kind]

    def replace(self, **changes: object) -> Case:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return ", ".join((self.spec.windowing, *self._besides()))

    def _besides(self) -> Iterator[str]:
        policies = {rule.policy.value for rule in self.spec.pads}
        if policies != {"explicit"}:
            yield "+".join(sorted(policies))
        yield from (["bias"] if self.spec.bias else [])
        if self.spec.pad_mode != "constant":
            yield self.spec.pad_mode
        elif self.spec.pad_value != (-math.inf if self.spec.kind is OpKind.MAX_POOL else 0.0):
            yield f"filled with {self.spec.pad_value + 0.0:g}"
        if self.spec.kind is OpKind.LP_POOL and self.spec.p != 2:
            yield f"p {self.spec.p}"
        for name in ("output_padding", "output_shape"):
            if any(getattr(self.spec, name)):
                yield f"{name} {'x'.join(map(str, getattr(self.spec, name)))}"
        yield f"opset {self.opset}"
        yield from (["dynamic"] if self.dynamic else [])
        yield from ([] if self.padding == OWN else [f"pads {self.padding}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a case.

    `how`: "right"; "silent" (the right shape, wrong numbers); "shape"; "refused" (an error was
    raised); "crashed" (its process died, or did not answer in time); "unverified" (padcheck
    could not judge it). `said`: the error, how the process ended, or the reason. `stage`: where
    it was refused, "convert" or "run". `explained_by`: what it computes instead, where known.
    """

    case: Case
    how: str
    findings: tuple[Finding, ...] = ()
    mismatch: Mismatch | None = None
    explained_by: OpSpec | None = None
    said: str | None = None
    stage: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its findings, each once."""
        return tuple(dict.fromkeys(finding.code for finding in self.findings))

    @property
    def proven(self) -> bool:
        """Whether every finding is proven."""
        statuses = {finding.proof.status for finding in self.findings}
        return statuses == {"proven"}

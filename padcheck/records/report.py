"""The report: what every command returns, and its JSON form (`padcheck/report@1`)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from padcheck.records.end_to_end import EndToEnd, OutputReport
from padcheck.records.evidence import EQUIVALENT, MISMATCH, UNVERIFIED, Finding, Proof

__all__ = ["SCHEMA", "AxisSizes", "LoweringReport", "ModelRef", "OpReport", "Report"]

SCHEMA = "padcheck/report@1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """Where a model came from; `sha256` of the file, None for an object in memory."""

    path: str | None
    format: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisSizes:
    """The input sizes of one axis that agree: n % modulus in residues, from `from_size` on."""

    modulus: int
    residues: tuple[int, ...]
    from_size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweringReport:
    """One lowering of one op, predicted and (where `measured`) measured."""

    verdict: str
    pad_before: tuple[int, ...]
    pad_after: tuple[int, ...]
    output_size: tuple[int, ...]
    grid_shift: tuple[int, ...]
    predicted: str
    measured: bool
    mismatched: float | None = None
    max_abs_diff: float | None = None
    findings: tuple[str, ...] = ()
    reason: str | None = None
    code: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpReport:
    """One op of the model, with its lowerings; None in `input_size` is a size left open.

    In a comparison `target_name` is the op's partner, several joined by ", ", None for an op
    that has none; `of_target` tells an op of the target that has none.
    `stands_for`: further ops of the source that were judged with this one.
    """

    name: str
    op_type: str
    verdict: str
    reason: str | None = None
    input_size: tuple[int | None, ...] | None = None
    output_size: tuple[int | None, ...] | None = None
    kernel_size: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    dilation: tuple[int, ...] | None = None
    group: int | None = None
    channels: tuple[int, int] | None = None
    parameters: int | None = None
    pad_before: tuple[int | None, ...] | None = None
    pad_after: tuple[int | None, ...] | None = None
    folded: tuple[str, ...] = ()
    lowerings: Mapping[str, LoweringReport] = field(default_factory=dict)
    agrees_when: tuple[AxisSizes | None, ...] | None = None
    target_name: str | None = None
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    of_target: bool = False
    stands_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a command; `str()` gives the text that the command line prints.

    `agrees_at`: input shapes, by name, at which SAME would be right for the whole network.
    `fixed`: where the repaired target of a comparison was written.
    """

    command: str
    padcheck: str
    source: ModelRef
    target: ModelRef | None = None
    frameworks: Mapping[str, str] = field(default_factory=dict)
    ops: tuple[OpReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    agrees_at: Mapping[str, tuple[int, ...]] | None = None
    end_to_end: EndToEnd | None = None
    fixed: str | None = None

    @property
    def verdict(self) -> str:
        """Mismatch if any op or output does, else unverified if any is, else equivalent."""
        verdicts = {op.verdict for op in self.ops}
        verdicts |= {self.end_to_end.verdict} if self.end_to_end else set()
        for verdict in (MISMATCH, UNVERIFIED):
            if verdict in verdicts:
                return verdict
        return EQUIVALENT

    @property
    def ok(self) -> bool:
        """Whether everything was checked and is equivalent."""
        return self.verdict == EQUIVALENT

    @property
    def counts(self) -> dict[str, int]:
        """How many ops there are, by verdict."""
        verdicts = [op.verdict for op in self.ops]
        return {"ops": len(verdicts)} | {
            verdict: verdicts.count(verdict) for verdict in (EQUIVALENT, MISMATCH, UNVERIFIED)
        }

    @property
    def exit_code(self) -> int:
        """0 equivalent, 1 mismatch, 3 no mismatch but something unverified."""
        return {EQUIVALENT: 0, MISMATCH: 1, UNVERIFIED: 3}[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready dicts and lists; keys as in the shipped schema."""
        head = {
            "schema": SCHEMA,
            "command": self.command,
            "padcheck": self.padcheck,
            "verdict": self.verdict,
        }
        body: dict[str, Any] = _plain(self)
        for key in head:
            body.pop(key, None)
        ordered = ("source", "target", "frameworks")
        return head | {key: body.pop(key) for key in ordered} | {"counts": self.counts} | body

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The inverse of `to_dict`; unknown keys are ignored, since keys are only ever added."""
        target, agrees_at = data.get("target"), data.get("agrees_at")
        whole = data.get("end_to_end")
        return cls(
            command=data["command"],
            padcheck=data["padcheck"],
            source=_build(ModelRef, data["source"]),
            target=None if target is None else _build(ModelRef, target),
            frameworks=dict(data["frameworks"]),
            ops=tuple(_op(op) for op in data["ops"]),
            findings=tuple(_finding(finding) for finding in data["findings"]),
            notes=tuple(data.get("notes", ())),
            agrees_at=None if agrees_at is None else _tuples_of(agrees_at),
            end_to_end=None if whole is None else _end_to_end(whole),
            fixed=data.get("fixed"),
        )

    def __str__(self) -> str:
        from padcheck.report.text import render  # layers: text reads records, never the reverse

        return render(self)


def _plain(value: Any) -> Any:
    """Dataclasses to dicts, tuples to lists, what is not finite to None, all the way down."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _build(kind: type, data: Mapping[str, Any], **made: Any) -> Any:
    """A dataclass from the keys it knows; lists become tuples."""
    known = {item.name for item in dataclasses.fields(kind)} - made.keys()
    taken = {key: _tuples(value) for key, value in data.items() if key in known}
    return kind(**taken, **made)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _tuples_of(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tuples(value) for key, value in data.items()}


def _op(data: Mapping[str, Any]) -> OpReport:
    agrees = data.get("agrees_when")
    sizes = None
    if agrees is not None:
        sizes = tuple(None if axis is None else _build(AxisSizes, axis) for axis in agrees)
    lowerings = {
        name: _build(LoweringReport, lowering) for name, lowering in data["lowerings"].items()
    }
    made: OpReport = _build(OpReport, data, lowerings=lowerings, agrees_when=sizes)
    return made


def _finding(data: Mapping[str, Any]) -> Finding:
    made: Finding = _build(Finding, data, proof=_build(Proof, data["proof"]))
    return made


def _end_to_end(data: Mapping[str, Any]) -> EndToEnd:
    outputs = {
        key: tuple(_build(OutputReport, output) for output in data.get(key, ()))
        for key in ("outputs", "after")
    }
    made: EndToEnd = _build(EndToEnd, data, **outputs)
    return made

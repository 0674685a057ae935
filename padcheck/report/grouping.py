"""Ops with the same geometry and the same outcome, told once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from padcheck.records import Finding, OpReport, Report, percent

__all__ = ["FindingGroup", "OpGroup", "finding_groups", "op_groups", "spread"]


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """One cause in one geometry: a finding that stands for all, and the ops it hits."""

    finding: Finding
    ops: tuple[OpReport, ...]


@dataclass(frozen=True, slots=True)
class OpGroup:
    """Ops that share op type, window, pads and verdicts, at any input size."""

    ops: tuple[OpReport, ...]

    @property
    def first(self) -> OpReport:
        """The op that stands for all."""
        return self.ops[0]


def finding_groups(report: Report, findings: Iterable[Finding]) -> list[FindingGroup]:
    """The findings by code, lowering, message and window, in order of appearance."""
    ops = {op.name: op for op in report.ops if not op.of_target}
    rows: dict[Hashable, list[tuple[Finding, OpReport]]] = {}
    for finding in findings:
        op = ops[finding.op]
        kind = (finding.code, finding.lowering, finding.message, op.op_type, _norm(op))
        key = (*kind, *_window(op), *(low.findings for low in op.lowerings.values()))
        rows.setdefault(key, []).append((finding, op))
    return [FindingGroup(row[0][0], tuple(op for _, op in row)) for row in rows.values()]


def op_groups(ops: Iterable[OpReport]) -> list[OpGroup]:
    """The ops by window, pads, verdicts and codes, in order of appearance."""
    rows: dict[Hashable, list[OpReport]] = {}
    for op in ops:
        verdicts = tuple((name, low.verdict) for name, low in op.lowerings.items())
        key = (
            op.op_type,
            op.verdict,
            *_window(op),
            op.pad_before,
            op.pad_after,
            verdicts,
            op.findings,
        )
        rows.setdefault(key, []).append(op)
    return [OpGroup(tuple(row)) for row in rows.values()]


def spread(group: FindingGroup) -> list[str]:
    """The share of wrong outputs over the ops of a group, where it varies."""
    lowering = group.finding.lowering or ""
    shares = [op.lowerings[lowering].mismatched for op in group.ops if lowering in op.lowerings]
    known = [share for share in shares if share is not None]
    if not known or max(known) - min(known) < 0.0005:
        return []
    return [f"over these ops {percent(min(known))} to {percent(max(known))} wrong"]


def _norm(op: OpReport) -> Hashable:
    """What tells two Lp pools of one window apart: their code names the norm."""
    torch = op.lowerings.get("torch")
    return torch.code if torch is not None and op.op_type == "LpPool" else None


def _window(op: OpReport) -> tuple[Hashable, ...]:
    grouped = bool(op.group and op.group > 1)
    return (op.kernel_size, op.stride, op.dilation, grouped)

"""Faulty converters without a converter: mutants of the op, run by padcheck's own oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from padcheck.checks.suite.words import op
from padcheck.geometry import VALID
from padcheck.oracle import evaluate
from padcheck.probes import Probe
from padcheck.records import MISMATCH, Finding, OpKind, OpSpec, Proof
from padcheck.records.case import RIGHT, SHAPE, SILENT, Case, Outcome
from padcheck.verdict import judge

#: What a converter makes of a case.
Fault = Callable[[Case], OpSpec]


def case(kind: OpKind, *sizes: Any, **more: Any) -> Case:
    """A case of `suite.words.op`, with `opset`, `dynamic` and `padding` of its own."""
    own = {name: more.pop(name) for name in ("opset", "dynamic", "padding") if name in more}
    return Case(spec=op(kind, *sizes, **more), **own)


def judged(asked: Case, fault: Fault) -> Outcome:
    """What comes of a case in a converter of that fault."""

    def box(spec: OpSpec, probe: Probe) -> Any:
        made = fault(asked.replace(spec=spec))
        return evaluate(made, probe.x, probe.weight, probe.bias if made.bias else None).values

    judgement = judge(asked.spec, box)
    if judgement.verdict != MISMATCH:
        assert judgement.reason is None
        return Outcome(case=asked, how=RIGHT)
    assert judgement.mismatch is not None
    return Outcome(
        case=asked,
        how=SHAPE if judgement.mismatch.kind == "shape" else SILENT,
        findings=judgement.findings,
        mismatch=judgement.mismatch,
        explained_by=judgement.explained_by,
    )


def outcome(asked: Case, *codes: str, how: str = SILENT, **proof: Any) -> Outcome:
    """An outcome made up: one finding for each code, all of one proof."""
    proven = Proof(**({"status": "proven"} | proof))
    findings = tuple(
        Finding(code=code, name="name", op="op", message="it is wrong", proof=proven)
        for code in codes
    )
    return Outcome(case=asked, how=how, findings=findings)


def pads_lost(asked: Case) -> OpSpec:
    return asked.spec.with_rule(VALID)

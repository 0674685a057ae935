"""The scorecard of `padcheck grade`, and its JSON form (`padcheck/scorecard@1`)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from padcheck.geometry import PadPolicy, Rounding
from padcheck.records.case import FAILURES, HOWS, OP_TYPES, RIGHT, Case, Outcome
from padcheck.records.evidence import EQUIVALENT, MISMATCH, UNVERIFIED, Finding, Proof
from padcheck.records.spec import OpSpec

__all__ = [
    "SCORECARD_SCHEMA",
    "Failure",
    "OpCounts",
    "Refusal",
    "Scorecard",
    "Suite",
    "geometry",
    "tally",
]

SCORECARD_SCHEMA = "padcheck/scorecard@1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What was asked: the level, the corpus's version, how many cases.

    `left_out`: reason -> how many cases of the level are no question for this subject.
    """

    level: str
    version: int
    cases: int
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way to fail: all cases of an op type and rank that fail with the same cause.

    `kind`: "silent" if any case is, else "shape", or "crashed"; `kinds`: how many cases of each.
    `codes`: those of the smallest case, `case`; none for a crash. A case with two causes counts
    in both rows, so that `count`s may add up to more cases than failed. `proven`: how many are
    proven; the others are ambiguous or unexplained. `known`: why it was expected to fail.
    """

    op_type: str
    rank: int
    kind: str
    codes: tuple[str, ...]
    count: int
    case: Case
    kinds: Mapping[str, int] = field(default_factory=dict)
    proven: int = 0
    findings: tuple[Finding, ...] = ()
    said: str | None = None
    notes: tuple[str, ...] = ()
    repro: str = ""
    known: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One error with which cases of an op type were refused; `case` is the smallest of them."""

    op_type: str
    rank: int
    stage: str
    error: str
    count: int
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class OpCounts:
    """How many cases of an op type and rank came out how; `counts` has every key of `HOWS`."""

    op_type: str
    rank: int
    counts: Mapping[str, int]


def tally(outcomes: Iterable[Outcome]) -> tuple[OpCounts, ...]:
    """One row per op type and rank that occurs, in the order of `OP_TYPES`."""
    rows: dict[tuple[str, int], dict[str, int]] = {}
    for outcome in outcomes:
        place = (outcome.case.op_type, outcome.case.spec.rank)
        rows.setdefault(place, dict.fromkeys(HOWS, 0))[outcome.how] += 1
    order = list(OP_TYPES.values())
    return tuple(
        OpCounts(op_type=op_type, rank=rank, counts=rows[op_type, rank])
        for op_type, rank in sorted(rows, key=lambda place: (order.index(place[0]), place[1]))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """What a converter, exporter or runtime gets right; `str()` gives the text of the command.

    `counts` has every key of `HOWS`; `ops` has them per op type and rank. `unverified`: reasons,
    each with its case. `stale`: what is wrong with the entries of known failures.
    """

    subject: str
    padcheck: str
    suite: Suite
    counts: Mapping[str, int]
    versions: Mapping[str, str] = field(default_factory=dict)
    ops: tuple[OpCounts, ...] = ()
    failures: tuple[Failure, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unverified: tuple[tuple[Case, str], ...] = ()
    stale: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """That of the subject: the first of `versions`."""
        return next(iter(self.versions.values()), "unknown")

    @property
    def failed(self) -> tuple[Failure, ...]:
        """The failures that were not known."""
        return tuple(failure for failure in self.failures if failure.known is None)

    @property
    def verdict(self) -> str:
        """Mismatch for a failure or a stale entry; unverified where some case could not be judged,
        or none came out right, so that nothing was seen; else equivalent.
        """
        if self.failed or self.stale:
            return MISMATCH
        nothing = not self.failures and not self.counts.get(RIGHT, 0)
        return UNVERIFIED if self.unverified or nothing else EQUIVALENT

    @property
    def ok(self) -> bool:
        """Whether everything was checked, and nothing failed but what was known to."""
        return self.verdict == EQUIVALENT

    @property
    def exit_code(self) -> int:
        """0, 1 or 3, as of every command."""
        return {EQUIVALENT: 0, MISMATCH: 1, UNVERIFIED: 3}[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; infinities are null."""
        return {
            "schema": SCORECARD_SCHEMA,
            "padcheck": self.padcheck,
            "verdict": self.verdict,
            "subject": {
                "name": self.subject,
                "version": self.version,
                "versions": dict(self.versions),
            },
            "suite": {
                "level": self.suite.level,
                "version": self.suite.version,
                "cases": self.suite.cases,
                "left_out": dict(self.suite.left_out),
            },
            "counts": _counts(self.counts),
            "ops": [
                {"op_type": op.op_type, "rank": op.rank, "counts": _counts(op.counts)}
                for op in self.ops
            ],
            "failures": [_failure(failure) for failure in self.failures],
            "refusals": [_refusal(refusal) for refusal in self.refusals],
            "unverified": [
                {
                    "op_type": case.op_type,
                    "rank": case.spec.rank,
                    "geometry": geometry(case),
                    "reason": reason,
                }
                for case, reason in self.unverified
            ],
            "stale": list(self.stale),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        from padcheck.report.scorecard import render

        return render(self)


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {how: counts.get(how, 0) for how in HOWS}


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "op_type": failure.op_type,
        "rank": failure.rank,
        "kind": failure.kind,
        "codes": list(failure.codes),
        "count": failure.count,
        "kinds": {kind: failure.kinds[kind] for kind in FAILURES if kind in failure.kinds},
        "proven": failure.proven,
        "geometry": geometry(failure.case),
        "message": "; ".join(finding.message for finding in failure.findings) or failure.said,
        "notes": [*(n for finding in failure.findings for n in finding.notes), *failure.notes],
        "proof": _proof([finding.proof for finding in failure.findings]),
        "known": failure.known,
        "repro": failure.repro,
    }


def _proof(proofs: list[Proof]) -> dict[str, Any] | None:
    """The least of the findings' proofs; None for a crash."""
    if not proofs:
        return None
    least = max(
        proofs, key=lambda proof: ("proven", "ambiguous", "unexplained").index(proof.status)
    )
    residual = least.residual
    return {
        "status": least.status,
        "residual": residual if residual is not None and math.isfinite(residual) else None,
        "rivals": list(least.rivals),
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "op_type": refusal.op_type,
        "rank": refusal.rank,
        "stage": refusal.stage,
        "error": refusal.error,
        "count": refusal.count,
        "geometry": geometry(refusal.case),
    }


_AUTO_PAD = {
    PadPolicy.SAME_UPPER: "SAME_UPPER",
    PadPolicy.SAME_LOWER: "SAME_LOWER",
    PadPolicy.VALID: "VALID",
}


def geometry(case: Case) -> dict[str, Any]:
    """A case in JSON: sizes per axis, `pads` as [before, after] per axis (crops, if transposed).

    Explicit pads are as a model has them: an output_padding is told beside them, and no part of
    them; `padding` says where a model has them. Those of a policy, or worked out from an
    output_shape, are what they come to. `auto_pad` is "NOTSET" for explicit pads.
    """
    spec = case.spec
    policies = [_AUTO_PAD.get(rule.policy, "NOTSET") for rule in spec.pads]
    listed: dict[str, Any] = {
        "input_size": list(spec.input_size),
        "kernel_size": list(spec.kernel_size),
        "stride": list(spec.stride),
        "dilation": list(spec.dilation),
        "pads": _pads(spec),
        "auto_pad": policies[0] if len(set(policies)) == 1 else "NOTSET",
        "group": spec.group,
        "channels": list(spec.channels),
        "bias": spec.bias,
        "ceil_mode": spec.rounding is Rounding.CEIL,
        "count_include_pad": spec.count_include_pad,
        "pad_mode": spec.pad_mode,
        "pad_value": spec.pad_value if math.isfinite(spec.pad_value) else None,
        "p": spec.p,
        "output_padding": list(spec.output_padding),
        "output_shape": list(spec.output_shape),
        "opset": case.opset,
        "dynamic": case.dynamic,
        "padding": case.padding,
    }
    return listed


def _pads(spec: OpSpec) -> list[list[int]]:
    rows = zip(spec.pads, spec.resolved_pads, strict=True)
    return [
        [rule.before, rule.after]
        if rule.policy is PadPolicy.EXPLICIT and not spec.output_shape
        else list(pair)
        for rule, pair in rows
    ]

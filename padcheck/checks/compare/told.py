"""Findings about a pair's numbers, in the form that all findings have."""

from __future__ import annotations

from padcheck.causes import CODES, cause
from padcheck.checks.compare.boxed import TARGET
from padcheck.records import Finding, Proof

__all__ = ["named", "other"]


def named(code: str, message: str, notes: tuple[str, ...], rivals: tuple[str, ...] = ()) -> Finding:
    """A cause under which the source's numbers are the target's; `rivals` give the same."""
    known = cause(code)
    if rivals:
        notes = (*notes, f"so does {', '.join(rivals)}")
    return Finding(
        code=code,
        name=CODES[code],
        op="",
        lowering=TARGET,
        message=message,
        notes=notes,
        help=known.advice,
        safety=known.safety,
        proof=Proof(status="ambiguous" if rivals else "proven", rivals=rivals),
    )


def other(message: str, notes: tuple[str, ...], residual: float | None) -> Finding:
    """PAD999: numbers that none of the hypotheses gives; `residual` is the largest difference."""
    return Finding(
        code="PAD999",
        name=CODES["PAD999"],
        op="",
        lowering=TARGET,
        message=message,
        notes=notes,
        help="take the weights from the source again",
        safety="changes-output",
        proof=Proof(status="unexplained", residual=residual),
    )

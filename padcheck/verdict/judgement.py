"""What a judgement is."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.records import UNVERIFIED, Finding, Mismatch, OpSpec

__all__ = ["Judgement", "unverified"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one box, the comparison it rests on, and what explains it.

    `mismatch` is None when nothing was run; `explained_by` is the counterfactual that fits.
    """

    verdict: str
    mismatch: Mismatch | None = None
    findings: tuple[Finding, ...] = ()
    explained_by: OpSpec | None = None
    reason: str | None = None


def unverified(reason: str) -> Judgement:
    """A box that could not be judged, and why."""
    return Judgement(UNVERIFIED, reason=reason)

"""Failing cases put together: one class per op type, rank and cause; and the errors of refusals.

Rules:
1. A case that fails with two causes belongs to the classes of both. A crash has the cause
   "crashed"; a failure without a finding is unexplained (PAD999).
2. An ambiguous finding of which no cause is proven elsewhere in the same op type and rank, but
   exactly one of the rivals is, belongs to that rival's class.
3. Refusals are one where their errors differ in numbers and quoted names alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from padcheck.checks.grade.weight import weight
from padcheck.records import gist
from padcheck.records.case import CRASHED, FAILURES, REFUSED, SILENT, Case, Outcome
from padcheck.records.scorecard import Refusal

__all__ = ["CRASH", "FailingClass", "failing_classes", "refusals"]

#: The cause of a case whose process died.
CRASH = "crashed"
_UNEXPLAINED = "PAD999"
_PROVEN, _AMBIGUOUS = "proven", "ambiguous"

#: An op type and a rank.
_Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class FailingClass:
    """All cases of an op type and rank that fail with one cause, in the order of the corpus.

    `cause` is a code, or "crashed". A member need not have that code: see rule 2.
    """

    op_type: str
    rank: int
    cause: str
    members: tuple[Outcome, ...]

    @property
    def count(self) -> int:
        """How many cases."""
        return len(self.members)

    @property
    def kinds(self) -> dict[str, int]:
        """How many of each kind, "silent", "shape" or "crashed", of those there are."""
        counted = Counter(outcome.how for outcome in self.members)
        return {kind: counted[kind] for kind in FAILURES if counted[kind]}

    @property
    def proven(self) -> int:
        """In how many the cause is proven."""
        return sum(self._is_proven(outcome) for outcome in self.members)

    @property
    def start(self) -> Outcome:
        """Where to start shrinking: silent before shape, a case that has the cause before one
        that may have, proven before not, one cause before two, and then the lightest.
        """
        return min(
            self.members,
            key=lambda outcome: (
                outcome.how != SILENT,
                self.cause not in (*outcome.codes, CRASH),
                not self._is_proven(outcome),
                len(outcome.codes) > 1,
                weight(outcome.case),
            ),
        )

    def _is_proven(self, outcome: Outcome) -> bool:
        return any(f.code == self.cause and f.proof.status == _PROVEN for f in outcome.findings)


def failing_classes(outcomes: Iterable[Outcome]) -> tuple[FailingClass, ...]:
    """The classes, in the order in which the corpus comes to them; none for what is right,
    refused or unverified.
    """
    failing = [outcome for outcome in outcomes if outcome.how in FAILURES]
    proven = _proven(failing)
    members: dict[tuple[str, int, str], list[Outcome]] = {}
    for outcome in failing:
        place = _place(outcome.case)
        for cause in _causes(outcome, proven.get(place, set())):
            members.setdefault((*place, cause), []).append(outcome)
    return tuple(FailingClass(*key, tuple(listed)) for key, listed in members.items())


def _place(case: Case) -> _Place:
    return case.op_type, case.spec.rank


def _proven(failing: Iterable[Outcome]) -> Mapping[_Place, set[str]]:
    """The codes that are proven for some case of each op type and rank."""
    found: dict[_Place, set[str]] = {}
    for outcome in failing:
        codes = (f.code for f in outcome.findings if f.proof.status == _PROVEN)
        found.setdefault(_place(outcome.case), set()).update(codes)
    return found


def _causes(outcome: Outcome, proven: set[str]) -> tuple[str, ...]:
    if outcome.how == CRASHED:
        return (CRASH,)
    codes = outcome.codes or (_UNEXPLAINED,)  # rule 1
    doubtful = [f.proof for f in outcome.findings if f.proof.status == _AMBIGUOUS]
    rivals = {code for proof in doubtful for code in proof.rivals} & proven
    if len(rivals) == 1 and not proven.intersection(codes):
        return tuple(rivals)  # rule 2
    return codes


def refusals(outcomes: Iterable[Outcome]) -> tuple[Refusal, ...]:
    """The errors with which cases were refused, in the order in which the corpus comes to them;
    the text is that of the lightest case.
    """
    found: dict[tuple[str, int, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.how == REFUSED:
            key = (*_place(outcome.case), outcome.stage or "", gist(outcome.said or ""))  # rule 3
            found.setdefault(key, []).append(outcome)
    return tuple(_refusal(listed) for listed in found.values())


def _refusal(listed: list[Outcome]) -> Refusal:
    least = min(listed, key=lambda outcome: weight(outcome.case))
    return Refusal(
        op_type=least.case.op_type,
        rank=least.case.spec.rank,
        stage=least.stage or "",
        error=least.said or "",
        count=len(listed),
        case=least.case,
    )

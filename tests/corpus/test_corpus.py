"""Every seeded fault is named, exactly and with a proof; and every code has its seeds."""

from __future__ import annotations

import pytest

import padcheck
from padcheck.causes import CODES
from tests.corpus import guilty
from tests.corpus.cases import POOLS, RANKS, WINDOWED, Case

_CONVS = ("conv", "conv_transpose")
_ALL = (*WINDOWED, "conv_transpose")

#: code -> the kinds of op that it applies to; PAD998 is about a framework, PAD999 about nothing.
APPLIES: dict[str, tuple[str, ...]] = {
    "PAD101": WINDOWED,
    "PAD102": WINDOWED,
    "PAD103": WINDOWED,
    "PAD104": _ALL,
    "PAD105": WINDOWED,
    "PAD106": WINDOWED,
    "PAD107": WINDOWED,
    "PAD108": WINDOWED,
    "PAD109": WINDOWED,
    "PAD110": WINDOWED,
    "PAD201": ("max_pool",),
    "PAD202": WINDOWED,
    "PAD203": ("average_pool",),
    "PAD204": WINDOWED,
    "PAD301": WINDOWED,
    "PAD401": ("conv_transpose",),
    "PAD402": ("conv_transpose",),
    "PAD901": _ALL,
    "PAD902": _CONVS,
    "PAD903": _ALL,
    "PAD904": _CONVS,
    "PAD905": _CONVS,
    "PAD906": (*_CONVS, "max_pool", "average_pool"),
    "PAD907": ("resize",),
    "PAD908": (*_CONVS, "average_pool"),
}


@pytest.mark.parametrize("case", guilty.cases(), ids=str)
def test_one_fault_is_named_and_proven(case: Case):
    report = padcheck.check_callable(case.spec(), case.box)
    assert report.verdict == "mismatch"
    assert [finding.code for finding in report.findings] == list(case.codes)
    proof = report.findings[0].proof
    assert (proof.status, proof.residual, proof.rivals) == ("proven", 0, ())


@pytest.mark.parametrize("case", guilty.composed(), ids=str)
def test_two_faults_are_both_named_each_with_what_it_removes(case: Case):
    report = padcheck.check_callable(case.spec(), case.box)
    assert report.verdict == "mismatch"
    assert sorted(finding.code for finding in report.findings) == sorted(case.codes)
    for finding in report.findings:
        proof = finding.proof
        assert (proof.status, proof.residual, proof.rivals) == ("proven", 0, ())
        if len(case.codes) > 1:
            residuals = [note for note in finding.notes if note.startswith("residual: ")]
            assert len(residuals) == 1
            assert all(f"{code} alone leaves" in residuals[0] for code in case.codes)


def test_every_code_has_seeds_on_every_kind_and_rank():
    seeded = {(code, case.kind, case.rank) for case in guilty.cases() for code in case.codes}
    wanted = {
        (code, kind, rank) for code in CODES for kind in APPLIES.get(code, ()) for rank in RANKS
    }
    assert not wanted - seeded
    assert {code for code, _, _ in seeded} == set(CODES) - {"PAD998", "PAD999"}


def test_no_kind_is_left_to_a_handful_of_cases():
    counts = {kind: sum(case.kind == kind for case in guilty.cases()) for kind in _ALL}
    assert min(counts.values()) >= 100, counts
    assert min(counts[kind] for kind in POOLS) >= 150, counts

"""What may be claimed: nothing false where a box cannot be asked twice, and no crude acquittal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import padcheck
from tests.corpus import guilty
from tests.corpus.cases import Case
from tests.corpus.references import reference
from tests.corpus.test_ambiguity import at_one_size

_LINES = [case for case in (*guilty.cases(), *guilty.composed()) if case.rank == 1]


@pytest.mark.parametrize("case", _LINES, ids=str)
def test_a_box_of_one_size_is_named_or_ambiguous_with_the_seed_among_the_rivals(case: Case):
    box = at_one_size(case.box, case.arguments["input_size"])
    findings = padcheck.check_callable(case.spec(), box).findings
    named = {finding.code for finding in findings}
    if {finding.proof.status for finding in findings} == {"proven"}:
        assert named == set(case.codes)
    else:
        assert {finding.proof.status for finding in findings} == {"ambiguous"}
        rivals = {code for finding in findings for code in finding.proof.rivals}
        assert set(case.codes) <= named | rivals


def _specs() -> list[Case]:
    """One case for every op of one axis with an output to speak of."""
    different = {(case.kind, repr(case.arguments)): case for case in _LINES}
    return [case for case in different.values() if case.arguments.get("output_size") != (1,)]


def _first(y: np.ndarray) -> np.ndarray:
    return np.broadcast_to(y[..., :1], y.shape).copy()


_CRUDE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "zeros": np.zeros_like,
    "first output everywhere": _first,
    "negated": np.negative,
}


@pytest.mark.parametrize("change", _CRUDE.values(), ids=_CRUDE)
def test_a_crude_box_is_never_acquitted(change: Callable[[np.ndarray], np.ndarray]):
    for case in _specs()[::3]:
        right = reference(case.kind, case.arguments)

        def box(*arrays, right=right):
            return change(right(*arrays))

        report = padcheck.check_callable(case.spec(), box)
        assert report.verdict == "mismatch", str(case)

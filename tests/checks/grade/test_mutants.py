"""A correct converter has a clean card; one with a fault, a card of that fault."""

from __future__ import annotations

import functools

import pytest

from padcheck.checks.corpus import corpus
from padcheck.checks.grade import grade
from padcheck.frameworks.onnx.cases import asked, reference
from padcheck.records import same_function
from padcheck.records.case import Case
from tests.checks.grade.converter import faulty, to_torch
from tests.checks.grade.mutants import MUTANTS, Mutant

#: Cases put to a mutant: some that its fault alters, and some that it does not.
_ALTERED, _OTHERS = 16, 6
#: Inputs that take time and show nothing more.
_LARGE = 40


@functools.cache
def _asked() -> tuple[Case, ...]:
    cases = map(asked, corpus("quick"))
    return tuple(dict.fromkeys(case for case in cases if isinstance(case, Case)))


def _alters(mutant: Mutant, case: Case) -> bool:
    if mutant.change is None:
        return True
    spec = reference(case)
    made = mutant.change(spec)
    if mutant.frozen:
        size = [n + 1 for n in spec.input_size]
        return case.dynamic and not same_function(spec.resized(size), made.resized(size))
    return not same_function(spec, made) or spec.bias != made.bias


def _cases(mutant: Mutant) -> list[Case]:
    own = [
        case
        for case in _asked()
        if case.spec.kind in mutant.kinds and max(case.spec.input_size) < 40
    ]
    altered = [case for case in own if _alters(mutant, case)]
    others = [case for case in own if case not in altered]
    return [
        *mutant.more,
        *altered[:: max(1, len(altered) // _ALTERED)][:_ALTERED],
        *others[:_OTHERS],
    ]


def test_a_correct_converter_is_right_everywhere() -> None:
    card = grade(to_torch, suite="quick", layout="channels_first")
    assert card.ok, str(card)
    assert card.counts["right"] == card.suite.cases >= 400


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_gets_its_cause_and_no_other(mutant: Mutant) -> None:
    convert = faulty(mutant.change, mutant.numbers, frozen=mutant.frozen)
    card = grade(convert, suite=_cases(mutant), layout="channels_first")
    assert card.exit_code == 1
    assert {failure.codes for failure in card.failures} == {(mutant.code,)}, str(card)
    for failure in card.failures:
        assert {finding.proof.status for finding in failure.findings} == {"proven"}
        assert max(failure.case.spec.input_size) <= 16


def test_there_are_mutants_of_every_kind_of_fault() -> None:
    assert len(MUTANTS) >= 15
    assert len({mutant.code for mutant in MUTANTS}) >= 15

"""A failing case comes down to the smallest that fails alike, in few tries."""

from __future__ import annotations

import pytest

from padcheck.checks.grade.showing import showing
from padcheck.checks.grade.shrinking import MOST_TRIED, same_class, smallest
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, MAX, TRANSPOSED
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, Rounding
from padcheck.records import OpSpec
from padcheck.records.case import CRASHED, SHAPE, Case, Outcome
from tests.checks.grade.boxes import Fault, case, judged, outcome, pads_lost


def shrunk(start: Case, code: str, fault: Fault) -> tuple[Case, int]:
    """The smallest case, and how many were tried."""
    first, tried = judged(start, fault), []
    assert code in first.codes
    alike = same_class(first, code)

    def fails(candidate: Case) -> bool:
        tried.append(candidate)
        return alike(judged(candidate, fault))

    found = smallest(start, fails, shows=showing(first, code))
    assert len(tried) == len(set(tried)) <= MOST_TRIED
    assert fails(found)
    return found, len(tried) - 1


def to_same(asked: Case) -> OpSpec:
    return asked.spec.with_rule(SAME_UPPER)


def zero_filled(asked: Case) -> OpSpec:
    return asked.spec.replace(pad_value=0.0)


def counted(asked: Case) -> OpSpec:
    return asked.spec.replace(count_include_pad=True)


def floored(asked: Case) -> OpSpec:
    return asked.spec.replace(rounding=Rounding.FLOOR)


def swapped(asked: Case) -> OpSpec:
    return asked.spec.with_pads([(after, before) for before, after in asked.spec.resolved_pads])


def undilated(asked: Case) -> OpSpec:
    return asked.spec.replace(dilation=(1,) * asked.spec.rank)


def unbiased(asked: Case) -> OpSpec:
    return asked.spec.replace(bias=False)


def auto_pad_ignored(asked: Case) -> OpSpec:
    same = any(rule.size_dependent for rule in asked.spec.pads)
    return pads_lost(asked) if same else asked.spec


def when(condition: str, fault: Fault) -> Fault:
    """The fault, in cases of which `condition` is true."""
    code = compile(condition, "condition", "eval")
    return lambda asked: fault(asked) if eval(code, {"c": asked, "s": asked.spec}) else asked.spec


@pytest.mark.parametrize(
    ("start", "code", "fault", "left", "most"),
    [
        (
            case(CONV, (224, 224), 3, 2, pads=(1, 1), bias=True, dynamic=True, opset=7),
            "PAD101",
            to_same,
            "conv(n=1x2, k=1x3, s=1x2, pads=(0,0)x(1,0)), opset 13",
            12,
        ),
        (
            case(CONV, (9, 8, 7), 3, 1, 2, SAME_LOWER, group=2, channels=(4, 6)),
            "PAD104",
            auto_pad_ignored,
            "conv(n=1x1x2, k=1x1x2, pads=(0,0)x(0,0)x(0,1)), same_upper, opset 13",
            15,
        ),
        (
            case(MAX, (112, 112), 3, 2, pads=(1, 1), **CEIL, padding="node"),
            "PAD201",
            zero_filled,
            "max_pool(n=1x1, k=1x2, pads=(0,0)x(0,1)), opset 13",
            3,
        ),
        (
            case(AVERAGE, 35, 3, pads=(1, 1)),
            "PAD203",
            counted,
            "average_pool(n=1, k=2, pads=(0,1)), opset 13",
            3,
        ),
        (
            case(AVERAGE, (112, 112), 3, 2, **CEIL, **COUNTED),
            "PAD301",
            floored,
            "average_pool(n=1x4, k=1x3, s=1x2, pads=(0,0)x(0,0), ceil), opset 13",
            20,
        ),
        (
            case(TRANSPOSED, (8, 9), 3, 2, pads=SAME_UPPER, bias=True),
            "PAD401",
            swapped,
            "conv_transpose(n=1x2, k=1x1, crops=(0,0)x(0,1)), opset 13",
            4,
        ),
        (
            case(CONV, 12, 3, 1, 2, SAME_LOWER, opset=22),
            "PAD903",
            undilated,
            "conv(n=2, k=2, d=2, pads=(1,1)), same_upper, opset 13",
            15,
        ),
        (
            case(CONV, (9, 8), 3, 2, 2, SAME_UPPER, bias=True, padding="own"),
            "PAD904",
            unbiased,
            "conv(n=1x1, k=1x1, pads=(0,0)x(0,0)), bias, opset 13",
            12,
        ),
    ],
)
def test_a_fault_comes_down_to_what_it_needs(
    start: Case, code: str, fault: Fault, left: str, most: int
) -> None:
    found, tries = shrunk(start, code, fault)
    assert str(found) == left
    assert tries <= most


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("c.dynamic", "conv(n=1x2, k=1x2, pads=(0,0)x(0,1)), opset 13, dynamic"),
        ("c.padding == 'split'", "conv(n=1x2, k=1x2, pads=(0,0)x(0,1)), opset 13, pads split"),
        ("c.opset < 13", "conv(n=1x2, k=1x2, pads=(0,0)x(0,1)), opset 11"),
        ("s.group > 1", "conv(n=1x2, k=1x2, pads=(0,0)x(0,1), group=2), opset 13"),
        ("s.bias", "conv(n=1x2, k=1x2, pads=(0,0)x(0,1)), bias, opset 13"),
        ("max(s.kernel_size) > 4", "conv(n=1x5, k=1x5, pads=(0,0)x(0,1)), opset 13"),
        ("s.input_size[0] > 16", "conv(n=17x2, k=1x2, pads=(0,0)x(0,1)), opset 13"),
        ("s.input_size[1] > 40", "conv(n=1x41, k=1x2, pads=(0,0)x(0,1)), opset 13"),
    ],
)
def test_what_a_fault_depends_on_stays(condition: str, left: str) -> None:
    start = case(
        CONV, (20, 64), 7, 2, pads=(3, 3), bias=True, group=2, channels=(4, 6), dynamic=True
    ).replace(opset=11, padding="split")
    found, _ = shrunk(start, "PAD104", when(condition, pads_lost))
    assert str(found) == left


def test_never_more_tries_than_the_most() -> None:
    tried = []

    def fails(candidate: Case) -> bool:
        tried.append(candidate)
        return False

    start = case(CONV, (224, 200, 9), (7, 5, 3), 5, 3, pads=(9, 9), bias=True)
    assert smallest(start, fails) == start
    assert len(tried) == MOST_TRIED
    tried.clear()
    smallest(start, fails, most=5)
    assert len(tried) == 5


def test_the_rank_and_the_policy_of_all_axes_stay_one() -> None:
    seen = []

    def fails(candidate: Case) -> bool:
        seen.append(candidate.spec)
        return any(rule.size_dependent for rule in candidate.spec.pads)

    found = smallest(case(CONV, (9, 8), 3, 2, pads=SAME_LOWER), fails)
    assert found.spec.pads == (SAME_UPPER, SAME_UPPER)
    assert all(spec.rank == 2 for spec in seen)
    assert all(len({rule.policy for rule in spec.pads}) == 1 for spec in seen)
    assert all(VALID not in spec.pads for spec in seen)


def test_every_window_reads_some_input_where_it_did() -> None:
    def any_pads(candidate: Case) -> bool:
        return candidate.spec.reads_padding

    found = smallest(case(CONV, 9, 3, pads=(2, 2)), any_pads)
    assert str(found) == "conv(n=1, k=2, pads=(0,1)), opset 13"
    found = smallest(case(CONV, 9, 3, pads=(3, 2)), any_pads)
    assert str(found) == "conv(n=1, k=1, pads=(0,1)), opset 13"


SPEC = case(CONV, (8, 9), 3, pads=(1, 1))
AMBIGUOUS = {"status": "ambiguous", "rivals": ("PAD105",)}


@pytest.mark.parametrize(
    ("start", "other", "alike"),
    [
        (outcome(SPEC, "PAD104"), outcome(SPEC, "PAD104"), True),
        (outcome(SPEC, "PAD104"), outcome(SPEC, "PAD104", how=SHAPE), False),
        (outcome(SPEC, "PAD104"), outcome(SPEC, "PAD105"), False),
        (outcome(SPEC, "PAD104"), outcome(SPEC, "PAD104", "PAD904"), False),
        (outcome(SPEC, "PAD104", "PAD904"), outcome(SPEC, "PAD104"), True),
        (outcome(SPEC, "PAD104", "PAD904"), outcome(SPEC, "PAD904"), False),
        (outcome(SPEC, "PAD104"), outcome(SPEC, "PAD104", **AMBIGUOUS), False),
        (outcome(SPEC, "PAD104", **AMBIGUOUS), outcome(SPEC, "PAD104"), True),
        (outcome(SPEC, "PAD104", **AMBIGUOUS), outcome(SPEC, "PAD104", **AMBIGUOUS), True),
        # a start that has the cause only for a rival
        (
            outcome(SPEC, "PAD103", status="ambiguous", rivals=("PAD104",)),
            outcome(SPEC, "PAD103", status="ambiguous", rivals=("PAD104",)),
            True,
        ),
        (
            outcome(SPEC, "PAD103", status="ambiguous", rivals=("PAD104",)),
            outcome(SPEC, "PAD103"),
            False,
        ),
        (Outcome(case=SPEC, how=CRASHED), Outcome(case=SPEC, how=CRASHED), True),
        (Outcome(case=SPEC, how=CRASHED), outcome(SPEC, "PAD104"), False),
        (outcome(SPEC, "PAD104"), Outcome(case=SPEC, how=CRASHED), False),
    ],
)
def test_what_is_the_same_class(start: Outcome, other: Outcome, alike: bool) -> None:
    assert same_class(start, "PAD104")(other) is alike


def shows(code: str, how: str, asked: Case) -> bool:
    start = outcome(case(CONV, (8, 9), 3, 2, pads=(1, 1)), code, how=how)
    found = showing(start, code)
    assert found is not None
    return found(asked)


@pytest.mark.parametrize(
    ("code", "how", "asked", "may"),
    [
        ("PAD101", "silent", case(CONV, 8, 3, 2, pads=(1, 1)), True),
        ("PAD101", "silent", case(CONV, 7, 3, 2, pads=(1, 1)), False),  # SAME is (1, 1) here
        ("PAD101", "silent", case(CONV, (7, 8), 3, 2, pads=(1, 1)), True),  # on one axis
        ("PAD104", "shape", case(CONV, 8, 3, pads=(1, 1)), True),
        ("PAD104", "silent", case(CONV, 8, 3, pads=(1, 1)), False),
        ("PAD104", "silent", case(CONV, 8, 3, 2, pads=(1, 0)), False),
        ("PAD104", "silent", case(CONV, 7, 2, 2, pads=(1, 0)), False),
        ("PAD104", "silent", case(CONV, 8, 3, 2, pads=(1, 1)), False),
        ("PAD104", "silent", case(CONV, 8, 2, 2, pads=(1, 0)), True),
        ("PAD104", "shape", case(CONV, 8, 3), False),
    ],
)
def test_where_a_cause_can_show(code: str, how: str, asked: Case, may: bool) -> None:
    start = outcome(asked, code, how=how)
    found = showing(start, code)
    assert (found is not None) is may  # what cannot show at the start is no guide


@pytest.mark.parametrize("code", ["PAD904", "PAD998", "PAD999", "crashed"])
def test_a_fault_of_the_values_or_of_no_known_kind_may_show_anywhere(code: str) -> None:
    assert showing(outcome(SPEC, code), code) is None

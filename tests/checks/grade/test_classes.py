"""Failing cases put together by op type, rank and cause."""

from __future__ import annotations

import pytest

from padcheck.checks.grade.classes import CRASH, failing_classes, refusals
from padcheck.checks.grade.weight import weight
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, MAX, TRANSPOSED
from padcheck.geometry import SAME_LOWER, VALID
from padcheck.records.case import CRASHED, REFUSED, RIGHT, SHAPE, UNVERIFIED_CASE, Case, Outcome
from tests.checks.grade.boxes import case, judged, outcome, pads_lost

SMALL, LARGE = case(CONV, (4, 4), 2, pads=(0, 1)), case(CONV, (40, 40), 3, pads=(1, 1))
LINE = case(CONV, 6, 3, pads=(1, 1))
POOL = case(MAX, (4, 4), 2, pads=(0, 1))


def rows(*outcomes: Outcome) -> list[tuple[str, int, str, int]]:
    return [(c.op_type, c.rank, c.cause, c.count) for c in failing_classes(outcomes)]


def test_one_class_for_each_op_type_rank_and_cause() -> None:
    found = rows(
        outcome(LARGE, "PAD104", how=SHAPE),
        outcome(LINE, "PAD104"),
        outcome(POOL, "PAD104"),
        outcome(SMALL, "PAD104"),
        outcome(LARGE, "PAD101"),
    )
    assert found == [
        ("Conv", 2, "PAD104", 2),
        ("Conv", 1, "PAD104", 1),
        ("MaxPool", 2, "PAD104", 1),
        ("Conv", 2, "PAD101", 1),
    ]


def test_what_did_not_fail_is_in_none() -> None:
    hows = (RIGHT, REFUSED, UNVERIFIED_CASE)
    assert rows(*(Outcome(case=SMALL, how=how) for how in hows)) == []


def test_two_causes_belong_to_both_rows() -> None:
    found = failing_classes([outcome(SMALL, "PAD104", "PAD904"), outcome(LARGE, "PAD904")])
    assert [(c.cause, [m.case for m in c.members]) for c in found] == [
        ("PAD104", [SMALL]),
        ("PAD904", [SMALL, LARGE]),
    ]


def test_a_crash_and_what_has_no_finding() -> None:
    crash, bare = Outcome(case=SMALL, how=CRASHED), Outcome(case=LARGE, how=SHAPE)
    assert rows(crash, bare) == [("Conv", 2, CRASH, 1), ("Conv", 2, "PAD999", 1)]
    assert failing_classes([crash])[0].start == crash


def test_kinds_and_proven_are_counted() -> None:
    doubtful = outcome(LINE, "PAD104", status="ambiguous", rivals=("PAD105",))
    (found,) = failing_classes(
        [outcome(LINE, "PAD104", how=SHAPE), outcome(LINE, "PAD104"), doubtful]
    )
    assert (found.count, found.kinds, found.proven) == (3, {"silent": 2, "shape": 1}, 2)


@pytest.mark.parametrize(
    ("proven", "row"),
    [
        ((), "PAD105"),
        (("PAD104",), "PAD104"),
        (("PAD105",), "PAD105"),
        (("PAD104", "PAD105"), "PAD105"),
        (("PAD104", "PAD109"), "PAD105"),  # two rivals: neither
        (("PAD201",), "PAD105"),  # no rival
    ],
)
def test_an_ambiguous_finding_goes_to_the_only_proven_rival(
    proven: tuple[str, ...], row: str
) -> None:
    doubtful = outcome(SMALL, "PAD105", status="ambiguous", rivals=("PAD104", "PAD109"))
    found = failing_classes([*(outcome(LARGE, code) for code in proven), doubtful])
    assert [c.cause for c in found if doubtful in c.members] == [row]


def test_what_is_proven_for_another_op_or_rank_is_no_help() -> None:
    doubtful = outcome(SMALL, "PAD105", status="ambiguous", rivals=("PAD104",))
    others = [outcome(LINE, "PAD104"), outcome(POOL, "PAD104")]
    assert rows(*others, doubtful)[-1] == ("Conv", 2, "PAD105", 1)


def test_shrinking_starts_from_the_silent_the_proven_the_single_and_the_lightest() -> None:
    ambiguous = {"status": "ambiguous", "rivals": ("PAD105",)}
    worst_first = [
        outcome(SMALL, "PAD104", how=SHAPE),
        outcome(SMALL, "PAD104", **ambiguous),
        outcome(SMALL, "PAD104", "PAD904"),
        outcome(LARGE, "PAD104"),
        outcome(SMALL, "PAD104"),
    ]
    for count in range(1, len(worst_first) + 1):
        found = failing_classes(worst_first[:count])[0]
        assert found.start == worst_first[count - 1]


def test_a_start_that_has_the_cause_comes_before_one_that_may_have() -> None:
    rival = outcome(SMALL, "PAD105", status="ambiguous", rivals=("PAD104",))
    named = outcome(LARGE, "PAD104", "PAD904")
    found = failing_classes([rival, named])[0]
    assert (found.cause, found.count, found.start) == ("PAD104", 2, named)


PLAIN = case(CONV, (6, 6), 3, pads=VALID)


@pytest.mark.parametrize(
    "heavier",
    [
        case(CONV, (6, 7), 3, pads=VALID),
        case(CONV, (6, 6), (3, 4), pads=VALID),
        case(CONV, (6, 6), 3, (1, 2), pads=VALID),
        case(CONV, (6, 6), 3, 1, (1, 2), pads=VALID),
        case(CONV, (6, 6), 3, pads=SAME_LOWER),
        case(CONV, (6, 6), 3, pads=VALID, bias=True),
        case(CONV, (6, 6), 3, pads=VALID, group=2, channels=(2, 4)),
        case(CONV, (6, 6), 3, pads=VALID, pad_mode="reflect"),
        *(PLAIN.replace(**c) for c in ({"dynamic": True}, {"opset": 7}, {"padding": "node"})),
    ],
)
def test_whatever_is_added_makes_a_case_heavier(heavier: Case) -> None:
    assert weight(heavier) > weight(PLAIN)


def test_features_of_pools_and_transposed_convs_are_weighed() -> None:
    pool, transposed = case(AVERAGE, 6, 3), case(TRANSPOSED, 6, 3, 2)
    for more in (CEIL, COUNTED):
        assert weight(case(AVERAGE, 6, 3, **more)) > weight(pool)
    for more in ({"output_padding": (1,)}, {"output_shape": (12,)}):
        assert weight(case(TRANSPOSED, 6, 3, 2, **more)) > weight(transposed)


def test_classes_of_a_real_fault() -> None:
    outcomes = [judged(asked, pads_lost) for asked in (LARGE, SMALL, LINE, PLAIN)]
    assert rows(*outcomes) == [("Conv", 2, "PAD104", 2), ("Conv", 1, "PAD104", 1)]
    assert failing_classes(outcomes)[0].start.case == SMALL


def refused(asked: Case, said: str, stage: str = "convert") -> Outcome:
    return Outcome(case=asked, how=REFUSED, said=said, stage=stage)


def test_refusals_are_one_but_for_their_numbers_and_names() -> None:
    found = refusals(
        [
            refused(LARGE, "ValueError: kernel [3, 3] of 'Conv_12' is too large for (40,)"),
            refused(SMALL, "ValueError: kernel [2] of 'Conv_1' is too large for (4, 4.5)"),
            refused(SMALL, "ValueError: kernel [2] of 'Conv_1' is too small for (4, 4)"),
            refused(LINE, "ValueError: kernel [2] of 'Conv_1' is too large for (4, 4)"),
            refused(LARGE, "ValueError: kernel [2] of 'Conv_1' is too large for (4, 4)", "run"),
            outcome(SMALL, "PAD104"),
        ]
    )
    assert [(r.op_type, r.rank, r.stage, r.count, r.case) for r in found] == [
        ("Conv", 2, "convert", 2, SMALL),
        ("Conv", 2, "convert", 1, SMALL),
        ("Conv", 1, "convert", 1, LINE),
        ("Conv", 2, "run", 1, LARGE),
    ]
    assert found[0].error == "ValueError: kernel [2] of 'Conv_1' is too large for (4, 4.5)"

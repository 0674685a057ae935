"""Files of known failures: read or refused with the place, and what they excuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from padcheck.checks.grade.known import Known, excused, load_known
from padcheck.checks.suite.words import CONV
from padcheck.errors import UsageError
from padcheck.records.case import CRASHED, SHAPE, SILENT
from padcheck.records.scorecard import Failure, Scorecard, Suite
from tests.checks.grade.boxes import case

CASE = case(CONV, 6, 3, pads=(1, 1))


def failure(*codes: str, op_type: str = "Conv", rank: int = 2, kind: str = SILENT) -> Failure:
    return Failure(op_type=op_type, rank=rank, kind=kind, codes=codes, count=1, case=CASE)


CRASH = failure(kind=CRASHED)


def entry(code: str = "PAD104", **more: Any) -> Known:
    return Known(**({"op_type": "Conv", "code": code, "reason": "as ever"} | more))


def written(folder: Path, text: str, name: str = "known.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_entries_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [[known]]
        op_type = "Conv"
        code = "PAD104"
        rank = 1
        kind = "shape"
        reason = "as ever"
        link = "https://a.b/1"

        [[known]]
        op_type = "MaxPool"
        code = "crashed"
        reason = "it dies"
        """,
    )
    assert load_known(path) == (
        entry(rank=1, kind="shape", link="https://a.b/1"),
        entry("crashed", op_type="MaxPool", reason="it dies"),
    )
    assert load_known(path)[0].why == "as ever (https://a.b/1)"


def test_an_empty_file_has_none(tmp_path: Path) -> None:
    assert load_known(written(tmp_path, "")) == ()


GOOD = 'op_type = "Conv"\ncode = "PAD104"\nreason = "as ever"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[known", "cannot be read \\("),
        ("known = 1", "expected a list of entries but got int"),
        (f"[known]\n{GOOD}", "expected a list of entries but got dict"),
        ("known = [1]", "entry 0: expected an object but got int"),
        (f"[[knwon]]\n{GOOD}", "expected tables \\[\\[known\\]\\] but got 'knwon'"),
        (f"[[known]]\n{GOOD}cdoe = 1", "entry 0: expected op_type, code, .* but got 'cdoe'"),
        ('[[known]]\nop_type = "Pad"', "entry 0: expected one of Conv, .* but got op_type='Pad'"),
        (
            f"[[known]]\n{GOOD}[[known]]\n{GOOD}".replace("PAD104", "PAD9", 1),
            "entry 0: expected a code such as PAD104, or crashed, but got code='PAD9'",
        ),
        (
            f"[[known]]\n{GOOD}rank = 2\n[[known]]\n{GOOD}rank = 4",
            "entry 1: expected 1, 2 or 3 but got rank=4",
        ),
        (f"[[known]]\n{GOOD}rank = true", "expected 1, 2 or 3 but got rank=True"),
        (f'[[known]]\n{GOOD}kind = "crashed"', "expected one of silent, shape but got kind="),
        (
            f'[[known]]\n{GOOD}kind = "shape"'.replace("PAD104", "crashed"),
            "expected none with crashed but got kind='shape'",
        ),
        (f"[[known]]\n{GOOD}link = 1", "entry 0: expected a text but got link=1"),
        (f"[[known]]\n{GOOD}".replace("as ever", " "), "expected a text but got reason=' '"),
        ('[[known]]\nop_type = "Conv"\ncode = "PAD104"', "expected a text but got reason=None"),
        (f"[[known]]\n{GOOD}" * 2, "entry 1: expected Conv: PAD104 once but got it twice"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=message) as caught:
        load_known(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read \(No such file"):
        load_known(tmp_path / "none.toml")


FAILURES = (
    failure("PAD104", "PAD904"),
    failure("PAD104", rank=1, kind=SHAPE),
    failure("PAD201", op_type="MaxPool"),
    CRASH,
)


def card(*failures: Failure) -> dict[str, Any]:
    return Scorecard(
        subject="a2b",
        padcheck="0",
        versions={"a2b": "1.5"},
        suite=Suite(level="quick", version=1, cases=9),
        counts={},
        failures=failures,
    ).to_dict()


def test_a_scorecard_knows_its_failures(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(card(*FAILURES)), "card.json")
    entries = load_known(path)
    told, stale = excused(FAILURES, entries)
    assert [row.known for row in told] == ["in card.json (a2b 1.5)"] * 4
    assert stale == ()


def test_a_scorecard_without_a_version(tmp_path: Path) -> None:
    made = card(CRASH) | {"subject": {"name": "a:b", "version": "unknown"}}
    (only,) = load_known(written(tmp_path, json.dumps(made), "card.json"))
    assert only.reason == "in card.json (a:b)"


def test_a_scorecard_knows_nothing_else(tmp_path: Path) -> None:
    entries = load_known(written(tmp_path, json.dumps(card(FAILURES[1])), "card.json"))
    others = (
        failure("PAD104", rank=1),  # silent now
        failure("PAD104", kind=SHAPE),
        failure("PAD105", rank=1, kind=SHAPE),
        failure("PAD104", rank=1, kind=SHAPE, op_type="MaxPool"),
        failure("PAD104", "PAD904", rank=1, kind=SHAPE),
    )
    for other in others:
        assert excused([other], entries)[0] == (other,)
    assert excused(others[:4], entries)[1] == (
        "Conv of rank 1: PAD104 (shape) does not fail (any more)",
    )
    assert excused(others[4:], entries)[1] == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "expected a scorecard .* but got None"),
        ('{"schema": "padcheck/report@1"}', "expected a scorecard .* but got 'padcheck/report@1'"),
        ("{", "cannot be read"),
        (card() | {"failures": 1}, "expected a scorecard but it lacks fields"),
        (card() | {"failures": [{"rank": 1}]}, r"lacks fields \(KeyError: 'codes'\)"),
        (card() | {"failures": [card(CRASH)["failures"][0] | {"rank": 9}]}, "entry 0: .* rank=9"),
    ],
)
def test_another_json_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    path = written(tmp_path, text, "card.json")
    with pytest.raises(UsageError, match=message) as caught:
        load_known(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("row", "entries", "known"),
    [
        (failure("PAD104"), [entry()], "as ever"),
        (failure("PAD104"), [entry(link="a.b")], "as ever (a.b)"),
        (failure("PAD104"), [entry(rank=2, kind=SILENT)], "as ever"),
        (failure("PAD104"), [entry(rank=1)], None),
        (failure("PAD104"), [entry(kind=SHAPE)], None),
        (failure("PAD104"), [entry("PAD105")], None),
        (failure("PAD104"), [entry(op_type="MaxPool")], None),
        (failure("PAD104", "PAD904"), [entry()], None),
        (failure("PAD104", "PAD904"), [entry(), entry("PAD904", reason="b")], "as ever; b"),
        (failure("PAD104", "PAD904"), [entry(), entry("PAD904")], "as ever"),
        (CRASH, [entry("crashed")], "as ever"),
        (CRASH, [entry("PAD104")], None),
        (failure("PAD104"), [], None),
    ],
)
def test_a_failure_is_known_when_all_its_causes_are(
    row: Failure, entries: list[Known], known: str | None
) -> None:
    ((told,), _) = excused([row], entries)
    assert told.known == known


def test_an_entry_that_no_failure_has_is_stale() -> None:
    entries = [entry(), entry("PAD904"), entry("PAD904", rank=1), entry("crashed")]
    _, stale = excused([failure("PAD104", "PAD904"), failure("PAD101")], entries)
    assert stale == (
        "Conv of rank 1: PAD904 does not fail (any more)",
        "Conv: crashed does not fail (any more)",
    )

"""The report of a session: merged by model, the same whatever the order of the tests."""

import dataclasses
import json
import random

import jsonschema
import pytest
import torch

import padcheck
from padcheck.records import Report
from padcheck.report.session import session_report, summary_line
from tests.support import FIXTURES, ROOT

REPORTS = ROOT / "padcheck" / "report"
SCHEMA = json.loads((REPORTS / "session_schema.json").read_text())
REPORT_SCHEMA = json.loads((REPORTS / "schema.json").read_text())

CONV = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)


@pytest.fixture(scope="module")
def faults():
    return padcheck.compare(FIXTURES / "three_faults.onnx", FIXTURES / "three_faults.keras")


@pytest.fixture(scope="module")
def cifar():
    return padcheck.diagnose(FIXTURES / "cifar10_cnn.onnx", static=True)


@pytest.fixture(scope="module")
def valid():
    def layer(x, weight):
        return torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(weight), stride=2).numpy()

    return padcheck.check_callable(CONV, layer)


def part(report, *names, whole=False):
    """What an item on some ops, or on the outputs, checked."""
    return dataclasses.replace(
        report,
        ops=tuple(op for op in report.ops if op.name in names),
        findings=tuple(finding for finding in report.findings if finding.op in names),
        end_to_end=report.end_to_end if whole else None,
    )


def check(report, *, model=None, at=None, allowed=(), known=(), left=None):
    excused = bool(allowed or known)
    ops = sum(op.verdict != "equivalent" for op in report.ops) if not left else 0
    return {
        "model": model,
        "at": at,
        "verdict": report.verdict,
        "left": left or ("equivalent" if excused else report.verdict),
        "allowed": list(allowed),
        "known": list(known),
        "allowed_ops": ops if allowed and not known else 0,
        "known_ops": ops if known else 0,
        "report": report.to_dict(),
    }


def ended(name, outcome, *checks):
    return {"id": name, "outcome": outcome, "checks": list(checks)}


def items(report, model, path, **excused):
    """A test per op and one for the outputs, as a model file makes them."""
    made = []
    for at, op in enumerate(report.ops):
        one = part(report, op.name)
        more = excused.get(op.name, {})
        failed = op.verdict == "mismatch" and not more
        outcome = "failed" if failed else "passed"
        made.append(ended(f"{path}::{op.name}", outcome, check(one, model=model, at=at, **more)))
    if report.end_to_end is not None:
        whole = check(part(report, whole=True), model=model, at=len(report.ops))
        made.append(ended(f"{path}::end-to-end", "failed", whole))
    return made


def call(report, name, outcome="failed", **more):
    return ended(f"tests/test_a.py::{name}", outcome, check(report, at=0, **more))


def session(tests, **more):
    made = session_report(tests, padcheck="0.1.0", **more)
    jsonschema.validate(made, SCHEMA)
    for report in made["reports"]:
        jsonschema.validate(report, REPORT_SCHEMA)
    return made


class TestMerging:
    def test_the_ops_of_a_model_are_its_report_again(self, faults):
        made = session(items(faults, 0, "faults.onnx"))
        assert made["reports"] == [faults.to_dict()]
        assert made["verdict"] == "mismatch"
        assert made["counts"] == {
            "tests": 6,
            "ops": 5,
            "equivalent": 2,
            "mismatch": 3,
            "unverified": 0,
            "outputs_mismatch": 1,
            "outputs_unverified": 0,
            "allowed": 0,
            "known": 0,
            "expected": 0,
        }

    def test_counts_and_verdict_are_those_of_the_ops_that_were_checked(self, faults):
        made = session(items(faults, 0, "faults.onnx")[:1])
        (report,) = made["reports"]
        assert (report["verdict"], report["counts"]["ops"]) == ("equivalent", 1)
        assert report["findings"] == []
        assert str(Report.from_dict(report)).startswith(str(faults.source.path))

    def test_an_op_that_two_tests_checked_is_there_once(self, faults):
        tests = items(faults, 0, "faults.onnx")
        again = [{**test, "id": test["id"] + "[again]"} for test in tests]
        assert session(tests + again)["reports"] == [faults.to_dict()]

    def test_models_come_by_index_then_calls_by_test_and_place(self, faults, cifar, valid):
        twice = ended("tests/test_a.py::twice", "failed", check(cifar, at=0), check(valid, at=1))
        tests = [
            call(valid, "z"),
            twice,
            *items(cifar, 1, "cifar.onnx"),
            *items(faults, 0, "faults.onnx"),
        ]
        made = session(tests)
        assert [report["command"] for report in made["reports"]] == [
            "compare",
            "diagnose",
            "diagnose",
            "check_callable",
            "check_callable",
        ]
        assert made["reports"][2:] == [cifar.to_dict(), valid.to_dict(), valid.to_dict()]
        places = {test["id"]: test["reports"] for test in made["tests"]}
        assert places["tests/test_a.py::twice"] == [2, 3]
        assert places["tests/test_a.py::z"] == [4]
        assert {tuple(p) for name, p in places.items() if name.startswith("faults")} == {(0,)}
        assert {tuple(p) for name, p in places.items() if name.startswith("cifar")} == {(1,)}

    def test_items_come_in_the_models_order_then_the_others_by_id(self, faults, valid):
        tests = [call(valid, "b"), call(valid, "a"), *items(faults, 0, "zz.onnx")]
        names = [test["id"] for test in session(tests)["tests"]]
        assert names == [
            *(f"zz.onnx::{op.name}" for op in faults.ops),
            "zz.onnx::end-to-end",
            "tests/test_a.py::a",
            "tests/test_a.py::b",
        ]

    def test_an_op_of_the_target_is_not_the_sources_of_that_name(self, faults):
        lone = dataclasses.replace(
            faults.ops[0], of_target=True, verdict="unverified", reason="no partner", lowerings={}
        )
        others = dataclasses.replace(part(faults), ops=(lone,))
        tests = items(faults, 0, "faults.onnx")
        tests.append(ended("faults.onnx::target-ops", "unverified", check(others, model=0, at=6)))
        made = session(tests)
        assert made["reports"][0]["counts"]["ops"] == 6
        assert made["reports"][0]["findings"] == faults.to_dict()["findings"]
        guilty = next(op for op in faults.ops if op.findings)
        lone = dataclasses.replace(lone, name=guilty.name)
        both = dataclasses.replace(faults, ops=(*faults.ops, lone))
        assert session([call(both, "a")])["reports"] == [both.to_dict()]


class TestOrder:
    def test_shuffled_tests_give_the_same_bytes(self, faults, cifar, valid):
        tests = [
            *items(faults, 0, "faults.onnx"),
            *items(cifar, 1, "cifar.onnx"),
            call(valid, "a"),
            call(valid, "b", "passed", allowed=["PAD104"]),
            ended("tests/test_a.py::died", "error"),
        ]
        expected = json.dumps(session(tests))
        for seed in range(5):
            random.Random(seed).shuffle(tests)
            assert json.dumps(session(tests)) == expected

    def test_problems_come_once_each(self):
        assert session([], problems=["b", "a", "b"])["problems"] == ["a", "b"]


class TestVerdict:
    def test_nothing_checked(self):
        made = session([])
        assert (made["verdict"], made["counts"]["tests"]) == ("unverified", 0)

    def test_what_is_allowed_makes_no_mismatch(self, valid):
        made = session([call(valid, "a", "passed", allowed=["PAD104"])])
        assert made["verdict"] == "equivalent"
        assert (made["counts"]["allowed"], made["counts"]["known"]) == (1, 0)
        assert made["counts"]["mismatch"] == 1
        (test,) = made["tests"]
        assert (test["verdict"], test["allowed"]) == ("mismatch", ["PAD104"])

    def test_what_is_known_makes_no_mismatch(self, valid):
        known = [
            {"id": "conv1", "code": "PAD101", "reason": "r", "link": None},
            {"id": "valid", "code": "PAD104", "reason": "r", "link": "https://example.org"},
        ]
        made = session([call(valid, "a", "xfailed", known=[1])], known=known)
        assert made["verdict"] == "equivalent"
        assert (made["counts"]["allowed"], made["counts"]["known"]) == (0, 1)
        assert made["known"] == [{**known[0], "matched": 0}, {**known[1], "matched": 1}]
        assert made["tests"][0]["known"] == ["valid"]

    def test_a_failing_test_is_excused_in_part_at_most(self, faults):
        made = session([call(faults, "a", "failed", allowed=["PAD201"], left="mismatch")])
        assert (made["verdict"], made["counts"]["allowed"]) == ("mismatch", 0)

    def test_only_the_last_check_of_a_failing_test_failed(self, valid):
        unsure = dataclasses.replace(valid.ops[0], verdict="unverified", reason="r", findings=())
        report = dataclasses.replace(valid, ops=(unsure,), findings=())
        checks = [check(valid, at=0, allowed=["PAD104"]), check(report, at=1)]
        made = session([ended("a", "unverified", *checks)])
        assert (made["verdict"], made["counts"]["allowed"]) == ("unverified", 1)

    def test_of_an_unverified_test_the_mismatches_were_excused(self, valid):
        one = call(valid, "a", "unverified", allowed=["PAD104"], left="unverified")
        made = session([one])
        assert made["verdict"] == "unverified"

    @pytest.mark.parametrize("outcome", ["passed", "xfailed", "xpassed"])
    def test_what_a_test_expected_is_no_mismatch(self, valid, outcome):
        made = session([call(valid, "a", outcome)])
        assert (made["verdict"], made["tests"][0]["verdict"]) == ("equivalent", "mismatch")
        assert (made["counts"]["mismatch"], made["counts"]["expected"]) == (1, 1)
        line = "padcheck: 1 op, 0 equivalent, 1 mismatch, 0 unverified, 1 expected"
        assert summary_line(made) == line

    def test_what_is_allowed_was_not_expected(self, valid):
        made = session([call(valid, "a", "passed", allowed=["PAD104"])])
        assert made["counts"]["expected"] == 0
        partly = call(valid, "a", "passed", allowed=["PAD104"], left="mismatch")
        made = session([partly])
        assert (made["counts"]["allowed"], made["counts"]["expected"]) == (0, 1)

    def test_a_test_that_failed_after_all_was_excused_is_unverified(self, valid):
        made = session([call(valid, "a", "failed", allowed=["PAD104"])])
        assert (made["verdict"], made["counts"]["allowed"]) == ("unverified", 1)

    def test_a_test_that_died_checked_nothing(self, valid):
        for outcome in ("failed", "error", "unverified"):
            died = ended("tests/test_a.py::died", outcome)
            made = session([died])
            assert made["verdict"] == "unverified"
            assert made["tests"] == [
                {
                    "id": "tests/test_a.py::died",
                    "outcome": outcome,
                    "verdict": None,
                    "allowed": [],
                    "known": [],
                    "reports": [],
                }
            ]
            assert session([died, call(valid, "b")])["verdict"] == "mismatch"

    def test_a_test_that_failed_after_its_checks_may_have_skipped_others(self, valid):
        right = dataclasses.replace(valid, ops=(), findings=())
        assert session([call(right, "a", "failed")])["verdict"] == "unverified"
        assert session([call(right, "a", "passed")])["verdict"] == "equivalent"

    def test_skipped_without_a_check_is_no_failure(self):
        assert session([ended("a", "skipped")])["verdict"] == "equivalent"

    def test_unverified_is_counted_though_skipped(self, valid):
        unsure = dataclasses.replace(valid.ops[0], verdict="unverified", reason="r", findings=())
        report = dataclasses.replace(valid, ops=(unsure,), findings=())
        made = session([call(report, "a", "skipped")])
        assert (made["verdict"], made["counts"]["unverified"]) == ("unverified", 1)


def test_the_keys_come_in_their_order(valid):
    assert list(session([call(valid, "a")])) == SCHEMA["required"]


class TestSummary:
    def test_counts(self, faults):
        made = session(items(faults, 0, "faults.onnx"))
        line = "padcheck: 5 ops, 2 equivalent, 3 mismatch, 0 unverified"
        assert summary_line(made) == line

    def test_excuses_are_told_where_there_are_any(self, valid):
        tests = [call(valid, "a", "passed", allowed=["PAD104"])]
        line = "padcheck: 1 op, 0 equivalent, 1 mismatch, 0 unverified, 1 allowed"
        assert summary_line(session(tests)) == line
        known = [{"id": "valid", "code": "PAD104", "reason": "r", "link": None}]
        tests = [call(valid, name, "xfailed", known=[0]) for name in "ab"]
        line = "padcheck: 2 ops, 0 equivalent, 2 mismatch, 0 unverified, 2 known"
        assert summary_line(session(tests, known=known)) == line

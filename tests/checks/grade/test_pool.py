"""Processes that die, hang, refuse and grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import padcheck
from padcheck.checks.grade import assembling, child, grade, hands, pool
from padcheck.checks.grade.child import argument_for
from padcheck.checks.grade.hands import Died, Hand
from padcheck.checks.grade.pool import Processes
from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.process import Child
from padcheck.records.case import Case
from padcheck.records.scorecard import Scorecard
from tests.checks.grade import bad_converters

MODULE = "tests.checks.grade.bad_converters"
CASES = tuple(
    Case(spec=padcheck.conv(input_size=size, kernel_size=kernel, pads=1))
    for kernel in (1, 2, 3, 4)
    for size in (6, (6, 5))
)


def _graded(name: str, **more: object) -> Scorecard:
    options = {"suite": CASES, "layout": "channels_first", "jobs": 2, **more}
    return grade(f"{MODULE}:{name}", **options)  # type: ignore[arg-type]


def test_a_right_converter_in_processes() -> None:
    card = _graded("right")
    assert card.ok
    assert card.counts["right"] == len(CASES) == card.suite.cases
    assert card.suite.level == "own"


def test_a_process_that_dies_fails_its_own_case_alone() -> None:
    card = _graded("dies")
    assert card.counts["crashed"] == 2
    assert card.counts["right"] == len(CASES) - 2
    assert {failure.kind for failure in card.failures} == {"crashed"}
    assert {failure.rank for failure in card.failures} == {1, 2}
    assert all("SIGSEGV" in (failure.said or "") for failure in card.failures)
    assert all("bad_converters import dies" in failure.repro for failure in card.failures)
    assert card.exit_code == 1


def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembling, "MOST_CRASHES", 0)
    monkeypatch.setattr(hands, "TIMEOUT", 6.0)
    card = _graded("hangs")
    assert card.counts["crashed"] == 2
    assert {failure.said for failure in card.failures} == {"no answer within 6 s"}


def test_after_many_crashes_the_rest_is_left_unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST_CRASHES", 1)
    card = _graded("dies", suite=CASES[4:6] + CASES[:2], jobs=1)
    assert card.counts["crashed"] == 1
    assert card.counts["unverified"] == 3
    assert {reason for _, reason in card.unverified} == {"left unjudged after 1 crashes"}


def test_refusals_are_counted_and_are_no_failure() -> None:
    card = _graded("refuses")
    assert card.counts["refused"] == 2
    assert card.exit_code == 0
    assert {refusal.error for refusal in card.refusals} == {
        "NotImplementedError: kernels of 3 are not supported"
    }
    assert {refusal.stage for refusal in card.refusals} == {"convert"}


def test_refusing_to_run_is_told_as_such() -> None:
    card = _graded("refuses_to_run")
    assert card.counts["refused"] == len(CASES)
    assert {(refusal.stage, refusal.error) for refusal in card.refusals} == {
        ("run", "ValueError: cannot be run")
    }


@pytest.mark.parametrize("convert", ["leaves_as_it_runs", bad_converters.leaves_as_it_runs])
def test_leaving_by_sys_exit_is_a_refusal(convert: object) -> None:
    named = f"{MODULE}:{convert}" if isinstance(convert, str) else convert
    card = grade(named, suite=CASES[:1], layout="channels_first")  # type: ignore[arg-type]
    assert [(one.stage, one.error) for one in card.refusals] == [("run", "SystemExit: no more")]


def test_a_converter_has_the_keras_backend_of_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    card = _graded("tells_its_backend", suite=CASES[:1], jobs=1)
    assert [one.error for one in card.refusals] == ["ValueError: jax"]


def test_notes_on_what_is_right_are_told() -> None:
    card = _graded("in_doubles", jobs=1)
    assert card.ok
    (note,) = card.notes
    assert note.startswith("the function returns float64, expected float32 (8 of what came out ")
    assert note in " ".join(str(card).split())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os\nos._exit(7)", "leaves:f: cannot be loaded (exit code 7)"),
        ("raise SystemExit('no licence')", "cannot load leaves:f (SystemExit: no licence)"),
    ],
)
def test_a_module_that_ends_its_process_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    (tmp_path / "leaves.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FrameworkError) as raised:
        grade("leaves:f", suite=CASES[:1], jobs=1)
    assert str(raised.value) == told


def test_a_process_started_while_the_rest_is_closed_is_ended() -> None:
    made = []

    def start() -> Child:
        if made:
            hand._child = None
            hand.close()
        made.append(Child(argument_for("onnxruntime", None), module=child.__name__, environment={}))
        return made[-1]

    hand = Hand(start)
    made[0].kill()
    made[0].reap()
    hand._child = None
    with pytest.raises(Died):
        hand.ready()


@pytest.mark.parametrize("more", [{}, {"bias": True}, {"channels": (4, 2), "group": 2}])
def test_what_an_unexplained_conv_reads_is_told(more: dict[str, Any]) -> None:
    """By a model of other channels than the case's."""
    spec = padcheck.conv(input_size=(5, 6), kernel_size=3, pads=1, **more)
    card = grade(bad_converters.a_little_more, suite=[spec], layout="channels_first")
    (finding,) = card.failures[0].findings
    assert finding.code == "PAD999"
    assert "every tap reads the right input: not a matter of padding" in finding.notes


def test_what_is_no_array_has_no_right_shape() -> None:
    card = _graded("returns_nothing", suite=CASES[:1])
    assert card.counts["shape"] == 1
    (failure,) = card.failures
    assert failure.codes == ("PAD999",)
    assert "NoneType" in failure.findings[0].message


def test_other_numbers_each_time_are_told() -> None:
    card = _graded("differs_each_time", suite=CASES[:1])
    assert card.counts["silent"] == 1


def test_a_process_that_grows_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "MOST_GROWTH", 100)
    with Processes(f"{MODULE}:grows", 1, layout="channels_first") as asked:
        first = asked._hands[0]._child
        assert all(asked.outcome(case).how == "right" for case in CASES)  # type: ignore[union-attr]
        assert asked._hands[0]._child is not first


def test_nothing_is_judged_twice() -> None:
    with Processes(f"{MODULE}:differs_each_time", 1, layout="channels_first") as asked:
        assert asked.outcome(CASES[0]) is asked.outcome(CASES[0])


@pytest.mark.parametrize("name", ["tests.no_such_module:convert", f"{MODULE}:no_such_function"])
def test_a_converter_that_cannot_be_loaded_is_one_error(name: str) -> None:
    with pytest.raises(FrameworkError, match=f"^cannot load {name} ") as told:
        grade(name, suite=CASES[:1])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("convert", "options", "words"),
    [
        ("no-such-subject", {}, "expected a subject of onnx2keras, "),
        (3, {}, "expected the name of a subject, module:function or a function but got 3"),
        ("onnxruntime", {"suite": "huge"}, "expected a level of quick, standard, deep"),
        ("onnxruntime", {"suite": [3]}, "expected ops made by padcheck.conv"),
        ("onnxruntime", {"suite": []}, "expected at least one op to grade but got none"),
        ("onnxruntime", {"suite": CASES[0]}, "expected several ops, as in [padcheck.conv(...)]"),
        ("onnxruntime", {"suite": CASES[0].spec}, "expected several ops, as in [padcheck.conv"),
        ("onnxruntime", {"layout": "channels_last"}, "onnxruntime has a layout of its own"),
        ("mypkg/convert.py:f", {}, "expected module:function, such as mypkg.convert:to_keras, but"),
        ("mypkg.convert:", {}, "expected module:function"),
        (f"{MODULE}:os.name", {}, f"expected a function but got {MODULE}:os.name of type str"),
        (f"{MODULE}:os.rename", {}, f"of one onnx.ModelProto but got {MODULE}:os.rename(src, dst"),
        ("onnxruntime", {"jobs": 0}, "expected a number of jobs from 1 on but got 0"),
        ("onnxruntime", {"layout": "NHWC"}, "expected one of channels_first, channels_last"),
        ("onnxruntime", {"known": "no/such.toml"}, "no/such.toml"),
    ],
)
def test_bad_arguments_are_one_line(
    convert: object, options: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError) as told:
        grade(convert, **options)  # type: ignore[arg-type]
    assert words in str(told.value)
    assert "\n" not in str(told.value)

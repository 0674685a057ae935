"""The session's JSON: valid, and the same bytes whoever ran the tests and in what order."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.pytest_plugin.everything import everything, made
from tests.pytest_plugin.inner import Bare, Ran, bare, run, spread, warm
from tests.support import ROOT

__all__ = ["bare", "everything", "warm"]

REPORTS = ROOT / "padcheck" / "report"
SCHEMA = json.loads((REPORTS / "session_schema.json").read_text())
REPORT_SCHEMA = json.loads((REPORTS / "schema.json").read_text())


def valid(ran: Ran) -> dict[str, object]:
    session = ran.json()
    jsonschema.validate(session, SCHEMA)
    for report in session["reports"]:
        jsonschema.validate(report, REPORT_SCHEMA)
    return session


def test_it_is_as_its_schema_says(everything: Ran) -> None:
    session = valid(everything)
    assert session["verdict"] == "mismatch"
    assert session["counts"]["tests"] == len(session["tests"]) == 30


def test_how_each_test_ended(everything: Ran) -> None:
    calls = {
        name.partition("test_calls.py::")[2]: end for name, end in everything.outcomes().items()
    }
    assert calls["test_mismatch"] == "failed"
    assert calls["test_unverified"] == "unverified"
    assert (calls["test_skipped"], calls["test_never"]) == ("skipped", "skipped")
    assert (calls["test_before"], calls["test_after"]) == ("error", "error")
    assert calls["test_marked"] == "xfailed"
    assert calls["TestUnused::test_unused"] == "passed"
    assert "test_without" not in calls


def test_what_each_test_checked(everything: Ran) -> None:
    session = everything.json()
    told = {test["id"].removeprefix("test_calls.py::"): test for test in session["tests"]}
    for name in ("test_before", "test_after", "test_caught", "test_marked", "TestCase::test_case"):
        assert told[name]["verdict"] == "mismatch", name
    assert told["test_allowed"]["allowed"] == ["PAD101"]
    for name in ("test_unread", "test_never", "TestUnused::test_unused"):
        assert (told[name]["verdict"], told[name]["reports"]) == (None, [])
    assert len(told["test_first_of_two"]["reports"]) == 1
    assert len(told["test_second_of_two"]["reports"]) == 2
    assert len(told["test_after"]["reports"]) == 2
    ops = told["bad.onnx::one"], told["bad.onnx::two"]
    assert [(op["verdict"], op["reports"]) for op in ops] == [
        ("equivalent", [0]),
        ("mismatch", [0]),
    ]
    assert session["counts"]["expected"] == 3  # caught twice, marked once


def test_nothing_of_this_machine_is_in_it(everything: Ran) -> None:
    text = (everything.folder / "session.json").read_text()
    assert str(everything.folder) not in text
    assert "pytest-of-" not in text
    paths = {report["source"]["path"] for report in everything.json()["reports"]}
    inside = {"{tmp}/test_temporary/m.onnx", "{tmp}/data/m.onnx"}
    assert paths == {None, "good.onnx", "bad.onnx", *inside}


def test_the_same_bytes_however_it_ran(
    everything: Ran, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = BYTES.setdefault("first", (everything.folder / "session.json").read_bytes())
    assert (everything.folder / "session.json").read_bytes() == first


BYTES: dict[str, bytes] = {}


@pytest.mark.parametrize("workers", ["0", "4"])
def test_the_same_bytes_in_another_order(
    everything: Ran, tmp_path_factory: pytest.TempPathFactory, workers: str
) -> None:
    if ("reversed", workers) not in RAN:
        folder = made(tmp_path_factory.mktemp("reversed") / "project")
        wanted = ("--padcheck-model=bad.onnx", "--padcheck-json=session.json", "-q")
        RAN["reversed", workers] = run(folder, "-n", workers, *wanted, env={"REVERSED": "1"})
    turned = RAN["reversed", workers].folder / "session.json"
    assert turned.read_bytes() == (everything.folder / "session.json").read_bytes()


RAN: dict[tuple[str, str], Ran] = {}


@spread
def test_models_and_calls_together(bare: Bare, spread: tuple[str, ...]) -> None:
    bare.write(
        test_a="""
        from pathlib import Path
        def test_b(padcheck):
            padcheck.assert_diagnosed(Path("bad.onnx").resolve(), static=True)
        def test_a(padcheck):
            padcheck.assert_diagnosed("./good.onnx", static=True)
        """
    )
    models = ("--padcheck-model=good.onnx", "--padcheck-model=bad.onnx", "--padcheck-static")
    ran = bare(*spread, *models, "--padcheck-json=session.json")
    session = valid(ran)
    assert [test["id"] for test in session["tests"]] == [
        "good.onnx::one",
        "bad.onnx::one",
        "bad.onnx::two",
        "test_a.py::test_a",
        "test_a.py::test_b",
    ]
    reports = session["reports"]
    assert [report["source"]["path"] for report in reports] == [
        "good.onnx",
        "bad.onnx",
        "good.onnx",
        "bad.onnx",
    ]
    assert [report["counts"]["ops"] for report in reports] == [1, 2, 1, 2]
    first = BYTES.setdefault("models", (ran.folder / "session.json").read_bytes())
    assert (ran.folder / "session.json").read_bytes() == first


@spread
def test_a_folder_that_all_processes_share(bare: Bare, spread: tuple[str, ...]) -> None:
    """As pytest-xdist's documentation has it: the parent of a worker's own."""
    bare.write(
        test_a="""
        import os
        import shutil
        def test_a(padcheck, tmp_path_factory):
            base = tmp_path_factory.getbasetemp()
            base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
            (base / "shared").mkdir()
            shutil.copy("good.onnx", base / "shared" / "m.onnx")
            padcheck.assert_diagnosed(base / "shared" / "m.onnx", static=True)
        """
    )
    ran = bare(*spread, "--padcheck-json=session.json")
    (report,) = valid(ran)["reports"]
    assert report["source"]["path"] == "{tmp}/shared/m.onnx"


@spread
def test_a_path_that_is_no_text(bare: Bare, spread: tuple[str, ...]) -> None:
    """Its bytes are told as Python writes them: what workers send must be text."""
    bare.write(
        test_a="""
        import os
        import shutil
        def test_a(padcheck, tmp_path):
            path = tmp_path / os.fsdecode(b"m\\xff.onnx")
            shutil.copy("bad.onnx", path)
            padcheck.assert_diagnosed(path, static=True)
        """
    )
    ran = bare(*spread, "--padcheck-json=session.json")
    assert (ran.code, ran.counts()) == (1, {"failed": 1})
    (report,) = valid(ran)["reports"]
    assert report["source"]["path"].endswith("test_a/m\\udcff.onnx")


def test_after_a_first_failure(bare: Bare) -> None:
    bare.write(
        test_a="def test_a(padcheck): padcheck.assert_diagnosed('bad.onnx')",
        test_b="def test_b(padcheck): padcheck.assert_diagnosed('good.onnx')",
    )
    wanted = ("--padcheck-static", "--padcheck-json=session.json")
    ran = bare("-p", "no:xdist", "-x", *wanted)
    assert valid(ran)["counts"]["tests"] == 1
    assert ran.outcomes() == {"test_a.py::test_a": "failed"}


ENDING = """
import pytest
import padcheck as pc

@pytest.fixture
def after(padcheck):
    yield
    raise ValueError

def test_passed(padcheck, after):
    padcheck.assert_diagnosed("good.onnx")

def test_failed(padcheck, after):
    padcheck.assert_diagnosed("bad.onnx")

def test_unverified(padcheck, after):
    padcheck.assert_callable(pc.conv(input_size=8, kernel_size=3), lambda x, weight: 1 / 0)

def test_skipped(padcheck, after):
    pytest.skip("not today")

def test_xfailed(padcheck, after):
    pytest.xfail("it is so")

@pytest.mark.xfail(reason="it was so")
def test_xpassed(padcheck):
    padcheck.assert_diagnosed("good.onnx")
"""


def test_an_error_behind_a_test_hides_no_failure(bare: Bare) -> None:
    bare.write(test_a=ENDING)
    ran = bare("-p", "no:xdist", "--padcheck-static", "--padcheck-json=session.json")
    assert valid(ran)["counts"]["expected"] == 0
    assert {name.partition("::test_")[2]: end for name, end in ran.outcomes().items()} == {
        "passed": "error",
        "failed": "failed",
        "unverified": "unverified",
        "skipped": "error",
        "xfailed": "error",
        "xpassed": "xpassed",
    }


@pytest.mark.parametrize(
    ("end", "code"), [("raise KeyboardInterrupt", 2), ("request.config.broken = True", 3)]
)
def test_a_run_that_ended_early_says_so(bare: Bare, end: str, code: int) -> None:
    """And blames no entry for what did not run."""
    (bare.folder / "known.json").write_text(
        '[{"id": "three", "code": "PAD101", "reason": "it is so"}]'
    )
    bare.write(
        conftest="""
        def pytest_runtest_makereport(item, call):
            if call.when == "call" and hasattr(item.config, "broken"):
                raise RuntimeError("a plugin's own")
        """,
        test_a=f"""
        def test_first(padcheck):
            padcheck.assert_diagnosed("good.onnx", static=True)
        def test_last(padcheck, request):
            {end}
        """,
    )
    wanted = ("--padcheck-json=session.json", "--padcheck-known=known.json")
    ran = run(bare.folder, "-p", "no:xdist", *wanted)
    assert ran.code == code
    session = valid(ran)
    assert ran.outcomes() == {"test_a.py::test_first": "passed", "test_a.py::test_last": "error"}
    problem = "the run ended before all tests ran"
    assert (session["verdict"], session["problems"]) == ("unverified", [problem])
    assert "matches nothing" not in ran.output


#: As plugins do that run a failed test again.
TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


def test_one_that_runs_again_starts_anew(bare: Bare) -> None:
    bare.write(
        conftest=TWICE,
        test_a="""
        models = ["bad.onnx", "good.onnx"]
        def test_a(padcheck):
            padcheck.assert_diagnosed(models.pop(0), static=True)
        """,
    )
    ran = bare("-p", "no:xdist", "--padcheck-json=session.json")
    session = valid(ran)
    assert ran.outcomes() == {"test_a.py::test_a": "passed"}
    assert [report["source"]["path"] for report in session["reports"]] == ["good.onnx"]
    assert (session["verdict"], session["counts"]["ops"]) == ("equivalent", 1)


DYING = """
import os
import pytest

def test_alive(padcheck):
    padcheck.assert_diagnosed("good.onnx", static=True)

def test_dying(padcheck):
    padcheck.assert_diagnosed("good.onnx", static=True)
    os._exit(3)

@pytest.fixture
def dying(padcheck):
    os._exit(3)

def test_dying_before(dying):
    pass

def test_dying_for_itself():
    os._exit(3)

def test_measuring(padcheck):
    padcheck.assert_diagnosed("bad.onnx", static=True)
"""

#: The process that measures bad.onnx dies of it.
ABORTING = """
import os
from padcheck.pytest_plugin import measuring

run = measuring.Call.run

def aborting(call, *how):
    return os.abort() if call.source == "bad.onnx" else run(call, *how)

measuring.Call.run = aborting
"""


def test_what_processes_were_at_when_they_died(bare: Bare) -> None:
    bare.write(test_a=DYING, conftest=ABORTING)
    told = []
    for workers in ("2", "3"):
        wanted = ("--padcheck-json=session.json", "--padcheck-model=bad.onnx", "--padcheck-static")
        ran = run(bare.folder, "-n", workers, *wanted)
        assert ran.code == 1
        session = valid(ran)
        assert ran.outcomes() == {
            "bad.onnx::one": "failed",
            "bad.onnx::two": "failed",
            "test_a.py::test_alive": "passed",
            "test_a.py::test_dying": "failed",
            "test_a.py::test_dying_before": "failed",
            "test_a.py::test_dying_for_itself": "failed",  # who knows what it was to check
            "test_a.py::test_measuring": "failed",
        }
        assert session["verdict"] == "unverified"
        lost = "the process that was to measure this model ended before it did"
        assert sum(lost in line for line in ran.lines() if "FAILED" not in line) == 2
        told.append((ran.folder / "session.json").read_bytes())
    assert told[0] == told[1]


def test_a_process_that_died_is_no_matter_of_padchecks(bare: Bare) -> None:
    bare.write(test_a="import os\ndef test_dying(): os._exit(3)\ndef test_alive(): pass\n")
    ran = bare("-n", "2")
    assert ran.counts() == {"failed": 1, "passed": 1}
    assert "padcheck: " not in ran.output


def test_it_is_written_whole_or_the_run_fails(bare: Bare) -> None:
    (bare.folder / "reports").mkdir()
    bare.write(
        test_a="""
        import os
        def test_a(padcheck):
            os.rmdir("reports")
        """
    )
    ran = bare("-p", "no:xdist", "--padcheck-json=reports/session.json")
    assert ran.code == 1
    assert any(
        "cannot write " in line and "session.json: No such file" in line for line in ran.lines()
    )
    assert "out of the file" not in ran.output  # which is of known failures

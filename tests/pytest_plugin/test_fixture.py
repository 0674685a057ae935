"""The `padcheck` fixture: what passes, what fails, and what is told of it."""

from __future__ import annotations

import re

import pytest

from tests.pytest_plugin.everything import CALLS, everything
from tests.pytest_plugin.inner import PACKAGE, Bare, Ran, bare, run, spread, warm

__all__ = ["bare", "everything", "warm"]

#: Tests whose assertion on a diagnosis fails in the test itself.
DIAGNOSED = [
    "test_diagnosed_wrong",
    "test_first_of_two",
    "test_second_of_two",
    "test_each[bad]",
    "TestClass.test_in_class",
    "TestCase.test_case",
]


def test_what_becomes_of_each(everything: Ran) -> None:
    assert everything.code == 1
    assert everything.counts() == {
        "failed": 14,
        "passed": 11,
        "skipped": 2,
        "xfailed": 1,
        "errors": 2,
        "unverified": 2,
    }
    short = {name.partition(" - ")[0] for name in everything.lines()}
    for name in ("test_equivalent", "test_diagnosed", "test_allowed", "test_each[good]"):
        assert f"PASSED test_calls.py::{name}" in short


def test_a_failure_tells_all_of_its_cause(everything: Ran) -> None:
    told = [line[1:].strip() for line in everything.told("test_mismatch").splitlines()]
    gist = "PAD101 asymmetric_same: two: extra pad is at the bottom/right: pads (0,1), expected"
    assert f"Mismatch: {gist} (1,1)" in told
    assert "note: pads: reference (1,1), observed (0,1)" in told
    assert "help: in the target (changes-output), for two" in told
    assert "pads=(0,1), but should be (1,1) [conv(n=8x8, k=3x3, s=2x2)]" in told
    assert "the two part at two: inputs equal, outputs differ by" in " ".join(told)
    assert "reproduce: padcheck compare bad.onnx same.onnx" in told


@pytest.mark.parametrize("name", DIAGNOSED)
def test_a_failed_diagnosis_tells_the_code(everything: Ran, name: str) -> None:
    told = [line[1:].strip() for line in everything.told(name).splitlines()]
    assert "layers.ZeroPadding2D(((1, 1), (1, 1)))" in told
    assert "reproduce: padcheck conv --input 8x8 --kernel 3 --stride 2 --padding 1 --static" in told


def test_a_failed_function_tells_the_call(everything: Ran) -> None:
    told = everything.told("test_callable_wrong")
    gist = "Mismatch: PAD999 unexplained: valid: output has shape (2, 3, 3, 3), expected"
    assert f"E       {gist} (2, 3, 4, 4)\n" in told
    spec = "padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)"
    assert f"\nE       reproduce: padcheck.check_callable({spec}, valid)\n" in told


def test_errors_are_one_line(everything: Ran) -> None:
    errors = {
        "test_unread": "padcheck.errors.ModelError: missing.onnx: no such file or folder",
        "test_senseless": "padcheck.errors.UsageError: expected a target, or via=..., and not both",
        "test_no_op": "padcheck.errors.UsageError: expected an op made by padcheck.conv(...) and "
        "the like but got 3",
        "test_mistyped": "TypeError: diagnose() got an unexpected keyword argument 'statik'",
    }
    for name, line in errors.items():
        told = [part for part in everything.told(name).splitlines() if part.startswith("E ")]
        assert told == [f"E       {line}"]


def test_the_users_own_line_is_shown_and_none_of_padcheck(everything: Ran) -> None:
    marked = ">       padcheck.assert_equivalent("
    assert f'{marked}"bad.onnx", "same.onnx")  # its line\n' in everything.told("test_mismatch")
    assert PACKAGE not in everything.output
    at = 1 + CALLS.splitlines().index(
        '    padcheck.assert_equivalent("bad.onnx", "same.onnx")  # its line'
    )
    assert f"\ntest_calls.py:{at}: Mismatch\n" in everything.told("test_mismatch")
    files = set(re.findall(r"^(\S+):\d+: ", everything.output, re.MULTILINE))
    assert files == {"test_calls.py"}


def test_before_and_after_the_test_it_is_an_error(everything: Ran) -> None:
    for when, name in (("setup", "test_before"), ("teardown", "test_after")):
        told = everything.told(f"ERROR at {when} of {name}")
        assert "Mismatch: PAD101 asymmetric_same: two" in told
        assert ">       padcheck.assert_diagnosed(" in told


@pytest.mark.parametrize("style", ["auto", "long", "short", "line", "native", "no"])
def test_styles_of_tracebacks(bare: Bare, style: str) -> None:
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('bad.onnx', static=True)")
    ran = bare("-p", "no:xdist", f"--tb={style}", "--padcheck-model=bad.onnx", "--padcheck-static")
    assert ran.counts() == {"failed": 2, "passed": 1}
    if style != "native":  # by pytest all of the stack
        assert PACKAGE not in ran.output
    assert "FAILED test_a.py::test_a - Mismatch: PAD101" in ran.output
    assert "MISMATCH PAD101 bad.onnx::two - Mismatch: PAD101" in ran.output
    if style != "line":  # of which pytest 9 has the text too
        assert ("reproduce: " in ran.output) == (style != "no")


@pytest.mark.parametrize(
    "options", [["-q"], ["-qq"], ["-s"], ["--capture=sys"], ["-W", "error"], ["--strict-markers"]]
)
def test_options_that_people_use(bare: Bare, options: list[str]) -> None:
    bare.write(
        test_a="""
        import pytest
        @pytest.mark.padcheck(static=True)
        def test_a(padcheck):
            padcheck.assert_diagnosed('bad.onnx')
        def test_b(padcheck):
            padcheck.assert_equivalent('bad.onnx', 'bad.onnx')
        """
    )
    ran = bare("-p", "no:xdist", *options)
    assert ran.code == 1
    assert "test_a.py::test_a - Mismatch: PAD101" in ran.output
    assert "test_a.py::test_b" not in ran.output
    assert "padcheck: 4 ops, 3 equivalent, 1 mismatch, 0 unverified" in ran.lines()


def test_without_a_terminal(bare: Bare) -> None:
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('bad.onnx', static=True)")
    ran = bare("-p", "no:xdist", "-p", "no:terminal", "--padcheck-json=session.json")
    assert (ran.code, ran.output) == (1, "")
    assert ran.json()["verdict"] == "mismatch"


def test_in_whole_files_of_a_worker(bare: Bare) -> None:
    test = "def test_a(padcheck): padcheck.assert_diagnosed('{}.onnx', static=True)"
    bare.write(test_a=test.format("good"), test_b=test.format("bad"))
    ran = bare("-n", "2", "--dist", "loadfile")
    assert ran.counts() == {"failed": 1, "passed": 1}


@spread
def test_beside_other_plugins(bare: Bare, spread: tuple[str, ...]) -> None:
    (bare.folder / "test_a.py").write_text(
        """
import numpy as np
import padcheck as pc
from hypothesis import HealthCheck, given, settings

def zeros(x, weight, bias=None):
    return np.zeros((len(x), 1, 1))

@settings(max_examples=5, derandomize=True, database=None, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=pc.strategies.convs(rank=1))
def test_given(padcheck, spec):
    padcheck.assert_callable(spec, zeros)

def test_benchmark(padcheck, benchmark):
    options = {"static": True}
    benchmark.pedantic(padcheck.assert_diagnosed, args=["good.onnx"], kwargs=options, rounds=2)
"""
    )
    wanted = ("-p", "no:cacheprovider", "--padcheck-json=session.json")
    ran = run(bare.folder, *spread, *wanted, without=())
    assert ran.counts() == {"failed": 1, "passed": 1}
    assert "spec=padcheck.conv(input_size=1, kernel_size=1)," in ran.output
    assert PACKAGE not in ran.output
    ends = {"test_a.py::test_benchmark": "passed", "test_a.py::test_given": "failed"}
    assert ran.outcomes() == ends


def test_what_it_offers_is_the_packages(bare: Bare) -> None:
    bare.write(
        test_a="""
        import padcheck as package
        def test_a(padcheck):
            assert padcheck.geometries("conv", 2) == package.geometries("conv", rank=2)
            assert padcheck.strategies is package.strategies
        """
    )
    assert bare("-p", "no:xdist").counts() == {"passed": 1}


def test_a_model_in_memory_is_seen_again_by_its_test(bare: Bare) -> None:
    bare.write(
        test_a="""
        import onnx
        def test_a(padcheck):
            padcheck.assert_equivalent("bad.onnx", onnx.load("same.onnx"))
        """
    )
    ran = bare("-p", "no:xdist")
    assert ran.counts() == {"failed": 1}
    assert "reproduce: pytest test_a.py::test_a\n" in ran.told("test_a")

"""`@pytest.mark.padcheck(...)`: the settings of one test."""

from __future__ import annotations

import re

from tests.pytest_plugin.inner import Bare, bare, spread, warm
from tests.pytest_plugin.models import chain, conv

__all__ = ["bare", "warm"]

NEAREST = """
import pytest
import padcheck as pc

pytestmark = pytest.mark.padcheck(static=True, allow=["PAD203"])
SPEC = pc.conv(input_size=8, kernel_size=3)
BIG = pc.conv(input_size=(1 << 14, 1 << 14), kernel_size=3)
ALLOWED = pytest.mark.padcheck(allow=["PAD101"])

def raising(x, weight):
    raise ValueError

def test_of_the_module(padcheck):
    padcheck.assert_diagnosed("bad.onnx")

@ALLOWED
def test_of_the_function(padcheck):
    padcheck.assert_diagnosed("bad.onnx")

@pytest.mark.padcheck(allow="PAD101")
def test_one_code_alone(padcheck):
    padcheck.assert_diagnosed("bad.onnx")

@pytest.mark.parametrize("size", [1, pytest.param(2, marks=ALLOWED)])
def test_of_a_parameter(padcheck, size):
    padcheck.assert_diagnosed("bad.onnx")

@pytest.mark.padcheck(allow=["PAD101"], unverified="skip")
class TestClass:
    def test_of_the_class(self, padcheck):
        padcheck.assert_diagnosed("bad.onnx")

    @pytest.mark.padcheck(allow=())
    def test_nearer_than_the_class(self, padcheck):
        padcheck.assert_diagnosed("bad.onnx")

    @pytest.mark.padcheck(allow=())
    def test_the_rest_is_the_classes(self, padcheck):
        padcheck.assert_callable(BIG, raising)

    @pytest.mark.padcheck(unverified="fail")
    def test_nearer_than_that(self, padcheck):
        padcheck.assert_callable(BIG, raising)
"""


@spread
def test_the_nearest_wins_name_by_name(bare: Bare, spread: tuple[str, ...]) -> None:
    bare.write(test_a=NEAREST)
    for options in ([], ["--padcheck-allow=PAD101", "--padcheck-unverified=skip"]):
        ran = bare(*spread, "--padcheck-json=session.json", *options)
        ends = {name.rpartition("::")[2]: end for name, end in ran.outcomes().items()}
        assert ends == {
            "test_of_the_module": "failed",
            "test_of_the_function": "passed",
            "test_one_code_alone": "passed",
            "test_of_a_parameter[1]": "failed",
            "test_of_a_parameter[2]": "passed",
            "test_of_the_class": "passed",
            "test_nearer_than_the_class": "failed",
            "test_the_rest_is_the_classes": "skipped",
            "test_nearer_than_that": "unverified",
        }
        if spread == ("-n", "2"):
            break


def test_it_wins_over_the_ini_file(bare: Bare) -> None:
    bare.pytester.makeini(
        "[pytest]\npadcheck_allow = PAD101\npadcheck_unverified = skip\npadcheck_static = true"
    )
    bare.write(
        test_a="""
        import pytest
        def test_a(padcheck):
            padcheck.assert_diagnosed("bad.onnx")
        @pytest.mark.padcheck(allow=["PAD203"])
        def test_b(padcheck):
            padcheck.assert_diagnosed("bad.onnx")
        """
    )
    assert bare("-p", "no:xdist").counts() == {"passed": 1, "failed": 1}


def test_what_the_call_says_wins_over_it(bare: Bare) -> None:
    bare.write(
        test_a="""
        import pytest
        @pytest.mark.padcheck(static=False, input_shape={"nowhere": (1,)})
        def test_a(padcheck):
            shapes = {"x": (1, 2, 9, 9)}  # where SAME is right
            report = padcheck.assert_diagnosed("bad.onnx", static=True, input_shapes=shapes)
            assert not any(one.measured for one in report.ops[0].lowerings.values())
        """
    )
    assert bare("-p", "no:xdist").counts() == {"passed": 1}


def test_shapes(bare: Bare) -> None:
    """Those of the options are for the models that have such inputs, those of a marker are not."""
    chain(bare.folder / "other.onnx", conv("one", stride=2), source="y")
    bare.write(
        test_a="""
        import onnx
        import pytest
        from pathlib import Path
        NINE = {"x": (1, 2, 9, 9)}

        def test_of_the_options(padcheck):
            report = padcheck.assert_diagnosed("bad.onnx")
            assert report.ops[1].input_size == (9, 9)

        def test_not_of_this_model(padcheck):
            with pytest.raises(AssertionError, match="asymmetric_same"):
                padcheck.assert_diagnosed("other.onnx")

        @pytest.mark.padcheck(input_shape={"y": [1, 2, 7, 7]})
        def test_of_the_marker(padcheck):
            report = padcheck.assert_diagnosed(Path("other.onnx"))
            assert report.ops[0].input_size == (7, 7)

        @pytest.mark.padcheck(input_shape={"x": (1, 2, 7, 7)})
        def test_a_name_that_is_wrong(padcheck):
            padcheck.assert_diagnosed("other.onnx")

        def test_unread(padcheck):
            padcheck.assert_diagnosed("missing.onnx")
        """
    )
    ran = bare("-p", "no:xdist", "--padcheck-input-shape=x=1,2,9,9", "--padcheck-static")
    assert ran.counts() == {"passed": 3, "failed": 2}
    told = ran.told("test_a_name_that_is_wrong")
    error = "input_shapes: expected an input of the model (y) but got 'x'"
    assert f"\nE       padcheck.errors.UsageError: {error}\n" in told
    told = ran.told("test_unread")
    assert "\nE       padcheck.errors.ModelError: missing.onnx: no such file; " in told


BAD = {
    '["PAD101"]': "expected names, as in allow=[...], but got ['PAD101']",
    "allow=['PAD9999']": "allow: expected codes of `padcheck explain` such as PAD203 but got "
    "'PAD9999'",
    "allow=[101]": "allow: expected codes of `padcheck explain` such as PAD203 but got 101",
    "allow=101": "expected a list of codes but got allow=101",
    "unverified='warn'": "expected 'fail' or 'skip' but got unverified='warn'",
    "static='yes'": "expected True or False but got static='yes'",
    "trust=1": "expected True or False but got trust=1",
    "input_shape=(1, 2)": "expected {'x': (1, 3, 224, 224)} but got input_shape=(1, 2)",
    "input_shape={'x': (1, 0)}": "expected {'x': (1, 3, 224, 224)} but got "
    "input_shape={'x': (1, 0)}",
    "static=True, alow=[]": "expected input_shape, allow, unverified, static, trust but got 'alow'",
}


def test_one_that_is_wrong_is_one_line(bare: Bare) -> None:
    """Before any test runs; a worker of pytest-xdist tells it as an error of the file."""
    for number, (given, message) in enumerate(BAD.items()):
        test = f"import pytest\n@pytest.mark.padcheck({given})\ndef test_a(padcheck): pass\n"
        (bare.folder / f"test_{number}.py").write_text(test)
        line = f"test_{number}.py::test_a: @pytest.mark.padcheck: {message}"
        ran = bare("-p", "no:xdist", f"test_{number}.py")
        assert (ran.code, ran.output.splitlines()[-1]) == (4, f"ERROR: {line}")
        assert "Traceback" not in ran.output
    ran = bare("-n", "2")
    assert ran.code in (1, 2)  # pytest-xdist does not always say that it stopped
    assert ran.counts() == {"errors": len(BAD)}
    told = re.findall(r"^test_\d+\.py::test_a: @pytest\.mark\.padcheck: (.*)$", ran.output, re.M)
    assert set(told) == set(BAD.values())


def test_one_without_the_fixture_is_looked_at_too(bare: Bare) -> None:
    bare.write(test_a="import pytest\n@pytest.mark.padcheck(a=1)\ndef test_a(): pass\n")
    ran = bare("-p", "no:xdist")
    assert (ran.code, "but got 'a'" in ran.output) == (4, True)

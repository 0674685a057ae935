"""One project with a test of each kind, run once under each spread for all that ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.inner import SPREADS, Ran, models, run

__all__ = ["CALLS", "everything", "made"]

CALLS = """
import unittest
from pathlib import Path
import pytest
import padcheck as pc

SPEC = pc.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)
BIG = pc.conv(input_size=(1 << 14, 1 << 14), kernel_size=3)

def raising(x, weight):
    raise ValueError("50 % of\\na kernel")

def valid(x, weight):
    import numpy
    return numpy.zeros((len(x), len(weight), 3, 3), numpy.float32)

def test_equivalent(padcheck):
    report = padcheck.assert_equivalent("bad.onnx", "bad.onnx")
    assert report.ok and len(report.ops) == 2

def test_mismatch(padcheck):
    padcheck.assert_equivalent("bad.onnx", "same.onnx")  # its line

def test_diagnosed(padcheck):
    padcheck.assert_diagnosed(Path("good.onnx"))

def test_diagnosed_wrong(padcheck):
    padcheck.assert_diagnosed("bad.onnx")

def test_callable_wrong(padcheck):
    padcheck.assert_callable(SPEC, valid)

def test_unverified(padcheck):
    padcheck.assert_callable(SPEC, raising)

@pytest.mark.padcheck(unverified="skip")
def test_skipped(padcheck):
    padcheck.assert_callable(BIG, raising)

@pytest.mark.skip(reason="not today")
def test_never(padcheck):
    raise AssertionError

@pytest.mark.padcheck(allow=["PAD101"])
def test_allowed(padcheck):
    padcheck.assert_equivalent("bad.onnx", "same.onnx")

def test_unread(padcheck):
    padcheck.assert_equivalent("missing.onnx", "same.onnx")

def test_senseless(padcheck):
    padcheck.assert_equivalent("bad.onnx")

def test_no_op(padcheck):
    padcheck.assert_callable(3, valid)

def test_mistyped(padcheck):
    padcheck.assert_diagnosed("bad.onnx", statik=True)

def test_caught(padcheck):
    with pytest.raises(AssertionError, match="PAD101"):
        padcheck.assert_diagnosed("bad.onnx")

@pytest.mark.xfail(reason="it is so")
def test_marked(padcheck):
    padcheck.assert_diagnosed("bad.onnx")

def test_first_of_two(padcheck):
    padcheck.assert_diagnosed("bad.onnx")
    padcheck.assert_diagnosed("good.onnx")

def test_second_of_two(padcheck):
    padcheck.assert_diagnosed("good.onnx")
    padcheck.assert_diagnosed("bad.onnx")

def test_temporary(padcheck, tmp_path):
    (tmp_path / "m.onnx").write_bytes(Path("bad.onnx").read_bytes())
    padcheck.assert_diagnosed(tmp_path / "m.onnx")

@pytest.fixture
def before(padcheck):
    padcheck.assert_diagnosed("bad.onnx")

@pytest.fixture
def after(padcheck):
    yield
    padcheck.assert_diagnosed("bad.onnx")

def test_before(before):
    pass

def test_after(after, padcheck):
    padcheck.assert_diagnosed("good.onnx")

@pytest.mark.parametrize("name", ["good", "bad"])
def test_each(padcheck, name):
    padcheck.assert_diagnosed(f"{name}.onnx")

class TestClass:
    def test_in_class(self, padcheck):
        padcheck.assert_diagnosed("bad.onnx")

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def checker(self, padcheck):
        self.padcheck = padcheck

    def test_case(self):
        self.padcheck.assert_diagnosed("bad.onnx")

    def test_case_caught(self):
        with self.assertRaises(AssertionError):
            self.padcheck.assert_diagnosed("bad.onnx")

    def test_case_unverified(self):
        self.padcheck.assert_callable(SPEC, raising)

@pytest.mark.usefixtures("padcheck")
class TestUnused(unittest.TestCase):
    def test_unused(self):
        pass

def test_without():
    pass
"""

#: Has a test of the same name in another file: their folders are numbered as they come.
OTHERS = """
from pathlib import Path

def test_temporary(padcheck, tmp_path, tmp_path_factory):
    for folder in (tmp_path, tmp_path_factory.mktemp("data")):
        (folder / "m.onnx").write_bytes(Path("good.onnx").read_bytes())
        padcheck.assert_diagnosed(folder / "m.onnx")
"""

REVERSED = """
import os
import pytest

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    if os.environ.get("REVERSED"):
        items.reverse()
"""

_MADE: dict[tuple[str, ...], Ran] = {}


def made(folder: Path) -> Path:
    """Writes the project there."""
    folder.mkdir()
    models(folder)
    (folder / "pytest.ini").write_text("[pytest]\npadcheck_static = true\n")
    (folder / "test_calls.py").write_text(CALLS)
    (folder / "test_others.py").write_text(OTHERS)
    (folder / "conftest.py").write_text(REVERSED)
    return folder


@pytest.fixture(params=list(SPREADS))
def everything(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The project as it ran: with session.json, junit.xml and GitHub's annotations."""
    spread = SPREADS[request.param]
    if spread not in _MADE:
        folder = made(tmp_path_factory.mktemp("everything") / "project")
        wanted = ("--padcheck-model=bad.onnx", "--padcheck-json=session.json")
        _MADE[spread] = run(
            folder,
            *(*spread, *wanted, "--junitxml=junit.xml", "-rA"),
            env={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(folder.parent)},
        )
    return _MADE[spread]

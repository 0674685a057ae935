"""A project that converts a model, as a user would have it: `demo`, run in a copy of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import padcheck
from tests.support import FIXTURES

DEMO = Path(__file__).with_name("demo")
PACKAGE = Path(padcheck.__file__).parent
SPREAD = pytest.mark.parametrize(
    "spread", [["-p", "no:xdist"], ["-n", "0"], ["-n", "2"]], ids=["plain", "n0", "n2"]
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "demo"
    shutil.copytree(DEMO, made, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(FIXTURES / "resnet_thin.onnx", made)
    return made


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in that folder, without what the pytest around has set."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env | {"COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of pytest in that folder, and what it printed."""
    done = python(folder, "-m", "pytest", "-p", "no:cacheprovider", *arguments)
    assert f"pytest-{pytest.__version__}" in done.stdout, done.stdout
    return done.returncode, done.stdout


def failure(output: str, name: str) -> str:
    """What is told of one failing test, from its headline to the next."""
    (found,) = re.findall(rf"^_+ {re.escape(name)} _+\n(.*?)(?=^[_=]{{3}}|\Z)", output, re.M | re.S)
    return str(found)


@SPREAD
def test_the_conversion_passes_and_the_tidied_one_fails(project: Path, spread: list[str]) -> None:
    code, output = run(project, "--padcheck-known", "known.json", *spread)

    assert code == 1, output
    assert re.search(r"= 2 failed, 10 passed, 1 xfailed in ", output), output
    assert "\nFAILED test_conversion.py::test_with_same - Mismatch: 4 of 21 layers" in output
    assert "\npadcheck: 92 ops, 87 equivalent, 4 mismatch, 1 unverified, 1 known\n" in output
    tells_what_is_right(failure(output, "test_with_same"))
    tells_the_smallest(failure(output, "test_one_convolution_with_same"))


def tells_what_is_right(told: str) -> None:
    """The cause, the code for each layer, the way back; and nothing of padcheck's own code."""
    lines = [line.removeprefix("E").strip() for line in told.splitlines()]
    assert ">       padcheck.assert_equivalent(MODEL, with_same())" in told
    assert "Mismatch: 4 of 21 layers mismatch: PAD101 asymmetric_same" in lines
    assert "layers.ZeroPadding2D(((3, 3), (3, 3)))" in lines
    assert 'layers.Conv2D(4, 7, strides=2, padding="valid")' in lines
    assert "pads=(2,3), but should be (3,3) [conv(n=224x224, k=7x7, s=2x2)]" in lines
    assert "layers.ZeroPadding2D(((1, 1), (1, 1)))" in lines
    assert "pads=(0,1), but should be (1,1) [conv(n=14x14, k=3x3, s=2x2)]" in lines
    assert "reproduce: pytest test_conversion.py::test_with_same" in lines
    assert str(PACKAGE) not in told
    assert "site-packages" not in told


def tells_the_smallest(told: str) -> None:
    """A kernel of two taps where SAME pads and the op does not, as code to paste."""
    assert re.search(r"PAD101 asymmetric_same: \w+: extra pad is at the bottom/right", told), told
    assert re.search(r"spec=padcheck\.conv\(.*kernel_size=(2|\(1, 2\)|\(2, 1\)).*\),", told), told


def test_the_files_without_a_line_of_python(project: Path) -> None:
    written = python(project, "conversion.py")
    assert written.returncode == 0, written.stdout
    model = ("resnet_thin.onnx", "--padcheck-model", "resnet_thin.onnx")

    code, output = run(project, *model, "--padcheck-against", "converted.keras", "-n", "2", "-v")
    assert code == 0, output
    assert output.count(" EQUIVALENT resnet_thin.onnx::") == 23  # 21 ops, the rest, end to end
    assert "\npadcheck: 21 ops, 21 equivalent, 0 mismatch, 0 unverified\n" in output

    code, output = run(project, *model, "--padcheck-against", "with_same.keras", "-n", "0")
    assert code == 1, output
    assert re.search(r"= 5 failed, 18 passed in ", output), output
    assert "\nMISMATCH PAD101 resnet_thin.onnx::node_Conv_291 - " in output
    told = failure(output, "node_Conv_291 of resnet_thin.onnx")
    assert told.startswith("PAD101 asymmetric_same: node_Conv_291 -> getitem: extra pad is at")
    assert "\n      layers.ZeroPadding2D(((3, 3), (3, 3)))\n" in told
    assert "\nreproduce: padcheck compare resnet_thin.onnx with_same.keras" in told
    assert str(PACKAGE) not in told

"""A failure's script runs by itself, says what is wrong, and ends accordingly."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from padcheck.checks.grade.grader import Script
from padcheck.checks.grade.literals import assigned, written
from padcheck.checks.grade.repros import repro
from padcheck.checks.suite.words import AVERAGE, CONV, MAX
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records.case import CRASHED, SHAPE, Case, Outcome
from tests.checks.grade.boxes import case, outcome

#: A convolution of one axis, and its converter that forgets the pads.
LINE = case(CONV, 5, 3, 2, pads=(1, 1), bias=True, channels=(1, 2))
RIGHT = "padded = np.pad(x, ((0, 0), (0, 0), (1, 1)))"
LOST = "padded = x"
SUMS = (
    "starts = range(0, padded.shape[2] - 2, 2)",
    "windows = np.stack([padded[:, :, start : start + 3] for start in starts])",
    'y = np.einsum("sncj,ocj->nos", windows, w) + b[:, None]',
)
VERSIONS = {"a2b": "1.5", "numpy": np.__version__}


def script_of(asked: Case, what: Outcome, script: Script, **more: Any) -> str:
    probe = make_probe(asked.spec)
    x, weight, bias = probe.as_float32()
    wanted = evaluate(asked.spec, probe.x, probe.weight, probe.bias).values
    arrays = {"x": x, "weight": weight, "bias": bias, "expected": wanted} | more
    return repro(
        subject="a2b", versions=VERSIONS, case=asked, outcome=what, script=script, **arrays
    )


def line(pads: str, **more: Any) -> str:
    return script_of(LINE, outcome(LINE, "PAD104", how=SHAPE), Script((), (pads, *SUMS)), **more)


def run(code: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """How the script ends, and what it prints."""
    with pytest.raises(SystemExit) as ended:
        exec(compile(code, "repro.py", "exec"), {})
    return int(str(ended.value.code)), capsys.readouterr().out


def test_the_whole_script() -> None:
    code = script_of(
        LINE,
        outcome(LINE, "PAD104", how=SHAPE),
        Script(("from a2b import convert", "import os"), ("y = convert(onnx.load(x), w, b)",)),
        x=np.array([[[-1, 2, 3, 4, 5.0]]]),
        weight=np.ones((2, 1, 3)),
        bias=np.array([1, -2.0]),
        expected=np.array([[[2, 10, 10], [-1, 7.0, 7]]]),
        observed=np.array([[[5, 13], [2, 10.0]]]),
    )
    assert (
        code
        == f'''"""a2b 1.5: Conv gives another shape.

conv(n=5, k=3, s=2, pads=(1,1)), bias, opset 13
PAD104: it is wrong
With numpy {np.__version__}.
"""

import numpy as np
import onnx
import os
from a2b import convert

x = np.array([[[-1, 2, 3, 4, 5]]], dtype=np.float32)
w = np.array([[[1, 1, 1]], [[1, 1, 1]]], dtype=np.float32)
b = np.array([1, -2], dtype=np.float32)

y = convert(onnx.load(x), w, b)

expected = np.array([[[2, 10, 10], [-1, 7, 7]]])
# a2b 1.5 gives [[[5, 13], [2, 10]]]

y = np.asarray(y)
right = y.shape == expected.shape
if right:
    print("observed", y.tolist())
    print("expected", expected.tolist())
    right = np.allclose(y, expected, rtol=0, atol=0.01, equal_nan=True)
else:
    print("observed shape", y.shape)
    print("expected shape", expected.shape)
print("right: the fault is mended" if right else "wrong: the fault is there")
raise SystemExit(0 if right else 1)
'''
    )


def test_it_fails_while_the_fault_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    status, printed = run(line(LOST), capsys)
    assert status == 1
    assert printed.splitlines() == [
        "observed shape (1, 2, 2)",
        "expected shape (1, 2, 3)",
        "wrong: the fault is there",
    ]


def test_it_passes_once_it_is_mended(capsys: pytest.CaptureFixture[str]) -> None:
    status, printed = run(line(RIGHT), capsys)
    assert status == 0
    assert [text.split()[0] for text in printed.splitlines()] == ["observed", "expected", "right:"]


@pytest.mark.parametrize("off", [1, -1, 0.1])
def test_a_number_that_is_off_by_little_is_wrong(
    off: float, capsys: pytest.CaptureFixture[str]
) -> None:
    code = line(RIGHT).replace("y = np.asarray(y)", f"y = np.asarray(y)\ny[0, 1, 2] += {off}")
    assert run(code, capsys)[0] == 1


def test_the_status_is_that_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "repro.py"
    path.write_text(line(LOST))
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith("wrong: the fault is there\n")


def test_averages_over_nothing_and_lowest_maxima(capsys: pytest.CaptureFixture[str]) -> None:
    pool = case(AVERAGE, 3, 1, pads=(1, 0))
    wanted = np.array([[[np.nan, -np.inf, 1 / 3]]])
    for given, status in (("1 / 3", 0), ("0.3334", 0), ("0.34", 1)):
        script = Script((), (f"y = np.array([[[np.nan, -np.inf, {given}]]])",))
        code = script_of(pool, outcome(pool, "PAD203"), script, expected=wanted)
        assert "[[[np.nan, -np.inf, 0.333333333]]]" in code
        assert "\nw = " not in code
        assert "\nb = " not in code
        assert run(code, capsys)[0] == status


def test_a_version_that_is_not_known_is_not_told() -> None:
    told = repro(
        subject="mine:f",
        versions={"mine:f": "unknown", "onnx": "1.0"},
        case=LINE,
        outcome=outcome(LINE, "PAD104", how=SHAPE),
        script=Script((), ("y = x",)),
        x=np.ones((1, 1, 5)),
        weight=None,
        bias=None,
        expected=np.ones((1, 2, 3)),
        observed=np.zeros((1, 2, 2)),
    )
    assert told.startswith('"""mine:f: Conv gives another shape.\n')
    assert "\n# mine:f gives [[[0, 0], [0, 0]]]\n" in told
    assert "unknown" not in told


def test_a_crash_is_told_as_one() -> None:
    crash = Outcome(case=LINE, how=CRASHED, said='the process ended (SIGSEGV): """')
    code = script_of(LINE, crash, Script((), ("y = x",)))
    assert code.startswith('"""a2b 1.5: Conv ends the process.\n')
    assert "the process ended (SIGSEGV): '''" in code
    compile(code, "repro.py", "exec")


def test_numpy_and_onnx_are_imported_where_they_are_used() -> None:
    assert line(LOST).count("import") == 1
    script = Script(("import onnx", "import numpy as np"), ("y = onnx.x",))
    code = script_of(LINE, outcome(LINE, "PAD104"), script)
    assert re.findall("^import.*", code, re.MULTILINE) == ["import numpy as np", "import onnx"]


def formatted(code: str) -> None:
    """Nothing of it would be changed."""
    command = [sys.executable, "-m", "ruff", "format", "--diff", "--line-length", "100", "-"]
    done = subprocess.run(command, input=code, text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (0, "")


SHAPES = [(1, 1, 3), (1, 1, 25), (1, 2, 4, 5), (2, 1, 2, 2, 2), (1, 3, 6, 7), (1, 2, 300), (40,)]


def test_a_script_is_left_alone_by_the_formatter() -> None:
    """All in one go: each process takes as long as all the rest."""
    large = case(MAX, (16, 16), 3, 2, pads=(1, 1), channels=(1, 1))
    codes = [line(LOST), script_of(large, outcome(large, "PAD201"), Script((), ("y = x",)))]
    for code in codes:
        formatted(code)
    lines = ["import numpy as np", ""]
    for number, shape in enumerate(SHAPES):
        array = np.arange(np.prod(shape)).reshape(shape) - 7
        lines += assigned(f"x{number}", array, dtype="np.float32")
        lines += assigned(f"y{number}", array / 7)
    formatted("\n".join(lines) + "\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_an_array_is_written_whole(shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape)).reshape(shape) - 7) / np.float32(7)
    lines = assigned("x", array, dtype="np.float32")
    made: dict[str, Any] = {"np": np}
    exec("\n".join(lines), made)
    assert made["x"].dtype == np.float32
    np.testing.assert_array_equal(made["x"], array.astype(np.float32))
    assert max(map(len, lines)) <= 100


def test_numbers_are_short() -> None:
    assert written(np.array([[1.0, -0.0], [np.inf, -3.0]])) == "[[1, 0], [np.inf, -3]]"
    assert written(np.array([0.5, 2.0, 1 / 3])) == "[0.5, 2, 0.333333333]"
    assert assigned("x", np.zeros((1, 0, 2))) == ["x = np.zeros((1, 0, 2))"]

"""The command line: what it prints, where, and how it exits."""

import json

import jsonschema
import pytest

from tests.support import FIXTURES, ROOT, padcheck

SCHEMA = json.loads((ROOT / "padcheck" / "report" / "schema.json").read_text())
CONV = ("conv", "--input", "224x224", "--kernel", "3", "--stride", "2", "--padding", "1")


def one_line_error(done):
    """The line of a user error; fails unless it is one line, on stderr, with exit code 2."""
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("padcheck: error: ")
    return lines[0].removeprefix("padcheck: error: ")


def test_conv_shows_three_builds_side_by_side():
    done = padcheck(*CONV)
    assert (done.returncode, done.stderr) == (1, "")
    for words in (
        "padding='same' is another op here: right shapes, wrong numbers",
        "PAD101 asymmetric_same: extra pad is at the bottom/right: pads (0,1), expected",
        "note: grid shift: (1, 1) input elements",
        "note: SAME is the same op at odd input sizes",
        "layers.ZeroPadding2D(((1, 1), (1, 1)))",
        "nn.Conv2d(2, 3, 3, stride=2, padding=1)",
        "reference (1,1)    x  x  x           window 0",
        "SAME (0,1)            x  x  x        window 0",
    ):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_json_follows_the_schema():
    done = padcheck(*CONV, "--static", "--format", "json")
    data = json.loads(done.stdout)
    jsonschema.validate(data, SCHEMA)
    assert data["ops"][0]["lowerings"]["tf_same"]["pad_after"] == [1, 1]


def test_a_report_is_written_whole_and_keeps_stdout_clean(tmp_path):
    target = tmp_path / "report.json"
    done = padcheck(*CONV, "--static", "-o", str(target))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"mismatch: report written to {target}\n"
    jsonschema.validate(json.loads(target.read_text()), SCHEMA)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_text_report_can_be_written(tmp_path):
    target = tmp_path / "report.txt"
    padcheck(*CONV, "--static", "-o", str(target))
    assert target.read_text().startswith("mismatch\n")


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    line = one_line_error(padcheck(*CONV, "--static", "-o", str(tmp_path / "no" / "r.json")))
    assert "cannot write" in line


def test_equivalent_exits_0():
    assert (
        padcheck(
            "conv", "--input=225x225", "--kernel=3", "--stride=2", "--padding=1", "--static"
        ).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("conv", "--input", "5"), "Missing option '--kernel'"),
        (("conv", "--input", "5", "--kernel", "0"), "expected int >= 1 but got kernel_size=0"),
        (("conv", "--input", "5", "--kernel", "x"), "expected ints like 3 or 3x5 but got 'x'"),
        (("conv", "--input", "5", "--kernel", "9"), "no output: the window is larger"),
        (("conv", "--input", "5x5x5x5", "--kernel", "3"), "expected 1 to 3 spatial axes"),
        (("conv", "--input", "5x5", "--kernel", "3x3x3"), "expected 1 or 3 numbers"),
        (("conv", "--input", "5", "--kernel", "3", "--padding", "mirror"), "expected one of valid"),
        (
            ("conv", "--input", "5x5", "--kernel", "3", "--padding", "1,2,3"),
            "expected 1 int, 2 ints or 2 (",
        ),
        (("conv", "--input", "5", "--kernel", "3", "--channels", "3"), "--channels IN,OUT"),
        (
            ("conv", "--input", "5", "--kernel", "3", "--channels", "3,4", "--groups", "2"),
            "expected group to divide channels",
        ),
        (("conv", "--input", "9" * 30, "--kernel", "3", "--static"), "input_size"),
        (("explain", "PAD000"), "expected one of PAD101"),
        (("explode",), "No such command 'explode'"),
        (("diagnose", "missing.onnx"), "missing.onnx"),
        (("diagnose", "fixtures"), "fixtures"),
        (("diagnose", "README.md"), "README.md"),
        (
            ("diagnose", "fixtures/resnet_thin.onnx", "--static", "--input-shape", "y=1,3,9,9"),
            "y",
        ),
        (
            ("diagnose", "fixtures/resnet_thin.onnx", "--static", "--input-shape", "1,3,9,9"),
            "NAME=1,3,225,225",
        ),
    ],
)
def test_a_user_error_is_one_line_and_exit_code_2(arguments, words):
    assert words in one_line_error(padcheck(*arguments))


def test_explain_prints_the_example_and_the_fix():
    done = padcheck("explain", "PAD101")
    assert done.returncode == 0
    for words in ("PAD101 asymmetric_same", "Why outputs differ:", "(0, 1)", "ZeroPadding2D"):
        assert words in done.stdout


def test_explain_without_a_code_lists_them_all():
    done = padcheck("explain")
    assert done.returncode == 0
    assert done.stdout.startswith("PAD101 asymmetric_same\n")


def test_the_commands_are_told_in_whole_sentences():
    assert "..." not in padcheck("--help").stdout.partition("Commands:")[2]


def test_info_lists_what_is_there():
    done = padcheck("info")
    assert done.returncode == 0
    assert "torch" in done.stdout
    assert "tensorflow" in done.stdout


def test_no_command_shows_the_help():
    done = padcheck()
    assert "diagnose" in done.stdout + done.stderr


def test_an_input_shape_changes_the_verdict():
    model = str(FIXTURES / "resnet_thin_dynamic.onnx")
    name = json.loads(padcheck("diagnose", model, "--static", "--format", "json").stdout)
    assert name["verdict"] == "mismatch"


def test_python_m_and_version():
    assert padcheck("--version").stdout == "padcheck, version 0.1.0\n"

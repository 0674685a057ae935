"""`padcheck sweep`: what it prints, where, and how it exits."""

import json
import os
import pty
import re
import subprocess
import sys
from xml.etree import ElementTree

import jsonschema
import pytest

from padcheck.checks.sweep import grid
from padcheck.cli.sweep import OPS
from tests.support import ROOT, padcheck
from tests.test_cli import one_line_error
from tests.test_lazy_imports import FRAMEWORKS, loaded_after

SCHEMA = json.loads((ROOT / "padcheck" / "report" / "sweep_schema.json").read_text())
GRID = ("sweep", "--input", "5..33", "--kernel", "1..7", "--stride", "1..4")


def test_the_issues_first_example():
    done = padcheck(*GRID, "--padding", "half")
    assert (done.returncode, done.stderr) == (1, "")
    for words in (
        "396 of 812 geometries differ under some lowering",
        "torch: agrees, at all 812",
        "tf_zeropad_valid: agrees, at all 812",
        "  k 3 .............................   k 3 .#.#.#.#.#.#.#.#.#.#.#.#.#.#.",
        "tf_same              416   51.23 %     213  26.23 %    183  22.54 %",
        "measured with torch 2.13.0, tensorflow 2.21.0",
    ):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_predicted_and_measured_print_the_same_but_for_the_last_line():
    words = ("sweep", "--input", "5..12", "--kernel", "1..4", "--stride", "1..3")
    measured, static = padcheck(*words), padcheck(*words, "--static")
    assert measured.returncode == static.returncode == 1
    assert static.stdout.splitlines()[-1] == "predicted, nothing run"
    assert measured.stdout.splitlines()[:-1] == static.stdout.splitlines()[:-1]


def test_json_to_a_file(tmp_path):
    target = tmp_path / "sweep.json"
    done = padcheck(
        *("sweep", "--op", "max_pool", "--input", "5..20", "--kernel", "2,3", "--stride", "2"),
        *("--padding", "same_lower", "--lowerings", "torch,onnxruntime", "-o", str(target)),
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"equivalent: sweep written to {target}\n"
    data = json.loads(target.read_text())
    jsonschema.validate(data, SCHEMA)
    assert data["counts"]["onnxruntime"]["agrees"] == len(data["points"]) == 32


@pytest.mark.parametrize(("name", "options"), [("map.svg", ()), ("map", ("--format", "svg"))])
def test_svg_by_extension_and_by_format(tmp_path, name, options):
    target = tmp_path / name
    done = padcheck(*GRID, "--static", *options, "-o", str(target))
    assert done.returncode == 1
    assert ElementTree.parse(target).getroot().tag.endswith("svg")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_text_to_a_file(tmp_path):
    target = tmp_path / "map.txt"
    padcheck(*GRID, "--static", "-o", str(target))
    assert target.read_text() == padcheck(*GRID, "--static").stdout


def test_alternatives_are_joined_or_repeated():
    words = ("sweep", "--input", "8", "--kernel", "3", "--static", "--format", "json")
    joined = padcheck(*words, "--padding", "half|same,0:1", "--lowerings", "torch,tf_same")
    repeated = padcheck(
        *(*words, "--padding", "half", "--padding", "same", "--padding", "0:1"),
        *("--lowerings", "torch", "--lowerings", "tf_same"),
    )
    assert joined.stdout == repeated.stdout
    assert json.loads(joined.stdout)["grid"]["padding"] == ["half", "same", "0:1"]


def test_only_what_could_not_be_checked_exits_with_3():
    done = padcheck(
        *("sweep", "--op", "max_pool", "--input", "8,9", "--kernel", "3", "--dilation", "2"),
        *("--padding", "same", "--lowerings", "tf_same", "--static"),
    )
    assert done.returncode == 3
    assert done.stdout.startswith("unverified\n")
    assert "could not be run: 2 of tf_same: tf.nn.pool has no dilation with SAME" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--input", "5..3", "--kernel", "3"), "input=5..3 is empty"),
        (("--input", "5", "--kernel", "3x5"), "but got kernel=3x5"),
        (("--input", "5", "--kernel", "3", "--padding", "hlaf"), "but got padding=hlaf"),
        (("--input", "5", "--kernel", "3", "--lowerings", "tflow"), "but got 'tflow'"),
        (("--input", "5", "--kernel", "3", "--ceil-mode"), "ceil_mode is for pools"),
        (("--input", "1..99999", "--kernel", "1..9"), "at most 200000 geometries to be measured"),
        (("--input", "2", "--kernel", "3", "--padding", "valid"), "no geometry of this grid has"),
        (("--kernel", "3"), "Missing option '--input'"),
        (
            ("--input", "1..600000", "--kernel", "1", "--static", "--format", "json"),
            "at most 500000 geometries for json but got 600000",
        ),
        (
            ("--input", "5", "--kernel", "3", "--static", "-o", "/no/such/folder/map.svg"),
            "cannot write /no/such/folder/map.svg",
        ),
        (
            ("--input", "5", "--kernel", "3", "-o", "map.png"),
            "expected a file name in .txt, .json, .svg, or --format, but got map.png",
        ),
        (("--input", "5", "--kernel", "3", "-o", "map"), "in .txt, .json, .svg, or --format"),
    ],
)
def test_a_user_error_is_one_line_and_exit_code_2(arguments, words):
    assert words in one_line_error(padcheck("sweep", *arguments))


def test_the_example_of_the_help_works():
    text = " ".join(padcheck("sweep", "--help").stdout.split())
    example = re.search(r"Example: padcheck (.*?) Options:", text)
    assert example is not None
    assert padcheck(*example[1].split(), "--static").returncode == 1


def test_every_op_is_offered():
    assert grid.OPS == OPS


def test_help_lists_the_command_and_loads_nothing():
    assert "  sweep     Map where" in padcheck("--help").stdout
    loaded = loaded_after("from padcheck.cli import main; main(['sweep', '--help'])")
    assert not loaded & {*FRAMEWORKS, "onnx", "numpy", "rich"}


def test_a_static_sweep_loads_neither_framework_nor_numpy():
    words = ["sweep", "--op=max_pool", "--input=5..9", "--kernel=3", "--static"]
    assert not loaded_after(f"from padcheck.cli import main; main({words})") & {
        *FRAMEWORKS,
        "numpy",
    }


def test_a_terminal_gets_a_progress_bar_and_no_greetings():
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "padcheck", "sweep", "--input", "5..33", "--kernel", "1..7"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=follower, cwd=ROOT, env={**os.environ}
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            shown += part
        assert process.stdout is not None
        assert process.stdout.read().startswith(b"mismatch\n")
    os.close(leader)
    assert process.returncode == 1
    assert b"judging geometries" in shown
    assert b"oneDNN" not in shown

"""`padcheck grade`: what it prints and writes, where, and how it exits."""

import dataclasses
import json
import re

import jsonschema
import pytest

from padcheck.checks import blackbox, corpus
from padcheck.checks.grade import parts
from padcheck.checks.grade.registry import BUILT_IN
from padcheck.cli import main
from padcheck.cli.grade import LAYOUTS, LEVELS, OPS
from padcheck.cli.output import ProgressBar
from padcheck.errors import MissingFramework
from padcheck.report.scorecard_markdown import render_markdown
from tests.report.scorecards import CARDS, FULL, REPRO, UNVERSIONED
from tests.support import ROOT, installed_package, padcheck
from tests.test_lazy_imports import FRAMEWORKS, loaded_after

SCHEMA = json.loads((ROOT / "padcheck" / "report" / "scorecard_schema.json").read_text())


@pytest.fixture
def graded(monkeypatch, capsys, tmp_path):
    """Runs the command over a scorecard that is there; what `grade` was called with is kept."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(card, *arguments):
        def grade(subject, **more):
            run.called = (subject, more)
            if isinstance(card, Exception):
                raise card
            return card

        monkeypatch.setattr("padcheck.checks.grade.grade", grade)
        with pytest.raises(SystemExit) as ended:
            main(["grade", *arguments])
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", CARDS)
def test_text_and_exit_code(graded, name):
    card = CARDS[name]
    assert graded(card, "onnx2keras") == (card.exit_code, str(card), "")


@pytest.mark.parametrize("name", ["card.json", "card.JSON"])
def test_json_by_ending(graded, tmp_path, name):
    code, out, err = graded(FULL, "onnx2keras", "-o", name)
    assert (code, out, err) == (1, "", f"mismatch: scorecard written to {name}\n")
    data = json.loads((tmp_path / name).read_text())
    jsonschema.validate(data, SCHEMA)
    assert data == json.loads(json.dumps(FULL.to_dict()))


def test_markdown_by_ending_and_by_format(graded, tmp_path):
    graded(FULL, "onnx2keras", "-o", "card.md")
    assert (tmp_path / "card.md").read_text() == render_markdown(FULL)
    assert graded(FULL, "onnx2keras", "--format", "markdown")[1] == render_markdown(FULL)


def test_the_format_beats_the_ending(graded, tmp_path):
    graded(FULL, "onnx2keras", "--format", "text", "-o", "card.json")
    assert (tmp_path / "card.json").read_text() == str(FULL)


def test_what_is_passed_on(graded):
    graded(FULL, "a:b", "--level", "deep", "--jobs", "3", "--layout", "channels_last")
    subject, more = graded.called
    assert subject == "a:b"
    assert more == {
        "suite": "deep",
        "kinds": [],
        "ranks": [],
        "jobs": 3,
        "layout": "channels_last",
        "known": None,
        "progress": None,
    }
    graded(FULL, "onnx2keras", "--known", "known.toml")
    assert graded.called[1]["known"] == "known.toml"
    assert graded.called[1]["suite"] == "quick"
    graded(FULL, "onnx2keras", "--op", "conv, max_pool", "--op", "lp_pool", "--rank", "1,2")
    assert graded.called[1]["kinds"] == ["conv", "max_pool", "lp_pool"]
    assert graded.called[1]["ranks"] == [1, 2]


class TestRepros:
    def test_one_script_per_class(self, graded, tmp_path):
        code, _, err = graded(FULL, "onnx2keras", "--repros", "made/scripts")
        assert (code, err) == (1, "4 scripts written to made/scripts\n")
        folder = tmp_path / "made" / "scripts"
        assert sorted(path.name for path in folder.iterdir()) == [
            "conv-1d-PAD104-PAD904.py",
            "conv-2d-PAD101.py",
            "conv-3d-PAD101.py",
            "maxpool-2d-crashed.py",
        ]
        assert (folder / "conv-2d-PAD101.py").read_text() == REPRO

    def test_none_overwrites_another(self, graded, tmp_path):
        graded(UNVERSIONED, "onnx2keras", "--repros", ".")
        assert {path.name for path in tmp_path.iterdir()} == {
            "conv-2d-PAD101.py",
            "conv-2d-PAD101-2.py",
        }

    def test_every_script_that_the_text_names_is_there(self, graded, tmp_path):
        _, out, _ = graded(FULL, "onnx2keras", "--repros", ".")
        named = re.findall(r"repro: (\S+)", out)
        assert len(named) == 3  # the known class is told without
        assert set(named) < {path.name for path in tmp_path.iterdir()}

    def test_a_file_is_no_folder_and_nothing_runs(self, graded, tmp_path):
        (tmp_path / "taken").write_text("mine")
        code, out, err = graded(AssertionError("ran"), "onnx2keras", "--repros", "taken")
        assert (code, out) == (2, "")
        assert "expected a folder but got --repros taken, which is a file" in err
        assert (tmp_path / "taken").read_text() == "mine"

    def test_a_folder_that_cannot_be_made(self, graded, tmp_path):
        (tmp_path / "taken").write_text("mine")
        code, _, err = graded(AssertionError("ran"), "onnx2keras", "--repros", "taken/below")
        assert code == 2
        assert err.startswith("padcheck: error: cannot make taken/below: ")


@pytest.mark.parametrize("arguments", [("-o", "card.json"), ("--repros", "made/scripts")])
def test_a_folder_that_nothing_can_be_written_into(graded, monkeypatch, tmp_path, arguments):
    """Told before anything runs: root may write anywhere, so that the system is asked for."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    code, out, err = graded(AssertionError("ran"), "onnx2keras", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{arguments[1]}: no permission to write into " in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected a SUBJECT, or --list"),
        (("onnx2keras", "--level", "all"), "'all' is not one of 'quick', 'standard', 'deep'"),
        (("onnx2keras", "--rank", "two"), "expected ints like 3 or 3x5 but got 'two'"),
        (("onnx2keras", "--jobs", "0"), "0 is not in the range x>=1"),
        (("onnx2keras", "--layout", "NCHW"), "'NCHW' is not one of"),
        (("onnx2keras", "-o", "card"), "expected a file name in .txt, .json, .md, or --format"),
        (("onnx2keras", "-o", "no/card.json"), "cannot write no/card.json: there is no folder no"),
    ],
)
def test_a_user_error_is_one_line_before_anything_runs(graded, arguments, words):
    code, out, err = graded(AssertionError("ran"), *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert err.endswith("(see padcheck grade --help)\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--op", "conv,pool"), "expected ops of conv, conv_transpose, max_pool, average_pool, lp"),
        (("--rank", "0"), "expected ranks of 1, 2, 3 but got 0"),
    ],
)
def test_a_part_that_there_is_not(capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        main(["grade", "onnx2keras", *arguments])
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_a_part_of_a_level(tmp_path):
    (tmp_path / "mine.py").write_text("def convert(model):\n    raise NotImplementedError('no')\n")
    done = padcheck(*("grade", "mine:convert", "--op", "lp_pool,conv", "--rank", "2"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert "\nsuite quick, conv and lp_pool, 2-D, version 1\n" in done.stdout
    assert re.findall("^(?:Conv|LpPool|MaxPool).*?-D", done.stdout, re.M) == [
        "Conv 2-D",
        "LpPool 2-D",
    ]


def test_the_bar_counts_cases_and_then_failing_classes(monkeypatch):
    """As `grade` calls it: what is shrunk is counted on from the cases."""
    told = []

    class Bar:
        def update(self, task, **fields):
            told.append((fields["description"], fields["completed"], fields["total"]))

    bar = ProgressBar("cases", then="shrinking failing classes")
    bar._bar, bar._task = Bar(), 0
    for done, total in ((1, 2), (2, 2), (3, 4), (4, 4)):
        bar._advance(done, total)
    assert told == [
        ("judging cases", 1, 2),
        ("shrinking failing classes", 0, 1),
        ("shrinking failing classes", 1, 2),
        ("shrinking failing classes", 2, 2),
    ]


def test_a_converter_in_the_working_folder_that_refuses_everything(tmp_path):
    (tmp_path / "mine.py").write_text("def convert(model):\n    raise NotImplementedError('no')\n")
    done = padcheck("grade", "mine:convert", "--format", "json", "--repros", "made", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "0 scripts written to made\n")
    card = json.loads(done.stdout)
    jsonschema.validate(card, SCHEMA)
    assert card["counts"]["refused"] == sum(card["counts"].values()) == card["suite"]["cases"] > 200
    assert {row["error"] for row in card["refusals"]} == {"NotImplementedError: no"}


def test_a_missing_subject_is_not_told_to_use_static(graded):
    missing = MissingFramework("onnx2tf: onnx2tf not installed (pip install onnx2tf)")
    code, out, err = graded(missing, "onnx2tf")
    assert (code, out) == (2, "")
    assert err == "padcheck: error: onnx2tf: onnx2tf not installed (pip install onnx2tf)\n"


def test_an_unknown_subject_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["grade", "onnx2kears"])
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    for name in ("'onnx2kears'", "module:function", *(entry.name for entry in BUILT_IN)):
        assert name in err


def test_the_list_says_what_is_here_and_what_is_not():
    done = padcheck("grade", "--list")
    assert (done.returncode, done.stderr) == (0, "")
    for entry in BUILT_IN:
        assert re.search(rf"^{re.escape(entry.name)} +{re.escape(entry.about)}$", done.stdout, re.M)
    assert re.search(r"^ +onnx2keras 0\.\S+, keras 3\.\S+, tensorflow 2\.", done.stdout, re.M)


def test_the_list_has_the_reason_for_what_is_missing_and_what_others_register(
    monkeypatch, capsys, tmp_path
):
    from padcheck.checks.grade import registry

    absent = dataclasses.replace(
        BUILT_IN[0], packages=(registry.Package("no_such_package", ("no-such-package",)),)
    )
    monkeypatch.setattr(registry, "BUILT_IN", (absent,))
    registry._entry_points.cache_clear()
    points = "[padcheck.subjects]\nmine = no_such_module:convert\nyours = json:dumps\n"
    installed = installed_package(tmp_path, "their_converter", points)
    with installed, pytest.raises(SystemExit) as ended:
        main(["grade", "--list"])
    registry._entry_points.cache_clear()
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"not here: no_such_package not installed ({absent.hint})\n" in out
    assert re.search(r"^mine\n +not here: mine: cannot load no_such_module:convert", out, re.M)
    assert re.search(r"^yours +the converter json:dumps$", out, re.M)


def test_levels_and_help():
    assert (LEVELS, OPS, set(LAYOUTS)) == (corpus.LEVELS, parts.KINDS, set(blackbox.LAYOUTS))
    done = padcheck("--help")
    assert "\n  grade " in done.stdout


@pytest.mark.parametrize("option", ["--help", "--list"])
def test_help_and_list_load_no_framework(option):
    assert not loaded_after(f"from padcheck.cli import main; main(['grade', '{option}'])") & {
        *FRAMEWORKS,
        "onnx2keras",
        "tf2onnx",
    }

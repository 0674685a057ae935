"""The scorecards in fixtures/scorecards, and README's table of them."""

import importlib.metadata
import json
import re
import runpy
import subprocess
import sys

import jsonschema
import pytest

from padcheck.checks.grade.known import load_known
from padcheck.checks.grade.registry import BUILT_IN
from padcheck.records.case import FAILURES
from padcheck.report.scorecard_table import table
from tests.report.scorecards import FULL
from tests.support import FIXTURES, ROOT
from tests.test_readme import README, part

sys.path.insert(0, str(ROOT / "scripts"))  # as `python scripts/scorecard.py` has it
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "scorecard.py"))
SCHEMA = json.loads((ROOT / "padcheck" / "report" / "scorecard_schema.json").read_text())
NAMES = [entry.name for entry in BUILT_IN]
TEXTS = {path.stem: path.read_text() for path in sorted((FIXTURES / "scorecards").glob("*.json"))}
CARDS = [json.loads(TEXTS[name]) for name in NAMES if name in TEXTS]


def test_the_readme_has_the_table_of_the_cards():
    shown = part("scorecards")
    assert shown == SCRIPT["part"]()
    assert not CARDS or shown.startswith(table(CARDS))


def test_the_known_failures_of_the_readme_can_be_read(tmp_path):
    (written,) = re.findall(r"```toml\n(.*?)```", README, re.S)
    (tmp_path / "known.toml").write_text(written)
    (entry,) = load_known(tmp_path / "known.toml")
    assert str(entry) == "MaxPool of rank 2: PAD201 (silent)"


@pytest.mark.parametrize("name", NAMES)
def test_each_subject_has_a_row_or_is_said_to_be_missing(name):
    row = rf"^\| `{re.escape(name)}` \|"
    missing = rf"^- `{re.escape(name)}`: "
    found = [bool(re.search(words, part("scorecards"), re.M)) for words in (row, missing)]
    assert found == [name in TEXTS, name not in TEXTS]


@pytest.mark.parametrize("name", TEXTS)
class TestCard:
    def test_it_is_of_a_subject_that_is_known(self, name):
        assert name in NAMES
        assert json.loads(TEXTS[name])["subject"]["name"] == name

    def test_it_fits_the_schema(self, name):
        jsonschema.validate(json.loads(TEXTS[name]), SCHEMA)

    def test_it_is_written_as_the_script_writes_it(self, name):
        """Nothing of the machine is in it, either."""
        assert TEXTS[name] == SCRIPT["as_text"](json.loads(TEXTS[name]))

    def test_its_counts_add_up(self, name):
        card = json.loads(TEXTS[name])
        assert sum(card["counts"].values()) == card["suite"]["cases"]
        for how, count in card["counts"].items():
            assert count == sum(op["counts"][how] for op in card["ops"])
        for how in FAILURES:  # a case with two causes counts twice
            failed = sum(failure["kinds"].get(how, 0) for failure in card["failures"])
            assert failed >= card["counts"][how]

    def test_every_repro_is_python_without_padcheck(self, name):
        for failure in json.loads(TEXTS[name])["failures"]:
            compile(failure["repro"], name, "exec")
            assert not re.search(r"^\s*(import|from) padcheck", failure["repro"], re.M)


def test_a_card_as_text_is_stable_and_holds_nothing_of_the_machine():
    card = FULL.to_dict()
    card["refusals"][0]["error"] = (
        "<f at 0x7f01aabbccdd> in /usr/lib/py-3/site-packages/keras/ops.py: a/b/c, "
        "https://keras.io/api/layers/ and\n/home/me/x.py"
    )
    text = SCRIPT["as_text"](card)
    assert text == SCRIPT["as_text"](json.loads(text))
    assert (
        '"error": "<f at 0x...> in .../ops.py: a/b/c, https://keras.io/api/layers/ and\\n.../x.py"'
        in text
    )
    assert '\n    "input_size": [5, 5],\n' in text
    keys = re.findall(r'^ "(\w+)":', text, re.M)
    assert keys == sorted(card)
    assert json.loads(text)["counts"] == card["counts"]


def test_the_script_knows_its_subjects():
    done = subprocess.run(
        [sys.executable, "scripts/scorecard.py", "--only", "onnx2kears"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "expected subjects of padcheck grade --list but got onnx2kears\n"


def test_the_scripts_of_the_cards_show_what_they_say(tmp_path):
    """Those of onnxruntime, in one process of their own. What another version than the card's has
    mended ends with 0; none ends otherwise.
    """
    card = json.loads(TEXTS["onnxruntime"])
    codes = [failure["repro"] for failure in card["failures"]]
    (tmp_path / "all.py").write_text(ALL.format(codes=codes))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "all.py")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    same = card["subject"]["version"] == importlib.metadata.version("onnxruntime")
    assert len(ended) == len(codes) > 20
    assert set(ended) <= ({1} if same else {0, 1})


ALL = """
import contextlib, io

ended = []
for code in {codes!r}:
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(code, "repro.py", "exec"), dict())
        except SystemExit as error:
            ended.append(error.code)
print(ended)
"""

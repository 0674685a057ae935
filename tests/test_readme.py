"""The README's tables, report and snippets are what padcheck says today."""

import re
import runpy
import sys

import pytest

from padcheck.records import OpReport, Report
from padcheck.records.report import ModelRef
from tests.support import ROOT, padcheck

README = (ROOT / "README.md").read_text(encoding="utf-8")
sys.path.insert(0, str(ROOT / "scripts"))  # as `python scripts/make_readme.py` has it
MAKE = runpy.run_path(str(ROOT / "scripts" / "make_readme.py"))


def part(name):
    (found,) = re.findall(f"<!-- {name}: begin -->\n(.*?)\n<!-- {name}: end -->", README, re.S)
    return found


def test_the_table_of_codes_is_the_causes():
    assert part("codes") == MAKE["codes_table"]()


def test_the_table_of_options_is_the_plugins():
    assert part("options") == MAKE["options_table"]()


def test_the_table_of_inputs_is_worked_out():
    """And padcheck's own probe shows every fault."""
    assert part("inputs") == MAKE["inputs_table"]()
    *_, probes = zip(
        *(row.split("|")[1:-1] for row in part("inputs").splitlines()[2:]), strict=True
    )
    assert len(probes) == 6
    assert "0.00 %" not in {share.strip() for share in probes}


def test_the_report_shown_is_the_one_printed():
    done = padcheck(*MAKE["DIAGNOSE"])
    assert done.stderr == ""
    assert part("report") == f"```\n{done.stdout.rstrip()}\n```"


def test_the_comparison_shown_is_the_one_printed():
    """But for what rounding leaves, which depends on the machine."""
    done = padcheck(*MAKE["COMPARE"])
    assert done.stderr == ""
    shown, printed = (
        re.sub(r"\d(\.\d+)?e-\d\d", "#", " ".join(text.split()))
        for text in (part("comparison"), f"```\n{done.stdout.rstrip()}\n```")
    )
    assert shown == printed


@pytest.mark.parametrize(
    ("code", "verdict"), [(0, "equivalent"), (1, "mismatch"), (3, "unverified")]
)
def test_the_exit_codes_are_the_reports(code, verdict):
    op = OpReport(name="a", op_type="Conv", verdict=verdict)
    report = Report(command="x", padcheck="0", source=ModelRef(path=None, format="onnx"), ops=(op,))
    assert report.exit_code == code
    assert f"| {code} |" in part("exit codes")


def test_the_python_snippet_runs(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    snippet = re.search(r"From Python:\n\n```python\n(.*?)```", README, re.S)
    exec(compile(snippet[1], "README.md", "exec"), {})
    assert capsys.readouterr().out == "mismatch 5\nTrue\n"


def test_the_snippet_of_a_callable_prints_what_it_says(capsys):
    snippet = re.search(
        r"Any function can be held.*?```python\n(.*?)```\n\nprints `(.*?)`", README, re.S
    )
    exec(compile(snippet[1], "README.md", "exec"), {"padcheck": __import__("padcheck")})
    assert capsys.readouterr().out == f"{snippet[2]}\n"


def test_every_command_of_the_readme_has_help():
    for command in sorted(set(re.findall(r"^padcheck (\w+)", README, re.M))):
        done = padcheck(command, "--help")
        assert done.returncode == 0
        assert "Example: padcheck" in done.stdout or command == "info"

"""Writes the generated parts of README.md: the reports, and the tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from inputs_table import table as inputs_table
from options_table import table as options_table
from scorecard import PART as SCORECARDS
from scorecard import part as scorecards

from padcheck.causes import CODES, documentation

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DIAGNOSE = ["diagnose", "fixtures/resnet_thin.onnx"]
COMPARE = ["compare", "fixtures/three_faults.onnx", "fixtures/three_faults.keras"]


def codes_table() -> str:
    """The table of codes, from the causes' docstrings."""
    rows = [f"| {code} | `{name}` | {_what(code)} |" for code, name in CODES.items()]
    return "\n".join(["| code | name | what it finds |", "|---|---|---|", *rows])


def _what(code: str) -> str:
    """The section "What it finds", as one line."""
    _, _, rest = documentation(code).partition("What it finds:")
    text, _, _ = rest.partition("Why outputs differ:")
    return " ".join(text.split())


def report(command: list[str]) -> str:
    """What a command prints, 80 columns wide, as a code block."""
    done = subprocess.run(
        [sys.executable, "-m", "padcheck", *command], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode != 1:
        raise SystemExit(done.stderr)
    return f"```\n{done.stdout.rstrip()}\n```"


def filled(text: str, part: str, content: str) -> str:
    """`text` with what lies between the marks of `part` replaced."""
    marks = re.compile(f"(<!-- {part}: begin -->\n).*?(<!-- {part}: end -->)", re.S)
    return marks.sub(lambda found: f"{found[1]}{content}\n{found[2]}", text)


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for part, content in (
        ("report", report(DIAGNOSE)),
        ("comparison", report(COMPARE)),
        ("codes", codes_table()),
        ("inputs", inputs_table()),
        ("options", options_table()),
        (SCORECARDS, scorecards()),
    ):
        text = filled(text, part, content)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

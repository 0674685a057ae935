"""Grades the subjects at hand: writes fixtures/scorecards/*.json, and README's table of them.

    python scripts/scorecard.py                            # all that are installed
    python scripts/scorecard.py --only onnx2keras litert   # some of them
    python scripts/scorecard.py --table                    # grades none: the table alone

A card holds nothing of the machine it was made on, so that a new version of a subject shows as
a diff. The card of a subject that is not installed stays as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from padcheck.checks.grade.registry import BUILT_IN, why_missing
from padcheck.report.scorecard_table import table

ROOT = Path(__file__).resolve().parent.parent
CARDS = ROOT / "fixtures" / "scorecards"
README = ROOT / "README.md"
PART = "scorecards"
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
#: The folders of an absolute path, not those of a URL.
PATH = re.compile(r"(?<![\w:/.])(/[\w.+@-]+){2,}/(?=[\w.+@-])")


def as_text(card: dict[str, Any]) -> str:
    """A card as JSON: sorted, a list of numbers on one line, without addresses and folders."""
    text = json.dumps(_portable(card), indent=1, sort_keys=True, allow_nan=False)
    return re.sub(r"\[\n\s+([-\d.,\s]+?)\n\s+\]", _joined, text) + "\n"


def _portable(value: Any) -> Any:
    """`value` with the addresses and the absolute paths in its texts cut."""
    if isinstance(value, dict):
        return {_portable(name): _portable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_portable(one) for one in value]
    if isinstance(value, str):
        return PATH.sub(".../", ADDRESS.sub("0x...", value))
    return value


def _joined(found: re.Match[str]) -> str:
    return f"[{' '.join(found[1].split())}]"


def cards(folder: Path = CARDS) -> list[dict[str, Any]]:
    """The cards that are there, in the order of the registry."""
    paths = (folder / f"{entry.name}.json" for entry in BUILT_IN)
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.is_file()]


def part(folder: Path = CARDS) -> str:
    """The table of all cards, and the subjects that have none."""
    found = cards(folder)
    have = {card["subject"]["name"] for card in found}
    missing = [
        f"- `{one.name}`: {one.about} ({one.hint})" for one in BUILT_IN if one.name not in have
    ]
    texts = [table(found)] if found else []
    if missing:
        texts.append("\n".join(["Not graded here:", "", *missing]))
    return "\n\n".join(texts)


def grade_all(names: list[str], level: str, jobs: int | None) -> None:
    """Writes a card for each subject that is installed."""
    from padcheck.checks.grade import grade

    CARDS.mkdir(exist_ok=True)
    for entry in BUILT_IN:
        if names and entry.name not in names:
            continue
        why = why_missing(entry)
        if why is not None:
            print(f"{entry.name}: left as it is: {why}", flush=True)
            continue
        start = time.perf_counter()
        card = grade(entry.name, suite=level, jobs=jobs)
        (CARDS / f"{entry.name}.json").write_text(as_text(card.to_dict()), encoding="utf-8")
        seconds = time.perf_counter() - start
        print(f"{entry.name}: failures: {len(card.failures)}; {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--level", default="standard", choices=("quick", "standard", "deep"))
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--table", action="store_true", help="grade none, write README's table")
    given = parser.parse_args()
    unknown = set(given.only) - {entry.name for entry in BUILT_IN}
    if unknown:
        sys.exit(f"expected subjects of padcheck grade --list but got {', '.join(sorted(unknown))}")
    if not given.table:
        grade_all(given.only, given.level, given.jobs)
    from make_readme import filled  # late: it imports this file

    text = README.read_text(encoding="utf-8")
    README.write_text(filled(text, PART, part()), encoding="utf-8")


if __name__ == "__main__":
    main()

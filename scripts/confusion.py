"""Prints the confusion table of the seeded-fault corpus in tests/corpus, as Markdown.

One line per seeded fault (two joined by + where a box has two), kind of op and number of spatial
axes: how often padcheck named it, and what else it said. `--summary` sums over kinds and axes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Key = tuple[str, str, int]


def verdict(case) -> str:
    """The codes that were named, with ? where they are not proven; `none` for an acquittal."""
    import padcheck

    try:
        report = padcheck.check_callable(case.spec(), case.box)
    except Exception as error:  # a fault of padcheck's own, and a row of the table
        return type(error).__name__
    if report.verdict == "equivalent":
        return "none"
    codes = [
        finding.code + ("" if finding.proof.status == "proven" else "?")
        for finding in report.findings
    ]
    return "+".join(sorted(codes)) or report.verdict


def counted() -> dict[Key, Counter[str]]:
    from tests.corpus import guilty, innocent

    table: dict[Key, Counter[str]] = {}
    for case in (*guilty.cases(), *guilty.composed(), *innocent.cases()):
        key = ("+".join(sorted(case.codes)) or "none", case.kind, case.rank)
        table.setdefault(key, Counter())[verdict(case)] += 1
    return table


def summed(table: dict[Key, Counter[str]]) -> dict[Key, Counter[str]]:
    made: dict[Key, Counter[str]] = {}
    for (seeded, _, _), named in table.items():
        made.setdefault((seeded, "all", 0), Counter()).update(named)
    return made


def lines(table: dict[Key, Counter[str]]) -> list[str]:
    """Seeded, kind, axes, cases, named right, and what else was named how often."""
    rows = ["| seeded | op | axes | cases | named | else |", "|---|---|---|---|---|---|"]
    for (seeded, kind, rank), named in sorted(table.items()):
        others = ", ".join(f"{said} {n}" for said, n in named.most_common() if said != seeded)
        axes = str(rank) if rank else "all"
        cells = [seeded, kind, axes, str(named.total()), str(named[seeded]), others or "-"]
        rows.append(f"| {' | '.join(cells)} |")
    total = sum(named.total() for named in table.values())
    right = sum(named[seeded] for (seeded, _, _), named in table.items())
    return [*rows, "", f"{right} of {total} cases named as seeded."]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--summary", action="store_true", help="one line per seeded fault")
    summary = parser.parse_args().summary
    table = summed(counted()) if summary else counted()
    print("\n".join(lines(table)))
    return int(any(named.total() != named[key[0]] for key, named in table.items()))


if __name__ == "__main__":
    raise SystemExit(main())

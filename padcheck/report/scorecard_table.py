"""Scorecards side by side, as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from padcheck.records.case import HOWS
from padcheck.report.scorecard_words import COLUMNS

__all__ = ["table"]


def table(cards: Sequence[Mapping[str, Any]]) -> str:
    """One row per scorecard, in its JSON form, in the order given.

    `suite` is told per row: rows of different levels are not to be compared.
    """
    heads = ("subject", "version", "suite", "cases", *(COLUMNS[how] for how in HOWS), "what fails")
    rows = [heads, ("---",) * len(heads), *map(_row, cards)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(card: Mapping[str, Any]) -> tuple[str, ...]:
    counts = [card["counts"][how] for how in HOWS]
    suite = f"{card['suite']['level']} {card['suite']['version']}"
    return (
        f"`{card['subject']['name']}`",
        card["subject"]["version"],
        suite,
        str(sum(counts)),
        *map(str, counts),
        _causes(card["failures"]),
    )


def _causes(failures: Sequence[Mapping[str, Any]]) -> str:
    """The codes of all failures, each once, in order; `crashed` for those without."""
    codes = {code for failure in failures for code in failure["codes"] or ["crashed"]}
    return ", ".join(sorted(codes)) or "nothing"

"""A scorecard as Markdown: an issue to paste into the tracker of what was graded."""

from __future__ import annotations

import re

from padcheck.records import printable
from padcheck.records.case import FAILURES
from padcheck.records.scorecard import Failure, Scorecard
from padcheck.report.case_words import case_words
from padcheck.report.scorecard_words import (
    COLUMNS,
    facts,
    headline,
    how_many,
    name_of,
    op_rank,
    sentence,
    suite_words,
    versions,
    worst_first,
)

__all__ = ["render_markdown"]

_HOW = (
    "Inputs, weights and biases are small integers, which float32 holds exactly, and outputs are "
    "compared with `==`: no tolerance is involved. Each class has the smallest case that shows it."
)


def render_markdown(card: Scorecard) -> str:
    """The scorecard as Markdown: versions, a table of what fails, then each failing class with
    its smallest case, its proof and its repro script. What is refused is left out.
    """
    failures = worst_first(card.failures)
    parts = [
        f"# {_text(headline(card))}: {_title(failures)}",
        _introduction(card),
        _table(failures),
        *(_section(number, one) for number, one in enumerate(failures, start=1)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(failures: list[Failure]) -> str:
    if not failures:
        return "every convolution and pool that was tried is right"
    if any(one.kind != "crashed" for one in failures):
        return "convolutions and pools that come out wrong"
    return "convolutions and pools that crash it"


def _introduction(card: Scorecard) -> str:
    told = f"Found by padcheck {card.padcheck}, {suite_words(card)}. {sentence(card)}."
    measured = _text(versions(card))
    lines = [told, f"{measured[:1].upper()}{measured[1:]}." if measured else ""]
    if card.failures:
        lines.append(_HOW)
    return "\n\n".join(line for line in lines if line)


def _table(failures: list[Failure]) -> str:
    if not failures:
        return ""
    kinds = [kind for kind in FAILURES if any(one.kinds.get(kind) for one in failures)]
    head = ["", "op", "cause", *(COLUMNS[kind] for kind in kinds), "smallest case"]
    rows = [head, ["---"] * len(head)]
    for number, one in enumerate(failures, start=1):
        counts = [str(one.kinds.get(kind, 0)) for kind in kinds]
        rows.append([str(number), op_rank(one), name_of(one), *counts, case_words(one.case)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _section(number: int, one: Failure) -> str:
    lines = [f"## {number}. {op_rank(one)}: {name_of(one)}", "", f"{how_many(one)}.", ""]
    lines += [f"- {_text(text)}" for text in dict.fromkeys(said.message for said in one.findings)]
    if one.said:
        lines.append(f"- {_span(printable(one.said))}")
    lines.append(f"- smallest case: {one.op_type} {case_words(one.case)}")
    lines += [f"- {_text(note)}" for note in facts(one)]
    if one.known is not None:
        lines.append(f"- known: {_text(printable(one.known))}")
    return "\n".join([*lines, *_fenced(one.repro)])


def _fenced(code: str) -> list[str]:
    """A block of code."""
    if not code:
        return []
    fence = "`" * max(3, _longest_run(code) + 1)
    return ["", f"{fence}python", code.rstrip(), fence]


def _span(text: str) -> str:
    """Text of others, as code: nothing in it is Markdown, or mentions anyone."""
    fence = "`" * (_longest_run(text) + 1)
    edge = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _longest_run(text: str) -> int:
    """How many backticks stand together at most."""
    return max(map(len, re.findall("`+", text)), default=0)


def _text(text: str) -> str:
    """`text` with what Markdown would take for its own kept as it is."""
    return re.sub(r"([\\`*<\[|])", r"\\\1", text)

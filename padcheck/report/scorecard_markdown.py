"""A scorecard as Markdown: an issue to paste into the tracker of what was graded."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from padcheck.records import printable
from padcheck.records.case import FAILURES
from padcheck.records.scorecard import Failure, Scorecard
from padcheck.report.case_words import case_words
from padcheck.report.scorecard_groups import ClassGroup, class_groups, messages
from padcheck.report.scorecard_words import (
    COLUMNS,
    headline,
    kinds_of,
    name_of,
    op_rank,
    places,
    sentence,
    suite_words,
    versions,
    worst_first,
)

__all__ = ["render_markdown"]

_HOW = (
    "Inputs, weights and biases are small integers, which float32 holds exactly, and outputs are "
    "compared with `==`: no tolerance is involved. Each row has the smallest case that shows it."
)
#: Letters up to which scripts are added; an issue on GitHub holds 65,536.
_MOST_LETTERS = 60_000


def render_markdown(card: Scorecard) -> str:
    """The scorecard as Markdown: versions, a table of what fails, then each cause with its proof
    and its scripts, folded. What is refused is left out.

    Scripts are left out where an issue would grow too long: first those of the further classes of
    a cause.
    """
    failures = worst_first(card.failures)
    groups = class_groups(failures, [None] * len(failures))
    head = [
        f"# {_text(headline(card))}: {_title(failures)}",
        _introduction(card),
        _table(failures, groups),
    ]
    sections = [_section(number, group) for number, group in enumerate(groups, start=1)]
    kept = _kept(groups, sum(map(len, [*head, *sections])))
    parts = [*head]
    for section, group in zip(sections, groups, strict=True):
        scripts = (_folded(one) for one in (group.first, *group.others) if id(one) in kept)
        parts += [section, *scripts]
    return "\n\n".join(part for part in [*parts, _missing(failures, kept)] if part) + "\n"


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


def _table(failures: Sequence[Failure], groups: Sequence[ClassGroup]) -> str:
    """A row per class; its number is that of the section below."""
    if not failures:
        return ""
    numbers = {id(one): at for at, group in enumerate(groups, start=1) for one in group.rows}
    kinds = [kind for kind in FAILURES if any(kinds_of(one).get(kind) for one in failures)]
    head = ["", "op", "cause", *(COLUMNS[kind] for kind in kinds), "smallest case"]
    rows = [head, ["---"] * len(head)]
    for one in failures:
        counts = [str(kinds_of(one).get(kind, 0)) for kind in kinds]
        number = str(numbers[id(one)])
        rows.append([number, op_rank(one), name_of(one), *counts, case_words(one.case)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _section(number: int, group: ClassGroup) -> str:
    one = group.first
    said = messages(one)
    lines = [f"## {number}. {name_of(one)}: {places(group.rows)}", ""]
    lines += [f"- {_text(text) if one.findings else _span(text)}" for text in said]
    lines.append(f"- smallest case: {one.op_type} {case_words(one.case)}")
    lines += [f"- {_text(note)}" for note in (*group.differences, *group.remarks, *group.proof)]
    lines += [f"- help: {_text(group.help)}"] if group.help else []
    known = dict.fromkeys(one.known for one in group.rows if one.known is not None)
    lines += [f"- known: {_text(printable(reason))}" for reason in known]
    return "\n".join(lines)


def _kept(groups: Sequence[ClassGroup], length: int) -> set[int]:
    """By id, the classes whose scripts there is room for: the first of each cause before others."""
    firsts = [group.first for group in groups]
    kept: set[int] = set()
    for one in (*firsts, *(other for group in groups for other in group.others)):
        letters = len(_folded(one))
        if one.repro and length + letters <= _MOST_LETTERS:
            kept.add(id(one))
            length += letters
    return kept


def _missing(failures: Iterable[Failure], kept: set[int]) -> str:
    left = sum(bool(one.repro) and id(one) not in kept for one in failures)
    return (
        f"Scripts left out: {left}; `padcheck grade` writes them with `--repros DIR`."
        if left
        else ""
    )


def _folded(one: Failure) -> str:
    """The script, behind a line to be clicked."""
    told = html.escape(f"repro: {one.op_type} {case_words(one.case)}")
    return "\n".join([f"<details><summary>{told}</summary>", *_fenced(one.repro), "", "</details>"])


def _fenced(code: str) -> Iterator[str]:
    """A block of code."""
    fence = "`" * max(3, _longest_run(code) + 1)
    yield from ("", f"{fence}python", code.rstrip(), fence)


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

"""A scorecard as text: the counts, a table of what fails, and each cause with its proof."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.records import printable
from padcheck.records.case import HOWS
from padcheck.records.scorecard import Failure, Scorecard
from padcheck.report.case_words import case_words
from padcheck.report.page import COLOURS, Paint
from padcheck.report.scorecard_classes import ClassPages
from padcheck.report.scorecard_groups import class_groups
from padcheck.report.scorecard_words import (
    COLUMNS,
    asked,
    by_error,
    by_reason,
    headline,
    how_many,
    name_of,
    op_rank,
    script_names,
    sentence,
    verdict_words,
    versions,
    worst_first,
)
from padcheck.report.tables import aligned
from padcheck.report.wording import plural

__all__ = ["render"]

#: Refusals and reasons of which so many are told; the JSON form has them all.
_MOST_ROWS = 8
#: An error, or reason, of more letters than both is told by so many of its first and last.
_FIRST, _LAST = 60, 100


def render(card: Scorecard, *, width: int = 80, paint: Paint | None = None) -> str:
    """The scorecard as text; `paint(text, colour)` adds colour where the output can show it."""
    return "\n".join(_ScorecardPage(card, width, paint).lines()).rstrip() + "\n"


class _ScorecardPage(ClassPages):
    """The lines of a scorecard."""

    def __init__(self, card: Scorecard, width: int, paint: Paint | None) -> None:
        super().__init__(width, paint)
        self.card = card
        every = worst_first(card.failures)
        pairs = zip(every, script_names(every), strict=True)  # named as if none were known
        told = [(one, script) for one, script in pairs if one.known is None]
        self.failures = [one for one, _ in told]
        self.known = [one for one in every if one.known is not None]
        self.scripts = [script for _, script in told]

    def lines(self) -> list[str]:
        """What decides the exit code; the counts; what fails; then what is no failure."""
        parts = [
            self._headline(),
            self._stale(),
            self._op_table(),
            self.class_table(self.failures),
            self.details(class_groups(self.failures, self.scripts)),
            self._unverified(),
            self._known(),
            self._refusals(),
            self._left_out(),
            self._notes(),
            self._closing(),
        ]
        return [line for part in parts if part for line in (*part, "")]

    def _headline(self) -> list[str]:
        card = self.card
        word = self.paint(card.verdict, COLOURS[card.verdict])
        told = (verdict_words(card), sentence(card), asked(card))
        return [f"{headline(card)}: {word}", *(line for text in told for line in self.wrap(text))]

    def _stale(self) -> list[str]:
        return [
            line
            for text in self.card.stale
            for line in self.wrap(f"stale: known failure {printable(text)}", hang=4)
        ]

    def _op_table(self) -> list[str]:
        """Per op type and rank, how many cases came out how; columns that hold nothing left out."""
        ops = self.card.ops
        if not ops:
            return []
        hows = [how for how in HOWS if any(op.counts.get(how) for op in ops)]
        rows = [["op", "cases", *(COLUMNS[how] for how in hows)]]
        for op in ops:
            counts = [op.counts.get(how, 0) for how in hows]
            cells = [str(count) if count else "-" for count in counts]
            rows.append([f"{op.op_type} {op.rank}-D", str(sum(counts)), *cells])
        return aligned(rows, self.width, right=range(1, len(hows) + 2))

    def _unverified(self) -> list[str]:
        rows: dict[str, list[str]] = {}
        for case, reason in self.card.unverified:
            rows.setdefault(reason, []).append(f"{case.op_type} {case_words(case)}")
        texts = [
            f"unverified: {plural(len(cases), 'case')}: {_short(reason)}; the first: {cases[0]}"
            for reason, cases in rows.items()
        ]
        lines = self._some(texts, "other reasons")
        return [
            line.replace("unverified", self.paint("unverified", "yellow"), 1)
            if line.startswith("unverified: ")
            else line
            for line in lines
        ]

    def _known(self) -> list[str]:
        return [line for one in self.known for line in self.wrap(_known(one), hang=4)]

    def _refusals(self) -> list[str]:
        texts = [
            f"refused: {plural(count, 'case')} ({ops}): {_short(error)}"
            for error, count, ops in by_error(self.card.refusals, self.card.ops)
        ]
        return self._some(texts, "other errors")

    def _left_out(self) -> list[str]:
        reasons = by_reason(self.card.suite.left_out.items())
        texts = [f"not asked: {plural(n, 'case')}: {_short(reason)}" for reason, n in reasons]
        return self._some(texts, "other reasons")

    def _some(self, texts: Sequence[str], more: str) -> list[str]:
        """The first few, and how many are left."""
        lines = [line for text in texts[:_MOST_ROWS] for line in self.wrap(text, hang=4)]
        left = len(texts) - _MOST_ROWS
        return lines + ([f"... and {left} {more}, in --format json"] if left > 0 else [])

    def _notes(self) -> list[str]:
        return [
            line
            for note in self.card.notes
            for line in self.wrap(f"note: {printable(note)}", hang=6)
        ]

    def _closing(self) -> list[str]:
        codes = [code for one in self.failures for code in one.codes]
        told = [
            f"padcheck explain {codes[0]} tells a cause, and its fix, at length" if codes else "",
            "the repro scripts are written by --repros DIR" if any(self.scripts) else "",
            versions(self.card),
        ]
        return [line for text in told if text for line in self.wrap(text)]


def _known(one: Failure) -> str:
    return f"known: {name_of(one)}: {op_rank(one)}: {how_many(one)}: {_short(one.known)}"


def _short(text: str | None) -> str:
    """The text, or its first and last words."""
    shown = printable(text or "")
    if len(shown) <= _FIRST + _LAST:
        return shown
    first, last = shown[:_FIRST].rpartition(" ")[0], shown[-_LAST:].partition(" ")[2]
    return f"{first or shown[:_FIRST]} ... {last or shown[-_LAST:]}"

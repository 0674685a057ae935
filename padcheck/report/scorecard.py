"""A scorecard as text: what fails first, each class with its smallest case and its proof."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.records import printable
from padcheck.records.case import HOWS
from padcheck.records.scorecard import Failure, Scorecard
from padcheck.report.case_words import case_words
from padcheck.report.page import COLOURS, Page, Paint
from padcheck.report.scorecard_words import (
    COLUMNS,
    OWN,
    asked,
    by_error,
    facts,
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

#: How notes begin that the text leaves out where a cause is named; Markdown and JSON have them.
_LONG = ("seen: ", "residual: ", "shapes differ")

#: Refusals and reasons of which so many are told; the JSON form has them all.
_MOST_ROWS = 8
#: An error, or reason, of more letters than both is told by so many of its first and last.
_FIRST, _LAST = 80, 120


def render(card: Scorecard, *, width: int = 80, paint: Paint | None = None) -> str:
    """The scorecard as text; `paint(text, colour)` adds colour where the output can show it."""
    return "\n".join(_ScorecardPage(card, width, paint).lines()).rstrip() + "\n"


class _ScorecardPage(Page):
    """The lines of a scorecard."""

    def __init__(self, card: Scorecard, width: int, paint: Paint | None) -> None:
        super().__init__(width, paint)
        self.card = card
        self.failures = worst_first(card.failures)
        self.scripts = script_names(self.failures)

    def lines(self) -> list[str]:
        """What decides the exit code; then the counts; then what is no failure."""
        parts = [
            self._headline(),
            self._stale(),
            *self._causes(),
            self._unverified(),
            self._table(),
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

    def _causes(self) -> list[list[str]]:
        pairs = zip(self.failures, self.scripts, strict=True)
        return [self._cause(one, script) for one, script in pairs if one.known is None]

    def _cause(self, one: Failure, script: str | None) -> list[str]:
        name = name_of(one)
        head = self.wrap(f"{name}: {op_rank(one)}: {how_many(one)}", hang=2)
        lines = [self._painted(head[0], one.codes or (name,)), *head[1:]]
        said = [finding.message for finding in one.findings] or [one.said or "no error was left"]
        for message in dict.fromkeys(map(printable, said)):
            lines += self.wrap(message, indent=2, hang=2)
        lines += self.wrap(f"smallest: {one.op_type} {case_words(one.case)}", indent=2, hang=10)
        explained = all(finding.proof.status != "unexplained" for finding in one.findings)
        for note in facts(one):
            if not (explained and note.startswith(_LONG)):
                lines += self.wrap(f"note: {note}", indent=2, hang=6)
        return lines + ([f"  repro: {script}"] if script else [])

    def _painted(self, line: str, words: Sequence[str]) -> str:
        for word in words:
            line = line.replace(word, self.paint(word, "red"), 1)
        return line

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

    def _table(self) -> list[str]:
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

    def _known(self) -> list[str]:
        texts = [
            f"known: {name_of(one)}: {op_rank(one)}: {how_many(one)}: {_short(one.known)}"
            for one in self.failures
            if one.known is not None
        ]
        return [line for text in texts for line in self.wrap(text, hang=4)]

    def _refusals(self) -> list[str]:
        texts = [
            f"refused: {plural(count, 'case')} ({ops}): {_short(error)}"
            for error, count, ops in by_error(self.card.refusals)
        ]
        return self._some(texts, "other errors")

    def _left_out(self) -> list[str]:
        reasons = sorted(self.card.suite.left_out.items(), key=lambda row: (-row[1], row[0]))
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
        card = self.card
        lines = []
        if any(self.scripts) and card.suite.level != OWN:
            level = "" if card.suite.level == "quick" else f" --level {card.suite.level}"
            command = f"padcheck grade {printable(card.subject)}{level} --repros DIR"
            lines += self.wrap(f"the repro scripts: {command}")
        return lines + self.wrap(versions(card))


def _short(text: str | None) -> str:
    shown = printable(text or "")
    if len(shown) <= _FIRST + _LAST:
        return shown
    return f"{shown[:_FIRST].rstrip()} ... {shown[-_LAST:].lstrip()}"

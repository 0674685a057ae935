"""The failing classes of a scorecard: a table of them, and what they are about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from padcheck.records.case import FAILURES
from padcheck.records.scorecard import Failure
from padcheck.report.case_words import case_words, short_words
from padcheck.report.page import Page
from padcheck.report.scorecard_groups import ClassGroup, is_proven, messages
from padcheck.report.scorecard_words import COLUMNS, CRASH, kinds_of, name_of, op_rank, places
from padcheck.report.tables import aligned

__all__ = ["ClassPages"]

#: Cases have a column where so many letters are left for it, else lines of their own.
_LEAST_ROOM = 20
#: How a clause begins that tells where a proven cause was told from others.
_RIVALS = "; rivals ruled out at "


class ClassPages(Page):
    """Pages that tell failing classes."""

    def class_table(self, failures: Sequence[Failure]) -> list[str]:
        """A row per class: how many cases of each kind, the codes, the smallest case."""
        if not failures:
            return []
        kinds = [kind for kind in FAILURES if any(kinds_of(one).get(kind) for one in failures)]
        head = [*(COLUMNS[kind] for kind in kinds), "cause", "op"]
        rows = [_row(one, kinds) for one in failures]
        flat = [cells for row in rows for cells in row]
        widths = [max(len(cells[at]) for cells in [head, *flat]) for at in range(len(head))]
        room = self.width - sum(widths) - len(widths)
        if room < _LEAST_ROOM:
            return self._narrow_table(head, rows, failures)
        lines = [[*head, "smallest case"]]
        for one, row in zip(failures, rows, strict=True):
            lines += _beside(row, _wrapped(short_words(one.case), room))
        return [*aligned(lines, self.width, right=range(len(kinds))), *_legend(failures)]

    def _narrow_table(
        self, head: list[str], rows: list[list[list[str]]], failures: Sequence[Failure]
    ) -> list[str]:
        flat = [cells for row in rows for cells in row]
        first, *lines = aligned([head, *flat], self.width, right=range(len(head) - 2))
        told = [first]
        for one, row in zip(failures, rows, strict=True):
            told += [lines.pop(0) for _ in row]
            told += self.wrap(short_words(one.case), indent=4, hang=2)
        return [*told, *_legend(failures)]

    def details(self, groups: Iterable[ClassGroup]) -> list[str]:
        """A block per group: what is wrong, its smallest case, its proof, the help, its script."""
        return [line for group in groups for line in self._block(group)]

    def _block(self, group: ClassGroup) -> list[str]:
        one = group.first
        name, said = name_of(one), messages(one)
        head = self.wrap(f"{name}: {said[0]}" if len(said) == 1 else name, hang=4)
        lines = [self._painted(head[0], one.codes or (name,)), *head[1:]]
        for message in said if len(said) > 1 else ():
            lines += self.wrap(message, indent=2, hang=2)
        smallest = [f"smallest: {one.op_type} {case_words(one.case)}", *group.differences]
        lines += self.wrap("; ".join(smallest), indent=2, hang=2)
        for note in group.remarks:
            lines += self.wrap(f"note: {note}", indent=2, hang=6)
        proof = "; ".join(
            note.partition(_RIVALS)[0] if is_proven(one) else note for note in group.proof
        )
        lines += self.wrap(proof, indent=2, hang=2)
        if group.help:
            lines += self.wrap(f"help: {group.help}", indent=2, hang=6)
        if group.others:
            lines += self.wrap(f"also: {places(group.others)}", indent=2, hang=2)
        return lines + self._repros(group.files)

    def _repros(self, files: Sequence[str]) -> list[str]:
        """All the files where they go on one line, else the first of them."""
        if not files:
            return []
        every = f"repro: {', '.join(files)}"
        some = f"repro: {files[0]}, and {len(files) - 1} more"
        return self.wrap(every if len(every) + 2 <= self.width else some, indent=2, hang=2)

    def _painted(self, line: str, words: Sequence[str]) -> str:
        for word in words:
            line = line.replace(word, self.paint(word, "red"), 1)
        return line


def _codes(failure: Failure) -> list[str]:
    """`PAD903+`, `PAD301*`: the codes, one to a line, and whether they are proven."""
    *others, last = failure.codes or (CRASH,)
    return [*(f"{code}+" for code in others), last + ("" if is_proven(failure) else "*")]


def _row(failure: Failure, kinds: Sequence[str]) -> list[list[str]]:
    """Its cells; a line of codes besides the first has cells of its own, empty but for it."""
    first, *more = _codes(failure)
    counts = [str(kinds_of(failure).get(kind, "-")) for kind in kinds]
    blank = [""] * len(kinds)
    return [[*counts, first, op_rank(failure)], *([*blank, code, ""] for code in more)]


def _wrapped(case: str, width: int) -> list[str]:
    """The words of a case in lines; what stands after the size is not broken."""
    window, *rest = case.split(", ")
    glued = ", ".join([window, *(part.replace(" ", "\xa0") for part in rest)])
    lines = textwrap.wrap(glued, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines]


def _beside(row: list[list[str]], case: list[str]) -> list[list[str]]:
    """The lines of a row, the case on the right of them, as many as the longer of both."""
    blank = [""] * len(row[0])
    count = max(len(row), len(case))
    cells = row + [blank] * (count - len(row))
    told = case + [""] * (count - len(case))
    return [[*left, right] for left, right in zip(cells, told, strict=True)]


def _legend(failures: Iterable[Failure]) -> list[str]:
    starred = not all(map(is_proven, failures))
    return ["(* the cause is not proven)"] if starred else []

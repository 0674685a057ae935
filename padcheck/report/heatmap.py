"""A sweep as text: a map of letters per lowering and stride, a legend, tables.

ASCII, no wider than asked, readable without colour.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence

from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, percent
from padcheck.records.sweep import (
    AGREES,
    DIVERGES,
    LEFT_OUT,
    LETTERS,
    SHAPE,
    SILENT,
    LoweringSweep,
    Sweep,
)
from padcheck.report.sweep_words import (
    MEANING,
    divergences,
    groups,
    how,
    reasons,
    shared,
    shares,
    subject,
    verdict_line,
)
from padcheck.report.tables import aligned
from padcheck.report.text import Paint

__all__ = ["render"]

_COLOURS = {
    AGREES: "green",
    SILENT: "red",
    SHAPE: "yellow",
    UNVERIFIED: "blue",
    DIVERGES: "magenta",
}
_VERDICT_COLOURS = {EQUIVALENT: "green", MISMATCH: "red", UNVERIFIED: "yellow"}
_OF_LETTER = {LETTERS[outcome]: colour for outcome, colour in _COLOURS.items()}
#: Spaces between maps that stand side by side.
_GAP = 3


def render(sweep: Sweep, *, width: int = 80, paint: Paint | None = None) -> str:
    """The sweep as text; `paint(text, colour)` adds colour where the output can show it."""
    page = _Page(sweep, max(width, 40), paint or (lambda text, colour: text))
    return "\n".join(line.rstrip() for line in page.lines()).rstrip() + "\n"


class _Page:
    def __init__(self, sweep: Sweep, width: int, paint: Paint) -> None:
        self.sweep, self.grid = sweep, sweep.grid
        self.width = width
        self.paint = paint

    def lines(self) -> Iterator[str]:
        verdict = self.sweep.verdict
        yield self.paint(verdict, _VERDICT_COLOURS[verdict])
        yield from self._wrap(verdict_line(self.sweep))
        yield from self._wrap(subject(self.grid), hang=2)
        yield ""
        mapped = []
        for one in self.sweep.lowerings:
            all_alike = shared(one, self.grid, range(len(self.grid.maps)))
            if all_alike is None:
                mapped.append(one)
            else:
                yield from self._wrap(f"{one.lowering}: {all_alike}", hang=2)
        for one in mapped:
            yield ""
            axes = f"{one.lowering}: rows are kernel sizes, columns input sizes"
            yield from self._wrap(axes, hang=2)
            yield from self._groups(one)
        yield ""
        if mapped:
            yield from self._legend(mapped)
            yield ""
        yield from self._tables()
        yield from self._notes()
        yield from self._wrap(how(self.sweep))

    def _groups(self, one: LoweringSweep) -> Iterator[str]:
        """The maps of one lowering, those of one padding and dilation together."""
        for number, (title, maps) in enumerate(groups(self.grid)):
            all_alike = shared(one, self.grid, maps)
            if number:
                yield ""
            if all_alike is not None:
                yield from self._wrap(f" {title}: {all_alike}", hang=2)
                continue
            if title:
                yield f" {title}"
            yield from self._maps([block for each in maps for block in self._blocks(one, each)])

    def _maps(self, blocks: list[_Block]) -> Iterator[str]:
        """As many side by side as fit."""
        first = len(blocks)
        while blocks:
            if len(blocks) < first:
                yield ""
            taken, used = 1, blocks[0].width
            while taken < len(blocks) and used + _GAP + blocks[taken].width <= self.width - 2:
                used += _GAP + blocks[taken].width
                taken += 1
            for parts in itertools.zip_longest(*(block.lines for block in blocks[:taken])):
                yield "  " + self._joined(parts, blocks)
            del blocks[:taken]

    def _joined(self, parts: Sequence[tuple[str, str] | None], blocks: Sequence[_Block]) -> str:
        """One line of several maps: (margin, cells) of each, filled up to its width."""
        line = ""
        for index, (part, block) in enumerate(zip(parts, blocks, strict=False)):
            margin, cells = part or ("", "")
            line += " " * _GAP if index else ""
            is_row = part is not None and set(cells) <= set(_OF_LETTER) | {LEFT_OUT}
            line += margin + (self._painted(cells) if is_row else cells)
            line += " " * (block.width - len(margin) - len(cells))
        return line

    def _painted(self, cells: str) -> str:
        runs = ("".join(run) for _, run in itertools.groupby(cells))
        return "".join(
            self.paint(run, _OF_LETTER[run[0]]) if run[0] in _OF_LETTER else run for run in runs
        )

    def _blocks(self, one: LoweringSweep, number: int) -> Iterator[_Block]:
        """One map, cut where it is wider than the page: a head, then a row per kernel."""
        kernels, sizes = self.grid.kernel_size, self.grid.input_size
        start = number * self.grid.map_size
        margin = len(f"k {kernels[-1]}") + 1
        room = max(self.width - 2 - margin, 8)
        title = f"stride {self.grid.maps[number][2]}"
        for low in range(0, len(sizes), room):
            part = sizes[low : low + room]
            lines = [(title, ""), (" " * margin, _ticks(part))]
            for row, kernel_size in enumerate(kernels):
                at = start + row * len(sizes) + low
                label = f"k {kernel_size}".ljust(margin)
                lines.append((label, one.outcomes[at : at + len(part)]))
            yield _Block(lines)

    def _legend(self, mapped: Sequence[LoweringSweep]) -> Iterator[str]:
        letters = set().union(*(one.outcomes for one in mapped))
        for outcome, letter in LETTERS.items():
            if letter in letters:
                first, *more = self._wrap(f"  {letter}  {MEANING[outcome]}", hang=5)
                yield first.replace(letter, self.paint(letter, _COLOURS[outcome]), 1)
                yield from more
        if LEFT_OUT in letters:
            yield "     blank: no output"

    def _tables(self) -> Iterator[str]:
        """Counts and shares per lowering, then the silent share per stride."""
        judged = self.sweep.judged
        shown = [
            name
            for name in LETTERS
            if name in (AGREES, SILENT, SHAPE) or any(one[name] for one in self._counts())
        ]
        rows = [["lowering", *(cell for name in shown for cell in (name, ""))]]
        for one in self.sweep.lowerings:
            cells = [(str(one.counts[name]), percent(one.counts[name] / judged)) for name in shown]
            rows.append([one.lowering, *itertools.chain(*cells)])
        lines = aligned(rows, self.width, right=range(1, len(rows[0])))
        if max(map(len, lines)) <= self.width:
            yield from lines
        else:
            for one in self.sweep.lowerings:
                yield from self._wrap(f"{one.lowering}: {shares(one, judged)}", hang=2)
        yield ""
        silent = [one for one in self.sweep.lowerings if one.counts[SILENT]]
        if silent and len(self.grid.stride) > 1:
            yield from self._by_stride(silent)
            yield ""

    def _counts(self) -> list[dict[str, int]]:
        return [one.counts for one in self.sweep.lowerings]

    def _by_stride(self, silent: Sequence[LoweringSweep]) -> Iterator[str]:
        strides, paddings = self.grid.stride, self.grid.padding
        labels = [
            (one, padding, one.lowering + (f", {padding}" if len(paddings) > 1 else ""))
            for one, padding in itertools.product(silent, paddings)
        ]
        cell = len(f"stride {strides[-1]}") + 2
        fit = max(1, (self.width - max(len(label) for *_, label in labels)) // cell)
        yield "silent, share of geometries by stride"
        for low in range(0, len(strides), fit):
            part = strides[low : low + fit]
            rows = [["", *(f"stride {stride}" for stride in part)]]
            for one, padding, label in labels:
                rows.append([label, *(self._share(one, padding, stride) for stride in part)])
            yield from aligned(rows, self.width, right=range(1, len(rows[0])))

    def _share(self, one: LoweringSweep, padding: str, stride: int) -> str:
        size = self.grid.map_size
        parts = [
            one.outcomes[number * size : (number + 1) * size]
            for number, (word, _, step) in enumerate(self.grid.maps)
            if (word, step) == (padding, stride)
        ]
        judged = sum(len(part) - part.count(LEFT_OUT) for part in parts)
        count = sum(part.count(LETTERS[SILENT]) for part in parts)
        return percent(count / judged) if judged else "-"

    def _notes(self) -> Iterator[str]:
        notes = [
            note
            for one in self.sweep.lowerings
            for note in (*divergences(one, self.grid), *reasons(one))
        ]
        for note in notes:
            yield from self._wrap(note, hang=2)
        if notes:
            yield ""

    def _wrap(self, text: str, *, hang: int = 0) -> list[str]:
        return textwrap.wrap(
            text,
            self.width,
            subsequent_indent=" " * hang,
            break_long_words=False,
            break_on_hyphens=False,
        )


class _Block:
    """Lines of (margin, cells) and the width of the longest."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self.lines = lines
        self.width = max(len(margin) + len(cells) for margin, cells in lines)


def _ticks(sizes: Sequence[int]) -> str:
    """Input sizes above their columns, as many as have room."""
    line = ""
    for column, size in enumerate(sizes):
        fits = not line or len(line) + 2 <= column
        regular = column % 5 == 0 or len(sizes) < 6
        if fits and regular and column + len(str(size)) <= max(len(sizes), len(str(size))):
            line = line.ljust(column) + str(size)
    return line

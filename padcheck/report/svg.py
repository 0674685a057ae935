"""A sweep as a picture: plain SVG, self-contained, the same for the same sweep.

A panel per lowering and map, columns input sizes, rows kernel sizes; equal neighbours share a
rectangle. Colours from Okabe and Ito's palette, which colour-blind readers tell apart too:
https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from padcheck.records import UNVERIFIED
from padcheck.records.sweep import (
    AGREES,
    DIVERGES,
    LEFT_OUT,
    LETTERS,
    SHAPE,
    SILENT,
    WORDS,
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

__all__ = ["render_svg"]

_FILL = {
    AGREES: "#dddddd",
    SILENT: "#d55e00",
    SHAPE: "#0072b2",
    UNVERIFIED: "#f0e442",
    DIVERGES: "#000000",
}
#: Sizes in pixels: a cell, the space around panels, a line of text, the page at its widest.
_CELL, _GAP, _LINE, _PAGE = 12, 24, 16, 1000
#: A letter's width, about, in the 12 pixel font.
_LETTER = 7


def render_svg(sweep: Sweep) -> str:
    """The whole SVG document."""
    picture = _Picture(sweep)
    body = list(picture.draw())
    width, height = picture.right + _GAP, picture.top + _GAP
    title = f"padcheck sweep of {subject(sweep.grid)}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Picture:
    """Draws from the top down; `top` is where the next line goes, `right` how far it went."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.grid = sweep, sweep.grid
        self.top, self.right = _GAP, 0

    def draw(self) -> Iterator[str]:
        yield self._line(f"padcheck sweep: {self.sweep.verdict}", size=16)
        axes = "rows: kernel size k; columns: input size n"
        for text in (subject(self.grid), verdict_line(self.sweep), how(self.sweep), axes):
            for part in textwrap.wrap(text, _PAGE // _LETTER):
                yield self._line(part)
        yield from self._legend()
        for one in self.sweep.lowerings:
            self.top += _LINE // 2
            all_alike = shared(one, self.grid, range(len(self.grid.maps)))
            if all_alike is not None:
                yield self._line(f"{one.lowering}: {all_alike}")
                continue
            yield self._line(f"{one.lowering}: {shares(one, self.sweep.judged)}", bold=True)
            for title, maps in groups(self.grid):
                all_alike = shared(one, self.grid, maps)
                if title or all_alike is not None:
                    yield self._line(": ".join(part for part in (title, all_alike) if part))
                if all_alike is None:
                    yield from self._panels(one, maps)
        for one in self.sweep.lowerings:
            for note in (*divergences(one, self.grid), *reasons(one)):
                for part in textwrap.wrap(note, _PAGE // _LETTER):
                    yield self._line(part)

    def _line(self, text: str, *, size: int = 12, bold: bool = False) -> str:
        baseline = self.top + size
        self.top += size + _LINE // 2
        self._reach(_GAP + len(text) * _LETTER * size // 12)
        weight = ' font-weight="bold"' if bold else ""
        return f'<text x="{_GAP}" y="{baseline}" font-size="{size}"{weight}>{escape(text)}</text>'

    def _reach(self, right: int) -> None:
        self.right = max(self.right, right)

    def _legend(self) -> Iterator[str]:
        letters = set().union(*(one.outcomes for one in self.sweep.lowerings))
        self.top += _LINE // 2
        for outcome, letter in LETTERS.items():
            if letter in letters:
                yield _rect(_GAP, self.top, _CELL, _CELL, _FILL[outcome])
                yield _text(_GAP + 2 * _CELL, self.top + _CELL - 2, MEANING[outcome])
                self._reach(_GAP + 2 * _CELL + len(MEANING[outcome]) * _LETTER)
                self.top += _LINE + 2
        if LEFT_OUT in letters:
            yield _text(_GAP + 2 * _CELL, self.top + _CELL - 2, "blank: no output")
            self.top += _LINE + 2

    def _panels(self, one: LoweringSweep, maps: range) -> Iterator[str]:
        """Some maps of one lowering, as many side by side as the page takes."""
        columns, rows = len(self.grid.input_size), len(self.grid.kernel_size)
        margin = (3 + len(str(self.grid.kernel_size[-1]))) * _LETTER
        titles = [f"stride {self.grid.maps[number][2]}" for number in maps]
        width = max(margin + columns * _CELL, max(map(len, titles)) * _LETTER)
        height = 2 * _LINE + rows * _CELL
        fit = max(1, (_PAGE - _GAP) // (width + _GAP))
        for place, (number, title) in enumerate(zip(maps, titles, strict=True)):
            column = place % fit
            left, top = _GAP + column * (width + _GAP), self.top
            yield _text(left, top + _CELL, title)
            yield from self._axes(left + margin, top + 2 * _LINE)
            cells = one.outcomes[number * rows * columns : (number + 1) * rows * columns]
            yield from self._cells(cells, left + margin, top + 2 * _LINE)
            self._reach(left + width)
            if column == fit - 1 or place == len(titles) - 1:
                self.top += height + _LINE

    def _axes(self, left: int, top: int) -> Iterator[str]:
        for column, size in _ticks(self.grid.input_size):
            label = f"n={size}" if column == 0 else str(size)
            yield _text(left + column * _CELL, top - 4, label)
        kernels = self.grid.kernel_size
        step = 1 if len(kernels) <= 40 else 5
        for row in range(0, len(kernels), step):
            y = top + row * _CELL + _CELL - 2
            yield _text(left - 4, y, f"k={kernels[row]}", anchor="end")

    def _cells(self, cells: str, left: int, top: int) -> Iterator[str]:
        sizes = self.grid.input_size
        for row, kernel_size in enumerate(self.grid.kernel_size):
            part = cells[row * len(sizes) : (row + 1) * len(sizes)]
            start = 0
            for letter, run in itertools.groupby(part):
                count = len(list(run))
                if letter != LEFT_OUT:
                    outcome = WORDS[letter]
                    ends = f"{sizes[start]}..{sizes[start + count - 1]}"
                    span = ends if count > 1 else str(sizes[start])
                    told = f"k={kernel_size}, n={span}: {outcome}"
                    x, y = left + start * _CELL, top + row * _CELL
                    yield _rect(x, y, count * _CELL, _CELL - 1, _FILL[outcome], told)
                start += count


def _ticks(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(column, size) of the labels that have room."""
    step = 5 if len(str(sizes[-1])) < 5 else 10
    for column in range(0, len(sizes), step):
        yield column, sizes[column]


def _rect(x: int, y: int, width: int, height: int, fill: str, told: str = "") -> str:
    place = f'x="{x}" y="{y}" width="{width}" height="{height}" fill={quoteattr(fill)}'
    return f"<rect {place}><title>{escape(told)}</title></rect>" if told else f"<rect {place}/>"


def _text(x: int, y: int, text: str, *, anchor: str = "start") -> str:
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x}" y="{y}" font-size="11"{where}>{escape(text)}</text>'

"""A sweep's values, maps and outcomes in words, for the text and the picture alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from padcheck.records import MISMATCH, UNVERIFIED, percent
from padcheck.records.grid import GridPoint, SweepGrid
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
from padcheck.report.wording import plural

__all__ = [
    "MEANING",
    "divergences",
    "groups",
    "how",
    "reasons",
    "shared",
    "shares",
    "spelled",
    "subject",
    "verdict_line",
]

#: outcome -> what it means.
MEANING = {
    AGREES: "agrees",
    SILENT: "silent: right shape, wrong numbers",
    SHAPE: "another shape",
    UNVERIFIED: "not checked",
    DIVERGES: "diverges: not what its own rule says (PAD998)",
}
_SEEN = {AGREES: "the right numbers", SILENT: "wrong numbers", SHAPE: "another shape"}
_PADDINGS = {"half": "half = (k-1)//2", "half_up": "half_up = k//2"}
_MOST_LISTED = 8


def spelled(values: Sequence[int]) -> str:
    """`7`, `5..33`, `5..33:2`, `1,3,7`; a long list is cut."""
    steps = {high - low for low, high in itertools.pairwise(values)}
    if len(values) > 2 and len(steps) == 1:
        step = steps.pop()
        return f"{values[0]}..{values[-1]}" + (f":{step}" if step > 1 else "")
    listed = [str(value) for value in values]
    if len(listed) > _MOST_LISTED:
        listed[_MOST_LISTED - 2 : -1] = ["..."]
    return ",".join(listed)


def subject(grid: SweepGrid) -> str:
    """`conv, 1 axis: input 5..33, kernel 1..7, stride 1..4, padding half = (k-1)//2`."""
    head = f"{grid.kind.value}, {'1 axis' if grid.rank == 1 else f'{grid.rank} axes'}"
    flags = [name for name in ("ceil_mode", "count_include_pad") if getattr(grid, name)]
    parts = [
        f"input {spelled(grid.input_size)}",
        f"kernel {spelled(grid.kernel_size)}",
        f"stride {spelled(grid.stride)}",
    ]
    if grid.dilation != (1,):
        parts.append(f"dilation {spelled(grid.dilation)}")
    words = (_padding(word, grid) for word in grid.padding)
    parts.append(f"padding {' | '.join(words)}")
    return f"{', '.join([head, *flags])}: {', '.join(parts)}"


def _padding(word: str, grid: SweepGrid) -> str:
    text = _PADDINGS.get(word, word)
    dilated = grid.dilation != (1,) and word in _PADDINGS
    return text.replace("k", "k_eff") if dilated else text


def verdict_line(sweep: Sweep) -> str:
    """How many geometries differ under any lowering, and how many have no output."""
    judged = sweep.judged
    differing = sum(
        any(letter in _DIFFER for letter in letters)
        for letters in zip(*(one.outcomes for one in sweep.lowerings), strict=True)
    )
    total = "1 geometry" if judged == 1 else f"{judged} geometries"
    if differing:
        text = f"{differing} of {total} differ under some lowering"
    elif sweep.verdict == MISMATCH or sweep.ok:
        text = f"{total} agree under every lowering"
    else:
        text = f"{total}: none is known to differ, not all could be checked"
    if sweep.left_out:
        what = "1 more has" if sweep.left_out == 1 else f"{sweep.left_out} more have"
        text += f"; {what} no output, left out"
    return text


_DIFFER = {LETTERS[SILENT], LETTERS[SHAPE], LETTERS[DIVERGES]}


def how(sweep: Sweep) -> str:
    """`measured with torch 2.13.0, ...`, or that nothing was run."""
    if not sweep.frameworks:
        return "predicted, nothing run"
    listed = (f"{name} {number}" for name, number in sweep.frameworks.items())
    return "measured with " + ", ".join(listed)


def groups(grid: SweepGrid) -> list[tuple[str, range]]:
    """The maps by padding and dilation, a title for each group; "" where there is but one."""
    size = len(grid.stride)
    found = []
    for first in range(0, len(grid.maps), size):
        padding, dilation, _ = grid.maps[first]
        parts = [f"padding {padding}"] if len(grid.padding) > 1 else []
        parts += [f"dilation {dilation}"] if len(grid.dilation) > 1 else []
        found.append((", ".join(parts), range(first, first + size)))
    return found


def shared(one: LoweringSweep, grid: SweepGrid, maps: range) -> str | None:
    """`agrees, at all 96`, where all geometries of some maps share their outcome, or None."""
    letters = one.outcomes[maps.start * grid.map_size : maps.stop * grid.map_size]
    found = set(letters) - {LEFT_OUT}
    if len(found) > 1:
        return None
    if not found:
        return "no output"
    letter = found.pop()
    return f"{MEANING[WORDS[letter]]}, at all {letters.count(letter)}"


def shares(one: LoweringSweep, judged: int) -> str:
    """`agrees 40 (40.00 %), silent 60 (60.00 %)`."""
    return ", ".join(
        f"{outcome} {count} ({percent(count / judged)})"
        for outcome, count in one.counts.items()
        if count
    )


def reasons(one: LoweringSweep) -> Iterator[str]:
    """Every reason why something was not run, with its count, the most frequent first.

    Only the first few.
    """
    counted: dict[str, int] = {}
    for index, reason in one.reasons.items():
        if one.outcomes[index] == LETTERS[DIVERGES]:
            continue
        counted[reason] = counted.get(reason, 0) + 1
    ranked = sorted(counted.items(), key=lambda item: -item[1])
    most = 3
    for reason, count in ranked[:most]:
        yield f"could not be run: {count} of {one.lowering}: {reason}"
    if len(ranked) > most:
        rest = sum(count for _, count in ranked[most:])
        why = plural(len(ranked) - most, "reason")
        yield f"could not be run: {rest} more of {one.lowering}, for {why} beside these"


def divergences(one: LoweringSweep, grid: SweepGrid) -> Iterator[str]:
    """A PAD998 line, with the smallest geometry that shows it, for each way to diverge."""
    letter = LETTERS[DIVERGES]
    ways: dict[str, list[tuple[GridPoint, int]]] = {}
    if letter in one.outcomes:
        for index, point in enumerate(grid.points()):
            if one.outcomes[index] == letter:
                way = one.reasons.get(index, "").partition(": ")[0]
                ways.setdefault(way, []).append((point, index))
    for way, found in sorted(ways.items()):
        point, index = min(
            found, key=lambda item: (item[0].input_size, item[0].kernel_size, *item[0][1:3])
        )
        count = "1 geometry" if len(found) == 1 else f"{len(found)} geometries"
        what = f"{way} where its own rule gives an output" if way else _DISOBEYS
        yield (
            f"PAD998 framework_diverges: {one.lowering} {what} at {count}; "
            f"smallest: {grid.spec(point)}, {_told(one.at(index))}"
        )


_DISOBEYS = "does not do what its own rule says"


def _told(seen: Mapping[str, Any]) -> str:
    """What was predicted and measured, or said, at one geometry that diverges."""
    predicted = f"predicted {_SEEN[seen['predicted']]}"
    if seen["measured"] is None:
        return f"{predicted}, {seen['reason']}"
    told = f"{predicted}, measured {_SEEN[seen['measured']]}"
    alike = seen["predicted"] == seen["measured"]
    return f"{told}, but not the predicted ones" if alike else told

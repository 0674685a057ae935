"""The tables of a comparison: the outputs before and after, and the layers side by side."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence

from padcheck.records import EQUIVALENT, MISMATCH, EndToEnd, OpReport, OutputReport, printable
from padcheck.report.comparison_words import both_names
from padcheck.report.tables import aligned
from padcheck.report.wording import geometry, pads

__all__ = ["layer_table", "output_table"]

#: More layers than this that differ, or could not be checked, are grouped like those that agree.
_MOST_ALONE = 24
_FEWEST_LETTERS = 12


def output_table(whole: EndToEnd, width: int) -> list[str]:
    """A row per output, and one below it for what is left once the source is like the target."""
    rows = [["output", "max |diff|", "relative L2", "bound", ""]]
    after = {output.name: output for output in whole.after}
    for output in whole.outputs:
        rows.append(_output_row(both_names(output), output))
        if output.name in after:
            rows.append(_output_row("  after", after[output.name]))
    return aligned(_shortened(rows, (0,), width), width, right=(1, 2, 3))


def _output_row(name: str, output: OutputReport) -> list[str]:
    numbers = (output.max_abs_diff, output.relative_l2, output.bound)
    return [name, *map(_number, numbers), output.verdict]


def _number(number: float | None) -> str:
    return "-" if number is None or not math.isfinite(number) else f"{number:.2g}"


def layer_table(ops: Sequence[OpReport], latent: Iterable[str], width: int) -> list[str]:
    """Layers that agree by window and pads, the others one by one while they are few.

    `latent`: the names of the layers whose differences cannot show.
    """
    unseen = frozenset(latent)
    groups = _groups(ops, unseen)
    rows = [["layers", "source", "target", "op", "window", "pads", "verdict"]]
    rows += [_layer_row(group, unseen) for group in groups]
    return [*aligned(_shortened(rows, (1, 2), width), width), *_legend(rows)]


def _groups(ops: Sequence[OpReport], latent: frozenset[str]) -> list[list[OpReport]]:
    alone = sum(op.verdict != EQUIVALENT for op in ops) <= _MOST_ALONE
    rows: dict[Hashable, list[OpReport]] = {}
    for place, op in enumerate(ops):
        kind = (op.op_type, geometry(op), _pads(op), _verdict(op, latent), _sides(op))
        own = place if alone and op.verdict != EQUIVALENT else None
        rows.setdefault((*kind, own), []).append(op)
    return list(rows.values())


def _layer_row(group: Sequence[OpReport], latent: frozenset[str]) -> list[str]:
    op = group[0]
    source, target = _sides(op)
    more = "..." if len(group) > 1 else ""
    return [
        str(len(group)),
        printable(op.name) + more if source else "-",
        printable(op.target_name or op.name) + more if target else "-",
        op.op_type,
        geometry(op),
        _pads(op),
        _verdict(op, latent),
    ]


def _sides(op: OpReport) -> tuple[bool, bool]:
    """Whether the op is in the source, and in the target."""
    return not op.of_target, op.of_target or op.target_name is not None


def _pads(op: OpReport) -> str:
    """`(1,1)`, or `(1,1) -> (0,1)` where the target's are others."""
    source = pads(op.pad_before, op.pad_after)
    seen = op.lowerings.get("target")
    target = source if seen is None else pads(seen.pad_before, seen.pad_after)
    return source if source == target else f"{source} -> {target}"


def _verdict(op: OpReport, latent: frozenset[str]) -> str:
    if op.verdict == MISMATCH:
        return "+".join(op.findings) or op.verdict
    if op.verdict != EQUIVALENT:
        return op.verdict
    seen = op.lowerings.get("target")
    sign = "ok" if seen is None or seen.measured else "ok*"
    unseen = "+".join(op.findings) if op.name in latent else ""
    return f"{sign} ({unseen})" if unseen else sign


def _legend(rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [row[-1] for row in rows[1:]]
    signs = []
    if any(cell.startswith("ok*") for cell in cells):
        signs.append("ok* predicted, not run")
    if any("(" in cell for cell in cells):
        signs.append("ok (...) differs where it cannot show")
    return [f"({'; '.join(signs)})"] if signs else []


def _shortened(rows: list[list[str]], names: Sequence[int], width: int) -> list[list[str]]:
    """The rows with the cells in columns `names` cut so that a line fits; names keep their ends."""
    columns = range(len(rows[0]))
    taken = sum(max(len(row[c]) for row in rows) for c in columns if c not in names)
    free = width - taken - len(rows[0]) + 1
    most = max(free // len(names), _FEWEST_LETTERS)
    widest = {c: max(len(row[c]) for row in rows) for c in names}
    spare = sum(max(most - size, 0) for size in widest.values())
    return [[_cut(row[c], most + spare) if c in names else row[c] for c in columns] for row in rows]


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else "..." + name[len(name) - most + 3 :]

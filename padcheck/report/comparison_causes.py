"""The causes in a comparison: a block each, with the layers it hits by both names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from padcheck.records import OpReport, Report, printable
from padcheck.report.comparison_words import both_names
from padcheck.report.grouping import FindingGroup, spread
from padcheck.report.page import Page, Paint
from padcheck.report.picture import picture
from padcheck.report.wording import agreement, cross, geometry, plural

__all__ = ["MOST_NAMES", "CausePages"]

#: Layers named one by one.
MOST_NAMES = 12
#: Blocks of one code, told at length; what it does to other layers takes a line each.
_MOST_BLOCKS = 3
#: From here on causes are not padding: there is nothing to draw.
_NOT_PADDING = "PAD900"
_OTHER_TAPS = "PAD903"


class CausePages(Page):
    """Pages that tell the findings of a comparison."""

    def __init__(self, report: Report, width: int, paint: Paint | None) -> None:
        super().__init__(width, paint)
        self.report = report
        self._told: set[tuple[str, tuple[str, ...]]] = set()
        self._drawn: set[str] = set()

    def causes(self, groups: Sequence[FindingGroup]) -> list[str]:
        """A block per cause; a code with numbers of its own in many layers is cut short."""
        rows: dict[str, list[FindingGroup]] = {}
        for group in groups:
            rows.setdefault(group.finding.code, []).append(group)
        short = {code: row[_MOST_BLOCKS:] for code, row in rows.items()}
        lines: list[str] = []
        for group in groups:
            if group not in short[group.finding.code]:
                lines += [*self._block(group), ""]
        for row in short.values():
            lines += self._more(row)
        return lines

    def _more(self, groups: Sequence[FindingGroup]) -> list[str]:
        if not groups:
            return []
        finding, count = groups[0].finding, sum(len(group.ops) for group in groups)
        lines = [self._coded(f"{finding.code} {finding.name}: {plural(count, 'layer')} more")]
        for group in groups[:MOST_NAMES]:
            names = ", ".join(both_names(op) for op in group.ops)
            lines += self.wrap(f"{names}: {group.finding.message}", indent=2, hang=2)
        more = len(groups) - MOST_NAMES
        return [*lines, *([f"  and {more} more"] if more > 0 else []), ""]

    def _block(self, group: FindingGroup) -> list[str]:
        finding, op = group.finding, group.ops[0]
        lines = self._head(group)
        key = (op.name, finding.notes)
        if finding.notes and key in self._told:
            return [*lines, *self._together(group), *self._help(group)]
        self._told.add(key)
        lines += self._picture(group)
        for note in self._notes(group):
            lines += self.wrap(f"note: {note}", indent=2, hang=6)
        return lines + self._help(group)

    def _head(self, group: FindingGroup, label: str = "") -> list[str]:
        """The message, and the layers it is about, by both names."""
        finding = group.finding
        head = self.wrap(f"{label}{finding.code} {finding.name}: {finding.message}", hang=2)
        lines = [self._coded(head[0], finding.code), *head[1:]]
        if len(group.ops) == 1:
            return lines + self.wrap(
                f"{_what(group)}: {both_names(group.ops[0])}", indent=2, hang=2
            )
        lines += self.wrap(f"{_what(group)}: {plural(len(group.ops), 'layer')}", indent=2, hang=2)
        return lines + self._named(group.ops, indent=4)

    def _coded(self, line: str, code: str | None = None) -> str:
        code = code or line.split()[0]
        return line.replace(code, self.paint(code, "red"), 1)

    def _named(self, ops: Sequence[OpReport], *, indent: int) -> list[str]:
        names = [both_names(op) for op in ops[:MOST_NAMES]]
        more = len(ops) - len(names)
        names += [f"and {more} more"] if more else []
        return [line for name in names for line in self.wrap(name, indent=indent, hang=2)]

    def _together(self, group: FindingGroup) -> list[str]:
        """In place of notes that stand above, with another cause of the same layer."""
        op, finding = group.ops[0], group.finding
        same = (f for f in self.report.findings if f.op == op.name and f.notes == finding.notes)
        return self.wrap(f"note: together with {next(same).code}, above", indent=2, hang=6)

    def _picture(self, group: FindingGroup) -> list[str]:
        op, finding = group.ops[0], group.finding
        lowering = op.lowerings.get(finding.lowering or "")
        other_taps = _OTHER_TAPS in op.findings  # the picture has but one stride and dilation
        if lowering is None or finding.code > _NOT_PADDING or op.name in self._drawn or other_taps:
            return []
        self._drawn.add(op.name)
        drawn = picture(op, lowering, self.width - 4)
        return ["", *("    " + line.rstrip() for line in drawn), ""] if drawn else []

    def _notes(self, group: FindingGroup) -> list[str]:
        """The facts, how the layers were paired, and at which sizes they would agree."""
        op, finding = group.ops[0], group.finding
        notes = [*finding.notes, *(spread(group) if len(group.ops) > 1 else ())]
        lowering = op.lowerings.get(finding.lowering or "")
        if lowering is not None and not lowering.measured:
            notes.append(": ".join(["predicted, not run", *filter(None, [lowering.reason])]))
        told = op.agrees_when and not finding.code.startswith("PAD9")
        if told and all(axis is None or axis.residues for axis in op.agrees_when or ()):
            notes.append(f"the two are the same op {agreement(op.agrees_when)}")
        others = [note for one in group.ops[1:] for note in one.notes[:1]]
        return list(dict.fromkeys([*notes, *op.notes, *others]))

    def _help(self, group: FindingGroup) -> list[str]:
        """The fix, as code for the target."""
        finding, op = group.finding, group.ops[0]
        if not finding.help:
            return []
        if "\n" not in finding.help and "(" not in finding.help:
            return self.wrap(f"help: {finding.help} ({finding.safety})", indent=2, hang=6)
        name = printable(op.target_name or op.name)
        lines = self.wrap(f"help: in the target ({finding.safety}), for {name}", indent=2, hang=6)
        return lines + self.code(finding.help.splitlines(), indent=6)

    def latent(self, groups: Iterable[FindingGroup]) -> list[str]:
        """Differences that cannot show in this model, with what hides them."""
        lines: list[str] = []
        for group in groups:
            lines += self._head(group, "latent: ")
            for note in group.finding.notes:
                lines += self.wrap(f"note: {note}", indent=2, hang=6)
            lines += [*self._help(group), ""]
        return lines


def _what(group: FindingGroup) -> str:
    """`Conv k3x3 s2x2 at 56x56, 28x28`."""
    op = group.ops[0]
    sizes = list(dict.fromkeys(cross(one.input_size) for one in group.ops))
    window = f" {geometry(op)}" if op.kernel_size is not None else ""
    return f"{op.op_type}{window}" + (f" at {', '.join(sizes)}" if sizes != ["?"] else "")

"""A report as text: what people paste into issues. ASCII, no wider than asked, no colours
unless asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    Finding,
    LoweringReport,
    OpReport,
    Report,
    printable,
)
from padcheck.report.grouping import FindingGroup, finding_groups, op_groups, spread
from padcheck.report.headline import legend, sentence
from padcheck.report.page import COLOURS, Page, Paint
from padcheck.report.picture import picture
from padcheck.report.tables import aligned, build_row, op_row
from padcheck.report.wording import NAMES, agreement, cross, geometry, plural

__all__ = ["OpsPage", "Paint", "render"]

_MOST_NAMES = 6
#: The lowerings whose findings make an op's verdict.
JUDGED = ("tf_same", "callable")


def render(report: Report, *, width: int = 80, paint: Paint | None = None) -> str:
    """The report as text; `paint(text, colour)` adds colour where the output can show it."""
    if report.command == "compare":
        from padcheck.report.comparison import ComparisonPage

        lines = ComparisonPage(report, width, paint).lines()
    else:
        lines = OpsPage(report, width, paint).lines()
    return "\n".join(lines).rstrip() + "\n"


class OpsPage(Page):
    """The lines of a report on one model, or on one op that is in none."""

    def __init__(self, report: Report, width: int, paint: Paint | None) -> None:
        super().__init__(width, paint)
        self.report = report

    def lines(self) -> list[str]:
        """Headline, findings, what SAME leaves alone, what was not checked, the table."""
        blamed, aside = self._split()
        out = [*self._headline(), ""]
        for group in finding_groups(self.report, blamed):
            out += [*self._finding(group), ""]
        out += self._asides(finding_groups(self.report, aside))
        out += self._unverified()
        if self.report.command == "conv":
            out += self._builds()
        elif self.report.command == "check_callable":
            out += self._call()
        else:
            out += [*self._torch_lines(), *self._table()]
        return [*out, *self._network(), *self._closing()]

    def _split(self) -> tuple[list[Finding], list[Finding]]:
        """Findings that make the verdict, and those that concern a lowering beside it."""
        ops = {op.name: op for op in self.report.ops}
        blamed: list[Finding] = []
        aside: list[Finding] = []
        for finding in self.report.findings:
            counts = finding.lowering in JUDGED or finding.code == "PAD998"
            guilty = counts and ops[finding.op].verdict == MISMATCH
            (blamed if guilty else aside).append(finding)
        return blamed, aside

    def _headline(self) -> list[str]:
        verdict = self.report.verdict
        source = printable(self.report.source.path or "")
        word = self.paint(verdict, COLOURS[verdict])
        lines = [f"{source}: {word}" if source else word]
        return lines + self.wrap(sentence(self.report))

    def _finding(self, group: FindingGroup) -> list[str]:
        finding, op = group.finding, group.ops[0]
        head = self.wrap(f"{finding.code} {finding.name}: {finding.message}", hang=2)
        lines = [head[0].replace(finding.code, self.paint(finding.code, "red"), 1), *head[1:]]
        where = _where(group, alone=self._alone)
        lines += self.wrap(where, indent=2, hang=2)
        if self._second(finding, op) and finding.code != "PAD998":
            first = op.lowerings[finding.lowering or ""].findings[0]
            return [*lines, *self.wrap(f"note: together with {first}, above", indent=2)]
        lowering = op.lowerings.get(finding.lowering or "")
        drawn = [] if lowering is None else self._drawing(op, lowering)
        lines += ["", *drawn, ""] if drawn else []
        notes = list(finding.notes)
        if len(group.ops) > 1:
            notes += spread(group)
        if op.agrees_when is not None:
            notes.append(f"SAME is the same op {agreement(op.agrees_when)}")
        for note in notes:
            lines += self.wrap(f"note: {note}", indent=2, hang=6)
        return lines + self._help(group)

    def _second(self, finding: Finding, op: OpReport) -> bool:
        """Whether this is the second fault of an op, whose picture and notes stand above."""
        lowering = op.lowerings.get(finding.lowering or "")
        return lowering is not None and finding.code in lowering.findings[1:]

    def _drawing(self, op: OpReport, lowering: LoweringReport) -> list[str]:
        drawn = picture(op, lowering, self.width - 4)
        return ["    " + line.rstrip() for line in drawn]

    def _help(self, group: FindingGroup) -> list[str]:
        finding, op = group.finding, group.ops[0]
        if self.report.command == "conv":
            return self.wrap("help: build it as ZeroPadding+VALID, below", indent=2, hang=6)
        in_words = "\n" not in finding.help and "(" not in finding.help
        if in_words or self.report.command == "check_callable":
            return self.wrap(f"help: {finding.help}", indent=2, hang=6)
        lines = [f"  help: in Keras ({finding.safety}), for {op.name}"]
        lines += self.code(finding.help.splitlines(), indent=6)
        torch = op.lowerings.get("torch")
        if torch is not None and torch.code:
            lines.append("  the reference in PyTorch")
            lines += self.code(torch.code, indent=6)
        return lines

    def _asides(self, groups: list[FindingGroup]) -> list[str]:
        lines: list[str] = []
        for group in groups:
            finding = group.finding
            if self._alone and finding.lowering in JUDGED:
                lines += self._finding(group)
                continue
            lowering = NAMES.get(finding.lowering or "", finding.lowering or "")
            text = (
                f"note: {finding.code} {finding.name}: {lowering} is not the same op for "
                f"{_where(group)}: {finding.message}; {finding.help}"
            )
            lines += self.wrap(text, hang=6)
        return [*lines, ""] if lines else []

    def _torch_lines(self) -> list[str]:
        """Ops whose pads PyTorch's own `padding=` cannot express, with the code that can."""
        rows: dict[tuple[str, ...], list[OpReport]] = {}
        for op in self.report.ops:
            torch = op.lowerings.get("torch")
            told = op.verdict == MISMATCH  # with its finding
            if torch is not None and torch.notes and len(torch.code) > 1 and not told:
                rows.setdefault((*torch.notes, *torch.code[:1]), []).append(op)
        lines: list[str] = []
        for ops in rows.values():
            torch = ops[0].lowerings["torch"]
            lines += self.wrap(
                f"note: {plural(len(ops), 'op')} ({_names(ops)}): {'; '.join(torch.notes)}; "
                f"for {ops[0].name}",
                hang=6,
            )
            lines += self.code(torch.code, indent=6)
        return [*lines, ""] if lines else []

    def _unverified(self) -> list[str]:
        rows: dict[str, list[OpReport]] = {}
        for op in self.report.ops:
            if op.verdict == UNVERIFIED and not (op.findings and self._alone):
                rows.setdefault(op.reason or "no reason given", []).append(op)
        lines: list[str] = []
        for reason, ops in rows.items():
            label = self.paint("unverified", "yellow")
            lines += self.wrap(
                f"{label}: {plural(len(ops), 'op')} ({_names(ops)}): {reason}", hang=4
            )
        for note in self.report.notes:
            lines += self.wrap(f"note: {note}", hang=6)
        return [*lines, ""] if lines else []

    def _table(self) -> list[str]:
        groups = op_groups(self.report.ops)
        if not groups:
            return []
        rows = [["ops", "op", "input", "window", "pads", "PyTorch", "SAME", "ZeroPad+VALID"]]
        rows += [op_row(group) for group in groups]
        return [*aligned(rows, self.width), *self.wrap(legend(rows)), ""]

    def _network(self) -> list[str]:
        """The input size at which SAME would be right for the whole network, if one was found."""
        if not self.report.agrees_at:
            return []
        shapes = (f"{name}={cross(shape)}" for name, shape in self.report.agrees_at.items())
        text = f"note: with input {', '.join(shapes)} the whole network agrees with SAME"
        return [*self.wrap(text, hang=6), ""]

    def _builds(self) -> list[str]:
        """The builds of the one op of an experiment, side by side, then the code of each."""
        (op,) = self.report.ops
        rows = [["build", "pads", "output", "grid shift", "outputs wrong", "max |diff|", ""]]
        rows += [build_row(op, name, lowering) for name, lowering in op.lowerings.items()]
        lines = [*aligned(rows, self.width, right=()), ""]
        lines += [f"{plural(op.parameters or 0, 'parameter')} in each build", ""]
        for name, lowering in op.lowerings.items():
            lines.append(NAMES.get(name, name))
            lines += self.code(lowering.code, indent=4)
            if lowering.reason:
                lines += self.wrap(f"not run: {lowering.reason}", indent=4)
        return [*lines, ""]

    def _call(self) -> list[str]:
        """What a callable was held to, and how often it was asked."""
        (op,) = self.report.ops
        lines = [line for note in op.notes for line in self.wrap(note, hang=2)]
        return [*lines, ""]

    @property
    def _alone(self) -> bool:
        """Whether the report is about one op that is in no model."""
        return self.report.command in ("conv", "check_callable")

    def _closing(self) -> list[str]:
        if self.report.command == "check_callable":
            return []
        counts = self.report.counts
        parts = [plural(counts["ops"], "op")]
        parts += [f"{counts[name]} {name}" for name in (EQUIVALENT, MISMATCH, UNVERIFIED)]
        how = "predicted, nothing run"
        if self.report.frameworks:
            listed = (f"{name} {number}" for name, number in self.report.frameworks.items())
            how = "measured with " + ", ".join(listed)
        return self.wrap(f"{', '.join(parts)}; {how}")


def _where(group: FindingGroup, *, alone: bool = False) -> str:
    op = group.ops[0]
    sizes = list(dict.fromkeys(cross(one.input_size) for one in group.ops))
    what = f"{op.op_type} {geometry(op)}"
    if alone:
        return f"{what} at {sizes[0]}"
    if sizes == ["?"] or set("".join(sizes)) <= {"?", "x"}:
        return f"{what}, input size open: {plural(len(group.ops), 'op')} ({_names(group.ops)})"
    return f"{what} at {', '.join(sizes)}: {plural(len(group.ops), 'op')} ({_names(group.ops)})"


def _names(ops: Sequence[OpReport]) -> str:
    names = [op.name for op in ops[:_MOST_NAMES]]
    more = len(ops) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")

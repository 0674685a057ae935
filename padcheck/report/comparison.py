"""The report on two models as text: what differs, why, and how much of it that explains."""

from __future__ import annotations

from collections.abc import Iterable

from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    EndToEnd,
    Finding,
    OpReport,
    printable,
)
from padcheck.report.comparison_causes import MOST_NAMES, CausePages
from padcheck.report.comparison_tables import layer_table, output_table
from padcheck.report.comparison_words import both_names, model_name, share
from padcheck.report.grouping import FindingGroup, finding_groups
from padcheck.report.headline import sentence
from padcheck.report.page import COLOURS
from padcheck.report.wording import plural

__all__ = ["ComparisonPage"]


class ComparisonPage(CausePages):
    """The lines of a report whose command is "compare"."""

    def lines(self) -> list[str]:
        """Headline, where the two part, causes, what is latent or unknown, the numbers."""
        blamed, latent, aside = self._split()
        out = [*self._headline(), ""]
        out += self._divergence()
        out += self.causes(finding_groups(self.report, blamed))
        out += self._asides(finding_groups(self.report, aside))
        out += self.latent(finding_groups(self.report, latent))
        out += self._unverified()
        if self.report.end_to_end is not None:
            out += self._end_to_end(self.report.end_to_end)
        if self.report.ops:
            names = (finding.op for finding in latent)
            out += [*layer_table(self.report.ops, names, self.width), ""]
        return [*out, *self._closing()]

    def _split(self) -> tuple[list[Finding], list[Finding], list[Finding]]:
        """Findings that make the verdict, those that cannot show, and any other."""
        guilty = {op.name for op in self.report.ops if op.verdict == MISMATCH}
        blamed: list[Finding] = []
        latent: list[Finding] = []
        aside: list[Finding] = []
        for finding in self.report.findings:
            kind = latent if finding.latent else blamed if finding.op in guilty else aside
            kind.append(finding)
        return blamed, latent, aside

    def _headline(self) -> list[str]:
        verdict, target = self.report.verdict, self.report.target
        names = [model_name(ref) for ref in (self.report.source, target) if ref is not None]
        lines = self.wrap(f"{' -> '.join(names)}: {verdict}", hang=4)
        at = lines[-1].rindex(verdict)
        lines[-1] = lines[-1][:at] + self.paint(verdict, COLOURS[verdict])
        return lines + self.wrap(sentence(self.report))

    def _divergence(self) -> list[str]:
        """The first layer where the two part."""
        whole = self.report.end_to_end
        if whole is None or whole.first_divergence is None:
            return []
        target, place = whole.first_divergence_target, printable(whole.first_divergence)
        if target is not None and target != whole.first_divergence:
            place += f" (target: {printable(target)})"
        found = share(whole.first_divergence_relative_l2)
        text = f"the two part at {place}: inputs equal, outputs differ"
        if whole.first_divergence_at_input:
            text = f"the two part before {place}, at no matched layer: inputs differ"
        return [*self.wrap(text + (f" by {found}" if found else ""), hang=2), ""]

    def _asides(self, groups: Iterable[FindingGroup]) -> list[str]:
        """Findings on layers that are not guilty, yet are no latent differences either."""
        lines: list[str] = []
        for group in groups:
            finding, names = group.finding, ", ".join(both_names(op) for op in group.ops)
            text = f"note: {finding.code} {finding.name}: {names}: {finding.message}"
            lines += self.wrap(text, hang=6)
        return [*lines, ""] if lines else []

    def _unverified(self) -> list[str]:
        """What was not checked, on either side, by its reason."""
        rows: dict[tuple[bool, str], list[OpReport]] = {}
        for op in self.report.ops:
            if op.verdict == UNVERIFIED:
                reason = op.reason or "no reason given"
                rows.setdefault((op.of_target, reason), []).append(op)
        lines: list[str] = []
        for (of_target, reason), ops in sorted(rows.items(), key=lambda row: row[0][0]):
            names = ", ".join(both_names(op) for op in ops[:MOST_NAMES])
            names += f" and {len(ops) - MOST_NAMES} more" if len(ops) > MOST_NAMES else ""
            side = " of the target" if of_target else ""
            text = f"{plural(len(ops), 'layer')}{side} ({names}): {printable(reason)}"
            first, *rest = self.wrap(f"{UNVERIFIED}: {text}", hang=4)
            lines += [first.replace(UNVERIFIED, self.paint(UNVERIFIED, "yellow"), 1), *rest]
        for note in self.report.notes:
            lines += self.wrap(f"note: {note}", hang=6)
        return [*lines, ""] if lines else []

    def _end_to_end(self, whole: EndToEnd) -> list[str]:
        """The outputs of both models, before and after."""
        given = f" on {'; '.join(whole.inputs)}" if whole.inputs else ""
        lines = []
        if whole.reason is not None:
            lines += self.wrap(f"end to end: not run: {printable(whole.reason)}", hang=4)
        else:
            lines += self.wrap(f"end to end{given}:", hang=4)
        if whole.outputs:
            lines += output_table(whole, self.width)
        for output in whole.outputs:
            for note in output.notes:
                lines += self.wrap(f"note: {printable(output.name)}: {note}", hang=6)
        lines += self._explained(whole)
        for note in whole.notes:
            lines += self.wrap(f"note: {note}", hang=6)
        return [*lines, ""]

    def _explained(self, whole: EndToEnd) -> list[str]:
        lines = []
        if whole.after:
            text = f"(after: the source with {', '.join(whole.explained_by)} as in the target"
            left = whole.residual_relative_l2
            lines += self.wrap(text + (")" if left is None else f"; residual {left:.2g})"))
        if whole.remaining:
            names = {op.name: both_names(op) for op in self.report.ops if not op.of_target}
            listed = [names.get(name, printable(name)) for name in whole.remaining]
            more = len(listed) - MOST_NAMES
            text = ", ".join(listed[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
            lines += self.wrap(f"not explained: {plural(len(listed), 'layer')}: {text}", hang=4)
        return lines

    def _closing(self) -> list[str]:
        lines = []
        if self.report.fixed is not None:
            text = f"fixed: {printable(self.report.fixed)} has the repaired target, compared again"
            lines += [*self.wrap(text, hang=4), ""]
        counts = self.report.counts
        parts = [plural(counts["ops"], "layer")]
        parts += [f"{counts[name]} {name}" for name in (EQUIVALENT, MISMATCH, UNVERIFIED)]
        listed = (f"{name} {number}" for name, number in self.report.frameworks.items())
        how = "measured with " + ", ".join(listed) if self.report.frameworks else "nothing run"
        return [*lines, *self.wrap(f"{', '.join(parts)}; {how}")]

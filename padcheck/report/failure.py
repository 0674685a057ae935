"""What a failing test prints, and its first line, which is all that a short summary shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, Finding, OpReport, Report, printable
from padcheck.report.comparison import ComparisonPage
from padcheck.report.comparison_words import both_names, size, worst
from padcheck.report.grouping import finding_groups
from padcheck.report.observed import observed_lines
from padcheck.report.page import Page
from padcheck.report.text import OpsPage
from padcheck.report.wording import plural

__all__ = ["failure_text", "gist"]


def failure_text(report: Report, *, command: str | None = None, width: int = 80) -> str:
    """The gist; each cause; what was observed and should be; the outputs; how to see it again.

    `report` holds only what is to be told; its findings are about its ops. The gist, the lines
    on what was observed and `command`, a shell command, are not wrapped to `width`.
    """
    page = _page(report, width)
    told = _after_headline(page.told(), page.blamed())
    parts = [[gist(report)], told, observed_lines(report, page.blamed()), page.outcome()]
    if command is not None:
        parts.append([f"reproduce: {command}"])
    texts = ("\n".join(lines).strip("\n") for lines in parts)
    return "\n\n".join(text for text in texts if text)


def _after_headline(lines: list[str], blamed: Sequence[Finding]) -> list[str]:
    """The lines without those of the first cause's headline: the gist of one cause has said it."""
    if len({(finding.code, finding.message) for finding in blamed}) != 1:
        return lines
    headline, said = f"{blamed[0].code} {blamed[0].name}: {blamed[0].message}", ""
    for count, line in enumerate(lines, start=1):
        said = f"{said} {line.strip()}".strip()
        if said == " ".join(headline.split()):
            return lines[count:]
        if not headline.startswith(said):
            break
    return lines


def gist(report: Report) -> str:
    """The worst of a report on one line, printable: what it is, where, and the numbers."""
    if report.verdict == MISMATCH:
        text = _mismatch(report)
    elif report.verdict == UNVERIFIED:
        text = _unknown(report)
    else:
        text = f"{EQUIVALENT}: nothing differs"
    return printable(" ".join(text.split()))


def _mismatch(report: Report) -> str:
    guilty = [op for op in report.ops if op.verdict == MISMATCH]
    if not guilty:
        return _outputs(report)
    blamed = _page(report).blamed()
    codes = list(dict.fromkeys(f"{finding.code} {finding.name}" for finding in blamed))
    if len(guilty) > 1:
        total = _ops(report, [op for op in report.ops if not op.of_target])
        return ": ".join([f"{len(guilty)} of {total} mismatch", *filter(None, [", ".join(codes)])])
    name = both_names(guilty[0])
    if not blamed:
        return f"{MISMATCH}: {name}"
    also = f"; also {', '.join(codes[1:])}" if codes[1:] else ""
    return f"{codes[0]}: {name}: {blamed[0].message}{also}"


def _outputs(report: Report) -> str:
    """For outputs that differ though no op of the report does."""
    whole = report.end_to_end
    assert whole is not None  # what else would mismatch
    wrong = [output for output in whole.outputs if output.verdict == MISMATCH]
    furthest = worst(wrong)
    found = f"{both_names(furthest)} ({size(furthest)})"
    counted = "output differs"
    if len(wrong) > 1:
        counted = f"{len(wrong)} of {plural(len(whole.outputs), 'output')} differ"
    explained = f", explained by {', '.join(whole.explained_by)}" if whole.explained_by else ""
    return f"{counted}: {found}{explained}"


def _unknown(report: Report) -> str:
    unsure = _unsure(report)
    if len(unsure) == 1:
        (op,) = unsure
        side = " (of the target)" if op.of_target else ""
        return f"{both_names(op)}{side}: {op.reason or 'no reason given'}"
    if unsure:
        first, *others = dict.fromkeys(op.reason or "no reason given" for op in unsure)
        more = f" (and {plural(len(others), 'other reason')})" if others else ""
        return f"{len(unsure)} of {_ops(report, report.ops)} unverified: {first}{more}"
    whole = report.end_to_end
    assert whole is not None  # what else would be unverified
    if whole.reason is not None:
        return f"end to end: {whole.reason}"
    output = next(output for output in whole.outputs if output.verdict == UNVERIFIED)
    return f"output {both_names(output)}: {', '.join(output.notes) or 'could not be compared'}"


def _unsure(report: Report) -> list[OpReport]:
    return [op for op in report.ops if op.verdict == UNVERIFIED]


def _ops(report: Report, ops: Sequence[OpReport]) -> str:
    return plural(len(ops), "layer" if report.command == "compare" else "op")


def _page(report: Report, width: int = 80) -> _Compared | _Judged:
    kind = _Compared if report.command == "compare" else _Judged
    return kind(report, width, None)


class _Compared(ComparisonPage):
    """The part of a comparison's page that says what is wrong."""

    def blamed(self) -> list[Finding]:
        """The findings that make the verdict."""
        return self._split()[0]

    def told(self) -> list[str]:
        """The causes, then the rest as notes, then what was not checked."""
        blamed, latent, aside = self._split()
        lines = self.causes(finding_groups(self.report, blamed))
        lines += self._asides(finding_groups(self.report, aside))
        return [*lines, *_latent(self, self.report, latent), *_left_open(self)]

    def outcome(self) -> list[str]:
        """Where the two part, and their outputs, unless these agree."""
        whole = self.report.end_to_end
        if whole is None or whole.verdict == EQUIVALENT:
            return []
        return [*self._divergence(), *self._end_to_end(whole)]


class _Judged(OpsPage):
    """The part of the page on one model, or on one op, that says what is wrong."""

    def blamed(self) -> list[Finding]:
        """The findings that make the verdict."""
        return [finding for finding in self._split()[0] if not finding.latent]

    def told(self) -> list[str]:
        """The causes, then the rest as notes, then what was not checked."""
        aside = self._split()[1]
        lines: list[str] = []
        for group in finding_groups(self.report, self.blamed()):
            lines += [*self._finding(group), ""]
        if lines and self.report.command == "conv":
            lines += self._builds()  # its findings' help points there
        seen = (finding for finding in aside if not finding.latent)
        lines += self._asides(finding_groups(self.report, seen))
        latent = (finding for finding in self.report.findings if finding.latent)
        return [*lines, *_latent(self, self.report, latent), *_left_open(self)]

    def outcome(self) -> list[str]:
        """The input size at which SAME would be right, if one was found."""
        return self._network()


def _latent(page: Page, report: Report, findings: Iterable[Finding]) -> list[str]:
    """Differences that cannot show here, each with its first note, which says why."""
    lines: list[str] = []
    for group in finding_groups(report, findings):
        finding, names = group.finding, ", ".join(both_names(op) for op in group.ops)
        why = "; ".join([finding.message, *finding.notes[:1]])
        text = f"note: latent: {finding.code} {finding.name}: {names}: {why}"
        lines += page.wrap(text, hang=6)
    return [*lines, ""] if lines else []


def _left_open(page: _Compared | _Judged) -> list[str]:
    """What was not checked, unless it is one op, of which the gist says all."""
    report = page.report
    if report.verdict == UNVERIFIED and len(_unsure(report)) == 1:
        return [line for note in report.notes for line in page.wrap(f"note: {note}", hang=6)]
    return page._unverified()

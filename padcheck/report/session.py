"""What the tests of a pytest session checked, as one JSON report (`padcheck/session@1`).

It is a function of the set of tests: neither their order nor who ran them shows.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from padcheck.records import EQUIVALENT, MISMATCH, UNVERIFIED, Finding, OpReport, Report
from padcheck.report.wording import plural

__all__ = ["SESSION_SCHEMA", "session_report", "summary_line"]

SESSION_SCHEMA = "padcheck/session@1"

#: Outcomes of a test that ended at something that nothing excused.
_STOPPED = ("failed", "error", "unverified")
#: Outcomes of a test that has nothing against what its checks found.
_CONTENT = ("passed", "xfailed", "xpassed")

#: What makes that a mismatch is no failure.
_EXCUSES = ("allowed", "known", "expected")

Test = Mapping[str, Any]
Check = Mapping[str, Any]


def session_report(
    tests: Iterable[Test],
    *,
    padcheck: str,
    known: Sequence[Mapping[str, Any]] = (),
    problems: Sequence[str] = (),
) -> dict[str, Any]:
    """The session as JSON-ready dicts, as `report/session_schema.json` describes it.

    A test is {"id", "outcome", "checks"}; a check {"model", "at", "verdict", "left", "allowed",
    "known", "allowed_ops", "known_ops", "report"}: the place of its model in the session and of
    its op there, None for a call; its verdict, and what is left of it after excuses; the codes and
    the places in `known` that excused it, and how many ops; its report. `padcheck` is the version;
    `known` are the known failures, each with an "id".

    1. The checks of one model make one report; each other check has its own.
    2. A test that passed, or failed as its own mark says, expected what its checks found.
    3. The verdict is the worst of what is left in the other tests; one that failed for another
       reason may have checked nothing, and is unverified; so is a session with a problem, and
       one without tests.
    """
    rows = sorted(tests, key=_order)
    reports, homes = _reports(rows)
    checks = [check for test in rows for check in _checks(test)]
    counts = [report["counts"] for report in reports]
    ends = [_outputs(report) for report in reports]
    names = ("ops", EQUIVALENT, MISMATCH, UNVERIFIED)
    return {
        "schema": SESSION_SCHEMA,
        "padcheck": padcheck,
        "verdict": _verdict(rows, problems),
        "counts": {
            "tests": len(rows),
            **{name: sum(count[name] for count in counts) for name in names},
            **{f"outputs_{name}": ends.count(name) for name in (MISMATCH, UNVERIFIED)},
            "allowed": sum(check["allowed_ops"] for check in checks),
            "known": sum(check["known_ops"] for check in checks),
            "expected": sum(_expected(test) for test in rows),
        },
        "tests": [_told(test, homes[index], known) for index, test in enumerate(rows)],
        "reports": reports,
        "known": [
            {**entry, "matched": sum(place in _known(test) for test in rows)}
            for place, entry in enumerate(known)
        ],
        "problems": sorted(set(problems)),
    }


def _outputs(report: Mapping[str, Any]) -> str:
    """The verdict on the outputs; equivalent where none were compared."""
    whole = Report.from_dict(report).end_to_end
    return EQUIVALENT if whole is None else whole.verdict


def _verdict(rows: Sequence[Test], problems: Sequence[str]) -> str:
    """Rule 3."""
    verdicts = {verdict for test in rows for verdict in _left(test)}
    verdicts |= {UNVERIFIED} if problems or not rows else set()
    return _worst(verdicts) or EQUIVALENT


def summary_line(session: Mapping[str, Any]) -> str:
    """`padcheck: 21 ops, 16 equivalent, 5 mismatch, 0 unverified`, and what was no failure.

    Outputs that do not agree are told where no op says so.
    """
    counts = session["counts"]
    parts = [f"{counts[name]} {name}" for name in (EQUIVALENT, MISMATCH, UNVERIFIED)]
    for name in (MISMATCH, UNVERIFIED):
        if counts[f"outputs_{name}"] and not counts[name]:
            parts.append(f"outputs {name}")
    parts += [f"{counts[name]} {name}" for name in _EXCUSES if counts[name]]
    return f"padcheck: {', '.join([plural(counts['ops'], 'op'), *parts])}"


def _checks(test: Test) -> Sequence[Check]:
    return test.get("checks") or ()


def _order(test: Test) -> tuple[bool, int, int, str, str]:
    """The models' ops in their order, then the other tests by id."""
    ops = [(c["model"], c["at"] or 0) for c in _checks(test) if c["model"] is not None]
    model, at = min(ops, default=(0, 0))
    return not ops, model, at, test["id"], json.dumps(test, sort_keys=True)


def _told(test: Test, homes: Iterable[int], known: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": test["id"],
        "outcome": test["outcome"],
        "verdict": _worst(check["verdict"] for check in _checks(test)),
        "allowed": sorted({code for check in _checks(test) for code in check["allowed"]}),
        "known": [known[place]["id"] for place in sorted(_known(test))],
        "reports": sorted(set(homes)),
    }


def _known(test: Test) -> set[int]:
    return {place for check in _checks(test) for place in check["known"]}


def _worst(verdicts: Iterable[str]) -> str | None:
    there = set(verdicts)
    return next((one for one in (MISMATCH, UNVERIFIED, EQUIVALENT) if one in there), None)


def _expected(test: Test) -> int:
    """How many ops, or else outputs, it expected to be wrong (rule 2)."""
    if test["outcome"] not in _CONTENT:
        return 0
    return sum(_wrong(check) for check in _checks(test) if check["left"] != EQUIVALENT)


def _wrong(check: Check) -> int:
    """The ops of a check that are not equivalent, nor excused; 1 for outputs alone."""
    wrong: int = sum(op["verdict"] != EQUIVALENT for op in check["report"]["ops"])
    return max(1, wrong - int(check["allowed_ops"]) - int(check["known_ops"]))


def _left(test: Test) -> set[str]:
    """The verdicts that are left of a test, and of what it did not reach (rules 2, 3)."""
    if test["outcome"] in _CONTENT:
        return {EQUIVALENT}
    verdicts = {check["left"] for check in _checks(test)}
    if test["outcome"] in _STOPPED and verdicts <= {EQUIVALENT}:
        verdicts.add(UNVERIFIED)
    return verdicts


def _reports(rows: Sequence[Test]) -> tuple[list[dict[str, Any]], list[list[int]]]:
    """The reports, in the order of the tests (rule 1); by test, the places of those it is in."""
    groups: dict[Hashable, list[tuple[int, Check]]] = {}
    for index, test in enumerate(rows):
        for place, check in enumerate(_checks(test)):
            model = check["model"]
            key = (index, place) if model is None else model
            groups.setdefault(key, []).append((index, check))
    homes: list[list[int]] = [[] for _ in rows]
    for home, group in enumerate(groups.values()):
        for index, _ in group:
            homes[index].append(home)
    parts = [[Report.from_dict(check["report"]) for _, check in one] for one in groups.values()]
    return [_merged(reports).to_dict() for reports in parts], homes


def _merged(parts: Sequence[Report]) -> Report:
    """One report on a model from those on its ops; each op once, with its findings."""
    ops: dict[tuple[bool, str], OpReport] = {}
    findings: list[Finding] = []
    for part in parts:
        for op in part.ops:
            if ops.setdefault((op.of_target, op.name), op) is op and not op.of_target:
                findings += [finding for finding in part.findings if finding.op == op.name]
    return dataclasses.replace(
        parts[0],
        frameworks={name: number for part in parts for name, number in part.frameworks.items()},
        ops=tuple(ops.values()),
        findings=tuple(findings),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        agrees_at=next((part.agrees_at for part in parts if part.agrees_at is not None), None),
        end_to_end=next((part.end_to_end for part in parts if part.end_to_end is not None), None),
        fixed=next((part.fixed for part in parts if part.fixed is not None), None),
    )

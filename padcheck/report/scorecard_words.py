"""What the text and the Markdown of a scorecard share: its order, and its words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from padcheck.causes import CODES
from padcheck.records import EQUIVALENT, UNVERIFIED, Proof, printable, uniquely
from padcheck.records.case import (
    CRASHED,
    FAILURES,
    HOWS,
    REFUSED,
    RIGHT,
    SHAPE,
    SILENT,
    UNVERIFIED_CASE,
)
from padcheck.records.scorecard import Failure, Refusal, Scorecard
from padcheck.report.wording import plural

__all__ = [
    "COLUMNS",
    "OWN",
    "asked",
    "by_error",
    "facts",
    "headline",
    "how_many",
    "name_of",
    "op_rank",
    "script_names",
    "sentence",
    "suite_words",
    "verdict_words",
    "versions",
    "worst_first",
]

#: An outcome -> what a count of it is called in prose, and at the head of a column.
_PROSE = {
    RIGHT: "right",
    SILENT: "silently wrong",
    SHAPE: "of the wrong shape",
    REFUSED: "refused",
    CRASHED: "crashed",
    UNVERIFIED_CASE: "not judged",
}
COLUMNS = {
    RIGHT: "right",
    SILENT: "silent",
    SHAPE: "shape",
    REFUSED: "refused",
    CRASHED: "crashed",
    UNVERIFIED_CASE: "not judged",
}
#: The level of a suite that the caller brought.
OWN = "own"
_UNKNOWN = "unknown"


def headline(card: Scorecard) -> str:
    """`onnx2keras 0.0.25`; the name alone where there is no version."""
    version = "" if card.version == _UNKNOWN else f" {card.version}"
    return printable(f"{card.subject}{version}")


def versions(card: Scorecard) -> str:
    """`measured with onnx2keras 0.0.25, keras 3.15.1`, those that are known; "" for none."""
    known = [f"{name} {number}" for name, number in card.versions.items() if number != _UNKNOWN]
    return printable(f"measured with {', '.join(known)}") if known else ""


def sentence(card: Scorecard) -> str:
    """How many cases came out how; no mention of what did not occur, unless it is a failure."""
    shown = [how for how in HOWS if card.counts.get(how) or how in (RIGHT, *FAILURES)]
    told = ", ".join(f"{card.counts.get(how, 0)} {_PROSE[how]}" for how in shown)
    return f"{plural(sum(card.counts.values()), 'case')}: {told}"


def asked(card: Scorecard) -> str:
    """Which suite, and how much of it is no question for the subject."""
    out = sum(card.suite.left_out.values())
    left = f"; {out} more are no question for it" if out else ""
    return suite_words(card) + left


def suite_words(card: Scorecard) -> str:
    """`suite quick, version 1`; or that the cases were the caller's."""
    if card.suite.level == OWN:
        return "cases of your own"
    return f"suite {card.suite.level}, version {card.suite.version}"


def how_many(failure: Failure) -> str:
    """`12 cases silently wrong, 3 of the wrong shape`."""
    kinds = failure.kinds or {failure.kind: failure.count}
    counted = [(kinds[kind], _PROSE[kind]) for kind in FAILURES if kinds.get(kind)]
    (first, word), *others = counted or [(failure.count, _PROSE[failure.kind])]
    return ", ".join([f"{plural(first, 'case')} {word}", *(f"{n} {what}" for n, what in others)])


def worst_first(failures: Iterable[Failure]) -> list[Failure]:
    """Silent before shape before crashed, then by count."""
    return sorted(
        failures,
        key=lambda one: (
            min(map(FAILURES.index, one.kinds or [one.kind])),
            -one.count,
            one.op_type,
            one.rank,
            one.codes,
        ),
    )


def name_of(failure: Failure) -> str:
    """`PAD101 asymmetric_same`, joined by ` + ` where there are several; `crashed` for a crash."""
    return (
        " + ".join(f"{code} {CODES.get(code, '')}".strip() for code in failure.codes) or "crashed"
    )


def op_rank(row: Failure | Refusal) -> str:
    """`Conv 2-D`."""
    return f"{row.op_type} {row.rank}-D"


def script_names(failures: Sequence[Failure]) -> list[str | None]:
    """The file name of each failure's repro script, `conv-2d-PAD101.py`; None where it has none.

    No two are the same.
    """
    stems = [
        "-".join([one.op_type.lower(), f"{one.rank}d", *(one.codes or ("crashed",))])
        for one in failures
    ]
    names = [f"{name.replace('#', '-')}.py" for name in uniquely(stems)]
    return [name if one.repro else None for one, name in zip(failures, names, strict=True)]


def facts(failure: Failure) -> list[str]:
    """The notes of its findings and its own, each once, and how many of its cases are proven."""
    told = [note for finding in failure.findings for note in finding.notes]
    told += failure.notes
    told += [_unproven(finding.proof) for finding in failure.findings]
    unproven = failure.count - failure.proven
    if failure.codes and 0 < unproven < failure.count:
        told.append(f"not proven in {unproven} of its {failure.count} cases")
    elif failure.codes and unproven and _is_proven(failure):
        told.append("proven at the smallest case only")
    return [printable(note) for note in dict.fromkeys(told) if note]


def _is_proven(failure: Failure) -> bool:
    return all(finding.proof.status == "proven" for finding in failure.findings)


def _unproven(proof: Proof) -> str:
    """What is left where nothing explains it; the notes tell every other proof."""
    if proof.status != "unexplained":
        return ""
    off = proof.residual
    return "unexplained" if off is None or math.isinf(off) else f"unexplained, residual {off:g}"


def by_error(refusals: Iterable[Refusal]) -> list[tuple[str, int, str]]:
    """(error, cases, the ops it befalls) of each error, the most frequent first."""
    rows: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        rows.setdefault(printable(refusal.error), []).append(refusal)
    listed = [(error, sum(one.count for one in rows[error]), _ops(rows[error])) for error in rows]
    return sorted(listed, key=lambda row: (-row[1], row[0]))


def _ops(refusals: Sequence[Refusal]) -> str:
    """`Conv 1-D, 2-D, MaxPool 3-D`."""
    ranks: dict[str, set[int]] = {}
    for one in refusals:
        ranks.setdefault(one.op_type, set()).add(one.rank)
    return ", ".join(
        f"{op_type} {', '.join(f'{rank}-D' for rank in sorted(found))}"
        for op_type, found in ranks.items()
    )


def verdict_words(card: Scorecard) -> str:
    """What the exit code comes from, in words."""
    if card.verdict == EQUIVALENT:
        known = " but what is known to" if card.failures else ""
        useless = "" if card.counts.get(RIGHT) else ", but no case came out right"
        return f"nothing fails{known}{useless}"
    if card.verdict == UNVERIFIED:
        return f"nothing fails, but {plural(len(card.unverified), 'case')} could not be judged"
    parts = []
    if card.failed:
        noun = "failing class" if len(card.failed) == 1 else "failing classes"
        parts.append(f"{len(card.failed)} {noun}")
    if card.stale:
        noun = "entry" if len(card.stale) == 1 else "entries"
        parts.append(f"{len(card.stale)} stale {noun} of known failures")
    return " and ".join(parts)

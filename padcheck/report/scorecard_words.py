"""What the text and the Markdown of a scorecard share: its order, and its words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from padcheck.causes import CODES
from padcheck.records import EQUIVALENT, UNVERIFIED, gist, printable, uniquely
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
from padcheck.records.scorecard import Failure, OpCounts, Refusal, Scorecard
from padcheck.report.wording import plural

__all__ = [
    "COLUMNS",
    "CRASH",
    "OWN",
    "asked",
    "by_error",
    "by_reason",
    "headline",
    "how_many",
    "kinds_of",
    "name_of",
    "op_rank",
    "places",
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
#: What stands for the codes of a crash.
CRASH = "crashed"
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
    kinds = kinds_of(failure)
    counted = [(kinds[kind], _PROSE[kind]) for kind in FAILURES if kinds.get(kind)]
    (first, word), *others = counted or [(failure.count, _PROSE[failure.kind])]
    return ", ".join([f"{plural(first, 'case')} {word}", *(f"{n} {what}" for n, what in others)])


def worst_first(failures: Iterable[Failure]) -> list[Failure]:
    """The most silent cases first, then the most of the wrong shape, then the most crashes."""
    return sorted(
        failures,
        key=lambda one: (
            *(-kinds_of(one).get(kind, 0) for kind in FAILURES),
            one.op_type,
            one.rank,
            one.codes,
        ),
    )


def kinds_of(failure: Failure) -> Mapping[str, int]:
    """How many cases of each kind."""
    return failure.kinds or {failure.kind: failure.count}


def name_of(failure: Failure) -> str:
    """`PAD101 asymmetric_same`, joined by ` + ` where there are several; `crashed` for a crash."""
    return " + ".join(f"{code} {CODES.get(code, '')}".strip() for code in failure.codes) or CRASH


def op_rank(row: Failure | Refusal) -> str:
    """`Conv 2-D`."""
    return f"{row.op_type} {row.rank}-D"


def script_names(failures: Sequence[Failure]) -> list[str | None]:
    """The file name of each failure's repro script, `conv-2d-PAD101.py`; None where it has none.

    No two are the same.
    """
    stems = [
        "-".join([one.op_type.lower(), f"{one.rank}d", *(one.codes or (CRASH,))])
        for one in failures
    ]
    names = [f"{name.replace('#', '-')}.py" for name in uniquely(stems)]
    return [name if one.repro else None for one, name in zip(failures, names, strict=True)]


def by_error(
    refusals: Iterable[Refusal], ops: Iterable[OpCounts] = ()
) -> list[tuple[str, int, str]]:
    """(error, cases, the ops it befalls) of each error, the most frequent first.

    Errors that differ in numbers and names alone are one, told as the most frequent of them is.
    `ops`: all that were asked; where it befalls an op on every number of axes, none are told.
    """
    rows: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        rows.setdefault(gist(refusal.error), []).append(refusal)
    ranks = _ranks(ops)
    listed = [
        (
            _most([(printable(one.error), one.count) for one in row]),
            sum(one.count for one in row),
            places(row, ranks),
        )
        for row in rows.values()
    ]
    return sorted(listed, key=lambda row: (-row[1], row[0]))


def by_reason(reasons: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """(reason, cases), the most frequent first; reasons are put together as errors are."""
    rows: dict[str, list[tuple[str, int]]] = {}
    for reason, count in reasons:
        rows.setdefault(gist(reason), []).append((printable(reason), count))
    listed = [(_most(row), sum(count for _, count in row)) for row in rows.values()]
    return sorted(listed, key=lambda row: (-row[1], row[0]))


def _most(counted: Iterable[tuple[str, int]]) -> str:
    """The text that is counted most; of several the first of the alphabet."""
    counts: dict[str, int] = {}
    for text, count in counted:
        counts[text] = counts.get(text, 0) + count
    return min(counts, key=lambda text: (-counts[text], text))


def places(
    rows: Iterable[Failure | Refusal], every: Mapping[str, Collection[int]] | None = None
) -> str:
    """`Conv 1-D, 2-D, MaxPool 3-D`; `Conv` where that is on all the axes of `every`."""
    found = _ranks(rows)
    return ", ".join(
        op_type
        if every is not None and len(ranks) > 1 and ranks == every.get(op_type)
        else f"{op_type} {', '.join(f'{rank}-D' for rank in sorted(ranks))}"
        for op_type, ranks in found.items()
    )


def _ranks(rows: Iterable[Failure | Refusal | OpCounts]) -> dict[str, set[int]]:
    ranks: dict[str, set[int]] = {}
    for one in rows:
        ranks.setdefault(one.op_type, set()).add(one.rank)
    return ranks


def verdict_words(card: Scorecard) -> str:
    """What the exit code comes from, in words."""
    if card.verdict == EQUIVALENT:
        return f"nothing fails{' but what is known to' if card.failures else ''}"
    if card.verdict == UNVERIFIED and not card.unverified:
        return "nothing fails, but no case came out right"
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

"""Known failures: what a scorecard is expected to have, in a TOML file.

    [[known]]
    op_type = "Conv"
    code = "PAD104"          # or "crashed"
    rank = 1                 # all, if left out
    kind = "silent"          # or "shape"; both, if left out
    reason = "one sentence"
    link = "an issue or a page"  # may be left out

Or a scorecard in JSON, as `padcheck grade --format json` writes it: its failures are known.

Rules:
1. A failure is known when each of its causes has an entry of its op type, rank and kind.
2. An entry that no failure has, known or not, is stale.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padcheck.checks.entries import held, parsed
from padcheck.checks.grade.classes import CRASH
from padcheck.errors import UsageError
from padcheck.frameworks.loading import one_line
from padcheck.records.case import OP_TYPES, SHAPE, SILENT
from padcheck.records.scorecard import SCORECARD_SCHEMA, Failure

__all__ = ["Known", "excused", "load_known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One entry; see the module's docstring."""

    op_type: str
    code: str
    reason: str
    rank: int | None = None
    kind: str | None = None
    link: str | None = None

    @property
    def why(self) -> str:
        """The reason, with its link."""
        return f"{self.reason} ({self.link})" if self.link else self.reason

    def covers(self, failure: Failure, code: str) -> bool:
        """Whether it is about this cause of this failure."""
        return (
            (self.op_type, self.code) == (failure.op_type, code)
            and self.rank in (None, failure.rank)
            and self.kind in (None, failure.kind)
        )

    def __str__(self) -> str:
        rank = "" if self.rank is None else f" of rank {self.rank}"
        kind = "" if self.kind is None else f" ({self.kind})"
        return f"{self.op_type}{rank}: {self.code}{kind}"


def load_known(path: str | Path) -> tuple[Known, ...]:
    """The entries of a file; raises UsageError, with the entry and field, for a malformed one."""
    of_card = Path(path).suffix.lower() == ".json"
    listed = _of_card(path) if of_card else _of_toml(path)
    entries = tuple(Known(**fields) for fields in held(path, listed, _FIELDS, _rules))
    if of_card:
        return tuple(dict.fromkeys(entries))
    places = [str(entry) for entry in entries]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise UsageError(f"{path}: entry {number}: expected {place} once but got it twice")
    return entries


def _of_toml(path: str | Path) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    tables: dict[str, Any] = parsed(path, tomllib.loads)
    for name in tables:
        if name != "known":
            raise UsageError(f"{path}: expected tables [[known]] but got {name!r}")
    return tables.get("known", [])


def _of_card(path: str | Path) -> list[dict[str, Any]]:
    """One entry for each cause of each failure."""
    card = parsed(path, json.loads)
    schema = card.get("schema") if isinstance(card, dict) else None
    if schema != SCORECARD_SCHEMA:
        raise UsageError(f"{path}: expected a scorecard ({SCORECARD_SCHEMA}) but got {schema!r}")
    try:
        name, version = card["subject"]["name"], card["subject"]["version"]
        told = f"in {Path(path).name} ({name if version == 'unknown' else f'{name} {version}'})"
        return [
            _fields(row, code, told) for row in card["failures"] for code in row["codes"] or [CRASH]
        ]
    except (KeyError, TypeError) as error:
        told = f"{path}: expected a scorecard but it lacks fields ({one_line(error)})"
        raise UsageError(told) from error


def _fields(row: Mapping[str, Any], code: str, told: str) -> dict[str, Any]:
    kind = {} if code == CRASH else {"kind": row["kind"]}
    fields = {"op_type": row["op_type"], "rank": row["rank"], "code": code, "reason": told}
    return fields | kind


_FIELDS = tuple(field.name for field in dataclasses.fields(Known))
_KINDS = (SILENT, SHAPE)


def _rules(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(field, what it should be, whether it is)"""
    from padcheck.causes import CODES

    op_types = tuple(OP_TYPES.values())
    yield "op_type", f"one of {', '.join(op_types)}", fields.get("op_type") in op_types
    code = fields.get("code")
    known = isinstance(code, str) and (code == CRASH or code in CODES)
    yield "code", f"a code such as PAD104, or {CRASH},", known
    reason = fields.get("reason")
    yield "reason", "a text", isinstance(reason, str) and reason.strip() != ""
    rank = fields.get("rank", 1)
    yield "rank", "1, 2 or 3", type(rank) is int and rank in (1, 2, 3)
    kind = fields.get("kind", SILENT)
    yield "kind", f"one of {', '.join(_KINDS)}", kind in _KINDS
    yield "kind", f"none with {CRASH}", code != CRASH or "kind" not in fields
    yield "link", "a text", isinstance(fields.get("link", ""), str)


def excused(
    failures: Sequence[Failure], entries: Sequence[Known]
) -> tuple[tuple[Failure, ...], tuple[str, ...]]:
    """The failures, those that were expected with the reason, and what is wrong with entries."""
    matched: set[Known] = set()
    told = []
    for failure in failures:
        causes = failure.codes or (CRASH,)
        of_causes = [[e for e in entries if e.covers(failure, code)] for code in causes]
        matched.update(entry for found in of_causes for entry in found)
        if all(of_causes):  # rule 1
            reasons = dict.fromkeys(found[0].why for found in of_causes)
            failure = dataclasses.replace(failure, known="; ".join(reasons))
        told.append(failure)
    stale = [f"{entry} does not fail (any more)" for entry in entries if entry not in matched]
    return tuple(told), tuple(stale)  # rule 2

"""Known failures: a JSON file that names what is expected to fail, and why.

A list of objects:

    id       an op's name, or end-to-end for the outputs of two models; FILE::NAME where several
             models have that name; or one of `padcheck.geometries` as `str` gives it, or any
             geometry as `repr` does
    code     the code of the finding, or "unverified"
    reason   one sentence
    link     an issue or a page, or null
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padcheck.errors import UsageError

__all__ = ["END_TO_END", "UNVERIFIED", "KnownFailure", "load_known", "problems", "those_named"]

#: The code of an entry for what cannot be checked.
UNVERIFIED = "unverified"
#: The name of the outputs of two models.
END_TO_END = "end-to-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailure:
    """One entry of the file; see the module's docstring."""

    id: str
    code: str
    reason: str
    link: str | None = None

    @property
    def why(self) -> str:
        """The reason, with its link."""
        return f"{self.reason} ({self.link})" if self.link else self.reason


def load_known(path: str | Path) -> tuple[KnownFailure, ...]:
    """The entries of a file; raises UsageError, with the entry and field, for a malformed one."""
    from padcheck.checks.entries import read_entries  # only with a file

    entries = tuple(KnownFailure(**fields) for fields in read_entries(path, _FIELDS, _rules))
    places = [(entry.id, entry.code) for entry in entries]
    for place in places:
        if places.count(place) > 1:
            raise UsageError(f"{path}: expected {place[0]!r} once with {place[1]} but got it twice")
    return entries


_FIELDS = tuple(field.name for field in dataclasses.fields(KnownFailure))


def _rules(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(field, what it should be, whether it is)"""
    from padcheck.causes import CODES

    for name in ("id", "reason"):
        yield name, "a text", isinstance(fields.get(name), str) and fields[name].strip() != ""
    code = fields.get("code")
    known = isinstance(code, str) and (code == UNVERIFIED or code in CODES)
    yield "code", f"a code such as PAD101, or {UNVERIFIED},", known
    yield "link", "a text or null", isinstance(fields.get("link"), (str, type(None)))


def those_named(known: Sequence[KnownFailure], names: Collection[str]) -> list[int]:
    """Which entries, by their places, are about something of one of these names."""
    return [place for place, entry in enumerate(known) if entry.id in names]


def problems(
    known: Sequence[KnownFailure], seen: Collection[int], hit: Collection[int], *, all_ran: bool
) -> list[str]:
    """What is wrong with the entries, after a run.

    `seen`: the entries whose op or geometry was checked; `hit`: those that failed as they say.
    An entry that was not seen is wrong only where nothing was left out of the run.
    """
    told = []
    for place, entry in enumerate(known):
        if place in seen and place not in hit:
            told.append(f"{entry.id} does not fail with {entry.code} (any more)")
        elif place not in seen and all_ran:
            told.append(f"{entry.id} matches nothing that was checked")
    return told

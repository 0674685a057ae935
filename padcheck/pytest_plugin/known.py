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
import json
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
    try:
        listed = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error
    if not isinstance(listed, list):
        raise UsageError(f"{path}: expected a list of entries but got {type(listed).__name__}")
    entries = tuple(_entry(path, number, fields) for number, fields in enumerate(listed))
    places = [(entry.id, entry.code) for entry in entries]
    for place in places:
        if places.count(place) > 1:
            raise UsageError(f"{path}: expected {place[0]!r} once with {place[1]} but got it twice")
    return entries


_FIELDS = tuple(field.name for field in dataclasses.fields(KnownFailure))


def _entry(path: str | Path, number: int, fields: Any) -> KnownFailure:
    where = f"{path}: entry {number}"
    if not isinstance(fields, dict):
        raise UsageError(f"{where}: expected an object but got {type(fields).__name__}")
    for name in fields:
        if name not in _FIELDS:
            raise UsageError(f"{where}: expected {', '.join(_FIELDS)} but got {name!r}")
    for name, wanted, fits in _rules(fields):
        if not fits:
            raise UsageError(f"{where}: expected {wanted} but got {name}={fields.get(name)!r}")
    return KnownFailure(**fields)


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

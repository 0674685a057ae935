"""Known divergences of a framework: a JSON file beside its runner, `divergences.json`.

A list of objects:

    id              a name, unique in the file
    lowerings       the lowerings that diverge in this way
    cases           the ids of all suite geometries that do so, on each of these lowerings
    how             "values", "shape", "raises", "crash" or "answers"
    measured        what was measured: "onnxruntime 1.31.1"
    link            an upstream issue or page, or null
    what            one sentence
    cpu_dependent   true where it takes a certain CPU to see it; false if left out
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padcheck.checks.conformance.trials import HOWS, Outcome
from padcheck.checks.entries import read_entries
from padcheck.errors import UsageError
from padcheck.frameworks import Framework

__all__ = ["FILE", "KnownDivergence", "Stale", "find_known", "load_known", "stale_entries"]

FILE = "divergences.json"

#: (lowering, case id)
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDivergence:
    """One entry of the file; see the module's docstring."""

    id: str
    lowerings: tuple[str, ...]
    cases: tuple[str, ...]
    how: str
    measured: str
    what: str
    link: str | None = None
    cpu_dependent: bool = False

    def covers(self, lowering: str, case: str, how: str) -> bool:
        """Whether this divergence of this case is the one meant."""
        return how == self.how and lowering in self.lowerings and case in self.cases


@dataclass(frozen=True, slots=True)
class Stale:
    """Cases of an entry that do not diverge as it says."""

    entry: KnownDivergence
    lowering: str
    cases: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        """`id (measured torch 2.13.0): no longer diverges (values) at torch: case, case`."""
        listed = ", ".join(self.cases[:4]) + (", ..." if len(self.cases) > 4 else "")
        return f"{self.entry.id} (measured {self.entry.measured}): {self.reason}: {listed}"


def find_known(entry: Framework) -> Path | None:
    """The file beside the framework's runner, if there is one; loads no module of its own."""
    module = (entry.runner or "").partition(":")[0]
    try:
        spec = importlib.util.find_spec(module) if module else None
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / FILE
    return path if path.is_file() else None


def load_known(path: str | Path) -> tuple[KnownDivergence, ...]:
    """The entries of a file; raises UsageError, with the entry and field, for a malformed one."""
    entries = tuple(
        KnownDivergence(**fields | {name: tuple(fields[name]) for name in _LISTS})
        for fields in read_entries(path, _FIELDS, _rules)
    )
    names = [entry.id for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path}: expected each id once but got id={name!r} twice")
    return entries


_TEXTS = ("id", "how", "measured", "what")
_LISTS = ("lowerings", "cases")
_FIELDS = tuple(field.name for field in dataclasses.fields(KnownDivergence))


def _rules(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(field, what it should be, whether it is)"""
    for name in _TEXTS:
        yield name, "a text", isinstance(fields.get(name), str) and fields[name] != ""
    for name in _LISTS:
        yield name, "a list of texts, each once", _are_names(fields.get(name))
    yield "how", f"one of {', '.join(HOWS)}", fields.get("how") in HOWS
    yield "link", "a text or null", fields.get("link") is None or isinstance(fields["link"], str)
    yield "cpu_dependent", "true or false", isinstance(fields.get("cpu_dependent", False), bool)


def _are_names(values: object) -> bool:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return False
    return 0 < len(values) == len(set(values))


def stale_entries(
    entries: Iterable[KnownDivergence], seen: Mapping[Place, Outcome], known_cases: set[str]
) -> Iterator[Stale]:
    """What the entries say of the lowerings that were run, and is not so.

    1. A case that the suite does not have is always stale.
    2. A case that does not diverge as the entry says is, unless that depends on the CPU.
    """
    for entry in entries:
        for lowering in entry.lowerings:
            ran = [case for case in entry.cases if (lowering, case) in seen]
            lost = [case for case in entry.cases if case not in known_cases]
            if lost:  # rule 1
                yield Stale(entry, lowering, tuple(lost), "no such case in the suite")
            mended = [case for case in ran if seen[lowering, case].how != entry.how]
            if mended and not entry.cpu_dependent:  # rule 2
                reason = f"no longer diverges ({entry.how}) at {lowering}"
                yield Stale(entry, lowering, tuple(mended), reason)

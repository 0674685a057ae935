"""Files of known failures: a list of entries, each held to its fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from padcheck.errors import UsageError

__all__ = ["held", "parsed", "read_entries"]

#: (field, what it should be, whether it is)
Rule = tuple[str, str, bool]
Rules = Callable[[Mapping[str, Any]], Iterable[Rule]]


def read_entries(path: str | Path, names: Sequence[str], rules: Rules) -> list[dict[str, Any]]:
    """The entries of a JSON file that is a list of objects; see `held`."""
    return held(path, parsed(path, json.loads), names, rules)


def parsed(path: str | Path, parse: Callable[[str], Any]) -> Any:
    """What `parse` makes of a file's text; raises UsageError for one that cannot be read."""
    try:
        return parse(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def held(path: str | Path, listed: Any, names: Sequence[str], rules: Rules) -> list[dict[str, Any]]:
    """The entries read from a file, each with fields of these names only, that keep these rules.

    Raises UsageError, with the entry and the field, for a malformed one.
    """
    if not isinstance(listed, list):
        raise UsageError(f"{path}: expected a list of entries but got {type(listed).__name__}")
    for number, fields in enumerate(listed):
        where = f"{path}: entry {number}"
        if not isinstance(fields, dict):
            raise UsageError(f"{where}: expected an object but got {type(fields).__name__}")
        for name in fields:
            if name not in names:
                raise UsageError(f"{where}: expected {', '.join(names)} but got {name!r}")
        for name, wanted, fits in rules(fields):
            if not fits:
                raise UsageError(f"{where}: expected {wanted} but got {name}={fields.get(name)!r}")
    return listed

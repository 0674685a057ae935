"""How a check is made and what makes it fail: for all tests, and by its marker for one.

What the marker says replaces what the command line and the ini file say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

__all__ = [
    "MARKER",
    "UNVERIFIED",
    "Settings",
    "check_markers",
    "marked",
    "not_codes",
    "refuse_bad_markers",
]

MARKER = (
    "padcheck(input_shape={}, allow=[], unverified='fail', static=False, trust=False): settings "
    "of the `padcheck` fixture for this test, in place of the command line's and the ini file's; "
    "input_shape maps inputs to full shapes, allow lists codes that make no failure, unverified "
    "is 'fail' or 'skip'"
)

UNVERIFIED = ("fail", "skip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a check is made, and what makes it fail; `marked` gives those of one test."""

    input_shape: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    unverified: str = "fail"
    static: bool = False
    trust: bool = False


def not_codes(codes: Sequence[Any]) -> str | None:
    """What is wrong with a list of codes, None for nothing."""
    if not codes:
        return None
    from padcheck.causes import CODES  # only with codes: their table need not load otherwise

    unknown = [code for code in codes if code not in CODES]
    if not unknown:
        return None
    return f"expected codes of `padcheck explain` such as PAD203 but got {unknown[0]!r}"


def marked(item: pytest.Item, settings: Settings) -> Settings:
    """The settings of one test: its nearest marker's, else those given.

    Raises pytest.UsageError, one line that names the test, for a bad value.
    """
    told: dict[str, Any] = {}
    for mark in item.iter_markers("padcheck"):
        if mark.args:
            raise _bad_mark(item, f"expected names, as in allow=[...], but got {mark.args[0]!r}")
        told = {**mark.kwargs, **told}
    return replace(settings, **{name: _checked(item, name, told[name]) for name in told})


def check_markers(items: Iterable[object]) -> None:
    """Raises pytest.UsageError for the first bad marker: before any test runs."""
    for item in items:
        if isinstance(item, pytest.Item):
            marked(item, Settings())


def refuse_bad_markers(report: pytest.CollectReport) -> None:
    """Makes a bad marker an error of its file: a worker of pytest-xdist must not end early."""
    try:
        check_markers(report.result)
    except pytest.UsageError as error:
        report.outcome, report.longrepr, report.result = "failed", str(error), []


def _checked(item: pytest.Item, name: str, value: Any) -> Any:
    if name == "input_shape":
        return _shape_table(item, value)
    if name == "allow":
        codes = [value] if isinstance(value, str) else value
        if not isinstance(codes, (list, tuple, set, frozenset)):
            raise _bad_mark(item, f"expected a list of codes but got allow={value!r}")
        wrong = not_codes(list(codes))
        if wrong is not None:
            raise _bad_mark(item, f"allow: {wrong}")
        return tuple(codes)
    if name == "unverified" and value in UNVERIFIED:
        return value
    if name in ("static", "trust") and isinstance(value, bool):
        return value
    known = {"unverified": "'fail' or 'skip'", "static": "True or False", "trust": "True or False"}
    if name in known:
        raise _bad_mark(item, f"expected {known[name]} but got {name}={value!r}")
    names = ", ".join(Settings.__dataclass_fields__)
    raise _bad_mark(item, f"expected {names} but got {name!r}")


def _shape_table(item: pytest.Item, value: Any) -> dict[str, tuple[int, ...]]:
    """{input: full shape}."""
    fits = isinstance(value, Mapping) and all(
        isinstance(name, str)
        and isinstance(shape, (tuple, list))
        and shape
        and all(type(size) is int and size > 0 for size in shape)
        for name, shape in value.items()
    )
    if not fits:
        message = f"expected {{'x': (1, 3, 224, 224)}} but got input_shape={value!r}"
        raise _bad_mark(item, message)
    return {name: tuple(shape) for name, shape in value.items()}


def _bad_mark(item: pytest.Item, message: str) -> pytest.UsageError:
    text = f"{item.nodeid}: @pytest.mark.padcheck: {message}"
    return pytest.UsageError(" ".join(text.split()))

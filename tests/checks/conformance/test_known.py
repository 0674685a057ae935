"""Files of known divergences: found beside the runner, read whole or refused with the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from padcheck.checks.conformance.known import find_known, load_known
from padcheck.checks.suite import case_id, suite
from padcheck.errors import UsageError
from padcheck.frameworks import Framework, framework, names

ENTRY: dict[str, Any] = {
    "id": "a",
    "lowerings": ["torch"],
    "cases": ["conv(n=1)"],
    "how": "values",
    "measured": "torch 2.13.0",
    "link": None,
    "what": "it is wrong",
}

BUILT_IN = [name for name in names() if find_known(framework(name)) is not None]


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "known.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_an_entry_is_read(tmp_path: Path) -> None:
    (entry,) = load_known(written(tmp_path, [ENTRY]))
    assert (entry.lowerings, entry.cases) == (("torch",), ("conv(n=1)",))
    assert not entry.cpu_dependent
    assert entry.covers("torch", "conv(n=1)", "values")
    assert not entry.covers("torch", "conv(n=1)", "shape")
    assert not entry.covers("keras", "conv(n=1)", "values")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", r"cannot be read \("),
        ("{}", "expected a list of entries but got dict"),
        ([1], "entry 0: expected an object but got int"),
        ([ENTRY | {"hwo": 1}], "entry 0: expected id, .* but got 'hwo'"),
        ([ENTRY | {"how": "wrong"}], "expected one of values, shape, raises, crash, answers"),
        ([ENTRY | {"cases": []}], r"expected a list of texts, each once but got cases=\[\]"),
        ([ENTRY | {"cases": ["a", "a"]}], "each once but got cases="),
        ([ENTRY | {"lowerings": "torch"}], "each once but got lowerings='torch'"),
        ([ENTRY | {"what": ""}], "expected a text but got what=''"),
        ([ENTRY | {"link": 1}], "expected a text or null but got link=1"),
        ([ENTRY | {"cpu_dependent": 1}], "expected true or false but got cpu_dependent=1"),
        ([{**ENTRY, "measured": None}], "expected a text but got measured=None"),
        ([ENTRY, ENTRY], "expected each id once but got id='a' twice"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(
    tmp_path: Path, content: Any, message: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UsageError, match=message) as caught:
        load_known(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_known(tmp_path / "none.json")


def test_a_framework_without_a_runner_has_no_file() -> None:
    entry = Framework(name="none", lowerings=(), packages=(), extra="none")
    assert find_known(entry) is None


def test_a_runner_that_is_not_installed_has_no_file() -> None:
    entry = Framework(
        name="none", lowerings=(), packages=(), extra="none", runner="no_such_package.runner:R"
    )
    assert find_known(entry) is None


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_shipped_names_lowerings_and_cases_that_exist(name: str) -> None:
    path = find_known(framework(name))
    assert path is not None
    entries = load_known(path)
    lowerings = {
        lowering
        for other in names()
        if find_known(framework(other)) == path
        for lowering in framework(other).lowerings
    }
    cases = {case_id(spec) for spec in suite()}
    for entry in entries:
        assert set(entry.lowerings) <= lowerings
        assert set(entry.cases) <= cases
        assert entry.link is None or entry.link.startswith("https://github.com/")


def test_no_case_is_in_two_entries() -> None:
    for name in BUILT_IN:
        path = find_known(framework(name))
        assert path is not None
        places = [
            (lowering, case)
            for entry in load_known(path)
            for lowering in entry.lowerings
            for case in entry.cases
        ]
        assert len(places) == len(set(places))

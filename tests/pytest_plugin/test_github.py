"""Annotations of GitHub Actions: one command for each failing test, that the runner can read."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from tests.pytest_plugin.everything import everything
from tests.pytest_plugin.inner import Bare, Ran, bare, spread, warm

__all__ = ["bare", "everything", "warm"]

COMMAND = re.compile(r"::error file=([^,:]+)(?:,line=(\d+))?,title=([^,:]+)::(.*)")


def commands(ran: Ran) -> dict[str, tuple[str, str, str]]:
    """(file, line, message) by title."""
    found = [line for line in ran.output.splitlines() if line.startswith("::")]
    told = [COMMAND.fullmatch(line) for line in found]
    assert None not in told
    fields = [match.groups() for match in told if match is not None]
    assert len({title for _, _, title, _ in fields}) == len(fields)
    return {unquote(title): (file, line, text) for file, line, title, text in fields}


def test_one_for_each_that_failed(everything: Ran) -> None:
    failing = {name for name, end in everything.outcomes().items() if end in FAILING}
    titles = {name.partition("::")[2].replace("::", ".") for name in failing}
    assert titles - {"two"} == set(commands(everything)) - {"two of bad.onnx"}


FAILING = ("failed", "error", "unverified")


def test_it_stands_at_the_users_line(everything: Ran) -> None:
    for title, (file, line, message) in commands(everything).items():
        path = everything.folder.parent / file  # where the repository is checked out
        assert path.is_file()
        if title == "two of bad.onnx":
            assert (file, line) == ("project/bad.onnx", None)
            continue
        text = path.read_text().splitlines()[int(line) - 1]
        assert ".assert_" in text, title
        assert message.startswith(("Mismatch: ", "Unverified: ", "padcheck.errors.", "TypeError: "))


def test_what_would_end_the_command_is_escaped(everything: Ran) -> None:
    told = commands(everything)["test_unverified"][2]
    assert told == "Unverified: raising: the function raised ValueError: 50 %25 of"


@spread
def test_none_elsewhere(
    bare: Bare, monkeypatch: pytest.MonkeyPatch, spread: tuple[str, ...]
) -> None:
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('bad.onnx', static=True)")
    ran = bare(*spread)
    assert ran.code == 1
    assert "::error" not in ran.output
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    assert "::error" not in bare("-p", "no:xdist").output
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert list(commands(bare("-p", "no:xdist"))) == ["test_a"]


def test_a_failure_in_another_file_stands_at_the_test(
    bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write(
        conftest="""
        import pytest
        @pytest.fixture
        def right(padcheck):
            padcheck.assert_diagnosed("bad.onnx", static=True)
        """,
        test_a="import os\n\ndef test_a(right): pass\n",
    )
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = bare("-p", "no:xdist")
    ((file, line, message),) = commands(ran).values()
    assert (file, line) == ("test_a.py", "3")
    assert message.startswith("Mismatch: PAD101")


def test_outside_of_the_checkout_files_start_at_the_root(
    bare: Bare, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('bad.onnx', static=True)")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path_factory.mktemp("elsewhere")))
    ((file, line, _),) = commands(bare("-p", "no:xdist")).values()
    assert (file, line) == ("test_a.py", "1")

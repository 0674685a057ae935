"""Subjects of other packages, and the assertion for a test suite."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest

import padcheck
from padcheck.checks.grade import registry
from padcheck.checks.grade.child import grader_of
from padcheck.errors import FrameworkError, MissingFramework, UsageError
from padcheck.records.case import Case
from tests.checks.grade.converter import Function, faulty, to_torch
from tests.support import installed_package

Convert = Callable[[onnx.ModelProto], Function]

SUITE = (
    Case(spec=padcheck.conv(input_size=8, kernel_size=3, stride=2, pads=1, bias=True)),
    Case(spec=padcheck.max_pool(input_size=(6, 7), kernel_size=3, stride=2, pads=1)),
)
POINTS = """[padcheck.subjects]
a-converter = tests.checks.grade.bad_converters:right
a-record = tests.checks.grade.test_registry:RECORD
no-converter = math:pi
no-module = no_such_module:convert
"""
RECORD = registry.Subject(
    name="a-record",
    about="onnxruntime by another name",
    grader="padcheck.checks.grade.subjects.onnxruntime:OnnxRuntimeGrader",
    environment=(("PADCHECK_TEST", "1"),),
)


@pytest.fixture
def _installed(tmp_path: Path) -> Iterator[None]:
    registry._entry_points.cache_clear()
    with installed_package(tmp_path, "subjects", POINTS):
        yield
    registry._entry_points.cache_clear()


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("name", ["a-converter", "a-record"])
def test_a_subject_of_another_package_is_graded(name: str) -> None:
    assert name in registry.names()
    card = padcheck.grade(name, suite=SUITE, jobs=1)
    assert card.ok, str(card)
    assert card.subject == name
    assert card.counts["right"] == len(SUITE)


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("name", "words"),
    [("no-converter", "math:pi is no converter"), ("no-module", "cannot load no_such_module")],
)
def test_what_cannot_be_graded_is_one_error(name: str, words: str) -> None:
    with pytest.raises(FrameworkError, match=words):
        padcheck.grade(name, suite=SUITE)


@pytest.mark.usefixtures("_installed")
def test_what_a_module_prints_as_it_is_loaded_is_not_on_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There the scorecard goes."""
    (tmp_path / "no_such_module.py").write_text('print("welcome")\n\ndef convert(model): ...\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "no_such_module", raising=False)
    assert registry.subject("no-module").is_converter
    monkeypatch.delitem(sys.modules, "no_such_module")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "welcome\n")


def test_every_subject_has_a_grader_and_a_reason_or_none() -> None:
    for entry in registry.BUILT_IN:
        assert entry.hint
        assert entry.about
        if registry.why_missing(entry) is None:
            grader = grader_of(entry.name, None)
            for method in ("versions", "asks", "reference", "build", "script"):
                assert callable(getattr(grader, method))


def test_a_missing_package_is_told_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "is_installed", lambda module: module != "onnxruntime")
    with pytest.raises(MissingFramework) as told:
        padcheck.grade("onnxruntime", suite=SUITE)
    assert str(told.value) == (
        "onnxruntime: onnxruntime not installed (pip install 'padcheck[onnxruntime]')"
    )


def _zero_filled() -> Convert:
    return faulty(lambda spec: spec.replace(pad_value=0.0) if not spec.kind.has_weight else spec)


def test_a_right_converter_passes() -> None:
    card = padcheck.assert_graded(to_torch, level=SUITE, layout="channels_first")
    assert card.ok


def test_a_faulty_one_fails_with_the_text_of_its_card(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="PAD201 zero_filled_max_pool"):
        padcheck.assert_graded(_zero_filled(), level=SUITE, layout="channels_first")


def test_a_known_failure_passes_and_a_stale_one_fails(tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text('[[known]]\nop_type = "MaxPool"\ncode = "PAD201"\nreason = "for now"\n')
    options = {"level": SUITE, "layout": "channels_first", "known": known}
    card = padcheck.assert_graded(_zero_filled(), **options)
    assert [failure.known for failure in card.failures] == ["for now"]
    with pytest.raises(AssertionError, match="stale"):
        padcheck.assert_graded(to_torch, **options)


def test_a_level_that_is_none_is_one_line() -> None:
    with pytest.raises(UsageError, match="expected a level of quick, standard, deep"):
        padcheck.assert_graded(to_torch, level="quickest")

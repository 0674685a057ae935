"""The kit finds what is wrong with a runner, at its smallest, and says so in one text."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import padcheck
from padcheck.checks.conformance import ConformanceReport, assert_conforms, conformance, trials
from padcheck.checks.suite import case_id, suite
from padcheck.errors import UsageError
from padcheck.frameworks import framework
from tests.support import installed_package

POINTS = "[padcheck.frameworks]\nwrong = tests.checks.conformance.faulty:FAULTY\n"


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The faulty framework, installed as another package would be."""
    with installed_package(tmp_path_factory.mktemp("site"), "wrong", POINTS):
        yield


@functools.cache
def found(lowering: str) -> ConformanceReport:
    return conformance("wrong", lowerings=[lowering])


def known_entries(case: str | None = None, **changes: Any) -> str:
    """The divergences of `short` as a file of known ones, with a case more or a field changed."""
    entries = [entry | changes for entry in found("short").entries()]
    if case is not None:
        entries[0]["cases"] = [*entries[0]["cases"], case]
    return json.dumps(entries)


def smallest(report: ConformanceReport) -> list[tuple[str, str]]:
    return [(each.how, case_id(each.smallest)) for each in report.divergences]


def test_a_runner_that_is_right_conforms() -> None:
    report = found("right")
    assert report.ok
    assert report.divergences == ()
    assert report.trials == len(suite())
    borders = sum(spec.pad_mode != "constant" for spec in suite())
    assert report.counts == {"conforms": len(suite()) - borders, "refused": borders}
    assert str(report).startswith("wrong (faulty 1.0): conforms\n")
    assert_conforms("wrong", lowerings=["right"])


@pytest.mark.parametrize(
    ("lowering", "how", "repro"),
    [
        ("loses_bias", "values", "conv(n=1, k=1, d=2, pads=(0,0))-c1-1-bias-valid"),
        ("zero_fills", "values", "max_pool(n=1, k=2, s=2, pads=(0,1))-explicit"),
        ("short", "shape", "max_pool(n=1, k=1, pads=(0,0), ceil)-valid"),
        ("raises", "raises", "conv_transpose(n=1, k=1, crops=(0,0), group=2)-c2-2-valid"),
        ("crashes", "crash", "lp_pool(n=1, k=1, pads=(0,0))-valid-p=1"),
        ("not_ours", "raises", "lp_pool(n=1x1x1, k=1x1x1, pads=(0,0)x(0,0)x(0,0))-valid-p=1"),
        ("no_array", "raises", "lp_pool(n=1x1x1, k=1x1x1, pads=(0,0)x(0,0)x(0,0))-valid-p=1"),
        ("batch", "values", "conv(n=1, k=1, pads=(0,0))-c1-1-valid"),
    ],
)
def test_a_fault_is_shrunk_to_its_smallest_geometry(lowering: str, how: str, repro: str) -> None:
    report = found(lowering)
    assert not report.ok
    assert (how, repro) in smallest(report)


def test_one_fault_is_one_finding_with_all_its_cases() -> None:
    (divergence,) = found("raises").divergences
    grouped = [case_id(spec) for spec in suite("conv_transpose") if spec.group > 1]
    assert list(divergence.cases) == grouped
    finding = divergence.finding
    assert (finding.code, finding.lowering) == ("PAD998", "raises")
    assert f"hits {len(grouped)} of the suite's cases: {grouped[0]}, " in finding.notes[-1]


def test_a_finding_holds_the_numbers() -> None:
    divergence = found("loses_bias").divergences[0]
    notes = divergence.finding.notes
    assert notes[:2] == (
        "smallest repro: conv(n=1, k=1, d=2, pads=(0,0))-c1-1-bias-valid, batch 1 [faulty 1.0]",
        "as code: faulty(conv(n=1, k=1, d=2, pads=(0,0)))",
    )
    assert "1 of 1 outputs wrong" in notes
    (numbers,) = [note for note in notes if note.startswith("x [")]
    names = re.sub(r"\S*\d\S*", "", numbers).split()
    assert names == ["x", "weight", "bias", "observed", "expected"]
    x, weight, bias, observed, expected = map(int, re.findall(r"-?\d+", numbers))
    assert (observed, expected) == (x * weight, x * weight + bias)


def test_what_only_a_batch_shows_is_found() -> None:
    (divergence,) = found("batch").divergences
    assert divergence.batch == 2


def test_a_crash_is_one_case_and_not_the_end() -> None:
    report = found("crashes")
    fatal = [case_id(spec) for spec in suite("lp_pool") if spec.p != 2]
    assert 2 * len(fatal) > 5  # more crashes than one worker outlives
    assert report.counts["crash"] == len(fatal)
    assert [case for each in report.divergences for case in each.cases] == fatal
    assert report.counts["conforms"] == found("right").counts["conforms"] - len(fatal)
    assert "SIGKILL" in str(report)


def test_after_too_many_crashes_the_rest_is_unrun_and_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trials, "_MOST_CRASHES", 1)
    report = conformance("wrong", lowerings=["crashes"])
    assert not report.ok
    assert report.counts["unrun"] == len(report.unrun) > 0
    assert "not run: crashes " in str(report)


def test_numbers_for_what_the_dialect_refuses_are_a_divergence() -> None:
    report = found("answers")
    borders = sum(spec.pad_mode != "constant" for spec in suite())
    assert report.counts["answers"] == borders
    assert "returns numbers for an op that its dialect has no words for" in str(report)
    assert "said: no border modes" in str(report)


def test_a_dialect_that_raises_is_a_divergence() -> None:
    report = found("bad_dialect")
    assert report.counts["raises"] == sum(spec.group == 3 for spec in suite())
    assert "said: its dialect raises KeyError: 'group'" in str(report)


def test_a_new_divergence_fails_with_its_repro() -> None:
    with pytest.raises(AssertionError) as caught:
        padcheck.assert_conforms("wrong", lowerings=["short"])
    lines = str(caught.value).splitlines()
    assert lines[0] == "wrong (faulty 1.0): does not conform"
    assert "PAD998: `short` returns another shape than its own rule says" in lines
    assert any(line.startswith("  note: smallest repro: max_pool(") for line in lines)
    assert len(caught.traceback.filter(caught)) == 1  # of padcheck's own frames, none


def test_a_known_divergence_passes(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(known_entries())
    assert_conforms(framework("wrong"), lowerings=["short"], known=path)
    report = conformance("wrong", lowerings=["short"], known=str(path))
    assert report.ok
    assert report.new == ()
    assert all(each.known is not None for each in report.divergences)
    assert "known as short-max_pool-0, measured faulty 1.0" in report.findings[0].notes[-1]


def test_an_entry_that_no_longer_diverges_fails(tmp_path: Path) -> None:
    conforming = case_id(suite("conv")[0])
    path = tmp_path / "known.json"
    path.write_text(known_entries(conforming))
    with pytest.raises(AssertionError) as caught:
        assert_conforms("wrong", lowerings=["short"], known=path)
    stale = "stale: short-max_pool-0 (measured faulty 1.0): no longer diverges (shape) at short: "
    assert stale + conforming in str(caught.value)
    assert "PAD998" not in str(caught.value)


def test_an_entry_that_depends_on_the_cpu_may_be_absent(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(known_entries(case_id(suite("conv")[0]), cpu_dependent=True))
    assert_conforms("wrong", lowerings=["short"], known=path)


def test_another_way_of_diverging_is_new_and_the_entry_stale(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(known_entries(how="values"))
    report = conformance("wrong", lowerings=["short"], known=path)
    assert report.new
    assert len(report.stale) == len(found("short").new)


def test_a_case_that_the_suite_does_not_have_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(known_entries("conv(n=1)"))
    report = conformance("wrong", lowerings=["short"], known=path)
    assert [str(stale) for stale in report.stale] == [
        "short-max_pool-0 (measured faulty 1.0): no such case in the suite: conv(n=1)"
    ]


def test_entries_of_lowerings_that_are_not_run_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(known_entries())
    assert_conforms("wrong", lowerings=["right"], known=path)


def test_progress_counts_every_trial() -> None:
    calls: list[tuple[int, int]] = []
    conformance(
        "wrong", lowerings=["right"], progress=lambda done, all_: calls.append((done, all_))
    )
    assert calls == [(done, len(suite())) for done in range(1, len(suite()) + 1)]


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(UsageError, match="expected a lowering of right, loses_bias, "):
        conformance("wrong", lowerings=["left"])
    with pytest.raises(UsageError, match="expected a framework of torch, "):
        conformance("no such thing")

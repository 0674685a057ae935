"""What a report means for a test: what is allowed, what is known, what is left."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import padcheck
from padcheck.pytest_plugin.judging import narrowed, weigh
from padcheck.pytest_plugin.known import KnownFailure
from padcheck.records import Report
from tests.pytest_plugin.models import broken, chain, conv, max_pool
from tests.support import FIXTURES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def same(folder: Path) -> Report:
    """`two` has SAME's pads in the target: PAD101, and the outputs differ by it."""
    source = chain(folder / "a.onnx", conv("one"), conv("two", stride=2))
    auto = conv("two", stride=2, auto_pad="SAME_UPPER")
    return padcheck.compare(source, chain(folder / "b.onnx", conv("one"), auto))


@pytest.fixture(scope="module")
def faults() -> Report:
    """Three ops with another fault each."""
    return padcheck.compare(FIXTURES / "three_faults.onnx", FIXTURES / "three_faults.keras")


@pytest.fixture(scope="module")
def twofold() -> Report:
    """One op with two faults."""
    spec = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)

    def flipped(x, weight):
        padded = np.pad(x, [(0, 0), (0, 0), (0, 1), (0, 1)])
        windows = sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
        return np.einsum("nixykl,oikl->noxy", windows, weight[..., ::-1, ::-1])

    return padcheck.check_callable(spec, flipped)


def known(name: str, code: str) -> KnownFailure:
    return KnownFailure(id=name, code=code, reason="it is so")


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if not finding.latent}


def test_nothing_found_is_nothing_left(same: Report) -> None:
    held = weigh(narrowed(same, same.ops[:1], whole=False), ())
    assert (held.verdict, held.left, held.allowed) == ("equivalent", (), ())


def test_an_allowed_code_excuses_the_op_and_the_outputs_that_it_explains(same: Report) -> None:
    assert weigh(same, ()).verdict == "mismatch"
    held = weigh(same, ["PAD101", "PAD203"])
    assert (held.verdict, held.left, held.whole_left) == ("equivalent", (), False)
    assert held.allowed == ("PAD101",)


def test_another_code_excuses_nothing(same: Report) -> None:
    held = weigh(same, ["PAD203"])
    assert (held.verdict, held.left, held.whole_left) == ("mismatch", ("two",), True)
    assert held.allowed == ()


def test_of_the_outputs_alone_their_ops_decide(same: Report) -> None:
    outputs = narrowed(same, (), whole=True)
    assert weigh(outputs, ["PAD101"], among=same).verdict == "equivalent"
    assert weigh(outputs, ["PAD203"], among=same).verdict == "mismatch"
    assert weigh(outputs, ["PAD101"]).verdict == "mismatch"  # no op here explains them


def test_outputs_with_a_rest_are_not_excused(same: Report) -> None:
    whole = dataclasses.replace(same.end_to_end, remaining=("two",))
    held = weigh(dataclasses.replace(same, end_to_end=whole), ["PAD101"])
    assert (held.left, held.whole_left) == ((), True)


@pytest.mark.parametrize("verdict", ["mismatch", "unverified"])
def test_nor_are_outputs_that_differ_once_all_is_taken_out(same: Report, verdict: str) -> None:
    assert same.end_to_end is not None
    assert {output.verdict for output in same.end_to_end.after} == {"equivalent"}
    after = tuple(dataclasses.replace(output, verdict=verdict) for output in same.end_to_end.after)
    whole = dataclasses.replace(same.end_to_end, after=after)
    held = weigh(dataclasses.replace(same, end_to_end=whole), ["PAD101"])
    assert (held.left, held.whole_left) == ((), True)


def test_nor_are_outputs_that_could_not_be_compared(same: Report) -> None:
    assert same.end_to_end is not None
    unsure = tuple(
        dataclasses.replace(output, verdict="unverified") for output in same.end_to_end.outputs
    )
    whole = dataclasses.replace(same.end_to_end, outputs=unsure)
    held = weigh(dataclasses.replace(same, end_to_end=whole), ["PAD101"])
    assert (held.left, held.whole_left, held.verdict) == ((), True, "unverified")


def test_nor_are_outputs_that_nothing_explains(same: Report) -> None:
    whole = dataclasses.replace(same.end_to_end, explained_by=(), after=(), remaining=())
    right = dataclasses.replace(narrowed(same, same.ops[:1], whole=True), end_to_end=whole)
    held = weigh(right, ["PAD101"], [known("end-to-end", "PAD101")])
    assert (held.left, held.whole_left, held.verdict) == ((), True, "mismatch")


def test_an_op_that_could_not_be_checked_leaves_the_outputs_to_the_others(same: Report) -> None:
    unsure = dataclasses.replace(same.ops[0], verdict="unverified", reason="no partner")
    held = weigh(dataclasses.replace(same, ops=(unsure, *same.ops[1:])), ["PAD101"])
    assert (held.left, held.whole_left, held.verdict) == (("one",), False, "unverified")


def test_all_guilty_ops_must_be_excused_for_the_outputs(faults: Report) -> None:
    guilty = {op.name: set(op.findings) for op in faults.ops if op.verdict == "mismatch"}
    assert len(guilty) == 3
    every = sorted(set().union(*guilty.values()))
    assert weigh(faults, every).verdict == "equivalent"
    for code in every:
        held = weigh(faults, [each for each in every if each != code])
        assert set(held.left) == {name for name, found in guilty.items() if code in found}
        assert held.whole_left
        assert held.verdict == "mismatch"


def test_what_is_told_is_what_is_left(faults: Report) -> None:
    first, *others = sorted({code for op in faults.ops for code in op.findings})
    told = weigh(faults, others).told
    assert {finding.code for finding in told.findings} == {first}
    assert {op.verdict for op in told.ops} == {"equivalent", "mismatch"}


def test_an_op_with_two_faults_needs_both(twofold: Report) -> None:
    assert len(codes(twofold)) == 2
    for code in codes(twofold):
        held = weigh(twofold, [code])
        assert (held.verdict, held.allowed) == ("mismatch", ())
    assert weigh(twofold, codes(twofold)).verdict == "equivalent"
    one, other = codes(twofold)
    (name,) = (op.name for op in twofold.ops)
    held = weigh(twofold, [one], [known(name, other)])  # one of each
    assert (held.verdict, held.allowed, held.known) == ("equivalent", (one,), (0,))
    assert (held.allowed_ops, held.known_ops) == (0, 1)
    held = weigh(twofold, [], [known(name, one)])  # fails as it says, and otherwise too
    assert (held.verdict, held.left, held.known) == ("mismatch", (name,), (0,))
    assert (held.allowed_ops, held.known_ops) == (0, 0)


def test_latent_findings_are_no_ones_fault() -> None:
    report = padcheck.check_callable(padcheck.conv(input_size=8, kernel_size=3), doubled)
    assert [finding.latent for finding in report.findings] == [True]
    held = weigh(report, [report.findings[0].code])
    assert (held.verdict, held.allowed) == ("equivalent", ())


def test_a_latent_finding_beside_neither_needs_excuse_nor_is_one(same: Report) -> None:
    (finding,) = same.findings
    latent = dataclasses.replace(finding, code="PAD201", latent=True)
    both = dataclasses.replace(same, findings=(finding, latent))
    assert weigh(both, ["PAD101"]).verdict == "equivalent"
    assert weigh(both, ["PAD101", "PAD201"]).allowed == ("PAD101",)
    held = weigh(both, ["PAD201"], [known("two", "PAD201")])
    assert (held.verdict, held.left, held.known) == ("mismatch", ("two",), ())


def doubled(x, weight):
    """A convolution of three taps, in float64."""
    windows = sliding_window_view(x.astype("float64"), 3, axis=2)
    return np.einsum("nilk,oik->nol", windows, weight)


def test_of_a_diagnosis_the_verdict_is_sames(folder: Path) -> None:
    path = chain(folder / "pool.onnx", max_pool("pool", stride=2), conv("conv", stride=2))
    report = padcheck.diagnose(path, static=True)
    beside = {finding.code for finding in report.findings if finding.lowering != "tf_same"}
    judged = {finding.code for finding in report.findings if finding.lowering == "tf_same"}
    assert "PAD101" in judged
    assert weigh(report, judged).verdict == "equivalent"
    assert weigh(report, beside - judged).verdict == "mismatch"
    assert set(weigh(report, judged | beside).allowed) <= judged


def test_of_a_diagnosis_a_framework_that_diverges_is_blamed_too(folder: Path) -> None:
    """Whichever lowering it is that of."""
    path = chain(folder / "two.onnx", conv("two", stride=2))
    report = padcheck.diagnose(path, static=True)
    (first, *_) = report.findings
    diverges = dataclasses.replace(first, code="PAD998", lowering="torch")
    both = dataclasses.replace(report, findings=(*report.findings, diverges))
    assert weigh(report, ["PAD101"]).verdict == "equivalent"
    assert weigh(both, ["PAD101"]).left == ("two",)
    assert weigh(both, ["PAD101", "PAD998"]).allowed == ("PAD101", "PAD998")


def test_what_is_not_explained_can_be_allowed_by_its_code() -> None:
    spec = padcheck.conv(input_size=8, kernel_size=3)
    report = padcheck.check_callable(spec, lambda x, weight: x * 7)
    assert codes(report) == {"PAD999"}
    assert weigh(report, ["PAD101"]).verdict == "mismatch"
    assert weigh(report, ["PAD999"]).verdict == "equivalent"


def test_a_mismatch_without_a_code_is_not_excused(same: Report) -> None:
    bare = dataclasses.replace(same, findings=(), end_to_end=None)
    assert weigh(bare, ["PAD101"], [known("two", "PAD101")]).left == ("two",)


def test_what_cannot_be_checked_is_excused_as_known_only(folder: Path) -> None:
    report = padcheck.diagnose(chain(folder / "c.onnx", conv("one"), broken("two")), static=True)
    assert weigh(report, ["PAD101", "PAD999"]).verdict == "unverified"
    held = weigh(report, (), [known("two", "PAD101"), known("two", "unverified")])
    assert (held.verdict, held.seen, held.known) == ("equivalent", (0, 1), (1,))


def test_a_known_failure_goes_by_the_ops_name_and_its_files(same: Report) -> None:
    entries = [
        known("two", "PAD101"),
        known("a.onnx::two", "PAD101"),
        known("b.onnx::two", "PAD101"),
        known(f"{same.source.path}::two", "PAD101"),
        known("c.onnx::two", "PAD101"),
        known("two", "PAD203"),
        known("one", "PAD101"),
    ]
    for place, entry in enumerate(entries):
        held = weigh(same, (), [entry])
        assert held.verdict == ("equivalent" if place < 4 else "mismatch"), entry
        assert held.known == ((0,) if place < 4 else ())
        assert held.seen == (() if entry.id == "c.onnx::two" else (0,))


def test_further_names_of_the_one_op(twofold: Report) -> None:
    entries = [known("conv(n=8)", code) for code in sorted(codes(twofold))]
    assert weigh(twofold, (), entries).verdict == "mismatch"
    assert weigh(twofold, (), entries, ["conv(n=8)"]).known == (0, 1)


def test_an_op_of_the_target_has_no_findings_of_the_sources(same: Report) -> None:
    lone = dataclasses.replace(same.ops[1], of_target=True, verdict="unverified", findings=())
    assert lone.name in {finding.op for finding in same.findings}
    assert narrowed(same, [lone], whole=False).findings == ()
    assert narrowed(same, [lone, same.ops[1]], whole=False).findings == same.findings


def test_an_op_that_is_right_is_seen(same: Report) -> None:
    held = weigh(narrowed(same, same.ops[:1], whole=False), (), [known("one", "PAD101")])
    assert (held.seen, held.known) == ((0,), ())


def test_outputs_are_known_by_a_name_of_their_own(same: Report) -> None:
    outputs = narrowed(same, (), whole=True)
    held = weigh(outputs, (), [known("end-to-end", "PAD101")])
    assert (held.verdict, held.seen, held.known) == ("equivalent", (0,), (0,))
    held = weigh(outputs, (), [known("end-to-end", "PAD104")])
    assert (held.verdict, held.seen, held.known) == ("mismatch", (0,), ())
    unrun = dataclasses.replace(same.end_to_end, outputs=(), reason="not installed")
    report = dataclasses.replace(outputs, end_to_end=unrun)
    assert weigh(report, (), [known("a.onnx::end-to-end", "unverified")]).verdict == "equivalent"
    assert weigh(report, ["PAD101"], [known("two", "unverified")]).verdict == "unverified"


def test_outputs_that_agree_make_their_entry_stale(same: Report) -> None:
    agreeing = dataclasses.replace(same.end_to_end, outputs=())
    report = dataclasses.replace(narrowed(same, (), whole=True), end_to_end=agreeing)
    held = weigh(report, (), [known("end-to-end", "PAD101")])
    assert (held.verdict, held.seen, held.known) == ("equivalent", (0,), ())

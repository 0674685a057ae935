"""The corpus is the same on every run and never changes unseen; every case of it is a question."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter

import pytest

import padcheck
from padcheck.checks.corpus import LEVELS, VERSION, corpus
from padcheck.checks.corpus.essentials import essentials
from padcheck.checks.corpus.questions import is_question
from padcheck.checks.suite import case_id, suite
from padcheck.checks.suite.words import KINDS
from padcheck.errors import UsageError
from padcheck.frameworks.onnx.cases import refusal
from padcheck.geometry import real_taps
from padcheck.oracle import work
from padcheck.records import OpKind
from padcheck.records.case import SPLIT, Case
from tests.checks.corpus.digest import digest, written
from tests.support import ROOT
from tests.test_lazy_imports import loaded_after

#: Levels that are made in no time.
MADE = LEVELS[:2]

#: Version -> level -> how many cases, and their digest. Cases changed: count VERSION up.
PINNED = {
    1: {
        "quick": "442 d54764784b1e7404",
        "standard": "1494 5c3c5711f950ad89",
        "deep": "6381 a8684b41cfa2d780",
    },
}


@pytest.mark.parametrize("level", MADE)
def test_a_change_counts_up_the_version(level: str) -> None:
    assert digest(level) == PINNED[VERSION][level]


def test_it_is_the_same_in_another_process() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tests.checks.corpus.digest import digest; print(digest('standard'))",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
    )
    assert done.stdout.strip() == PINNED[VERSION]["standard"]


def test_an_unknown_level_lists_the_known() -> None:
    for level in ("slow", "", None):
        with pytest.raises(UsageError, match="expected a level of quick, standard, deep but got"):
            corpus(level)  # type: ignore[arg-type]


def test_sizes_of_levels() -> None:
    assert 350 <= len(corpus("quick")) <= 450
    assert 1200 <= len(corpus("standard")) <= 1800


def test_every_case_of_deep_is_there_once_and_is_a_question() -> None:
    """All in one: `deep` takes seconds to make, in each process that needs it."""
    quick, standard, deep = map(corpus, LEVELS)
    assert standard[: len(quick)] == quick
    assert deep[: len(standard)] == standard
    assert digest("deep") == PINNED[VERSION]["deep"]
    assert len(set(deep)) == len(set(map(written, deep))) == len(deep)
    assert all(map(is_question, deep))
    specs = padcheck.geometries(level="deep")
    assert len(set(map(str, specs))) == len(specs)
    assert max(work(spec, 2) for spec in specs) < 12_000_000


def test_every_case_is_a_question() -> None:
    for case in corpus("standard"):
        assert refusal(case) is None, case
        assert is_question(case), case
        assert min(case.spec.output_size) > 0
        assert case.spec.reads_input


def test_no_pool_takes_the_maximum_or_average_of_nothing() -> None:
    for case in corpus("standard"):
        spec = case.spec
        own = -math.inf if spec.kind is OpKind.MAX_POOL else 0.0
        if spec.kind not in (OpKind.MAX_POOL, OpKind.AVERAGE_POOL) or spec.count_include_pad:
            continue
        if spec.pad_mode != "constant" or spec.pad_value != own:
            continue
        axes = zip(spec.input_size, spec.windows, spec.pad_before, spec.output_size, strict=True)
        for n, window, before, size in axes:
            assert all(real_taps(output, n, window, before) for output in range(size)), case


def test_a_shared_pad_leaves_some_to_both() -> None:
    shared = [case.spec for case in corpus("standard") if case.padding == SPLIT]
    assert len(shared) > 30
    assert all(max(map(max, spec.resolved_pads)) >= 2 for spec in shared)


def test_it_is_small() -> None:
    """One axis of an essential may be long; what combines levels is small all over."""
    listed = {case.spec for case in essentials()}
    for case in corpus("quick"):
        spec = case.spec
        long = sum(n > (8 if spec.rank == 3 else 16) for n in spec.input_size)
        assert long <= (1 if spec in listed else 0), case
        assert max(spec.input_size) <= 513
    assert max(work(case.spec, 2) for case in corpus("quick")) < 4_000_000


def test_every_kind_and_rank_is_in_every_level() -> None:
    for level, least in zip(MADE, (15, 60), strict=True):
        counted = Counter((case.spec.kind, case.spec.rank) for case in corpus(level))
        assert set(counted) == {(kind, rank) for kind in KINDS for rank in (1, 2, 3)}
        assert min(counted.values()) >= least


@pytest.mark.parametrize("level", MADE)
def test_a_bias_in_about_half_and_either_kind_of_size(level: str) -> None:
    weighted = [case.spec.bias for case in corpus(level) if case.spec.kind.has_weight]
    assert 0.35 < sum(weighted) / len(weighted) < 0.65
    assert sum(case.dynamic for case in corpus(level)) > len(corpus(level)) / 5


def test_standard_holds_the_suite_where_onnx_has_words_for_it() -> None:
    held = {case.spec for case in corpus("standard")}
    missing = [spec for spec in suite() if spec not in held]
    assert len(missing) < 70
    for spec in missing:
        for opset in (13, 19, 22):
            assert not is_question(Case(spec=spec, opset=opset)), spec


def test_geometries_of_a_level() -> None:
    for level in MADE:
        specs = padcheck.geometries(level=level)
        assert specs == tuple(dict.fromkeys(case.spec for case in corpus(level)))
        assert [str(spec) for spec in specs] == list(map(case_id, specs))
        assert len(set(map(str, specs))) == len(specs)
    pools = padcheck.geometries("max_pool", rank=3, level="quick")
    assert {(spec.kind, spec.rank) for spec in pools} == {(OpKind.MAX_POOL, 3)}
    with pytest.raises(UsageError, match=r"expected a level of quick, .* but got 'slow'"):
        padcheck.geometries(level="slow")
    with pytest.raises(UsageError, match=r"expected a kind of conv, .* but got 'pool'"):
        padcheck.geometries("pool", level="quick")


def test_no_framework_is_loaded() -> None:
    loaded = loaded_after("from padcheck.checks.corpus import corpus; corpus('quick')")
    assert not loaded & {"numpy", "onnx", "torch", "tensorflow", "click"}

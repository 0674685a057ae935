"""The suite is the same on every run, small, and holds what has gone wrong before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import padcheck
from padcheck.checks.suite import case_id, suite
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, KINDS, LP, MAX, TRANSPOSED, op
from padcheck.errors import UsageError
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from padcheck.oracle import work
from padcheck.records import OpKind, OpSpec
from tests.frameworks.grid import GRID
from tests.support import ROOT
from tests.test_lazy_imports import loaded_after

SUITE = suite()


def test_geometries_are_the_suite() -> None:
    assert padcheck.geometries() == SUITE
    assert padcheck.geometries("max_pool", rank=1) == suite(MAX, 1)
    with pytest.raises(UsageError, match=r"expected a kind of conv, .* but got 'pool'"):
        padcheck.geometries("pool")
    for rank in (0, 4, True, "2"):
        with pytest.raises(UsageError, match="expected a rank of 1, 2, 3 but got"):
            padcheck.geometries(rank=rank)  # type: ignore[arg-type]


def test_geometries_load_no_numpy() -> None:
    loaded = loaded_after("import padcheck; padcheck.geometries()")
    assert not loaded & {"numpy", "onnx", "torch", "tensorflow"}


def test_geometries_as_parameters_have_the_same_ids_in_every_worker(tmp_path: Path) -> None:
    """Workers of pytest-xdist refuse to run where they collect different tests."""
    (tmp_path / "test_it.py").write_text(
        "import padcheck, pytest\n"
        "@pytest.mark.parametrize('spec', padcheck.geometries('conv', rank=2), ids=str)\n"
        "def test_layer(spec):\n"
        "    assert min(spec.output_size) > 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert f"{len(suite('conv', 2))} passed" in done.stdout


def test_names_are_unique_and_printable() -> None:
    names = [case_id(spec) for spec in SUITE]
    assert len(names) == len(set(names)) == len(set(SUITE))
    assert all(name.isascii() and name.isprintable() for name in names)


def test_it_is_small() -> None:
    assert 500 <= len(SUITE) <= 600
    assert max(work(spec, 2) for spec in SUITE) < 4_000_000
    assert all(min(spec.output_size) > 0 for spec in SUITE)


def test_it_is_the_same_in_another_process() -> None:
    code = "from padcheck.checks.suite import *; print(*map(case_id, suite()), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.splitlines() == [case_id(spec) for spec in SUITE]


def test_it_holds_the_runners_own_grid() -> None:
    assert set(GRID) <= set(SUITE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_kind_and_a_rank_can_be_asked_for(kind: OpKind, rank: int) -> None:
    asked = suite(kind.value, rank)
    assert asked == suite(kind, rank=rank)
    assert asked == tuple(spec for spec in SUITE if spec.kind is kind and spec.rank == rank)
    assert len(asked) >= 9


def test_unknown_words_list_the_known() -> None:
    with pytest.raises(UsageError, match=r"expected a kind of conv, conv_transpose, .* 'pool'"):
        suite("pool")
    with pytest.raises(UsageError, match="expected a rank of 1, 2, 3 but got 4"):
        suite(rank=4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", [VALID, SAME_UPPER, SAME_LOWER])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_every_kind_under_every_policy(kind: OpKind, rule: object, rank: int) -> None:
    """Even and odd kernels, a stride beyond the kernel, dilation."""
    cases = [spec for spec in suite(kind, rank) if set(spec.pads) == {rule}]
    assert {k % 2 for spec in cases for k in spec.kernel_size} == {0, 1}
    assert any(_short(spec, any) for spec in cases)
    assert any(max(spec.dilation) > 1 for spec in cases)


def _short(spec: OpSpec, some):  # type: ignore[no-untyped-def]
    return some(k < s for k, s in zip(spec.kernel_size, spec.stride, strict=True))


@pytest.mark.parametrize("kind", [CONV, TRANSPOSED, MAX, AVERAGE])
def test_strides_beyond_the_kernel_on_all_axes_and_on_one(kind: OpKind) -> None:
    same = [spec for spec in suite(kind, 2) if spec.pads[0].size_dependent]
    assert any(_short(spec, all) for spec in same)
    assert any(_short(spec, any) and not _short(spec, all) for spec in same)


@pytest.mark.parametrize("mode", ["reflect", "edge", "symmetric", "wrap"])
def test_border_modes_at_every_width_and_one_sided(mode: str) -> None:
    convs = [spec for spec in suite("conv", 2) if spec.pad_mode == mode]
    pads = {pair for spec in convs for pair in spec.resolved_pads}
    assert pads >= {(1, 1), (2, 2), (3, 3), (1, 0)}


def test_a_zero_before_every_kind_of_max_pool() -> None:
    zeros = [spec for spec in suite("max_pool") if spec.pad_value == 0 and spec.reads_padding]
    assert {spec.rank for spec in zeros} == {1, 2, 3}


def test_groups_depthwise_and_multipliers() -> None:
    for rank in (1, 2, 3):
        grouped = {
            (spec.group == spec.channels[0], spec.channels[1] // spec.group)
            for spec in suite("conv", rank)
            if spec.group > 1
        }
        assert grouped >= {(True, 1), (True, 2), (False, 3)}


PLAIN = {CONV: op(CONV, (8, 9), 3), MAX: op(MAX, (8, 9), 3), LP: op(LP, (8, 9), 3)}


@pytest.mark.parametrize(
    ("spec", "other"),
    [
        (PLAIN[CONV], op(CONV, (8, 9), 3, pads=VALID)),
        (PLAIN[CONV], op(CONV, (8, 9), 3, bias=True)),
        (PLAIN[CONV], op(CONV, (8, 9), 3, channels=(2, 4))),
        (PLAIN[CONV], op(CONV, (8, 9), 3, pad_value=5.0)),
        (PLAIN[CONV], op(CONV, (8, 9), 3, pad_mode="edge")),
        (PLAIN[MAX], op(MAX, (8, 9), 3, pad_value=0.0)),
        (PLAIN[MAX], op(MAX, (8, 9), 3, **CEIL)),
        (PLAIN[LP], op(LP, (8, 9), 3, p=1)),
        (op(AVERAGE, (8, 9), 3), op(AVERAGE, (8, 9), 3, **COUNTED)),
        (
            op(CONV, (8, 8), 3, pads=(VALID, SAME_UPPER)),
            op(CONV, (8, 8), 3, pads=(SAME_UPPER, VALID)),
        ),
        (
            op(TRANSPOSED, (4, 4), 3, 2, pads=(1, 1), output_padding=(1, 1)),
            op(TRANSPOSED, (4, 4), 3, 2, pads=(1, 0)),
        ),
        (
            op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_UPPER, output_shape=(8, 8)),
            op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_UPPER),
        ),
    ],
)
def test_what_differs_in_one_field_differs_in_name(spec: OpSpec, other: OpSpec) -> None:
    assert spec != other
    assert case_id(spec) != case_id(other)


def test_a_name_says_it_all() -> None:
    assert case_id(op(CONV, (8, 9), 3, 2, pads=SAME_UPPER, bias=True, channels=(1, 2))) == (
        "conv(n=8x9, k=3x3, s=2x2, pads=(0,1)x(1,1))-c1-2-bias-same_upper"
    )
    assert case_id(op(MAX, 9, 3, pads=(1, 1), pad_value=-0.0)) == (
        "max_pool(n=9, k=3, pads=(1,1))-explicit-fill=0"
    )

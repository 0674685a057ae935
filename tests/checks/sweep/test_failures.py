"""Frameworks that raise, die or cannot be loaded: the first two break a promise."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from padcheck.checks.sweep import grid_of, sweep
from padcheck.errors import FrameworkError
from padcheck.frameworks import Framework, Package
from padcheck.frameworks.worker import MAX_CRASHES
from padcheck.records import Lowered, OpSpec
from tests.support import installed_package

LOWERINGS = ("raising", "dying", "larger")
POINTS = """[padcheck.frameworks]
failing = tests.checks.sweep.test_failures:FAILING
unloadable = tests.checks.sweep.test_failures:UNLOADABLE
"""


class FailingDialect:
    """Everything but dilations; `larger` crops away a window for which it has no output."""

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        if max(spec.dilation) > 1:
            return Lowered(lowering=lowering, spec=None, reason="no dilation")
        if lowering == "larger":
            spec = spec.with_pads([(-3, 0)] * spec.rank)
        return Lowered(lowering=lowering, spec=spec)


class FailingRunner:
    """Raises at every op, or dies."""

    def versions(self) -> dict[str, str]:
        return {"failing": "1.0"}

    def run(self, spec: OpSpec, lowering: str, *arrays: Any) -> Any:
        if lowering == "dying":
            os.kill(os.getpid(), signal.SIGKILL)
        raise FrameworkError(f"failing 1.0: no kernel {spec.kernel_size[0]}")


class UnloadableRunner(FailingRunner):
    def versions(self) -> dict[str, str]:
        raise FrameworkError("unloadable: its library is broken")


DIALECT = FailingDialect()


def record(name: str, lowerings: tuple[str, ...], runner: type) -> Framework:
    return Framework(
        name=name,
        lowerings=lowerings,
        packages=(Package("click", ("click",)),),
        extra=name,
        dialect=f"{__name__}:DIALECT",
        runner=f"{__name__}:{runner.__name__}",
    )


FAILING = record("failing", LOWERINGS, FailingRunner)
UNLOADABLE = record("unloadable", ("unloadable",), UnloadableRunner)


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Both frameworks, installed as another package would be."""
    with installed_package(tmp_path_factory.mktemp("site"), "failing", POINTS):
        yield


def test_a_raise_diverges_and_a_refusal_of_the_dialect_does_not() -> None:
    grid = grid_of(input_size="5,6", kernel_size=3, dilation="1,2", padding="valid")
    result = sweep(grid, lowerings=["raising"])
    (row,) = result.lowerings
    assert (row.outcomes, row.predicted, row.measured) == ("!!??", "..??", "----")
    assert row.reasons[0] == "raises: failing 1.0: no kernel 3"
    assert row.reasons[2] == "no dilation"
    text = " ".join(str(result).split())
    assert (
        "PAD998 framework_diverges: raising raises where its own rule gives an output at 2 "
        "geometries; smallest: conv(n=5, k=3, pads=(0,0)), predicted the right numbers, raises: "
        "failing 1.0: no kernel 3" in text
    )
    assert "could not be run: 2 of raising: no dilation" in text


def test_a_raise_where_its_own_rule_has_no_output_is_a_refusal() -> None:
    (row,) = sweep(grid_of(input_size=5, kernel_size=3), lowerings=["larger"]).lowerings
    assert (row.outcomes, row.predicted) == ("S", "S")
    assert row.reasons[0] == "raises: failing 1.0: no kernel 3"


def test_a_process_that_dies_diverges_until_its_worker_has_given_up() -> None:
    grid = grid_of(input_size="5..12", kernel_size=3)
    result = sweep(grid, lowerings=["dying"])
    (row,) = result.lowerings
    assert row.outcomes == "!" * MAX_CRASHES + "?" * (8 - MAX_CRASHES)
    assert row.reasons[0] == "crashes: failing: the process ended (signal SIGKILL)"
    assert row.reasons[7] == f"failing: left unrun after {MAX_CRASHES} crashes"
    assert result.frameworks == {"failing": "1.0"}
    text = " ".join(str(result).split())
    assert "dying crashes where its own rule gives an output at 5 geometries; smallest: " in text


def test_what_cannot_be_loaded_was_not_run() -> None:
    result = sweep(grid_of(input_size="5,6", kernel_size=3), lowerings=["unloadable"])
    (row,) = result.lowerings
    assert row.outcomes == "??"
    assert "its library is broken" in row.reasons[0]
    assert (result.verdict, result.frameworks) == ("unverified", {})

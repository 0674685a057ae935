"""Subjects that have a layer beside them, run by padcheck's own oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import padcheck
from padcheck.checks.grade.grader import Built, Refused, Script
from padcheck.checks.grade.judging import judged
from padcheck.oracle import evaluate
from padcheck.records import OpSpec
from padcheck.records.case import RIGHT, UNVERIFIED_CASE, Case

Function = Callable[[np.ndarray], Any]

CASE = Case(spec=padcheck.conv(input_size=8, kernel_size=3, pads=1))


class _Beside:
    """Converts to `made(right)` beside `layer(right)`, where `right` computes the op."""

    def __init__(
        self, made: Callable[[Function], Function], layer: Callable[[Function], Function]
    ) -> None:
        self._made, self._layer, self.builds = made, layer, 0

    def versions(self) -> dict[str, str]:
        return {"numpy": np.__version__}

    def asks(self, case: Case) -> Case | str:
        return case

    def reference(self, case: Case) -> OpSpec:
        return case.spec

    def build(self, case: Case, weight: Any, bias: Any) -> Built:
        self.builds += 1
        if self.builds > 1:
            raise Refused("RuntimeError: once is enough")

        def right(x: np.ndarray) -> np.ndarray:
            return evaluate(case.spec, x, weight, bias).values.astype(np.float32)

        return Built(self._made(right), layer=self._layer(right))

    def script(self, case: Case) -> Script:
        return Script(imports=(), lines=())


def _same(right: Function) -> Function:
    return right


def _noisy(right: Function) -> Function:
    """Rounds to the right integers, so that the verdict asks again."""
    return lambda x: right(x) + np.random.default_rng(0).uniform(0, 0.1, right(x).shape)


@pytest.mark.parametrize("layer", [lambda right: lambda x: right(x) + 1, _noisy])
def test_what_could_not_be_judged_is_not_judged_by_its_layer(
    layer: Callable[[Function], Function],
) -> None:
    """It is neither accused nor cleared by the one probe that there is."""
    outcome = judged(_Beside(_noisy, layer), CASE)
    assert outcome is not None
    assert (outcome.how, outcome.said) == (UNVERIFIED_CASE, "RuntimeError: once is enough")


def test_what_a_layer_returns_is_not_told_of_the_subject() -> None:
    outcome = judged(_Beside(_same, lambda right: lambda x: right(x).astype(np.float64)), CASE)
    assert outcome is not None
    assert (outcome.how, outcome.notes) == (RIGHT, ())


def test_a_layer_that_is_not_as_documented_is_told() -> None:
    outcome = judged(_Beside(_same, lambda right: lambda x: right(x) + 1), CASE)
    assert outcome is not None
    assert outcome.how == RIGHT
    assert outcome.notes == ("the layer itself does not compute what its documentation says",)

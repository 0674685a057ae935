"""What every runner must do: compute what its dialect says, integer for integer."""

from __future__ import annotations

import pytest

from padcheck.errors import FrameworkError
from padcheck.frameworks.base import Dialect, Runner
from padcheck.records import OpSpec
from tests.frameworks.brute import assert_computes, example


def assert_conforms(runner: Runner, dialect: Dialect, spec: OpSpec, lowering: str) -> None:
    """The runner computes `Lowered.spec`, or refuses what the dialect has no words for."""
    lowered = dialect.lower(spec, lowering)
    case = example(spec)
    if lowered.spec is None:
        assert lowered.reason
        with pytest.raises(FrameworkError):
            runner.run(spec, lowering, case.x, case.weight, case.bias)
        return
    observed = runner.run(spec, lowering, case.x, case.weight, case.bias)
    assert_computes(lowered.spec, case, observed, f"{lowering} {spec}")

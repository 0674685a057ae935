"""Where a framework does not do what its dialect says: asserted, so that a mended one is noticed.

A table of known divergences is {spec: how}, how being "raises", "shape" or "values".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from padcheck.errors import FrameworkError
from padcheck.frameworks.base import Dialect, Runner
from padcheck.geometry import PadRule
from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import example, expected
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import op

Geometry = tuple[Any, Any, Any, Any]


def ops(
    kinds: Iterable[OpKind], rules: Iterable[PadRule], geometries: Iterable[Geometry], **more: Any
) -> list[OpSpec]:
    """Every kind with every rule at every (n, k, s, d)."""
    products = itertools.product(kinds, rules, geometries)
    return [op(kind, *geometry, pads=rule, **more) for kind, rule, geometry in products]


def assert_as_known(
    runner: Runner, dialect: Dialect, spec: OpSpec, lowering: str, known: Mapping[OpSpec, str]
) -> None:
    """It conforms, or diverges in the way that is known of this very op."""
    if spec not in known:
        assert_conforms(runner, dialect, spec, lowering)
        return
    how = outcome(runner, dialect, spec, lowering)
    assert how == known[spec], f"{how}, but should be {known[spec]} [{lowering} {spec}]"


def outcome(runner: Runner, dialect: Dialect, spec: OpSpec, lowering: str) -> str:
    """ "conforms", "raises", "shape" or "values"; assumes an op that the dialect has words for."""
    promised = dialect.lower(spec, lowering).spec
    assert promised is not None
    case = example(spec)
    try:
        observed = runner.run(spec, lowering, case.x, case.weight, case.bias)
    except FrameworkError:
        return "raises"
    total, count = expected(promised, case)
    if observed.shape != total.shape:
        return "shape"
    rounded = np.rint(observed.astype(np.float64) * count)
    return "conforms" if np.array_equal(rounded, total) else "values"

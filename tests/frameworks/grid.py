"""Geometries that every runner's own tests run, each with a name; the suite has more."""

from __future__ import annotations

from padcheck.checks.suite.convs import CONVS
from padcheck.checks.suite.pools import AVERAGE_POOLS, LP_POOLS, MAX_POOLS
from padcheck.checks.suite.transposed import TRANSPOSEDS
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.records import OpSpec

__all__ = [
    "AVERAGE",
    "AVERAGE_POOLS",
    "CEIL",
    "CONV",
    "CONVS",
    "COUNTED",
    "GRID",
    "LP",
    "LP_POOLS",
    "MAX",
    "MAX_POOLS",
    "TRANSPOSED",
    "TRANSPOSEDS",
    "name_of",
    "op",
]

GRID = [*CONVS, *TRANSPOSEDS, *MAX_POOLS, *AVERAGE_POOLS, *LP_POOLS]


def name_of(value: object) -> str:
    """A test id that says everything the op is."""
    if not isinstance(value, OpSpec):
        return str(value)
    more = f"-c{value.channels[0]}-{value.channels[1]}" if value.kind.has_weight else ""
    policies = "+".join(sorted({rule.policy.value for rule in value.pads}))
    return f"{value}{more}{'-bias' if value.bias else ''}-{policies}"

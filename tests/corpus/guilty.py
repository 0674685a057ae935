"""Every guilty box with one fault: code by code, kind by kind, rank by rank."""

from __future__ import annotations

from functools import cache

from tests.corpus import (
    guilty_arrays,
    guilty_composed,
    guilty_fill,
    guilty_pads,
    guilty_resize,
    guilty_shapes,
    guilty_transposed,
    guilty_values,
)
from tests.corpus.cases import Case

_ROOMS = (
    guilty_pads,
    guilty_fill,
    guilty_transposed,
    guilty_arrays,
    guilty_values,
    guilty_resize,
    guilty_shapes,
)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(case for room in _ROOMS for case in room.cases())


@cache
def composed() -> tuple[Case, ...]:
    """Two faults in one op, and one fault on some of its axes."""
    return tuple(guilty_composed.cases())

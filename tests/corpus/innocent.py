"""Every innocent box: it computes its op, in another way or with rounding that is no fault."""

from __future__ import annotations

from functools import cache

from tests.corpus import (
    guilty_resize,
    innocent_algorithms,
    innocent_frameworks,
    innocent_numpy,
    innocent_planes,
)
from tests.corpus.cases import Case

_ROOMS = (innocent_numpy, innocent_algorithms, innocent_frameworks, innocent_planes)


@cache
def cases() -> tuple[Case, ...]:
    listed = [*(room.cases() for room in _ROOMS), guilty_resize.innocents()]
    return tuple(case for room in listed for case in room)

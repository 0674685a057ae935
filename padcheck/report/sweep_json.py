"""A sweep as JSON text: the head indented, then one geometry per line."""

from __future__ import annotations

import json

from padcheck.records.sweep import Sweep

__all__ = ["render_json"]


def render_json(sweep: Sweep) -> str:
    """`sweep.to_dict()` as text; compact, because a sweep may have a million points."""
    head = json.dumps(sweep.head(), indent=2, allow_nan=False).removesuffix("\n}")
    points = ",\n".join("    " + json.dumps(point, allow_nan=False) for point in sweep.points())
    return f'{head},\n  "points": [\n{points}\n  ]\n}}\n'

"""The target's semantics in the terms of the source's ops, for the source to be run with.

An op whose output has another size hands that size on. What follows it in the target, and pads by
a rule that comes to other pads at that size, goes into the source with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from padcheck.checks.compare.aligning import restored
from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.values import ValuesJudgement
from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError
from padcheck.records import MISMATCH, Change

__all__ = ["Hypotheses", "target_changes"]

#: What the numbers of a row differ in, by its index.
Hypotheses = Mapping[int, ValuesJudgement]


def target_changes(
    whole: Whole, rows: Sequence[Judged], hypotheses: Hypotheses, wanted: set[int]
) -> dict[int, Change]:
    """What the source's sites of the `wanted` rows are to compute: the target's windows where they
    differ, the target's numbers where a hypothesis says so.

    Raises FrameworkError for a row whose target is no known op.
    """
    changes: dict[int, Change] = {}
    for index in sorted(wanted):
        row = rows[index]
        for position, site_index in enumerate(row.pair.sources):
            site = whole.source.sites[site_index]
            change = whole.base(site_index)
            if change is None:
                raise FrameworkError(f"the numbers of {site.name} are not known")
            if row.windows.verdict == MISMATCH:
                if row.windows.explained_by is None:
                    raise FrameworkError(f"what the target computes for {site.name} is not known")
                change = dataclasses.replace(change, spec=row.windows.explained_by)
            if index in hypotheses:
                change = hypotheses[index].applied(change, position)
            changes[site_index] = change
    return {**changes, **_followers(whole, rows, changes)}


def _followers(
    whole: Whole, rows: Sequence[Judged], changes: Mapping[int, Change]
) -> dict[int, Change]:
    """What else goes into the source where a changed op gives another size."""
    resized = any(
        change.spec.output_size != spec.output_size
        for change, spec in ((each, whole.source.sites[i].spec) for i, each in changes.items())
        if spec is not None
    )
    found: dict[int, Change] = {}
    for row in rows if resized else ():
        mine, theirs = row.windows.source, row.windows.target
        one = whole.source.sites[row.pair.sources[0]].spec
        if mine is None or theirs is None or one is None or one.rank != mine.rank:
            continue
        if row.windows.verdict == MISMATCH or mine.input_size == theirs.input_size:
            continue
        there = one.resized(theirs.input_size)
        made = restored(theirs, there, ())
        if made.resolved_pads == there.resolved_pads and made.output_size == there.output_size:
            continue
        for index in row.pair.sources:
            base = changes.get(index) or whole.base(index)
            if base is not None:
                pads = base.spec.resized(theirs.input_size).with_pads(made.resolved_pads)
                found[index] = dataclasses.replace(base, spec=pads)
    return found

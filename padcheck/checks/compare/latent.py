"""Differences that cannot show in a model: what a max pool's padding holds, under no negatives.

1. Where every input is 0 or more and every window reads one, a fill of 0 or less never wins.
2. So two max pools that differ in such fills alone are one function there.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from padcheck.errors import UsageError
from padcheck.oracle import evaluate
from padcheck.probes import equals, make_probe
from padcheck.records import Finding, OpKind, OpSpec, same_function

__all__ = ["LATENT_CODES", "fill_cannot_show", "latent", "refilled"]

#: Causes that concern what padding holds.
LATENT_CODES = ("PAD201", "PAD202")


def refilled(reference: OpSpec, observed: OpSpec) -> OpSpec:
    """`observed` with the fill of `reference`."""
    return observed.replace(pad_value=reference.pad_value, pad_mode=reference.pad_mode)


def fill_cannot_show(reference: OpSpec, observed: OpSpec) -> bool:
    """Whether the fill of `observed` may as well be the reference's, where no input is negative.

    Rule 1; that every window reads an input is seen on a signal of different positive numbers.
    """
    if reference.kind is not OpKind.MAX_POOL or observed.kind is not OpKind.MAX_POOL:
        return False
    for spec in (reference, observed):
        if spec.pad_mode != "constant" or spec.pad_value > 0:
            return False
    if not (math.isfinite(reference.pad_value) or math.isfinite(observed.pad_value)):
        return False
    try:
        positive = np.abs(make_probe(observed).x)
        made = evaluate(observed, positive)
        return equals(made.values, evaluate(refilled(reference, observed), positive))
    except UsageError:
        return False


def latent(
    findings: tuple[Finding, ...], reference: OpSpec, observed: OpSpec | None, origin: str | None
) -> tuple[tuple[Finding, ...], bool]:
    """The findings, those of a fill that cannot show made latent; and whether all is right then.

    `observed` is what explains the findings, exactly; `origin` the op that the input comes from,
    if that gives no negative number.
    """
    if observed is None or origin is None or not fill_cannot_show(reference, observed):
        return findings, False
    reason = f"cannot show here: the input comes from {origin}, which gives no negative number"
    told = tuple(
        dataclasses.replace(finding, latent=True, notes=(reason, *finding.notes))
        if finding.code in LATENT_CODES
        else finding
        for finding in findings
    )
    harmless = all(finding.latent for finding in told)
    return told, harmless and same_function(refilled(reference, observed), reference)

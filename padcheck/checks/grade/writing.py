"""The repro of an outcome, worked out where the subject is: its numbers, and the script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.grade.grader import Grader
from padcheck.checks.grade.judging import PLAINLY, Box, expected
from padcheck.checks.grade.repros import repro
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.oracle import Expected
from padcheck.probes import Probe, equals, make_probe
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import CRASHED, Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["written"]

#: Batches tried, the smallest first; the last is what the verdict uses at most.
_BATCHES = (1, 2, 16)
_SEEDS = 4


def written(grader: Grader, subject: str, outcome: Outcome) -> str:
    """A script that shows the outcome of a failed case, with the smallest probe that does.

    A case of a crash is not run here. Where no probe shows it by integers (what is off is less,
    or the subject gives other numbers each time) the script has the first, and shows what it may.
    Raises FrameworkError where the subject's own way to run it is right.
    """
    case = outcome.case
    reference = grader.reference(case)
    sizes = [reference.input_size]
    if case.dynamic:
        sizes.append(tuple(size + 1 for size in reference.input_size))
    spec, probe, observed = reference, make_probe(reference, batch=1), None
    if PLAINLY in outcome.notes:
        raise FrameworkError("it is another way to run the model that is wrong")
    if outcome.how != CRASHED:
        told = _telling(grader, outcome, reference, sizes)
        spec, probe, observed = told or (spec, probe, _seen(grader, outcome, spec, probe))
    x, weight, bias = probe.as_float32()
    return repro(
        subject=subject,
        versions=grader.versions(),
        case=case,
        outcome=outcome,
        script=grader.script(case),
        x=x,
        weight=weight,
        bias=bias,
        expected=_plain(expected(spec, probe), spec),
        observed=None if observed is None else _rooted(observed, spec),
    )


def _telling(
    grader: Grader, outcome: Outcome, reference: OpSpec, sizes: list[tuple[int, ...]]
) -> tuple[OpSpec, Probe, NDArray[Any]] | None:
    """The first probe that shows the failure."""
    for size in sizes:
        spec = reference.resized(size)
        for batch in _BATCHES:
            for seed in range(_SEEDS):
                probe = make_probe(spec, batch=batch, seed=seed)
                try:
                    observed = Box(grader, outcome.case)(spec, probe)
                except PadcheckError:
                    break
                if not equals(observed, expected(spec, probe)):
                    return spec, probe, observed
    return None


def _seen(grader: Grader, outcome: Outcome, spec: OpSpec, probe: Probe) -> NDArray[Any] | None:
    try:
        return Box(grader, outcome.case)(spec, probe)
    except PadcheckError:
        return None


def _plain(wanted: Expected, spec: OpSpec) -> NDArray[Any]:
    return _rooted(wanted.values, spec)


def _rooted(output: NDArray[Any], spec: OpSpec) -> NDArray[Any]:
    """The norm itself, of an Lp pool's p-th power."""
    if spec.kind is not OpKind.LP_POOL or spec.p == 1:
        return output
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sign(output) * np.abs(output) ** (1 / spec.p))

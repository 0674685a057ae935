"""A failing case reduced to the smallest that fails in the same way.

Rules:
1. How the model is written first: sizes fixed, pads in the op, the opset that cases have unless
   told; then the op, by `checks.shrinking`, whose rank stays.
2. A subject is asked for geometries only at which the cause can show (`showing`), first for the
   smallest of those: where the fault depends on nothing else, that is the end of it.
3. Every window reads some input, where that is so in the case itself.
4. A policy is one for all axes, as models have it: no pads, then numbers in its place,
   SAME_UPPER at last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from padcheck.checks.shrinking import (
    Changes,
    amounts,
    at,
    channels,
    extras,
    per_axis,
    reads_nothing,
    shrink,
)
from padcheck.geometry import SAME_LOWER, SAME_UPPER, PadPolicy, PadRule, explicit
from padcheck.records import OpSpec
from padcheck.records.case import CRASHED, OPSET, OWN, Case, Outcome

__all__ = ["MOST_TRIED", "same_class", "smallest"]

#: Cases put to the subject for one class.
MOST_TRIED = 60
#: Geometries looked at without asking it.
_MOST_LOOKED_AT = 2000

_SURE = ("unexplained", "ambiguous", "proven")


def same_class(start: Outcome, code: str) -> Callable[[Outcome], bool]:
    """Whether an outcome is of the kind of `start`, has `code` among its codes (or its rivals,
    where that is all that `start` has), no more codes, and is at least as sure.

    A crash is like any other.
    """
    named, sure = code in start.codes, _sure(start)

    def holds(outcome: Outcome) -> bool:
        if outcome.how != start.how or outcome.how == CRASHED:
            return outcome.how == start.how
        codes = outcome.codes
        rivals = {rival for finding in outcome.findings for rival in finding.proof.rivals}
        if code not in codes and (named or code not in rivals):
            return False
        return len(codes) <= len(start.codes) and _sure(outcome) >= sure

    return holds


def _sure(outcome: Outcome) -> int:
    """That of the least sure finding."""
    return min((_SURE.index(finding.proof.status) for finding in outcome.findings), default=0)


def smallest(
    case: Case,
    fails: Callable[[Case], bool],
    *,
    shows: Callable[[Case], bool] | None = None,
    most: int = MOST_TRIED,
) -> Case:
    """The smallest case found that `fails`; assumes that `case` does.

    `shows`: whether the fault may be seen in a case, by what is known of it; assumed of `case`,
    and of any unless told.
    `fails` is asked at most `most` times, and never twice for one case.
    """
    known: dict[Case, bool] = {case: True}

    def holds(candidate: Case) -> bool:
        if candidate not in known:
            if len(known) > most:
                return False
            known[candidate] = fails(candidate)
        return known[candidate]

    for changes in _WRITTEN:  # rule 1
        if holds(case.replace(**changes)):
            case = case.replace(**changes)
    full = not reads_nothing(case.spec)

    def may(spec: OpSpec) -> bool:
        if full and reads_nothing(spec):  # rule 3
            return False
        return shows is None or shows(case.replace(spec=spec))

    def wrong(spec: OpSpec) -> bool:
        return may(spec) and holds(case.replace(spec=spec))

    spec = case.spec
    if shows is not None:
        least = shrink(spec, may, most=_MOST_LOOKED_AT, reducers=_REDUCERS)
        spec = least if wrong(least) else spec  # rule 2
    return case.replace(spec=shrink(spec, wrong, most=_MOST_LOOKED_AT, reducers=_REDUCERS))


#: All of it at once, then one by one.
_WRITTEN: tuple[dict[str, object], ...] = (
    {"dynamic": False, "padding": OWN, "opset": OPSET},
    {"dynamic": False},
    {"padding": OWN},
    {"opset": OPSET},
)


def _plain(spec: OpSpec) -> Iterator[Changes]:
    """All that an op may have besides its windows gone at once, then one by one."""
    steps = list(extras(spec))
    together: Changes = {}
    for step in steps:
        together = step | together
    yield together
    yield from steps


def _rules(spec: OpSpec) -> Iterator[Changes]:
    """Rule 4."""
    none = (explicit(0, 0),) * spec.rank
    outputs: Changes = {"output_padding": (), "output_shape": ()}
    yield {"pads": none}
    yield {"pads": none} | outputs
    if any(rule.policy is not PadPolicy.EXPLICIT for rule in spec.pads):
        yield {"pads": tuple(explicit(*pair) for pair in spec.resolved_pads)} | outputs
    if SAME_LOWER in spec.pads:
        yield {"pads": tuple(SAME_UPPER if r == SAME_LOWER else r for r in spec.pads)}


def _amounts(spec: OpSpec) -> Iterator[Changes]:
    """None along an axis, then as anywhere."""
    for axis, rule in enumerate(spec.pads):
        if rule.policy is PadPolicy.EXPLICIT:
            yield at(spec, "pads", axis, explicit(0, 0))
    yield from amounts(spec)


def _kernels(spec: OpSpec) -> Iterator[Changes]:
    """The kernel towards 1, alone, or with as much less of explicit pads."""
    for changes in per_axis("kernel_size")(spec):
        yield changes
        rules = zip(spec.pads, changes["kernel_size"], spec.kernel_size, strict=True)
        yield changes | {"pads": tuple(_scaled(rule, less, k) for rule, less, k in rules)}


def _scaled(rule: PadRule, less: int, kernel: int) -> PadRule:
    if rule.policy is not PadPolicy.EXPLICIT or kernel == 1:
        return rule
    return explicit(*(-(-pad * (less - 1) // (kernel - 1)) for pad in (rule.before, rule.after)))


def _channels(spec: OpSpec) -> Iterator[Changes]:
    """One channel in a pool."""
    if spec.kind.has_weight:
        yield from channels(spec)
    else:
        yield {"channels": (1, 1)}


_REDUCERS = (
    _plain,
    _channels,
    _rules,
    per_axis("dilation"),
    per_axis("stride"),
    _kernels,
    _amounts,
    per_axis("input_size"),
    _channels,
)

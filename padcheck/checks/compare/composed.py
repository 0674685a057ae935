"""Two faults at once that the target's file tells: an attribute lost, and other pads with it.

The search composes faults of different families; of these two, which are of one family, the file
itself says both, and was seen to be right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from padcheck.causes import NO_CLUES, cause
from padcheck.records import Finding, OpSpec, Proof, same_function
from padcheck.verdict import judge_predicted

__all__ = ["attribute_and_pads"]


def attribute_and_pads(
    case: OpSpec, predict: Callable[[OpSpec], OpSpec], lowering: str
) -> tuple[Finding, ...]:
    """PAD903 and what the pads differ in; () where that is not what the target is.

    `predict(spec)` is the target's op in the place of `spec`, which reproduces every output.

    1. Stride and dilation are as a lost attribute would leave them; the window is the same.
    2. What is left between that and the target has a cause of its own.
    """
    target = predict(case)
    lost = cause("PAD903")
    kept = (target.stride, target.dilation)
    middle = case.replace(stride=target.stride, dilation=target.dilation)
    offered = any((one.stride, one.dilation) == kept for one in lost.offers(case, NO_CLUES))
    changed = kept != (case.stride, case.dilation)
    if not (offered and changed) or target.kernel_size != case.kernel_size:  # rule 1
        return ()
    pads: tuple[Finding, ...] = ()
    if not same_function(middle, target):
        pads = judge_predicted(middle, predict, lowering=lowering).findings
        if any(finding.proof.status == "unexplained" for finding in pads):  # rule 2
            return ()
    codes = " + ".join(dict.fromkeys([lost.code, *(finding.code for finding in pads)]))
    note = f"proven: {codes}: the target's file says {target}, which reproduces every output"
    first = Finding(
        code=lost.code,
        name=lost.name,
        op="",
        lowering=lowering,
        message=lost.message(case, middle),
        notes=(note,),
        help=lost.advice,
        safety=lost.safety,
        proof=Proof(status="proven"),
    )
    return (first, *(dataclasses.replace(each, notes=(note,), proof=first.proof) for each in pads))

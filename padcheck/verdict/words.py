"""Findings: the message, the notes and the help that a judgement comes with."""

from __future__ import annotations

import math

from padcheck.causes import GRID, pairs_text
from padcheck.records import (
    Finding,
    Mismatch,
    OpKind,
    OpSpec,
    Proof,
    percent,
    same_function,
)
from padcheck.verdict.suspects import Suspect

__all__ = ["diverging", "fickle", "named", "residual_text", "share_note", "unexplained"]


def named(
    suspect: Suspect,
    proof: Proof,
    reference: OpSpec,
    mismatch: Mismatch | None,
    *,
    op: str,
    lowering: str | None,
    seen: tuple[str, ...] = (),
) -> list[Finding]:
    """One finding per cause of the suspect; `mismatch` is None when nothing was run.

    `seen`: what the difference looked like, as notes.
    """
    silent = _silent(suspect)
    notes = (
        *_facts(reference, suspect.spec, mismatch),
        *seen,
        *(f"{code} as well at other input sizes" for code in silent),
        _proof_note(suspect, proof, mismatch),
    )
    told = {
        cause.code: (cause, _told(suspect, at))
        for at, cause in enumerate(suspect.causes)
        if cause.code not in silent
    }
    return [
        Finding(
            code=code,
            name=cause.name,
            op=op,
            lowering=lowering,
            message=cause.message(reference, spec),
            notes=notes,
            help=cause.advice,
            safety=cause.safety,
            proof=proof,
        )
        for code, (cause, spec) in told.items()
    ]


def _silent(suspect: Suspect) -> tuple[str, ...]:
    """Of several causes, one that changes nothing here: the others compute the same."""
    if len(set(suspect.codes)) < 2:
        return ()
    without = suspect.without or suspect.alone[::-1]
    rest = zip(suspect.codes, without, strict=True)
    silent = tuple(code for code, others in rest if same_function(suspect.spec, others))
    return silent if len(silent) == 1 else ()


def _told(suspect: Suspect, number: int) -> OpSpec:
    """What a cause's message is about: of several of the grid, the op with that one alone."""
    of_grid = [cause.code for cause in suspect.causes if cause.family == GRID]
    return suspect.alone[number] if len(set(of_grid)) > 1 else suspect.spec


def residual_text(left: Mismatch) -> str:
    """`0`, `max |diff| 12 (3.40 % of outputs)` or `another shape`."""
    if left.equal:
        return "0"
    if left.kind == "shape":
        return "another shape"
    most = "infinite" if left.max_abs_diff is None else f"{left.max_abs_diff:g}"
    return f"max |diff| {most} ({percent(left.share)} of outputs)"


def _facts(reference: OpSpec, observed: OpSpec, mismatch: Mismatch | None) -> tuple[str, ...]:
    notes = []
    transposed = reference.kind is OpKind.CONV_TRANSPOSE
    if reference.resolved_pads != observed.resolved_pads:
        pads = "crops" if transposed else "pads"
        notes.append(f"{pads}: reference {pairs_text(reference)}, observed {pairs_text(observed)}")
    if reference.output_size != observed.output_size:
        sizes = ["x".join(map(str, spec.output_size)) for spec in (observed, reference)]
        return (*notes, f"output size: {sizes[0]}, expected {sizes[1]}")
    shift = reference.grid_shift(observed)
    if any(shift) and reference.stride == observed.stride:
        elements = "output" if transposed else "input"
        notes.append(f"grid shift: ({', '.join(map(str, shift))}) {elements} elements")
    if mismatch is not None:
        notes.append(share_note(mismatch))
    return tuple(notes)


def share_note(mismatch: Mismatch) -> str:
    """`99.97 % of outputs wrong, interior 99.98 %, border 99.40 %`, as far as known."""
    if mismatch.kind == "shape":
        return "shapes differ"
    parts = [f"{percent(mismatch.share)} of outputs wrong"]
    for name, share in (("interior", mismatch.interior_share), ("border", mismatch.border_share)):
        if share is not None:
            parts.append(f"{name} {percent(share)}")
    return ", ".join(parts) + _ends(mismatch)


def _ends(mismatch: Mismatch) -> str:
    """Which borders are wrong, where only borders are."""
    guilty = [f"axis {border.axis} {border.end}" for border in mismatch.borders if border.share]
    some = 0 < len(guilty) < len(mismatch.borders) and not mismatch.interior_share
    return f", at {' and '.join(guilty)}" if some else ""


def _proof_note(suspect: Suspect, proof: Proof, mismatch: Mismatch | None) -> str:
    """How sure the cause is, and what makes it so."""
    codes = " + ".join(suspect.codes)
    if mismatch is None:
        text = f"{codes} reads the same input at every tap (predicted, not run)"
    else:
        count = math.prod(mismatch.observed_shape)
        text = f"{codes} reproduces all {count} outputs exactly, residual 0"
    if proof.separated_at:
        text += f"; rivals ruled out at {proof.separated_at}"
    if proof.rivals:
        text += f"; so does {', '.join(proof.rivals)}"
    if proof.separable_at:
        text += f"; {proof.separable_at} would tell them apart"
    if proof.contradicted_at:
        text += f"; but not at {proof.contradicted_at}, where something else is at work"
    return f"{proof.status}: {text}"


def unexplained(
    mismatch: Mismatch | None, notes: tuple[str, ...], *, op: str, lowering: str | None
) -> Finding:
    """PAD999."""
    where = () if mismatch is None else (share_note(mismatch),)
    compared = mismatch is not None and mismatch.kind == "values"
    residual = mismatch.max_abs_diff if mismatch is not None and compared else None
    return Finding(
        code="PAD999",
        name="unexplained",
        op=op,
        lowering=lowering,
        message=_unexplained(mismatch),
        notes=(*where, *notes),
        help="compare with explicit pads and VALID",
        safety="maybe",
        proof=Proof(status="unexplained", residual=residual),
    )


def fickle(mismatch: Mismatch, *, op: str, lowering: str | None) -> Finding:
    """PAD999 for a box that does not repeat itself."""
    return Finding(
        code="PAD999",
        name="unexplained",
        op=op,
        lowering=lowering,
        message="the same input gives other numbers each time",
        notes=(share_note(mismatch),),
        help="make it repeatable: no dropout, noise or training mode",
        safety="maybe",
        proof=Proof(status="unexplained", residual=mismatch.max_abs_diff),
    )


def _unexplained(mismatch: Mismatch | None) -> str:
    if mismatch is not None and mismatch.kind == "shape":
        return f"output has shape {mismatch.observed_shape}, expected {mismatch.expected_shape}"
    if mismatch is not None and mismatch.non_finite:
        return f"{mismatch.non_finite} of {mismatch.total} outputs are NaN or infinite"
    return "outputs differ and no known cause reproduces them"


def diverging(smallest: OpSpec, mismatch: Mismatch, *, op: str, lowering: str | None) -> Finding:
    """PAD998, with the smallest geometry found that still shows it."""
    return Finding(
        code="PAD998",
        name="framework_diverges",
        op=op,
        lowering=lowering,
        message="the framework does not compute what its own rule says",
        notes=(f"smallest repro: {smallest}", share_note(mismatch)),
        help="use explicit pads, and report the repro to the framework",
        safety="maybe",
        proof=Proof(status="proven"),
    )

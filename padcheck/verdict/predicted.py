"""Judging a prediction: two specs, tap by tap, nothing run."""

from __future__ import annotations

from collections.abc import Callable

from padcheck.records import EQUIVALENT, MISMATCH, OpSpec, same_function
from padcheck.verdict.judgement import Judgement
from padcheck.verdict.separation import best
from padcheck.verdict.suspects import Suspect, predicted_suspects
from padcheck.verdict.words import named, unexplained

__all__ = ["judge_predicted"]


def judge_predicted(
    reference: OpSpec,
    predict: Callable[[OpSpec], OpSpec],
    *,
    op: str = "",
    lowering: str | None = None,
) -> Judgement:
    """Whether `predict(reference)` is the same function as `reference`, and if not, why.

    `predict` is also asked at other input sizes, to tell rival causes apart.
    """
    predicted = predict(reference)
    if same_function(reference, predicted):
        return Judgement(EQUIVALENT)

    def refit(live: list[Suspect], moved: OpSpec) -> list[Suspect]:
        wanted = predict(moved)
        return [s for s in live if same_function(s.spec.resized(moved.input_size), wanted)]

    levels = (
        [suspect for suspect in level if same_function(suspect.spec, predicted)]
        for level in (predicted_suspects(reference) if all(predicted.output_size) else ())
    )
    suspect, proof = best(reference, levels, refit, predicted)
    if suspect is None:
        finding = unexplained(None, (), op=op, lowering=lowering)
        return Judgement(MISMATCH, None, (finding,))
    found = named(suspect, proof, reference, None, op=op, lowering=lowering)
    return Judgement(MISMATCH, None, tuple(found), suspect.spec)

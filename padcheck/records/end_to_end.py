"""Two whole models on one input: how far their outputs are apart, and what explains it."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.records.evidence import EQUIVALENT, MISMATCH, UNVERIFIED

__all__ = ["EndToEnd", "OutputReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputReport:
    """One output of the source and its partner in the target.

    One that the other side has not is unverified; of the target alone, `name` is the target's.
    `relative_l2` is |target - source| / |source| in the l2 norm, `bound` what rounding may make
    of it; None where it is not finite, or the two cannot be subtracted, as `notes` say.
    """

    name: str
    max_abs_diff: float | None = None
    relative_l2: float | None = None
    bound: float | None = None
    verdict: str
    target_name: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndToEnd:
    """The outputs of both models on the same input.

    `first_divergence`: the first op of the source whose output differs while its inputs are
    equal, by `first_divergence_relative_l2`; `first_divergence_target` is its partner. Under
    `first_divergence_at_input` it is the input of that op that differs, and no op is before it.
    `explained_by`: the codes of what was given to the source to get `after`, the outputs once it
    has the target's semantics; `residual_relative_l2` is the largest difference left there.
    `remaining`: the source's ops that stay unexplained. `reason`: why nothing was run, else None.
    `inputs`: what the input was, in words, one entry each.
    """

    outputs: tuple[OutputReport, ...] = ()
    first_divergence: str | None = None
    explained_by: tuple[str, ...] = ()
    residual_relative_l2: float | None = None
    first_divergence_target: str | None = None
    first_divergence_relative_l2: float | None = None
    first_divergence_at_input: bool = False
    after: tuple[OutputReport, ...] = ()
    remaining: tuple[str, ...] = ()
    reason: str | None = None
    inputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Mismatch if any output mismatches, unverified if any is or nothing was run."""
        verdicts = {output.verdict for output in self.outputs}
        if MISMATCH in verdicts:
            return MISMATCH
        return UNVERIFIED if self.reason is not None or UNVERIFIED in verdicts else EQUIVALENT

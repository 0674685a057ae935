"""A pool that averages all of its input: a mean, which no framework needs a window for."""

from __future__ import annotations

from padcheck.records import EQUIVALENT, EndToEnd, OpKind, OpSpec

__all__ = ["MEAN", "agreed", "is_mean"]

#: What is told of such a pool that has no partner.
MEAN = "it averages all of its input, which the other model does without a pool: the outputs agree"


def is_mean(spec: OpSpec | None) -> bool:
    """Whether an average pool has one window, which holds the whole input and counts nothing else.

    A window that is larger than the input counts what lies in it, where nothing is padded.
    """
    if spec is None or spec.kind is not OpKind.AVERAGE_POOL or set(spec.output_size) != {1}:
        return False
    if spec.deviation is not None or set(spec.dilation) != {1}:
        return False
    sizes = zip(spec.input_size, spec.kernel_size, spec.resolved_pads, strict=True)
    holds = all(before >= 0 <= after and size >= n + before for n, size, (before, after) in sizes)
    return holds and not (spec.count_include_pad and any(map(any, spec.resolved_pads)))


def agreed(run: EndToEnd) -> bool:
    """Whether the outputs were compared and agree, or do once the findings are accounted for."""
    outputs = run.after or run.outputs
    return bool(outputs) and all(each.verdict == EQUIVALENT for each in outputs)

"""How the interpreter crops a transposed convolution."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.records import Dims, OperatorInfo
from padcheck.geometry import SAME_UPPER, VALID, PadRule, Window, explicit, full_size

__all__ = ["crop_before", "crop_rules", "natural_size"]

MAX_SIZE = 1 << 31


def crop_before(output_size: int, window: Window, rule: PadRule) -> int:
    """max((ceil(m / s) - 1) * s + effective_kernel - m, 0) // 2 for SAME, else 0; m: the output.

    It is what a convolution with this padding would add before its input of size m, so that
    the transposed one is its gradient. Source: ComputePaddingHeightWidth in
    tensorflow/lite/kernels/padding.h, called with the output's size by transpose_conv.cc.
    """
    if not rule.size_dependent:
        return 0
    windows = -(-output_size // window.stride)
    return max((windows - 1) * window.stride + window.effective_kernel - output_size, 0) // 2


def natural_size(input_size: int, window: Window, rule: PadRule) -> int:
    """n * s for SAME, n * s + max(effective_kernel - s, 0) for VALID: what TensorFlow asks for."""
    if rule.size_dependent:
        return input_size * window.stride
    return input_size * window.stride + max(window.effective_kernel - window.stride, 0)


def crop_rules(
    graph: Graph,
    operator: OperatorInfo,
    rule: PadRule,
    windows: Sequence[Window],
    sizes: Dims,
) -> tuple[PadRule, ...]:
    """One rule per spatial axis, from the output's size.

    1. The size is that of the constant that is asked for, else that of the output tensor.
    2. Where it is what the padding means, and where sizes are open, it is the rule's own.
    3. Any other size is crops of its own: full size - output at both ends together.
    """
    asked = _asked(graph, operator, len(windows))
    return tuple(
        _axis(n, window, rule, size) for n, window, size in zip(sizes, windows, asked, strict=True)
    )


def _axis(n: int | None, window: Window, rule: PadRule, size: int | None) -> PadRule:
    if n is None or size is None or size == natural_size(n, window, rule):  # rule 2
        if rule.size_dependent:
            return SAME_UPPER
        extension = max(window.stride - window.effective_kernel, 0)
        return explicit(0, -extension) if extension else VALID
    before = crop_before(size, window, rule)  # rule 3
    return explicit(before, full_size(n, window) - size - before)


def _asked(graph: Graph, operator: OperatorInfo, rank: int) -> Dims:
    """The spatial sizes of the output (rule 1)."""
    given = graph.constant(operator.input(0))
    if given is not None:
        if given.dtype.kind not in "iu" or given.shape != (rank + 2,):
            raise ModelError(f"expected {rank + 2} ints", field="output_shape")
        sizes = tuple(int(size) for size in given[1:-1])
        if any(not 1 <= size <= MAX_SIZE for size in sizes):
            raise ModelError(f"expected sizes >= 1 but got {list(sizes)}", field="output_shape")
        return sizes
    dims = graph.dims(operator.output)
    return dims[1:-1] if dims is not None and len(dims) == rank + 2 else (None,) * rank

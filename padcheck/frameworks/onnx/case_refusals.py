"""Why ONNX has no words for a case. Plain ints.

Source: https://onnx.ai/onnx/operators/, every version of Conv, ConvTranspose, MaxPool,
AveragePool, LpPool and Pad. AveragePool-11 has two formulas for the output sizes of auto_pad
without ceil_mode that say other numbers than the description of auto_pad beside them (mended in
AveragePool-19); the description is taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.frameworks.lowering import PadPairs
from padcheck.frameworks.onnx.auto_pad import auto_pad_plan
from padcheck.frameworks.onnx.case_pads import is_automatic, is_foreign, shares, sizes_after
from padcheck.frameworks.onnx.plan import PAD_MODES
from padcheck.geometry import PadPolicy, Rounding, real_taps
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import OWN, Case

__all__ = ["FIRST_INPUTS_OF_PAD", "FIRST_NEGATIVE_PAD", "OPSETS", "refusal"]

#: The operator sets that cases are written for: the first and the last.
OPSETS = (1, 28)

#: From this opset on Pad's amounts and value are inputs.
FIRST_INPUTS_OF_PAD = 11

#: Pad has `pads`, and takes negative ones, from here on.
FIRST_NEGATIVE_PAD = 2
FIRST_WRAP = 19

#: From this opset on the text of ConvTranspose and its formula agree on the odd element.
FIRST_CONSISTENT_TRANSPOSE = 11

#: From this opset on max and average pools ignore windows that start past the input; LpPool's
#: text says so in none.
FIRST_DROPPED = 22

FIRST_COUNTED = 7
FIRST_CEIL = {OpKind.MAX_POOL: 10, OpKind.AVERAGE_POOL: 10, OpKind.LP_POOL: 18}
FIRST_DILATION = {OpKind.MAX_POOL: 10, OpKind.AVERAGE_POOL: 19, OpKind.LP_POOL: 18}

_FIXED = {PadPolicy.EXPLICIT, PadPolicy.CAUSAL, PadPolicy.VALID}


def refusal(case: Case) -> str | None:
    """Why ONNX has no words for it at this opset; None if it has."""
    return next(_reasons(case), None)


def _reasons(case: Case) -> Iterator[str]:
    spec = case.spec
    first, last = OPSETS
    if not first <= case.opset <= last:
        yield f"cases are written for opset {first} to {last}"
    if spec.kind is OpKind.RESIZE:
        yield "a resize is no op with a window"
    elif spec.deviation is not None or any(rule.flaw is not None for rule in spec.pads):
        yield "a flawed op cannot be written"
    elif spec.kind is OpKind.CONV_TRANSPOSE:
        yield from _transposed_reasons(case)
    else:
        yield from _too_new(case)
        yield from _policy_reasons(spec)
        if not is_automatic(spec):
            yield from _explicit_reasons(case)
    if min(spec.output_size) < 1:
        yield "an op without outputs"


def _too_new(case: Case) -> Iterator[str]:
    """Attributes that the op does not have at this opset."""
    spec, op_type = case.spec, case.op_type
    if spec.rounding is Rounding.CEIL_ALL:
        yield "ceil_mode drops a last window that starts past the input"
    if spec.kind is OpKind.CONV:
        if spec.rounding is not Rounding.FLOOR:
            yield "Conv has no ceil_mode"
        return
    if spec.rounding is Rounding.CEIL and case.opset < FIRST_CEIL[spec.kind]:
        yield f"{op_type} has no ceil_mode before opset {FIRST_CEIL[spec.kind]}"
    if set(spec.dilation) != {1} and case.opset < FIRST_DILATION[spec.kind]:
        yield f"{op_type} has no dilations before opset {FIRST_DILATION[spec.kind]}"
    if spec.count_include_pad and case.opset < FIRST_COUNTED:
        yield f"{op_type} has no count_include_pad before opset {FIRST_COUNTED}"


def _policy_reasons(spec: OpSpec) -> Iterator[str]:
    if is_automatic(spec):
        reason = auto_pad_plan(spec).reason
        if reason is not None:
            yield reason
    elif not {rule.policy for rule in spec.pads} <= _FIXED:
        yield "auto_pad is one policy for all axes"


def _transposed_reasons(case: Case) -> Iterator[str]:
    """Rules (ConvTranspose-11):

    1. A Pad node before the op adds to its input, which crops nothing.
    2. `pads` are 0 or more, `output_padding` is less than the stride or the dilation.
    3. Before opset 11 the formula gives the odd element to the other end than the text.
    4. SAME splits `output_padding` with the rest; at an open size no OpSpec says so.
    5. VALID pads nothing, so that no output_shape is left to choose.
    """
    spec = case.spec
    if case.padding != OWN:  # rule 1
        yield "a Pad node before ConvTranspose lengthens the output instead of cropping it"
    yield from _policy_reasons(spec)
    automatic = is_automatic(spec)
    if not automatic and min(min(rule.before, rule.after) for rule in spec.pads) < 0:  # rule 2
        yield "ConvTranspose's pads are 0 or more"
    if PadPolicy.CAUSAL in {rule.policy for rule in spec.pads}:
        yield "there are no causal crops"
        return
    most = map(max, spec.stride, spec.dilation)
    if any(more >= room for more, room in zip(spec.output_padding, most, strict=False)):
        yield "output_padding is less than the stride or the dilation"
    same = automatic and spec.pads[0].size_dependent
    odd = any((before + after) % 2 for before, after in spec.resolved_pads)
    if case.opset < FIRST_CONSISTENT_TRANSPOSE and odd and (same or spec.output_shape):  # rule 3
        yield "before opset 11 ConvTranspose's text and formula contradict each other on the end"
    if case.dynamic and same and any(spec.output_padding) and not spec.output_shape:  # rule 4
        yield "output_padding with auto_pad SAME needs a size that is known"
    if automatic and not same and spec.output_shape:  # rule 5
        yield "auto_pad VALID and output_shape contradict each other"


def _explicit_reasons(case: Case) -> Iterator[str]:
    """Reasons against the pads of a windowed op.

    1. What a Pad node adds is input to an average, which counts it.
    2. What ceil_mode keeps depends on which pads are the op's own, and an overhang that is
       written as pads, on the size.
    3. Texts before FIRST_DROPPED keep a last window that starts past the input.
    4. A window of nothing but padding has no maximum and no average.
    """
    spec, pads = case.spec, case.spec.resolved_pads
    if spec.pad_mode not in PAD_MODES:
        yield f"ONNX's Pad has no mode for {spec.pad_mode!r} pads"
        return
    if spec.pad_mode == "wrap" and case.opset < FIRST_WRAP:
        yield f"Pad has no mode 'wrap' before opset {FIRST_WRAP}"
    if min(map(min, pads)) < 0 and case.opset < FIRST_NEGATIVE_PAD:
        yield f"Pad takes nothing away before opset {FIRST_NEGATIVE_PAD}"
    if _too_wide(spec):
        yield f"Pad's text does not say what {spec.pad_mode!r} pads longer than the input hold"
    node, own, rounding = shares(case)
    counted = spec.count_include_pad or spec.pad_mode != "constant"
    if spec.kind is OpKind.AVERAGE_POOL and any(map(any, node)) and not counted:  # rule 1
        yield "AveragePool counts what a Pad node adds"
    if spec.kind is OpKind.AVERAGE_POOL and rounding is not spec.rounding and node != pads:
        yield "AveragePool counts what a Pad node adds in the place of ceil_mode's overhang"
    if spec.rounding is Rounding.CEIL and case.dynamic:  # rule 2
        if is_foreign(spec) or any(after for _, after in node):
            yield "ceil_mode after a Pad node keeps other windows at other sizes"
    elif sizes_after(spec, node, own, rounding) != spec.output_size:
        yield "ceil_mode keeps other windows where the pads are shared with a Pad node"
    if rounding is Rounding.CEIL and _may_drop(case, node, own):  # rule 3
        yield f"{case.op_type}'s text does not say what a window past the input does"
    if _has_empty_window(spec, counted=counted):  # rule 4
        yield "a window of nothing but padding"


def _may_drop(case: Case, node: PadPairs, own: PadPairs) -> bool:
    """Whether CEIL drops a window that this opset keeps, at this size or, if open, at any."""
    spec = case.spec
    if case.opset >= FIRST_DROPPED and spec.kind is not OpKind.LP_POOL:
        return False
    if case.dynamic:  # the last window may start stride - 1 past the last full one
        pads = zip(spec.windows, own, strict=True)
        return any(window.stride + after > window.effective_kernel for window, (_, after) in pads)
    kept = sizes_after(spec, node, own, Rounding.CEIL_ALL)
    return kept != sizes_after(spec, node, own, Rounding.CEIL)


def _too_wide(spec: OpSpec) -> bool:
    most = {"reflect": 1, "wrap": 0}
    if spec.pad_mode not in most:
        return False
    spare = most[spec.pad_mode]
    pads = zip(spec.input_size, spec.resolved_pads, strict=True)
    return any(max(pair) > n - spare for n, pair in pads)


def _has_empty_window(spec: OpSpec, *, counted: bool) -> bool:
    averages = spec.kind is OpKind.AVERAGE_POOL and not counted
    if is_foreign(spec) or not (averages or spec.kind is OpKind.MAX_POOL):
        return False
    axes = zip(spec.input_size, spec.windows, spec.pad_before, spec.output_size, strict=True)
    return any(
        real_taps(output, n, window, before) == 0
        for n, window, before, size in axes
        for output in range(size)
    )

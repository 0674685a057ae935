"""PAD106 same_ignores_dilation

What it finds:
    SAME worked out from the kernel as it is written, without its dilation: too little padding,
    and fewer outputs than SAME promises.

Why outputs differ:
    A dilated window spans (k - 1) * d + 1 inputs. SAME's total is the least that yields ceil(n / s)
    windows of that span, so a total worked out from k alone always yields fewer. Where nothing is
    dilated, or SAME pads nothing, there is no difference.

    Measured in: onnxruntime 1.31.1 (MaxPool, AveragePool and LpPool with auto_pad; Conv refuses),
    onnxscript 0.7.2 (its optimizer, which writes a Conv's auto_pad out as pads). In onnx 1.23.2 the
    ReferenceEvaluator does so for AveragePool and LpPool, and then fills up with zeros at the end,
    so that the shape hides it: see PAD998.

Example:
    3 taps with dilation 2 over 8 inputs. SAME promises 8 outputs.

    >>> from padcheck.geometry import SAME_UPPER, Window, output_size
    >>> dilated, undilated = Window(kernel_size=3, dilation=2), Window(kernel_size=3)
    >>> dilated.effective_kernel
    5
    >>> SAME_UPPER.resolve(8, dilated), SAME_UPPER.resolve(8, undilated)
    ((2, 2), (1, 1))
    >>> output_size(8, dilated, 2, 2), output_size(8, dilated, 1, 1)
    (8, 6)

Use instead:
    Keras   `Conv2D(..., dilation_rate=2, padding="same")`, or `ZeroPadding2D(2)`, then "valid"
    TF      `tf.nn.conv2d(..., padding="SAME", dilations=2)`, or `tf.pad` by 2, then "VALID"
    PyTorch `Conv2d(..., dilation=2, padding=2)`, or `padding="same"` where the stride is 1
    ONNX    `pads=[2, 2, 2, 2]` with `auto_pad="NOTSET"`: runtimes differ on auto_pad with dilations

Fix safety:
    changes-output. Restores the reference. What was added downstream to make up for the missing
    rows and columns has to go.

References:
    onnxruntime, auto_pad with dilations: https://github.com/microsoft/onnxruntime/issues/20582
    onnxscript, auto_pad written out: https://github.com/microsoft/onnxscript/pull/3037
    tf2onnx, SAME with dilations: https://github.com/onnx/tensorflow-onnx/pull/1046
    ONNX shape inference: https://github.com/onnx/onnx/pull/2043
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import PadFlaw, PadPolicy, PadRule, Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE or set(reference.dilation) == {1}:
        return
    for policy in (PadPolicy.SAME_UPPER, PadPolicy.SAME_LOWER):
        faulty = reference.with_rule(PadRule(policy, flaw=PadFlaw.UNDILATED))
        yield faulty.replace(rounding=Rounding.FLOOR)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return (
        f"SAME is worked out from the undilated kernel: pads {pairs_text(observed)}, "
        f"expected {pairs_text(reference)}"
    )


CAUSE = Cause(
    code="PAD106",
    name="same_ignores_dilation",
    offers=_offers,
    message=_message,
    advice="work SAME out from (k - 1) * d + 1, or write the pads out",
)

"""PAD108 pads_frozen

What it finds:
    SAME's pads worked out once, at another input size, and kept as constants.

Why outputs differ:
    With a stride above 1, SAME's total depends on n modulo the stride. A model exported or built at
    one size carries the pads of that size; at a size of another residue pad_before is wrong, and
    with it nearly every output, or the number of outputs is. At all sizes of the same residue it is
    right, so a test at the export size shows nothing. With stride 1 the total is k_eff - 1 at every
    size.

    A relative, measured in torch 2.13.0: both of its ONNX exporters write an integer `//` as a Div
    that rounds towards 0. A model that works SAME out with `-(-n // 2)` is right at even sizes only
    once exported; `(n + 1) // 2` is right at all.

Example:
    Kernel 3, stride 2, exported at 224 or at 225 and run at the other.

    >>> from padcheck.geometry import SAME_UPPER, Window, output_size, read_window
    >>> window = Window(kernel_size=3, stride=2)
    >>> SAME_UPPER.resolve(224, window), SAME_UPPER.resolve(225, window)
    ((0, 1), (1, 1))
    >>> output_size(225, window, 0, 1), output_size(225, window, 1, 1)  # 224's pads: one too few
    (112, 113)
    >>> output_size(224, window, 1, 1), output_size(224, window, 0, 1)  # 225's pads: shapes agree
    (112, 112)
    >>> list(read_window(9, window, 1)), list(read_window(9, window, 0))  # but not what is read
    ([17, 18, 19], [18, 19, 20])

Use instead:
    Keras   `padding="same"`, which looks at the size it is given
    TF      `padding="SAME"`, or `tf.pad` by amounts worked out from `tf.shape(x)`
    PyTorch `F.pad` by amounts worked out from `x.shape` in `forward`, exported with open sizes
    ONNX    `auto_pad="SAME_UPPER"`, or a Pad node fed from Shape; else one export for each size

Fix safety:
    changes-output. Restores the reference at other sizes; at the export size nothing changes.

References:
    One export, two sizes: https://github.com/onnx/onnx/issues/1926
    Static SAME for export: https://github.com/zylo117/Yet-Another-EfficientDet-Pytorch/issues/519
    The same in timm: https://github.com/huggingface/pytorch-image-models/issues/646
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

#: Other input sizes tried per axis: every residue of a stride up to this.
_MOST = 16


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """The pads that the policy has at each other residue of the input size."""
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    if not any(rule.size_dependent for rule in reference.pads):
        return
    seen = {reference.resolved_pads}
    for more in range(1, min(max(reference.stride), _MOST)):
        frozen = reference.resized([n + more for n in reference.input_size]).resolved_pads
        if frozen not in seen:
            seen.add(frozen)
            yield reference.with_pads(frozen).replace(rounding=Rounding.FLOOR)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return (
        f"pads of another input size are kept: {pairs_text(observed)}, "
        f"expected {pairs_text(reference)} at {'x'.join(map(str, reference.input_size))}"
    )


CAUSE = Cause(
    code="PAD108",
    name="pads_frozen",
    offers=_offers,
    message=_message,
    advice="work the pads out at the size that is run",
)

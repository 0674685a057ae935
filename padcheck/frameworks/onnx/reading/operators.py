"""The windowed operators of ONNX and of onnxruntime's own domains: which input is what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from padcheck.frameworks.onnx.reading.attributes import is_set
from padcheck.frameworks.onnx.reading.graph import Entry, printable
from padcheck.records import OpKind

__all__ = ["Operator", "operator_of", "refusal_of"]

MICROSOFT = "com.microsoft"
#: onnxruntime's channels-last domain, and its blocked one, in models that it has optimized.
INTERNAL_NHWC = "com.ms.internal.nhwc"
NCHWC = "com.microsoft.nchwc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """How to read a node: indices of its inputs, and where its channels are.

    `zero_point` is the index of the input that a padded tensor holds outside of the data,
    None for ops on real numbers. `pads` is the index of an input that holds the pads, `added`
    of one that is added to the output. `blocked` tensors have channels filled up to a multiple.
    """

    kind: OpKind
    weight: int | None = None
    bias: int | None = None
    zero_point: int | None = None
    pads: int | None = None
    added: int | None = None
    channels_last: bool = False
    blocked: bool = False

    @property
    def takes_in_pads(self) -> bool:
        """Whether a Pad before it can be read as its own pads."""
        return self.kind is not OpKind.CONV_TRANSPOSE


_CONV = Operator(kind=OpKind.CONV, weight=1, bias=2)
_FUSED_CONV = Operator(kind=OpKind.CONV, weight=1, bias=2, added=3)
_CONV_INTEGER = Operator(kind=OpKind.CONV, weight=1, zero_point=2)
_QLINEAR_CONV = Operator(kind=OpKind.CONV, weight=3, bias=8, zero_point=2)
_TRANSPOSE = Operator(kind=OpKind.CONV_TRANSPOSE, weight=1, bias=2)
_QLINEAR_TRANSPOSE = Operator(kind=OpKind.CONV_TRANSPOSE, weight=3, bias=8, zero_point=2)
_DYNAMIC_TRANSPOSE = Operator(kind=OpKind.CONV_TRANSPOSE, weight=1, bias=3, pads=2)
_MAX = Operator(kind=OpKind.MAX_POOL)
_AVERAGE = Operator(kind=OpKind.AVERAGE_POOL)
_QLINEAR_AVERAGE = Operator(kind=OpKind.AVERAGE_POOL, zero_point=2)
_LP = Operator(kind=OpKind.LP_POOL)

#: Source: ONNX operators Conv, ... (opset 1 to 28); onnxruntime `docs/ContribOperators.md` and
#: the schemas that onnxruntime 1.31 registers.
_STANDARD = {
    "Conv": _CONV,
    "ConvInteger": _CONV_INTEGER,
    "QLinearConv": _QLINEAR_CONV,
    "ConvTranspose": _TRANSPOSE,
    "MaxPool": _MAX,
    "AveragePool": _AVERAGE,
    "LpPool": _LP,
}
_CONTRIB = {
    "FusedConv": _FUSED_CONV,
    "NhwcConv": _CONV,
    "NhwcFusedConv": _FUSED_CONV,
    "NhwcMaxPool": _MAX,
    "MaxpoolWithMask": _MAX,
    "QLinearConv": _QLINEAR_CONV,
    "QLinearAveragePool": _QLINEAR_AVERAGE,
    "ConvTransposeWithDynamicPads": _DYNAMIC_TRANSPOSE,
}
_OPTIMIZED = {
    **_STANDARD,
    "QLinearAveragePool": _QLINEAR_AVERAGE,
    "QLinearConvTranspose": _QLINEAR_TRANSPOSE,
}
_DOMAINS = {
    "": _STANDARD,
    MICROSOFT: _CONTRIB,
    INTERNAL_NHWC: _OPTIMIZED,
    NCHWC: {**_STANDARD, "Conv": _FUSED_CONV},
}

#: Words in the names of operators that look at windows; `Convert...` does not.
_LIKE = re.compile(r"[Cc]onv(?!ert)|[Pp]ool|Col2Im|Im2Col")

#: Their names match, but no window of theirs can be padded.
_NOT_WINDOWED = re.compile(r"Global|RoiPool|Adaptive")


def operator_of(entry: Entry) -> Operator | None:
    """How to read the entry; None when it is not one of the known windowed operators."""
    operator = _DOMAINS.get(entry.domain, {}).get(entry.op_type)
    if operator is None:
        return None
    if entry.domain == NCHWC:
        return replace(operator, blocked=True)
    return replace(operator, channels_last=True) if _is_channels_last(entry) else operator


def _is_channels_last(entry: Entry) -> bool:
    if entry.domain == INTERNAL_NHWC or entry.op_type.startswith("Nhwc"):
        return True
    return is_set(entry, "channels_last") and entry.attributes["channels_last"].i != 0


def refusal_of(entry: Entry) -> str | None:
    """Why an op that works like a convolution or pool is not judged; None for all other ops."""
    if not _LIKE.search(entry.op_type) or _NOT_WINDOWED.search(entry.op_type):
        return None
    known = ", ".join(sorted(_STANDARD))
    title = printable(f"{entry.domain}::{entry.op_type}" if entry.domain else entry.op_type)
    return f"{title} is not an op that padcheck can read; known are {known}"

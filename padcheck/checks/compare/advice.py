"""The help of a comparison's finding: code for the target, which is the side to change."""

from __future__ import annotations

from padcheck.errors import PadcheckError
from padcheck.frameworks import lower
from padcheck.records import OpSpec, same_function

__all__ = ["help_for"]

#: Findings about what the op computes; of others, the cause's own advice is the help.
_NOT_THE_OP = "PAD900"
_REBUILT = ("PAD903", "PAD999")
#: What Keras makes of an op, the plainest first.
_KERAS = ("tf_same", "tf_zeropad_valid", "tf_pad_valid")


def help_for(
    code: str, advice: str, source: OpSpec, target_format: str, *, channels_last: bool = True
) -> str:
    """Code that computes the source's op in the target's format; else the cause's advice.

    `channels_last`: where the target's own channels are.
    """
    if code > _NOT_THE_OP and code not in _REBUILT:
        return advice
    source = source.replace(deviation=None)
    lines = _onnx(source) if target_format == "onnx" else _keras(source)
    if not lines:
        return advice
    if target_format != "onnx" and not channels_last:
        lines = ("# for channels last; this layer has them first", *lines)
    if target_format == "tflite":
        lines = ("# in the Keras model that it is converted from; then convert again", *lines)
    return "\n".join(lines)


def _onnx(source: OpSpec) -> tuple[str, ...]:
    code = _code(source.with_pads(source.resolved_pads), "onnxruntime")
    return ("# explicit pads, and no auto_pad", *code) if code else ()


def _keras(source: OpSpec) -> tuple[str, ...]:
    same = all(rule.size_dependent for rule in source.pads)
    for lowering in _KERAS if same else _KERAS[1:]:
        code = _code(source, lowering)
        if code:
            return code
    return ()


def _code(source: OpSpec, lowering: str) -> tuple[str, ...]:
    """The code of a lowering, if that computes the op."""
    try:
        lowered = lower(source, lowering)
    except PadcheckError:
        return ()
    if lowered.spec is None or not same_function(source, lowered.spec):
        return lowered.repair
    return lowered.code

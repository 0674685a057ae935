"""What reaches a value: the nearest sites before it, and whether it can be negative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from padcheck.frameworks.onnx.network.clips import clip_of, fused_clip
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, free_names
from padcheck.frameworks.onnx.reading.pool_pads import never_negative
from padcheck.records import Quantization

__all__ = ["sites_before", "words_for_never_negative"]

#: What they give is not negative if their first input is not.
_KEEP = frozenset(
    [
        "AveragePool",
        "DequantizeLinear",
        "Dropout",
        "Flatten",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Identity",
        "MaxPool",
        "QuantizeLinear",
        "Reshape",
        "Slice",
        "Split",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ]
)

#: What they give is not negative if none of their inputs is.
_JOIN = frozenset(["Add", "Concat", "Max", "Mean", "Min", "Mul", "Sum"])


def sites_before(root: Scope, numbers: Mapping[Entry, Iterable[int]]) -> dict[str, frozenset[int]]:
    """Value -> the sites whose outputs reach it with no other site between.

    `numbers` has the sites of an entry: its own, or those in its bodies.
    """
    reached: dict[str, frozenset[int]] = {}
    for entry in root.entries:
        if entry in numbers:
            before = frozenset(numbers[entry])
        else:
            sources = [name for name in entry.inputs if name in reached]
            for body in entry.bodies.values():
                sources += [name for name in free_names(body) if name in reached]
            before = frozenset().union(*(reached[name] for name in sources))
        if before:
            reached.update(dict.fromkeys(filter(None, entry.outputs), before))
    return reached


def words_for_never_negative(
    root: Scope, evaluator: Evaluator, quantized: Mapping[str, Quantization]
) -> dict[str, str]:
    """Value -> the op that makes it so, for values that are never negative."""
    words: dict[str, str] = {}
    for entry in root.entries:
        if entry.output and entry.output == entry.outputs[0]:
            word = _word(root, entry, evaluator, quantized, words)
            if word is not None:
                words[entry.output] = word
    return words


def _word(
    root: Scope,
    entry: Entry,
    evaluator: Evaluator,
    quantized: Mapping[str, Quantization],
    words: Mapping[str, str],
) -> str | None:
    """1. Relu and the like; a Clip at 0 or above, of a fused op, too.
    2. Integers whose lowest stands for 0.
    3. What only moves, averages or joins numbers that are not negative.
    """
    clip = fused_clip(entry) if "activation" in entry.attributes else None
    clip = clip or clip_of(root, entry, evaluator)
    if clip is not None and clip[0] >= 0:  # rule 1
        return entry.op_type
    kept = quantized.get(entry.output)
    if kept is not None and kept.zero_point == kept.low and "Linear" in entry.op_type:  # rule 2
        return entry.op_type
    if entry.domain != "":
        return None
    if entry.op_type in _KEEP:  # rule 3
        return words.get(entry.input(0))
    if entry.op_type in _JOIN:
        found = [words.get(name) for name in entry.inputs]
        return found[0] if found and None not in found else None
    return never_negative(root, entry.output)

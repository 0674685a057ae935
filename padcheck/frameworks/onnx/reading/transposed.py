"""What only a transposed convolution has: output_padding and output_shape."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reading.attributes import MAX_EXTENT, integers, is_set, shown
from padcheck.frameworks.onnx.reading.graph import Entry
from padcheck.frameworks.onnx.reading.tensors import MAX_SIZE
from padcheck.records import OpSpec

__all__ = ["read_transposed"]

#: From this opset on the text of ConvTranspose and its formula agree on SAME_UPPER.
FIRST_CONSISTENT_TRANSPOSE = 11


def read_transposed(
    entry: Entry, spec: OpSpec, dynamic: Sequence[bool]
) -> tuple[OpSpec, tuple[str, ...]]:
    """Adds output_padding and output_shape. Source: ONNX ConvTranspose-11.

    1. An output_shape that starts with batch and channels is taken too, as onnxruntime does.
    2. SAME with output_padding: ONNX counts it in the total that is split, which the same
       output size given as output_shape says; where sizes are open there is no such size.
    """
    rank = spec.rank
    added = integers(entry, "output_padding", rank, low=0, high=MAX_EXTENT) or ()
    shape = integers(entry, "output_shape", (rank, rank + 2), low=0, high=MAX_SIZE)
    sizes = shape[-rank:] if shape else ()  # rule 1
    if any(size < 1 for size in sizes):
        raise ModelError(f"expected ints >= 1 but got {shown(sizes)}", field="output_shape")
    notes = _left_aside(entry, spec) if sizes else ()
    same = all(rule.size_dependent for rule in spec.pads)
    if same and any(added) and not sizes:  # rule 2
        if any(dynamic):
            problem = "expected none with auto_pad SAME where the input size is open"
            raise ModelError(f"{problem} but got {shown(added)}", field="output_padding")
        sizes = tuple(n * s for n, s in zip(spec.input_size, spec.stride, strict=True))
    spec = spec.replace(output_padding=added, output_shape=sizes)
    is_old = entry.domain == "" and entry.opset < FIRST_CONSISTENT_TRANSPOSE
    if is_old and _splits_odd(spec, same=same):
        notes += (
            "ConvTranspose-1's text and formula contradict each other on which end takes the odd "
            "element; read as from opset 11 on",
        )
    return spec, notes


def _left_aside(entry: Entry, spec: OpSpec) -> tuple[str, ...]:
    if is_set(entry, "pads") and any(entry.attributes["pads"].ints):
        return (
            f"`pads` {shown(entry.attributes['pads'].ints)} are left aside, since "
            "output_shape is given",
        )
    return ()


def _splits_odd(spec: OpSpec, *, same: bool) -> bool:
    if not (same or spec.output_shape):
        return False
    return any((before + after) % 2 for before, after in spec.resolved_pads)

"""Numbers and sizes as a reader wants them."""

from __future__ import annotations

from collections.abc import Sequence

from padcheck.records import AxisSizes, OpReport

__all__ = ["NAMES", "agreement", "cross", "geometry", "pads", "plural"]

#: The lowerings by the names that a reader knows.
NAMES = {
    "torch": "PyTorch",
    "tf_same": "SAME",
    "tf_zeropad_valid": "ZeroPadding+VALID",
    "callable": "observed",
}


def cross(sizes: Sequence[int | None] | None) -> str:
    """`224x224`; `?` for a size left open."""
    if sizes is None:
        return "?"
    return "x".join("?" if size is None else str(size) for size in sizes)


def plural(count: int, noun: str) -> str:
    """`1 op`, `2 ops`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def pads(before: Sequence[int | None] | None, after: Sequence[int | None] | None) -> str:
    """`(1,1)` when all axes share it, else `(1,1)x(0,1)`; `?` where the size decides."""
    if before is None or after is None:
        return "?"
    pairs = [f"({cross([b])},{cross([a])})" for b, a in zip(before, after, strict=True)]
    return pairs[0] if len(set(pairs)) == 1 else "x".join(pairs)


def geometry(op: OpReport) -> str:
    """`k3x3 s2x2`, with dilation and groups where there are any."""
    if op.kernel_size is None:
        return "?"
    parts = [f"k{cross(op.kernel_size)}"]
    if op.stride and set(op.stride) != {1}:
        parts.append(f"s{cross(op.stride)}")
    if op.dilation and set(op.dilation) != {1}:
        parts.append(f"d{cross(op.dilation)}")
    if op.group and op.group > 1:
        parts.append("depthwise" if op.channels and op.group == op.channels[0] else "grouped")
    return " ".join(parts)


def agreement(axes: Sequence[AxisSizes | None] | None) -> str:
    """For which input sizes an op agrees, in words."""
    if axes is None:
        return "not worked out"
    words = [_axis(axis) for axis in axes]
    if len(set(words)) == 1:
        return words[0]
    names = ["n"] if len(words) == 1 else [f"axis {axis}" for axis in range(len(words))]
    return "; ".join(f"{name}: {word}" for name, word in zip(names, words, strict=True))


def _axis(axis: AxisSizes | None) -> str:
    if axis is None:
        return "not worked out, the window is too large"
    if not axis.residues:
        return "at no input size"
    floor = f" from {axis.from_size} on" if axis.from_size > 1 else ""
    if len(axis.residues) == axis.modulus:
        return f"at every input size{floor}"
    if axis.modulus == 2:
        return f"at {'odd' if axis.residues == (1,) else 'even'} input sizes{floor}"
    residues = ", ".join(map(str, axis.residues))
    return f"where input size % {axis.modulus} is {residues}{floor}"

"""Nodes in a model's own opset, and what a Change is in them."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

__all__ = ["NodeWriter"]

#: From these opsets on the amounts of a Pad, the bounds of a Clip, are inputs.
FIRST_PAD_WITH_INPUTS = 11
FIRST_CLIP_WITH_INPUTS = 11

#: Where Pad got its mode `wrap`.
FIRST_PAD_WITH_WRAP = 19

#: The first Pad whose attribute is called `pads`.
FIRST_PAD_WITH_PADS = 2


class NodeWriter:
    """Collects nodes and the constants they need; `dtype` is that of the tensors computed with.

    Names begin with `prefix`, so that two writers of one graph do not meet. Raises
    FrameworkError for what the opset has no words for.
    """

    def __init__(self, opset: int, dtype: str, *, prefix: str) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._dtype = dtype
        self._prefix = prefix

    def name(self, suffix: str) -> str:
        """A name for a value or node."""
        return f"{self._prefix}/{suffix}_{len(self.nodes)}_{len(self.constants)}"

    def number(self, values: Any, *, dtype: str = "", title: str = "constant") -> str:
        """The name of a new constant, of the type computed with unless another is given."""
        import numpy as np

        name = self.name(title)
        self.constants[name] = np.asarray(values, dtype or self._dtype)
        return name

    def node(
        self,
        op_type: str,
        inputs: Sequence[str],
        output: str = "",
        *,
        name: str = "",
        **attributes: Any,
    ) -> str:
        """Adds a node of the default domain; returns the name of its output."""
        import onnx

        known = _attributes_of(op_type, self.opset)
        for title in attributes:
            if title not in known:
                raise FrameworkError(f"ONNX opset {self.opset}: {op_type} has no `{title}`")
        output = output or self.name(op_type.lower())
        self.nodes.append(
            onnx.helper.make_node(
                op_type, list(inputs), [output], name=name or self.name("node"), **attributes
            )
        )
        return output

    def pad(
        self, value: str, pairs: Sequence[tuple[int, int]], fill: float, mode: str, name: str = ""
    ) -> str:
        """Pads the spatial axes of (N, C, *spatial)."""
        if mode == "wrap" and self.opset < FIRST_PAD_WITH_WRAP:
            raise FrameworkError(f"ONNX opset {self.opset}: Pad has no mode `wrap`")
        every = ((0, 0), (0, 0), *pairs)
        flat = [before for before, _ in every] + [after for _, after in every]
        if self.opset < FIRST_PAD_WITH_INPUTS:
            title = "pads" if self.opset >= FIRST_PAD_WITH_PADS else "paddings"
            more: dict[str, Any] = {title: flat, "mode": mode, "value": float(fill)}
            return self.node("Pad", [value], name=name, **more)
        inputs = [value, self.number(flat, dtype="int64", title="pads")]
        if mode == "constant":
            inputs.append(self.number(fill, title="fill"))
        return self.node("Pad", inputs, name=name, mode=mode)

    def clip(self, value: str, bounds: tuple[float, float], output: str = "") -> str:
        """Relu where that is it, else Clip; infinite bounds are left out."""
        low, high = bounds
        if bounds == (0.0, math.inf):
            return self.node("Relu", [value], output)
        given = {"min": low, "max": high}
        finite = {title: bound for title, bound in given.items() if math.isfinite(bound)}
        if not finite:
            return self.node("Identity", [value], output)
        if self.opset < FIRST_CLIP_WITH_INPUTS:
            attributes: dict[str, Any] = finite
            return self.node("Clip", [value], output, **attributes)
        names = [
            self.number(bound, title=title) if title in finite else ""
            for title, bound in given.items()
        ]
        return self.node("Clip", [value, *names], output)


@functools.cache
def _attributes_of(op_type: str, opset: int) -> frozenset[str]:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    try:
        schema = onnx.defs.get_schema(op_type, min(opset, newest), "")
    except onnx.defs.SchemaError:
        raise FrameworkError(f"ONNX opset {opset} has no {op_type}") from None
    return frozenset(schema.attributes)

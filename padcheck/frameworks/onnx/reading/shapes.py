"""The shapes of a model's values: onnx's inference, kept going past what it cannot work out.

Nodes are handed to onnx in segments. A segment ends before a node whose output's shape is in
the *values* of an input that is computed (the amounts of a Pad, the shape of a Reshape): by then
all shapes before it are known, so the value can be evaluated and handed over with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from padcheck.frameworks.onnx.reading.constant_ops import Unknown, has_open
from padcheck.frameworks.onnx.reading.control_flow import infer_bodies
from padcheck.frameworks.onnx.reading.custom import infer_custom
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.segments import Segment, fits_schema, infer
from padcheck.frameworks.onnx.reading.tensors import MAX_RANK, Dims, dims_of, tensor_type

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = ["ShapeInference"]

#: Nodes per call of onnx's inference; bounds what ranks that grow from node to node can cost.
MAX_SEGMENT = 256

#: More axes than this in a Gather's indices, or in the axes of an Unsqueeze, are no model's.
MAX_ADDED_RANK = 8

#: Op -> the inputs whose values decide the shape of its output.
SHAPE_INPUTS: Mapping[str, tuple[int, ...]] = {
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "MaxUnpool": (2,),
    "OneHot": (1,),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "ReduceL1": (1,),
    "ReduceL2": (1,),
    "ReduceMax": (1,),
    "ReduceMean": (1,),
    "ReduceMin": (1,),
    "ReduceProd": (1,),
    "ReduceSum": (1,),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}


class ShapeInference:
    """Fills in `Scope.types`: `run`, and then `fill_holes` where shapes are missing.

    `trust_sizes` says whether the sizes that the file itself declares for values inside the
    graph still hold; where they do not, only the ranks are taken from it.
    """

    def __init__(self, evaluator: Evaluator, *, trust_sizes: bool) -> None:
        self._evaluator = evaluator
        self._trust_sizes = trust_sizes
        self._holes: set[tuple[Scope, str]] = set()

    def run(self, scope: Scope) -> None:
        """Works out the types of everything in `scope`, whose inputs' types are there already."""
        segment = Segment()
        for entry in scope.entries:
            segment = self._take(scope, entry, segment)
        infer(scope, segment)

    def fill_holes(self, root: Scope) -> bool:
        """Runs again, with the file's own shapes for what could not be worked out.

        False when it has none.
        """
        self._holes = {
            (scope, name)
            for scope, entry in root.walk()
            for name in entry.outputs
            if name and self._is_hole(scope, name)
        }
        if not self._holes:
            return False
        self._evaluator.forget_unknown()
        self.run(root)
        return True

    def _is_hole(self, scope: Scope, name: str) -> bool:
        declared, known = dims_of(scope.declared.get(name)), scope.dims(name)
        if declared is None:
            return False
        if known is None:
            return True
        if not self._trust_sizes or len(known) != len(declared):
            return False
        pairs = zip(known, declared, strict=True)
        return any(isinstance(size, int) and not isinstance(now, int) for now, size in pairs)

    def _take(self, scope: Scope, entry: Entry, segment: Segment) -> Segment:
        """Adds the entry to the segment, or closes that and handles the entry by itself."""
        if self._must_cut(scope, entry, segment):
            infer(scope, segment)
            segment = Segment()
        if not self._handled(scope, entry, segment):
            values = self._values(scope, entry)
            if values is not None:
                segment.add(entry, values)
        if any((scope, name) in self._holes for name in entry.outputs):
            infer(scope, segment)
            self._declare(scope, entry)
            return Segment()
        return segment

    def _must_cut(self, scope: Scope, entry: Entry, segment: Segment) -> bool:
        if len(segment.entries) >= MAX_SEGMENT:
            return True
        if segment.entries and segment.entries[0].opsets is not entry.opsets:
            return True
        if entry.bodies or not _is_standard(entry) or not fits_schema(entry):
            return True
        if entry.op_type in ("Gather", "GatherND"):  # their ranks add up, so they may double
            return entry.input(1) in segment.made
        return any(scope.constant(name) is None for name in _shape_inputs(entry))

    def _handled(self, scope: Scope, entry: Entry, segment: Segment) -> bool:
        """Whether the entry's types were worked out here, or must not be by onnx."""
        if entry.bodies:
            infer_bodies(scope, entry, self.run, self._evaluator.forget)
            return True
        if not _is_standard(entry) or not fits_schema(entry):
            infer_custom(scope, entry, self._evaluator)
            self._declare(scope, entry)
            return True
        if entry.op_type in ("Gather", "GatherND"):
            indices = scope.dims(entry.input(1))
            return indices is not None and len(indices) > MAX_ADDED_RANK
        return False

    def _values(self, scope: Scope, entry: Entry) -> dict[str, onnx.TensorProto] | None:
        """The computed values that decide the entry's shape; None when it is left out."""
        from onnx import numpy_helper

        values: dict[str, onnx.TensorProto] = {}
        for name in _shape_inputs(entry):
            value = self._evaluator.partial(scope, name)
            if isinstance(value, Unknown):
                continue
            limit = MAX_ADDED_RANK if entry.op_type == "Unsqueeze" else MAX_RANK
            if value.size > limit:
                return None
            if has_open(value):
                self._partial(scope, entry, value)
                return None if entry.output in scope.types else values
            values[name] = numpy_helper.from_array(value, name)
        return values

    def _partial(self, scope: Scope, entry: Entry, value: np.ndarray) -> None:
        """The output's dims where only some of a shape's values are known."""
        if entry.op_type not in ("Reshape", "ConstantOfShape"):
            return
        dims = _reshaped([int(size) for size in value.ravel()], scope.dims(entry.input(0)))
        source = scope.type_of(entry.input(0))
        elem = source.tensor_type.elem_type if source is not None else 1
        scope.types[entry.output] = tensor_type(elem, dims)

    def _declare(self, scope: Scope, entry: Entry) -> None:
        """Takes the file's own shapes for the entry's outputs where nothing better is known."""
        for name in filter(None, entry.outputs):
            kind = scope.declared.get(name)
            dims = dims_of(kind)
            if kind is None or dims is None:
                continue
            if not self._trust_sizes:
                dims = (None,) * len(dims)
            merged = _merged(dims_of(scope.types.get(name)), dims)
            scope.types[name] = tensor_type(kind.tensor_type.elem_type, merged)


def _is_standard(entry: Entry) -> bool:
    return entry.domain in ("", "ai.onnx.ml")


def _shape_inputs(entry: Entry) -> list[str]:
    if entry.domain != "":
        return []
    indices = SHAPE_INPUTS.get(entry.op_type, ())
    return [entry.input(index) for index in indices if entry.input(index)]


def _reshaped(sizes: list[int], source: Dims | None) -> Dims:
    """Reshape's rule: 0 keeps the input's size there, -1 and open sizes stay open."""
    dims: list[int | str | None] = []
    for axis, size in enumerate(sizes):
        if size == 0 and source is not None and axis < len(source):
            dims.append(source[axis])
        else:
            dims.append(size if size > 0 else None)
    return tuple(dims)


def _merged(known: Dims | None, declared: Dims) -> Dims:
    if known is None or len(known) != len(declared):
        return declared
    pairs = zip(known, declared, strict=True)
    return tuple(now if isinstance(now, int) else size for now, size in pairs)

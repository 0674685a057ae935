"""An ONNX model -> its windowed ops, in order, each as a Site."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from padcheck.errors import UsageError
from padcheck.frameworks.onnx.reading.building import build_scopes
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope, printable
from padcheck.frameworks.onnx.reading.loading import LoadedModel, load_model
from padcheck.frameworks.onnx.reading.shapes import ShapeInference
from padcheck.frameworks.onnx.reading.sites import Located, is_open, is_windowed, read_site
from padcheck.frameworks.onnx.reading.tensors import MAX_SIZE, Dims, dims_of, tensor_type
from padcheck.geometry import at_least
from padcheck.records import ModelRef, Site

if TYPE_CHECKING:
    import onnx

__all__ = [
    "READER",
    "Locations",
    "OnnxReader",
    "ReadModel",
    "locate",
    "read_loaded",
    "read_model",
]

#: How many names an error message lists.
LISTED = 8


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A model as padcheck sees it: `inputs` are the true ones, with the sizes that were used."""

    ref: ModelRef
    sites: tuple[Site, ...]
    notes: tuple[str, ...] = ()
    inputs: dict[str, tuple[int | str | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Locations:
    """Where the sites of a ReadModel stand: the scopes of its model, and one entry per site."""

    root: Scope
    evaluator: Evaluator
    sites: tuple[Located, ...]


def read_model(
    model: str | os.PathLike[str] | onnx.ModelProto,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> ReadModel:
    """Reads the windowed ops of a .onnx file or a ModelProto; never the weights' values.

    `input_shapes` gives whole shapes, batch and channels included, by input name; they replace
    those of the file, and every size after them is worked out anew.

    Raises ModelError for what is no readable model, and UsageError for input shapes that the
    model has no use for. An op that cannot be read is a Site with a reason.

    Source: ONNX IR and operator specifications, opset 1 to 28; onnxruntime's own operators.

    >>> read_model("resnet50.onnx").sites[0].spec  # doctest: +SKIP
    """
    return read_loaded(load_model(model), input_shapes=input_shapes)


def read_loaded(
    loaded: LoadedModel, *, input_shapes: Mapping[str, Sequence[int]] | None = None
) -> ReadModel:
    """As `read_model`, for a model that is loaded already; may be asked at several sizes."""
    return locate(loaded, input_shapes=input_shapes)[0]


def locate(
    loaded: LoadedModel, *, input_shapes: Mapping[str, Sequence[int]] | None = None
) -> tuple[ReadModel, Locations]:
    """As `read_loaded`, and where the sites stand in the model."""
    root = build_scopes(loaded.proto, loaded.where)
    inputs = _type_inputs(root, input_shapes or {})
    evaluator = Evaluator(loaded.folder)
    trust_sizes = not input_shapes and all(_is_static(root.dims(name)) for name in inputs)
    shapes = ShapeInference(evaluator, trust_sizes=trust_sizes)
    shapes.run(root)
    if any(is_open(scope, entry) for scope, entry in root.walk()):
        shapes.fill_holes(root)
    found = _sites(root, evaluator)
    read = ReadModel(
        ref=loaded.ref,
        sites=tuple(one.site for one in found),
        notes=(*loaded.notes, *_opset_notes(loaded.proto), *_override_notes(root, input_shapes)),
        inputs=inputs,
    )
    return read, Locations(root, evaluator, found)


class OnnxReader:
    """The Reader of `frameworks/base.py`."""

    def read(
        self, model: Any, *, input_shapes: dict[str, Sequence[int]] | None = None
    ) -> tuple[Site, ...]:
        """The sites of a model, in order; raises as `read_model`."""
        return read_model(model, input_shapes=input_shapes).sites


READER = OnnxReader()


def _type_inputs(root: Scope, given: Mapping[str, Sequence[int]]) -> dict[str, Dims]:
    """Types the graph's inputs; returns the dims of the true ones, () for what is no tensor."""
    names = [name for name in root.inputs if name not in root.constants]
    unknown = [name for name in given if name not in names]
    if unknown:
        known = ", ".join(map(printable, names[:LISTED])) + (", ..." if len(names) > LISTED else "")
        raise UsageError(
            f"input_shapes: expected an input of the model ({known}) but got {unknown[0]!r}"
        )
    for name in names:
        kind = root.declared[name]
        if name in given:
            elem = kind.tensor_type.elem_type if kind.HasField("tensor_type") else 1
            kind = tensor_type(elem, _given(name, given[name], dims_of(kind)))
        root.types[name] = kind
    return {name: root.dims(name) or () for name in names}


def _is_static(dims: Dims | None) -> bool:
    """Whether all sizes but the batch are known."""
    return dims is not None and all(isinstance(size, int) for size in dims[1:])


def _given(name: str, shape: Sequence[int], declared: Dims | None) -> Dims:
    """The shape as ints; raises UsageError for another rank, or a size that is none."""
    try:
        sizes = tuple(at_least(f"input_shapes[{name!r}]", size, 1) for size in shape)
    except TypeError:
        raise UsageError(
            f"expected a list of ints but got input_shapes[{name!r}]={shape!r}"
        ) from None
    if any(size > MAX_SIZE for size in sizes):
        raise UsageError(
            f"expected sizes of at most {MAX_SIZE} but got input_shapes[{name!r}]={sizes}"
        )
    if declared is not None and len(declared) != len(sizes):
        raise UsageError(
            f"expected {len(declared)} sizes, as the model has, but got "
            f"input_shapes[{name!r}]={sizes}"
        )
    return sizes


def _sites(root: Scope, evaluator: Evaluator) -> tuple[Located, ...]:
    names = _Names()
    sites = []
    for scope, entry in root.walk():
        if not is_windowed(entry):
            continue
        sites.append(read_site(scope, entry, names.unique(entry), evaluator))
    return tuple(sites)


class _Names:
    """Gives each op a name of its own."""

    def __init__(self) -> None:
        self._uses: Counter[str] = Counter()

    def unique(self, entry: Entry) -> str:
        """The path; with its output, and then a number, where an op before has that name."""
        name = entry.path
        if name in self._uses:
            name = f"{entry.path}:{printable(entry.output)}"
        base = name
        while name in self._uses:
            self._uses[base] += 1
            name = f"{base}#{self._uses[base]}"
        self._uses[name] = 1
        return name


def _override_notes(root: Scope, given: Mapping[str, Sequence[int]] | None) -> tuple[str, ...]:
    """A word of caution where the file fixes other sizes: a Reshape may have frozen them."""
    notes = []
    for name, shape in (given or {}).items():
        declared = dims_of(root.declared[name])
        if _is_static(declared) and tuple(declared or ())[1:] != tuple(shape)[1:]:
            fixed = "x".join(map(str, declared or ()))
            notes.append(
                f"the file fixes input {printable(name)} at {fixed}; a Reshape after it may hold "
                "on to that, and whether the model runs at the size given is not checked"
            )
    return tuple(notes)


def _opset_notes(proto: onnx.ModelProto) -> tuple[str, ...]:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    versions = [one.version for one in proto.opset_import if one.domain in ("", "ai.onnx")]
    return tuple(
        f"opset {version} is newer than onnx {onnx.__version__} knows ({newest}); "
        f"its ops are read as those of opset {newest}"
        for version in versions
        if version > newest
    )

"""The Network of an ONNX model."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from padcheck.errors import UsageError
from padcheck.frameworks.onnx.network.altering import alter, changed_place
from padcheck.frameworks.onnx.network.ends import input_tensors, output_tensors
from padcheck.frameworks.onnx.network.isolation import Recipe, isolated, recipe_of
from padcheck.frameworks.onnx.network.places import find_places
from padcheck.frameworks.onnx.network.program import Program, program_of
from padcheck.frameworks.onnx.network.saving import save_program
from padcheck.frameworks.onnx.network.session import Engine
from padcheck.frameworks.onnx.network.shaking import shaken_program
from padcheck.frameworks.onnx.network.stored import dequantized, quantized
from padcheck.frameworks.onnx.network.wiring import Wiring
from padcheck.frameworks.onnx.reader import Locations, locate
from padcheck.frameworks.onnx.reading.loading import LoadedModel, load_model
from padcheck.frameworks.onnx.reading.sites import Located
from padcheck.frameworks.onnx.reading.tensors import dims_of
from padcheck.frameworks.onnx.sessions import runtime
from padcheck.records import (
    Change,
    ModelRef,
    OpKind,
    Place,
    Quantization,
    Site,
    Tensor,
    printable,
)

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = ["OnnxNetwork", "open_network"]


def open_network(
    model: str | os.PathLike[str] | onnx.ModelProto,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> OnnxNetwork:
    """Reads a .onnx file or a ModelProto; loads no runtime, and no weights' values.

    `input_shapes` gives whole shapes by input name, as for `read_model`. Raises ModelError for
    what is no readable model, UsageError for shapes that it has no use for.
    """
    return _opened(load_model(model), dict(input_shapes or {}))


@dataclass(frozen=True, slots=True)
class _Source:
    """What an unaltered network can be read from again."""

    loaded: LoadedModel
    shapes: dict[str, Sequence[int]]


def _opened(loaded: LoadedModel, shapes: dict[str, Sequence[int]]) -> OnnxNetwork:
    read, found = locate(loaded, input_shapes=shapes or None)
    found = replace(found, sites=tuple(map(_literal, found.sites)))
    sites = tuple(located.site for located in found.sites)
    proto = loaded.proto
    wiring = Wiring(found.root, proto.graph)
    places, stored = find_places(found, wiring, loaded.folder)
    known = [place for place in places if place is not None]
    inputs = input_tensors(wiring, read.inputs, known, stored)
    program = program_of(proto, loaded.folder, loaded.ref.path)
    fixed = {name: tuple(sizes) for name, sizes in shapes.items() if _is_new(found, name, sizes)}
    return OnnxNetwork(
        ref=read.ref,
        inputs=inputs,
        outputs=output_tensors(wiring, known, stored),
        sites=sites,
        places=places,
        notes=(*read.notes, *_fusion_notes(sites, places)),
        program=program.resized(fixed) if fixed else program,
        found=found,
        stored=stored,
        source=_Source(loaded, shapes),
    )


def _literal(located: Located) -> Located:
    """The site with what its Pads really hold: a 0 around a Relu's output is 0.

    Whether that can ever be the maximum is the comparison's question (`Place.never_negative`).
    """
    folded, spec = located.folded, located.site.spec
    if folded is None or folded.filled is None or spec is None:
        return located
    notes = tuple(note for note in located.site.notes if note not in folded.notes)
    site = replace(located.site, spec=spec.replace(pad_value=folded.filled), notes=notes)
    return replace(located, site=site)


def _is_new(found: Locations, name: str, sizes: Sequence[int]) -> bool:
    """Whether the file fixes another size of an input."""
    declared = dims_of(found.root.declared[name]) or ()
    return any(
        isinstance(size, int) and size != given
        for size, given in zip(declared, sizes, strict=False)
    )


def _fusion_notes(sites: Sequence[Site], places: Sequence[Place | None]) -> tuple[str, ...]:
    """What `session.WRONG_OPTIMIZERS` would make of the model where they are left on."""
    zeros = [
        site.name
        for site, place in zip(sites, places, strict=True)
        if site.folded
        and (place is None or place.never_negative is None)
        and site.spec is not None
        and (site.spec.kind, site.spec.pad_value) == (OpKind.MAX_POOL, 0.0)
        and site.spec.pad_mode == "constant"
        and site.spec.reads_padding
    ]
    return tuple(
        f"onnxruntime's Pad_Fusion takes the 0 padded before {printable(name)} for -inf; it is "
        "switched off here (https://github.com/microsoft/onnxruntime/issues/24737)"
        for name in zeros
    )


class OnnxNetwork:
    """The Network of `frameworks/base.py`, run by onnxruntime."""

    def __init__(
        self,
        *,
        ref: ModelRef,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        sites: tuple[Site, ...],
        places: tuple[Place | None, ...],
        notes: tuple[str, ...],
        program: Program,
        found: Locations,
        stored: Mapping[str, Quantization],
        source: _Source | None = None,
        recipes: Mapping[int, Recipe] | None = None,
    ) -> None:
        self.ref = ref
        self.inputs = inputs
        self.outputs = outputs
        self.sites = sites
        self.places = places
        self.notes = notes
        self._program = program
        self._found = found
        self._stored = stored
        self._source = source
        self._recipes = dict(recipes or {})
        self._engine = Engine(program)

    def versions(self) -> dict[str, str]:
        """{"onnxruntime": version}; loads it."""
        return {"onnxruntime": str(runtime().__version__)}

    def at(self, shapes: Mapping[str, Sequence[int]]) -> OnnxNetwork:
        """The network at other input shapes, read anew; itself where nothing changes.

        Raises UsageError for a shape that it has no use for, any of an altered network included.
        """
        known = {tensor.name: tensor.shape for tensor in self.inputs}
        if all(name in known and known[name] == tuple(shapes[name]) for name in shapes):
            return self
        if self._source is None:
            raise UsageError("expected the input shapes that the network was altered at")
        return _opened(self._source.loaded, {**self._source.shapes, **shapes})

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str] = (), *, only: bool = False
    ) -> dict[str, np.ndarray]:
        """Every output by name, and the tensors asked for, as real numbers; these alone if `only`.

        Raises FrameworkError, with the version, for whatever onnxruntime raises.
        """
        given = quantized(self.inputs, feeds)
        made = self._engine.run(given, fetches, only=only)
        made |= {name: given[name] for name in fetches if name in given}
        return {name: dequantized(array, self._stored.get(name)) for name, array in made.items()}

    def isolate(self, index: int) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
        """The op of one site alone, in onnxruntime; an Lp pool gives the norm itself.

        Raises FrameworkError, as the function does.
        """
        recipe = self._recipes.get(index)
        if recipe is None:
            recipe = recipe_of(self._found.sites[index], self._found.evaluator)
        return isolated(recipe)

    def altered(self, changes: Mapping[int, Change]) -> OnnxNetwork:
        """The network with some sites replaced; nothing is copied, and no file written.

        Raises FrameworkError, with the reason, where ONNX, or the model's opset, cannot express
        a change.
        """
        program, recipes = alter(self._program, self._found, self.places, self._stored, changes)
        sites, places = list(self.sites), list(self.places)
        for index, change in changes.items():
            sites[index] = replace(sites[index], spec=change.spec)
            places[index] = changed_place(places[index], change, program)
        return OnnxNetwork(
            ref=self.ref,
            inputs=self.inputs,
            outputs=self.outputs,
            sites=tuple(sites),
            places=tuple(places),
            notes=self.notes,
            program=program,
            found=self._found,
            stored=self._stored,
            recipes={**self._recipes, **recipes},
        )

    def shaken(self, of_itself: float, of_largest: float, seed: int = 0) -> OnnxNetwork:
        """The network with its weights changed at random, as `Shakeable` says."""
        made = copy.copy(self)
        made._program = shaken_program(self._program, of_itself, of_largest, seed)
        made._engine = Engine(made._program)
        return made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model, checked by onnx and with its weights inside, whole or not at all.

        Raises FrameworkError for what onnx finds wrong, and OSError.
        """
        save_program(self._program, path)

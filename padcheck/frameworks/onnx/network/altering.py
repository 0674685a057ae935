"""Sites of a program replaced by what Changes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.onnx.network.changing import Spot, change_plan, write_change
from padcheck.frameworks.onnx.network.isolation import Recipe, recipe_of_plan
from padcheck.frameworks.onnx.network.program import Program
from padcheck.frameworks.onnx.network.surgery import without
from padcheck.frameworks.onnx.network.writing import NodeWriter
from padcheck.frameworks.onnx.reader import Locations
from padcheck.frameworks.onnx.reading.building import domain_name
from padcheck.frameworks.onnx.reading.sites import Located
from padcheck.records import Change, Epilogue, OpValues, Place, Quantization

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from padcheck.frameworks.onnx.network.program import Weight

__all__ = ["alter", "changed_place"]

#: TensorProto.DataType -> what numpy computes with, of the types that convolutions take.
_REAL = {1: "float32", 10: "float16", 11: "float64"}
_BFLOAT16 = 16


def alter(
    program: Program,
    found: Locations,
    places: Sequence[Place | None],
    stored: Mapping[str, Quantization],
    changes: Mapping[int, Change],
) -> tuple[Program, dict[int, Recipe]]:
    """The program with these changes, and how each changed op stands alone now.

    Raises FrameworkError, with the reason, for a change that the model's opset has no words for.
    """
    opset = _opset(program)
    prefix = _prefix(program)
    written: dict[str, Sequence[onnx.NodeProto]] = {}
    weights: dict[str, Weight] = {}
    recipes: dict[int, Recipe] = {}
    is_resized = False
    for index, change in changes.items():
        located, place = found.sites[index], places[index]
        spot = _spot(program, located, place, stored)
        plan = change_plan(change)
        writer = NodeWriter(opset, _dtype(spot), prefix=f"{prefix}/{index}")
        write_change(writer, spot, change, plan)
        written[spot.tail] = writer.nodes
        weights |= writer.constants
        recipes[index] = recipe_of_plan(change.spec, plan, opset)
        old = located.site.spec
        is_resized |= old is None or old.output_size != change.spec.output_size
    return without(program, written, weights, is_resized=is_resized), recipes


def changed_place(place: Place | None, change: Change, program: Program) -> Place:
    """Where a changed site stands now, and its numbers."""
    assert place is not None
    values = place.values
    weight, offset = change.weight, change.offset
    if weight is not None:
        values = _given(weight, offset)
    return Place(
        data=place.data,
        output=place.output if place.output in program.made() else place.tail,
        tail=place.tail,
        channels_last=place.channels_last,
        values=values,
        epilogue=Epilogue(clip=change.clip),
        before=place.before,
        never_negative=place.never_negative,
        quantization=change.quantization,
    )


def _given(weight: NDArray[Any], offset: NDArray[Any] | None) -> Any:
    return lambda: OpValues(weight=weight, offset=offset)


def _opset(program: Program) -> int:
    for one in program.base.opset_import:
        if domain_name(one.domain) == "":
            return int(one.version)
    raise FrameworkError("ONNX: the model imports no opset of ONNX's own to write nodes in")


def _prefix(program: Program) -> str:
    """What no name in the program begins with."""
    names = {*program.made(), *program.weights, *(one.name for one in program.inputs)}
    number = 1
    while any(name.startswith(f"padcheck{number}/") for name in names):
        number += 1
    return f"padcheck{number}"


def _spot(
    program: Program,
    located: Located,
    place: Place | None,
    stored: Mapping[str, Quantization],
) -> Spot:
    entry, operator, root = located.entry, located.operator, located.scope
    if place is None or operator is None:
        reason = located.site.reason or "it is not one plain op of the main graph"
        raise FrameworkError(f"ONNX: {located.site.name} cannot be replaced: {reason}")
    if operator.channels_last:
        raise FrameworkError(
            f"ONNX: {located.site.name} cannot be replaced: {entry.op_type} has its channels "
            "last, which no op of ONNX's own has"
        )
    keeps = any(root.uses[name] for name in entry.outputs if name and name != place.output)
    weight = entry.input(operator.weight) if operator.weight is not None else ""
    bias = entry.input(operator.bias) if operator.bias is not None else ""
    titles = (entry.path, f"{entry.path}/pad")
    names = {one.name for one in program.nodes if place.output not in one.output}
    is_there = {weight, bias} - {""} <= {*program.weights, *program.made(), *root.inputs}
    return Spot(
        data=place.data,
        tail=place.tail,
        output="" if keeps or place.output == place.tail else place.output,
        node=entry.path,
        node_names=("", "") if keeps or names & set(titles) else titles,
        data_type=_type(located, place.data),
        tail_type=_type(located, place.tail),
        stored=stored.get(place.data),
        restored=stored.get(place.tail),
        zero_point=entry.input(2) if entry.op_type == "ConvInteger" else "",
        weight=weight if is_there else "",
        bias=bias if is_there else "",
    )


def _type(located: Located, name: str) -> int:
    """TensorProto.DataType of a value; float32 where nothing tells."""
    kind = located.scope.type_of(name)
    elem = kind.tensor_type.elem_type if kind is not None else 0
    return int(elem) or 1


def _dtype(spot: Spot) -> str:
    """numpy's name of the type that the nodes compute in."""
    if _BFLOAT16 in (spot.data_type, spot.tail_type):
        raise FrameworkError(f"ONNX: {spot.node} cannot be replaced: it computes in bfloat16")
    return _REAL.get(spot.data_type, "float32")

"""`--via`: the source through a converter, in this process, as a Network."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.checks.compare.opening import open_model
from padcheck.errors import UsageError
from padcheck.records import ModelRef, printable

if TYPE_CHECKING:
    from padcheck.frameworks.base import Network

__all__ = ["Conversion", "convert"]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """What a converter made: the model, the network it was read into, and the source's node
    that each layer was made from.
    """

    model: Any
    network: Network
    nodes: Mapping[str, str]


def convert(
    source: Network,
    model: Any,
    via: str,
    *,
    change_ordering: bool = False,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> Conversion:
    """`model`, which `source` was read from, converted by onnx2keras.

    Raises UsageError for a source that is no ONNX model, FrameworkError for what the converter
    raises, MissingFramework.
    """
    if source.ref.format != "onnx":
        raise UsageError(f"expected an ONNX model for {via} but got {source.ref.format}")
    from padcheck.frameworks.onnx2keras.conversion import convert as run

    made = run(model, change_ordering=change_ordering, input_shapes=input_shapes)
    network = open_model(made.model, trust=True)
    order = "; change_ordering" if change_ordering else ""
    network.ref = ModelRef(path=f"{via} {made.version}{order}", format="keras")
    network.notes = (*network.notes, *map(printable, made.notes))
    return Conversion(made.model, network, made.names)

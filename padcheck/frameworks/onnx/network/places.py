"""One Place per site: where it stands in the main graph, and the numbers it works with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from padcheck.frameworks.onnx.network.clips import fused_clip
from padcheck.frameworks.onnx.network.constants import Constants
from padcheck.frameworks.onnx.network.epilogue import Channels, Tail, tail_of
from padcheck.frameworks.onnx.network.flow import sites_before, words_for_never_negative
from padcheck.frameworks.onnx.network.quantized import quantized_names
from padcheck.frameworks.onnx.network.values import reader_of, weight_origin
from padcheck.frameworks.onnx.network.wiring import Wiring
from padcheck.frameworks.onnx.reader import Locations
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.sites import Located
from padcheck.records import Epilogue, Place, Quantization

__all__ = ["find_places"]


def find_places(
    found: Locations, wiring: Wiring, folder: Path | None
) -> tuple[tuple[Place | None, ...], dict[str, Quantization]]:
    """The places, and the tensors of the model that are quantized.

    There is no Place for

    1. a site that was not read, in a body (If, Loop) or in a function's call,
    2. an op on tensors whose channels are blocked,
    3. a fused op that adds a tensor, or whose activation does more than clip.
    """
    constants = Constants(found.root, folder, found.evaluator)
    quantized = quantized_names(found.root, found.evaluator)
    before = sites_before(found.root, _numbers(found))
    words = words_for_never_negative(found.root, found.evaluator, quantized)
    origins = [weight_origin(constants, one) for one in found.sites]
    uses = Counter(origins)
    places: list[Place | None] = []
    for located, origin in zip(found.sites, origins, strict=True):
        if not _has_place(found.root, wiring, located):
            places.append(None)
            continue
        assert located.folded is not None
        places.append(
            _place(
                located,
                _tail(found, wiring, constants, quantized, located),
                constants,
                shared=origin if uses[origin] > 1 else None,
                before=before.get(located.folded.data, frozenset()),
                never_negative=words.get(located.folded.data),
            )
        )
    return tuple(places), quantized


def _numbers(found: Locations) -> dict[Entry, list[int]]:
    """The sites of each entry of the main graph: its own, or those in its bodies."""
    index = {id(one.entry): number for number, one in enumerate(found.sites)}
    numbers: dict[Entry, list[int]] = {}
    for entry in found.root.entries:
        own = [index[id(entry)]] if id(entry) in index else []
        for body in entry.bodies.values():
            own += [index[id(inner)] for _, inner in body.walk() if id(inner) in index]
        if own:
            numbers[entry] = own
    return numbers


def _has_place(root: Scope, wiring: Wiring, located: Located) -> bool:
    operator, folded, entry = located.operator, located.folded, located.entry
    if operator is None or folded is None or located.scope is not root:  # rule 1
        return False
    if not {folded.data, entry.output} <= wiring.names or entry.output != entry.outputs[0]:
        return False
    if operator.blocked:  # rule 2
        return False
    is_added = operator.added is not None and entry.input(operator.added) != ""
    return not is_added and fused_clip(entry) is not None  # rule 3


def _tail(
    found: Locations,
    wiring: Wiring,
    constants: Constants,
    quantized: dict[str, Quantization],
    located: Located,
) -> Tail:
    """The epilogue: of an op on integers none, of a fused one what it does itself."""
    entry, operator, spec = located.entry, located.operator, located.site.spec
    assert operator is not None
    assert spec is not None
    if operator.zero_point is not None or entry.output in quantized:
        return Tail(entry.output, quantization=quantized.get(entry.output))
    fused = fused_clip(entry)
    if fused is not None and fused != (-math.inf, math.inf):
        return Tail(entry.output, clip=fused)
    channels = None
    if reader_of(constants, located, ()) is not None:
        axis = spec.rank + 1 if operator.channels_last else 1
        channels = Channels(spec.channels[1], axis, spec.rank + 2)
    return tail_of(wiring, constants, found.evaluator, entry.output, channels)


def _place(
    located: Located,
    tail: Tail,
    constants: Constants,
    *,
    shared: str | None,
    before: frozenset[int],
    never_negative: str | None,
) -> Place:
    assert located.folded is not None
    assert located.operator is not None
    return Place(
        data=located.folded.data,
        output=located.entry.output,
        tail=tail.name,
        channels_last=located.operator.channels_last,
        values=reader_of(constants, located, tail.steps),
        shared=shared,
        epilogue=Epilogue(clip=tail.clip, nodes=_names(tail.entries)),
        before=before,
        never_negative=never_negative,
        quantization=tail.quantization,
    )


def _names(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(entry.path for entry in entries)
